/** What a client asks for. `prompt` must not be empty. */
export interface GenerationRequest {
  prompt: string;
  project?: string;
  version?: string;
}

export type StopReason = "end" | "implied" | "truncated" | "aborted" | "blocked";
export type MessageStopReason = "complete" | "failed" | "timeout" | "cancelled";

export interface StreamError {
  /** Stable, for programs. */
  readonly type: string;
  /** For people. */
  readonly message: string;
  /** Only the stops of open blocks and the end of the message follow. */
  readonly fatal: boolean;
  /** The same request may well succeed. */
  readonly retryable: boolean;
  /** Line of the model's answer that caused it, from 1. */
  readonly line: number | null;
  /** Index of the component concerned. */
  readonly index: number | null;
}

export interface ContentBlockStart {
  type: "content_block_start";
  index: number;
  content_block:
    | { type: "text"; text: string }
    | {
        type: "component";
        name: string;
        position: string;
        attributes: Record<string, string>;
        parent: number | null;
      };
}

export interface ContentBlockDelta {
  type: "content_block_delta";
  index: number;
  delta: { type: "text_delta"; text: string };
}

export interface ContentBlockStop {
  type: "content_block_stop";
  index: number;
  reason: StopReason;
  chars: number;
  trimmed: number;
}

export interface ErrorEvent {
  type: "error";
  error: StreamError;
}

export interface StatusEvent {
  type: "status";
  phase: string;
  /** Seconds since the generation started. */
  elapsed: number;
  components_started: number;
  components_completed: number;
  chars: number;
}

export interface MessageStop {
  type: "message_stop";
  reason: MessageStopReason;
  stats: Record<string, unknown>;
}

export interface DebugEvent {
  type: "debug";
  state: Record<string, unknown>;
}

export type Event =
  | ContentBlockStart
  | ContentBlockDelta
  | ContentBlockStop
  | ErrorEvent
  | StatusEvent
  | MessageStop
  | DebugEvent;

/** One block of the answer: a component, or the text between components. */
export interface Block {
  readonly index: number;
  readonly type: "component" | "text";
  /** Null for a text block, as are `position` and `parent`. */
  readonly name: string | null;
  readonly position: string | null;
  readonly attributes: Readonly<Record<string, string>>;
  /** Index of the component that this one stands in. */
  readonly parent: number | null;
  /** What the model has written so far: text, never HTML of your own page. */
  readonly text: string;
  readonly open: boolean;
  /** Why the block ended, null while it is open. */
  readonly reason: StopReason | null;
  /** How many characters the server dropped because the block became too long. */
  readonly trimmed: number;
}

export type Status = "idle" | "connecting" | "streaming" | MessageStopReason;

export interface Snapshot {
  readonly status: Status;
  readonly blocks: readonly Block[];
  readonly errors: readonly StreamError[];
  /** The latest status event. */
  readonly progress: StatusEvent | null;
  /** The figures of the whole generation, once it has ended by itself. */
  readonly stats: Readonly<Record<string, unknown>> | null;
}

/** What came is no event of ours. */
export class WireError extends Error {}

/** Reads server-sent events, cut anywhere. */
export class EventReader {
  /** The id of the last whole block, to be sent as `Last-Event-ID`. */
  readonly lastEventId: string;
  /**
   * Return the events that the bytes complete.
   * @throws {WireError} what came is no event of ours.
   */
  feed(bytes: Uint8Array): Event[];
}

/** Keeps what the events of one generation make; fits React's `useSyncExternalStore`. */
export class BlockStore {
  /** The same object until something happened. */
  readonly getSnapshot: () => Snapshot;
  /** Call the listener after each change; returns what ends that. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Whether the generation is over, in whatever way. */
  readonly ended: boolean;
  /** Forget all and wait for the first event. */
  connect(): void;
  /** Take events, and tell the listeners once. */
  apply(events: readonly Event[]): void;
  /** End the generation with an error of our own. */
  fail(error: StreamError): void;
  /** End the generation because nobody wants it any more. */
  cancel(): void;
}

export interface Generation {
  readonly store: BlockStore;
  /** Fulfilled with the last snapshot, never rejected. */
  readonly done: Promise<Snapshot>;
  /** End it at once, on the server too. */
  readonly stop: () => void;
}

export interface GenerateOptions {
  /** Where the blocks go, by default a store of its own. A store follows one generation at a time. */
  store?: BlockStore;
  /** More headers of the request. */
  headers?: Record<string, string>;
}

/**
 * Ask for a generation by POST and follow its events into a store.
 *
 * Over HTTP/1.1 a browser keeps six connections to a host, counted over all its tabs, so that a seventh
 * generation waits for one of them to end. Over HTTP/2 there are about a hundred.
 */
export function generate(url: string, request: GenerationRequest, options?: GenerateOptions): Generation;
