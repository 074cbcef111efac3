/** How often and how long a lost connection is tried again: bounded in number and in time. */
export class Tries {
  #retry;
  #count = 0;
  #since = null;
  #wake = () => {};

  /** Milliseconds that the server wants between two connections, as it says in its stream. */
  shortest = 0;

  constructor(retry) {
    this.#retry = retry;
  }

  /** Something new has arrived: the bounds begin anew. */
  reset() {
    this.#count = 0;
    this.#since = null;
  }

  /** Return the milliseconds to wait before the next try, at least `least`; null if there must be none. */
  next(least) {
    const { maxTries, maxTime } = this.#retry;
    const now = performance.now();
    this.#since ??= now;
    if (this.#count >= maxTries) return null;
    const wait = Math.max(backOff(this.#retry, this.#count), this.shortest, least);
    if (now + wait - this.#since > maxTime) return null;
    this.#count += 1;
    return wait;
  }

  /** Wait; until the browser is online again at most, unless the server has asked for the time. */
  async pause(wait, isAskedFor) {
    let timer = 0;
    await new Promise((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, wait);
      if (!isAskedFor) globalThis.addEventListener?.("online", resolve);
    });
    clearTimeout(timer);
    globalThis.removeEventListener?.("online", this.#wake);
  }

  /** End the pause. */
  wake() {
    this.#wake();
  }
}

/**
 * Return the milliseconds to wait before a try: twice as long as before the last one, half of it at random,
 * so that the clients of a server that was restarted do not all come back at the same moment.
 */
export function backOff({ minDelay, maxDelay }, count, random = Math.random()) {
  const longest = Math.min(maxDelay, minDelay * 2 ** count);
  return longest * (0.5 + random / 2);
}
