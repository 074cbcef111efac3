/**
 * Keeps the Back button of the page usable: entries that a frame adds to the common history by `location.hash`
 * cannot be prevented, but noticed and gone back. The types are in `history.d.ts`.
 */

/** Entries within WINDOW milliseconds that a frame cannot have added by accident. */
const MANY = 2;
const WINDOW = 5000;

/** Watches the common history of the page and its frames. Does nothing where the page cannot tell its own entries. */
export class HistoryGuard {
  #length = history.length;
  /** When the check came that found a single new entry, in milliseconds; null without one. */
  #since = null;
  #listeners = new AbortController();

  constructor() {
    const { signal } = this.#listeners;
    window.navigation?.addEventListener("currententrychange", this.#accept, { signal });
  }

  stop() {
    this.#listeners.abort();
  }

  #accept = () => {
    this.#length = history.length;
    this.#since = null;
  };

  /** Return whether frames have added many entries within a few seconds; `now` is the time in milliseconds. */
  isFlooded(now) {
    if (window.navigation === undefined) return false;
    const added = history.length - this.#length;
    if (added >= MANY) return true;
    // A slow machine adds the entries of a flood one by one, so that one alone is not forgiven at once.
    if (added > 0) this.#since ??= now;
    if (this.#since !== null && now - this.#since > WINDOW) this.#accept();
    return false;
  }

  /** Go back to where the page was; call it when the frame is gone. The next entry then replaces the others. */
  rewind() {
    const added = history.length - this.#length;
    if (window.navigation !== undefined && added > 0) history.go(-added);
    this.#accept();
  }
}
