/** The server of this page: its offer, and the token for its API. */

const FACTS = "demo.json";

/** The server refused to tell about itself; the message says why. */
export class RefusedError extends Error {
  name = "RefusedError";
}

export class Server {
  #facts = null;
  #readToken;

  /** `readToken` returns the token that the person has typed, where the server does not hand one out. */
  constructor(readToken) {
    this.#readToken = readToken;
  }

  /** Return the offer of the server, asked anew: after a restart it may have changed. */
  async load() {
    const response = await fetch(FACTS, { cache: "no-store" });
    const body = await response.json();
    if (!response.ok) throw new RefusedError(body.error.message);
    this.#facts = body;
    return body;
  }

  /** URL of the endpoint that starts a generation. */
  get generateUrl() {
    return `${this.#facts.api}generate`;
  }

  /** Return the headers of a request; with `refresh`, those of a new token. */
  headers = async ({ refresh = false } = {}) => {
    if (refresh || this.#facts === null) await this.load();
    const token = this.#facts.token ?? (this.#facts.authenticated ? this.#readToken() : null);
    return token ? { Authorization: `Bearer ${token}` } : {};
  };
}
