/** Interval of the pings in milliseconds; a frame is judged twice in it. */
export const INTERVAL: number;
/** Silence in milliseconds after which a frame is frozen. */
export const SILENCE: number;

/** Judges from pings and pongs whether a frame still answers. Times are in milliseconds. */
export class Watchdog {
  constructor(now: number);
  sent(n: number, now: number): void;
  /** Note a pong and return its delay, or null if it answers none of the pings. */
  pong(n: number, now: number): number | null;
  rendering(index: number, now: number): void;
  judge(now: number): "alive" | "silent" | "busy";
  /** Return the index of the block that was rendered last before the trouble began, or null. */
  guilty(): number | null;
  /** Return a watchdog that waits for nothing and knows the same blocks. */
  renewed(now: number): Watchdog;
}
