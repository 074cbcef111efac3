/**
 * Keeps the Back button of the page usable: entries that a frame adds to the common history by `location.hash`
 * cannot be prevented, but noticed and gone back. The types are in `history.d.ts`.
 */

/** Entries in one check that a frame cannot have added by accident. */
const MANY = 2;

/** Watches the common history of the page and its frames. Does nothing where the page cannot tell its own entries. */
export class HistoryGuard {
  #length = history.length;
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
  };

  /** Return whether frames have added many entries since the last check. */
  isFlooded() {
    if (window.navigation === undefined) return false;
    const isFlooded = history.length - this.#length >= MANY;
    if (!isFlooded) this.#accept();
    return isFlooded;
  }

  /** Go back to where the page was; call it when the frame is gone. The next entry then replaces the others. */
  rewind() {
    const added = history.length - this.#length;
    if (window.navigation !== undefined && added > 0) history.go(-added);
    this.#accept();
  }
}
