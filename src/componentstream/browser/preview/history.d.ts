/** Watches the common history of the page and its frames. */
export class HistoryGuard {
  /** Return whether frames have added many entries within a few seconds; `now` is the time in milliseconds. */
  isFlooded(now: number): boolean;
  /** Go back to where the page was; call it when the frame is gone. */
  rewind(): void;
  stop(): void;
}
