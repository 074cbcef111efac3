/** When the frame renders: at once after a pause, and else after a gap that grows with the time of a render. */

const MIN_GAP_MS = 60;
/** The frame renders for at most a fifth of its time, so that it stays responsive with large components. */
const GAPS_PER_RENDER = 4;

/**
 * Renders the pending blocks, each in a task of its own. A block is announced in the task before: the browser
 * sends a message only when the task has ended, and the code of the block may not end.
 */
export class Scheduler {
  #runtime;
  #render;
  #announce;
  #clock;
  #timer = null;
  #batch = [];
  #spent = 0;
  #free = 0;

  constructor({ runtime, render, announce, clock = performance }) {
    this.#runtime = runtime;
    this.#render = render;
    this.#announce = announce;
    this.#clock = clock;
  }

  /** Ask for a render of all that is pending. */
  wake() {
    if (this.#timer !== null) return;
    const wait = this.#free - this.#clock.now();
    if (wait <= 0) this.#begin();
    else this.#timer = setTimeout(() => this.#begin(), wait);
  }

  #begin() {
    this.#batch = this.#runtime.pending();
    this.#spent = 0;
    this.#next();
  }

  #next() {
    const index = this.#batch.shift() ?? null;
    if (index !== null) this.#announce(index);
    this.#timer = setTimeout(() => this.#run(index), 0);
  }

  #run(index) {
    const start = this.#clock.now();
    try {
      this.#render(index);
    } finally {
      this.#spent += this.#clock.now() - start;
      if (this.#batch.length > 0) this.#next();
      else this.#finish();
    }
  }

  #finish() {
    this.#timer = null;
    this.#free = this.#clock.now() + Math.max(MIN_GAP_MS, GAPS_PER_RENDER * this.#spent);
    if (this.#runtime.pending().length > 0) this.wake();
  }
}
