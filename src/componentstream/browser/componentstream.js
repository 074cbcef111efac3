/**
 * The browser client of componentstream: requests a generation, reads its events as they arrive, and builds
 * the blocks from them. It never parses markers. The types are in `componentstream.d.ts`.
 *
 *     const generation = generate("/api/generate", { prompt: "A landing page" });
 *     generation.store.subscribe(() => draw(generation.store.getSnapshot()));
 *     button.onclick = generation.stop;
 *
 * The text of a block was written by a model: show it as text, never as HTML of your own page.
 */

const TYPES = new Set([
  "content_block_start",
  "content_block_delta",
  "content_block_stop",
  "error",
  "status",
  "reasoning",
  "usage",
  "finding",
  "message_stop",
  "debug",
]);
const NAMES = new Set(["", "message", "stream_error", ...TYPES]);
const BYTE_ORDER_MARK = "\ufeff";
const LINE_END = /\r\n|\r|\n/;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;

/** Malformed event data. */
export class WireError extends Error {
  name = "WireError";
}

/**
 * Incremental reader of server-sent events, by the rules of the HTML standard; chunks may end anywhere. Each
 * `feed` returns the events that its bytes complete. Malformed data is fatal: the events before it are
 * returned first, then that call or the next one throws.
 */
export class EventReader {
  /** The id of the last complete event, to be sent as `Last-Event-ID`; it holds until the next id. */
  lastEventId = "";

  // The decoder of Node drops a second byte order mark too if a chunk ends inside the first, so we do it.
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #hasBegun = false;
  #afterCR = false;
  #tail = "";
  #id = "";
  #name = "";
  #data = [];
  #failure = null;

  feed(bytes) {
    this.#throwFailure();
    const events = [];
    try {
      for (const line of this.#lines(this.#decoder.decode(bytes, { stream: true }))) {
        const event = this.#read(line);
        if (event !== null) events.push(event);
      }
    } catch (problem) {
      this.#failure = problem;
      if (events.length === 0) throw problem;
    }
    return events;
  }

  #throwFailure() {
    if (this.#failure !== null) throw this.#failure;
  }

  #lines(text) {
    if (text === "") return [];
    if (!this.#hasBegun && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    this.#hasBegun = true;
    if (this.#afterCR && text.startsWith("\n")) text = text.slice(1);
    this.#afterCR = text.endsWith("\r");
    const lines = text.split(LINE_END);
    lines[0] = this.#tail + lines[0];
    this.#tail = lines.pop();
    return lines;
  }

  #read(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#name = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #dispatch() {
    const data = this.#data.join("\n");
    const isKnown = NAMES.has(this.#name);
    this.#data = [];
    this.#name = "";
    const event = data !== "" && isKnown ? eventOf(data) : null;
    this.lastEventId = this.#id;
    return event;
  }
}

function eventOf(data) {
  let event;
  try {
    event = JSON.parse(data);
  } catch {
    event = null;
  }
  if (event === null || typeof event !== "object" || Array.isArray(event)) {
    throw new WireError(`An event must be a JSON object, not ${data.slice(0, 80)}`);
  }
  return TYPES.has(event.type) ? event : null;
}

const IDLE = Object.freeze({
  status: "idle",
  blocks: Object.freeze([]),
  errors: Object.freeze([]),
  progress: null,
  stats: null,
});

/**
 * Builds the blocks of one generation from its events. Snapshots are immutable, and the snapshot is the same
 * object until the next change, as React's `useSyncExternalStore` requires of `subscribe` and `getSnapshot`.
 */
export class BlockStore {
  #snapshot = IDLE;
  #places = new Map();
  #listeners = new Set();

  getSnapshot = () => this.#snapshot;

  /** Call `listener` after each change; returns a function that unsubscribes it. */
  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Whether the generation has ended, for any reason. */
  get ended() {
    return !["idle", "connecting", "streaming"].includes(this.#snapshot.status);
  }

  /** Discard everything and wait for the first event. */
  connect() {
    this.#places.clear();
    this.#change({ ...IDLE, status: "connecting" });
  }

  /** Apply events and notify the listeners once. Ignores unknown types, and all events after the end. */
  apply(events) {
    if (this.ended || events.length === 0) return;
    const draft = { ...this.#snapshot, status: "streaming", blocks: [...this.#snapshot.blocks] };
    for (const event of events) this.#reduce(draft, event);
    this.#change(draft);
  }

  /** End the generation with an error of the client. */
  fail(error) {
    this.#close("failed", [...this.#snapshot.errors, error]);
  }

  /** End the generation because the user has cancelled it. */
  cancel() {
    this.#close("cancelled", this.#snapshot.errors);
  }

  #close(status, errors) {
    if (this.ended) return;
    const blocks = this.#snapshot.blocks.map((block) =>
      block.open ? Object.freeze({ ...block, open: false, reason: "aborted" }) : block,
    );
    this.#change({ ...this.#snapshot, status, blocks, errors });
  }

