/** Gives the focus back to the page when a frame inside an element took it by itself. */
export class FocusGuard {
  constructor(element: Element, restored?: () => void);
  stop(): void;
}
