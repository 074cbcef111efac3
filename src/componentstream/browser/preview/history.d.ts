/** Watches the common history of the page and its frames. */
export class HistoryGuard {
  /** Return whether frames have added many entries since the last check. */
  isFlooded(): boolean;
  /** Go back to where the page was; call it when the frame is gone. */
  rewind(): void;
  stop(): void;
}