  #reduce(draft, event) {
    switch (event.type) {
      case "content_block_start":
        this.#start(draft, event);
        break;
      case "content_block_delta":
        if (event.delta.type === "text_delta") {
          this.#update(draft, event, (block) => ({ ...block, text: block.text + event.delta.text }));
        }
        break;
      case "content_block_stop":
        this.#update(draft, event, (block) => ({
          ...block,
          open: false,
          reason: event.reason,
          trimmed: event.trimmed ?? 0,
        }));
        break;
      case "error":
        draft.errors = [...draft.errors, event.error];
        break;
      case "status":
        draft.progress = event;
        break;
      case "message_stop":
        draft.status = event.reason;
        draft.stats = event.stats;
        break;
    }
  }

  #start(draft, { index, content_block: block }) {
    if (this.#places.has(index)) return;
    this.#places.set(index, draft.blocks.length);
    draft.blocks.push(
      Object.freeze({
        index,
        type: block.type,
        name: block.name ?? null,
        position: block.position ?? null,
        attributes: Object.freeze({ ...block.attributes }),
        parent: block.parent ?? null,
        text: block.text ?? "",
        open: true,
        reason: null,
        trimmed: 0,
      }),
    );
  }

  #update(draft, { index }, change) {
    const place = this.#places.get(index);
    if (place !== undefined) draft.blocks[place] = Object.freeze(change(draft.blocks[place]));
  }

  #change(snapshot) {
    Object.freeze(snapshot.blocks);
    Object.freeze(snapshot.errors);
    this.#snapshot = Object.freeze(snapshot);
    for (const listener of [...this.#listeners]) listener();
  }
}

/**
 * Request a generation and apply its events to a store, which follows one generation at a time.
 *
 * `stop` ends it at once: it aborts the request, and if the response has named a stream, which would continue
 * without a client, it asks the server to end that stream. `done` is fulfilled with the last snapshot and
 * never rejected: failures are among the errors of the snapshot, as reported by the server or as
 * `connection_lost`, `http_error` or `invalid_event`.
 */
export function generate(url, request, { store = new BlockStore(), headers = {} } = {}) {
  const controller = new AbortController();
  const opened = { stream: null };
  store.connect();
  const done = follow(url, request, headers, store, controller.signal, opened).then(store.getSnapshot);
  const stop = () => {
    controller.abort();
    if (store.ended) return;
    store.cancel();
    if (opened.stream !== null) fetch(opened.stream, { method: "DELETE", headers, keepalive: true }).catch(() => {});
  };
  return { store, done, stop };
}

async function follow(url, request, headers, store, signal, opened) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...headers },
      body: JSON.stringify(request),
      cache: "no-store",
      signal,
    });
    const stream = response.headers.get("stream-id");
    if (stream !== null) opened.stream = new URL(`streams/${stream}`, response.url);
    if (response.ok && isStream(response)) await read(response.body.getReader(), store);
    else store.fail(await errorOfResponse(response));
  } catch (problem) {
    // After a stop the store may already follow another generation.
    if (signal.aborted) return;
    store.fail(
      problem instanceof WireError
        ? errorOf("invalid_event", problem.message, false)
        : errorOf("connection_lost", "The connection to the server was lost.", true),
    );
  }
}

async function read(source, store) {
  const reader = new EventReader();
  try {
    while (!store.ended) {
      const { done, value } = await source.read();
      if (done) {
        store.fail(errorOf("connection_lost", "The connection closed before the generation ended.", true));
      } else {
        store.apply(reader.feed(value));
      }
    }
  } finally {
    source.cancel().catch(() => {});
  }
}

function isStream(response) {
  return (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
}

async function errorOfResponse(response) {
  try {
    const { error } = await response.json();
    if (typeof error.type === "string" && typeof error.message === "string") return error;
  } catch {
    // Not a response of this server, perhaps of a proxy; only its status is known.
  }
  const { status } = response;
  const retryable = status === TOO_MANY_REQUESTS || status >= SERVER_ERROR;
  return errorOf("http_error", `The server responded with status ${status} instead of a stream.`, retryable);
}

function errorOf(type, message, retryable) {
  return { type, message, fatal: true, retryable, line: null, index: null };
}
