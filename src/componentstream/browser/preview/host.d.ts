import type { BlockStore, Event } from "../componentstream.js";

export type Theme = "light" | "dark" | "auto";

/**
 * Status of a block: `waiting` for its first content, `live`, `behind` (the last good render is shown),
 * `failed` (it raised an error), or `frozen` (it is held until `run`).
 */
export type PreviewStatus = "waiting" | "live" | "behind" | "failed" | "frozen";

/** Status of the frame. `replaced` is followed by `loading` and `ready`, or by `unavailable`. */
export type FrameStatus = "loading" | "ready" | "replaced" | "unavailable";

export interface BlockReport {
  /** Index of the component. */
  readonly index: number;
  readonly name: string;
  readonly status: PreviewStatus;
  /** Details, perhaps written by generated code: show them as text. */
  readonly message: string | null;
}

export interface FrameReport {
  /** Null: the report is about the frame. */
  readonly index: null;
  readonly name: null;
  readonly status: FrameStatus;
  readonly message: string | null;
}

export type PreviewReport = BlockReport | FrameReport;

export interface PreviewOptions {
  /** URL of the frame, such as `/preview/frame.html`. */
  src: string;
  /** Default: `auto`, the preference of the system. */
  theme?: Theme;
  /** Called with each change of the status of a block or of the frame. */
  onStatus?: (report: PreviewReport) => void;
  /** Height of the frame in CSS pixels. By default it follows the content, between the next two. */
  height?: number;
  /** Default: 120. */
  minHeight?: number;
  /** Default: 2,400. Beyond it the frame scrolls. */
  maxHeight?: number;
}

export interface Preview {
  /** Add an event of a generation. Unknown types are ignored. */
  apply(event: Event): void;
  /** Show the generations of a store, each in a new frame; returns a function that stops following. */
  follow(store: Pick<BlockStore, "getSnapshot" | "subscribe">): () => void;
  /** Show everything again from the beginning. Blocks that froze stay held. */
  replay(): void;
  /** Render a block that froze once more. */
  run(index: number): void;
  setTheme(theme: Theme): void;
  /** Remove the preview and everything that it has started. */
  destroy(): void;
}

/**
 * Mount a preview into an element.
 *
 * The page must be served with `Content-Security-Policy: frame-src` and the exact URL of the frame.
 * @throws {TypeError} The element or `src` is missing.
 */
export function mountPreview(element: Element, options: PreviewOptions): Preview;

export interface PreviewProps extends PreviewOptions {
  store: Pick<BlockStore, "getSnapshot" | "subscribe">;
  /** A ref that receives the preview, for `run` and `replay`. */
  handle?: { current: Preview | null };
}

/** The part of React that `createPreview` uses. */
export interface ReactLike<Element> {
  createElement(type: "div", props: { ref: { current: HTMLDivElement | null } }): Element;
  useEffect(effect: () => void | (() => void), dependencies?: readonly unknown[]): void;
  useRef<Value>(value: Value): { current: Value };
}

/** Return a React component that shows a store. */
export function createPreview<Element>(React: ReactLike<Element>): (props: PreviewProps) => Element;
