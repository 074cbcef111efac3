/**
 * Judges from pings and pongs whether a preview frame still answers. It reads no clock and owns no timer: each
 * call brings the time in milliseconds. The types are in `watchdog.d.ts`.
 */

/** Interval of the pings in milliseconds; a frame is judged twice in it. */
export const INTERVAL = 250;
/** Silence in milliseconds after which a frame is frozen. */
export const SILENCE = 2000;

// A single long render is legitimate, a loop of long tasks is not: only pongs that were late on at least
// STALLS separate occasions, for BUSY ms together and for SHARE of the time in between, convict a frame.
const LATE = 100;
const STALLS = 4;
const BUSY = 1200;
const SHARE = 0.4;
const WINDOW = 8000;
/** Pongs that arrive together were held up by the same task. */
const TOGETHER = 30;
/** The most that one call adds to the clock: time in which the host itself stood still is not silence. */
const MAX_STEP = 2 * INTERVAL;
const MAX_RENDERINGS = 64;

/** One frame's watchdog; make a new one for each frame. */
export class Watchdog {
  #last;
  #clock = 0;
  #heard = 0;
  #pings = new Map();
  #stalls = [];
  #renderings = [];

  constructor(now) {
    this.#last = now;
  }

  /** Note that ping `n` was sent. */
  sent(n, now) {
    this.#advance(now);
    this.#pings.set(n, this.#clock);
  }

  /** Note a pong and return its delay, or null if it answers none of the pings. */
  pong(n, now) {
    this.#advance(now);
    const sent = this.#pings.get(n);
    if (sent === undefined) return null;
    // Pings are answered in their order: those before it will not be answered.
    for (const earlier of [...this.#pings.keys()]) {
      this.#pings.delete(earlier);
      if (earlier === n) break;
    }
    this.#heard = this.#clock;
    this.#addDelay(this.#clock - sent);
    return this.#clock - sent;
  }

  /** Note that the frame is about to evaluate a block. */
  rendering(index, now) {
    this.#advance(now);
    this.#renderings.push({ index, at: this.#clock });
    if (this.#renderings.length > MAX_RENDERINGS) this.#renderings.shift();
  }

  /** Return "alive", "silent" or "busy"; to be asked twice in each interval. */
  judge(now) {
    this.#advance(now);
    if (this.#pings.size > 0 && this.#clock - this.#heard >= SILENCE) return "silent";
    this.#stalls = this.#stalls.filter((stall) => this.#clock - stall.at < WINDOW);
    return this.#busySince() === null ? "alive" : "busy";
  }

  /** Return the index of the block that was rendered last before the trouble began, or null. */
  guilty() {
    const since = this.#busySince() ?? this.#clock;
    const before = this.#renderings.filter(({ at }) => at <= since + LATE);
    return (before.at(-1) ?? this.#renderings[0])?.index ?? null;
  }

  /** Return a watchdog that waits for nothing and knows the same blocks: for a page that was hidden. */
  renewed(now) {
    const watchdog = new Watchdog(now);
    for (const { index } of this.#renderings) watchdog.rendering(index, now);
    return watchdog;
  }

  #advance(now) {
    this.#clock += Math.max(0, Math.min(now - this.#last, MAX_STEP));
    this.#last = now;
  }

  #addDelay(delay) {
    if (delay < LATE) return;
    const last = this.#stalls.at(-1);
    if (last !== undefined && this.#clock - last.at <= TOGETHER) {
      last.delay = Math.max(last.delay, delay);
    } else {
      this.#stalls.push({ at: this.#clock, delay });
    }
  }

  /** Return since when the frame has been busy, or null while it is not. */
  #busySince() {
    let busy = 0;
    for (let count = 1; count <= this.#stalls.length; count++) {
      const stall = this.#stalls.at(-count);
      busy += stall.delay;
      const since = stall.at - stall.delay;
      if (count >= STALLS && busy >= BUSY && busy >= SHARE * (this.#clock - since)) return since;
    }
    return null;
  }
}
