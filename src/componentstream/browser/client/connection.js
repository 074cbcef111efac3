import { lost } from "./failures.js";

const SECOND = 1000;

/** One connection: `signal` ends it, as does silence that lasts longer than `stallTimeout` milliseconds. */
export class Connection {
  #controller = new AbortController();
  #stallTimeout;
  #timer = 0;
  #isStalled = false;
  #opened = performance.now();

  constructor(stallTimeout) {
    this.#stallTimeout = stallTimeout;
    this.live();
  }

  get signal() {
    return this.#controller.signal;
  }

  /** Milliseconds since the request. */
  get age() {
    return performance.now() - this.#opened;
  }

  /** Note a sign of life; each byte is one, heartbeats too. */
  live() {
    this.rest();
    if (this.#stallTimeout === 0 || this.#stallTimeout === Infinity) return;
    this.#timer = setTimeout(() => {
      this.#isStalled = true;
      this.#controller.abort();
    }, this.#stallTimeout);
  }

  /** Expect no more signs of life. */
  rest() {
    clearTimeout(this.#timer);
  }

  close() {
    this.rest();
    this.#controller.abort();
  }

  /** Return the problem that ended this connection: silence, if that is why it was aborted. */
  reason(problem) {
    if (!this.#isStalled) return problem;
    return lost(`The server has sent nothing for ${this.#stallTimeout / SECOND} seconds.`);
  }
}
