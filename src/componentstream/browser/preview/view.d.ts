/** The elements of one preview: a border, a label, the frame, and the blocks that are held. */
export class View {
  readonly element: HTMLElement;
  /** `run` is called with the index of a held block whose button is clicked. */
  constructor(parent: Element, run: (index: number) => void);
  addFrame(src: string, height: number): HTMLIFrameElement;
  setHeight(height: number): void;
  setDark(isDark: boolean): void;
  /** Show the blocks that froze, each with a button to run it again. */
  showHeld(blocks: readonly (readonly [index: number, name: string | null])[]): void;
  remove(): void;
}
