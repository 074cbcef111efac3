/** The connection to the server, which a button of the page can cut as a tunnel or a lift would. */

const connect = globalThis.fetch;
let cut = new AbortController();

// The client and everything else on this page reach the server by `fetch`.
globalThis.fetch = (url, options = {}) => {
  const signals = [options.signal, cut.signal].filter(Boolean);
  return connect(url, { ...options, signal: AbortSignal.any(signals) });
};

/** Cut the open requests; later ones are not affected. */
export function dropConnection() {
  const dropped = cut;
  cut = new AbortController();
  dropped.abort(new TypeError("The connection was dropped by a button of the page."));
}
