/** Body of a request for a generation. `prompt` must not be empty. */
export interface GenerationRequest {
  prompt: string;
  project?: string;
  version?: string;
}

export type StopReason = "end" | "implied" | "truncated" | "aborted" | "blocked";
export type MessageStopReason = "complete" | "failed" | "timeout" | "cancelled";

export interface StreamError {
  /** Stable error code, for programs. */
  readonly type: string;
  /** Message for people. */
  readonly message: string;
  /** The generation ends: only the stops of open blocks and the end of the message follow. */
  readonly fatal: boolean;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** The marker line is faulty and acts all the same. Absent from an older server. */
  readonly recovered?: boolean;
  /** Line of the model's output that caused it, counted from 1. */
  readonly line: number | null;
  /** Index of the affected component. */
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

/** A piece of the model's reasoning, where the server was asked to send it. */
export interface ReasoningEvent {
  type: "reasoning";
  text: string;
}

/** Tokens of the answer so far; null where the provider reported none. */
export interface UsageEvent {
  type: "usage";
  input_tokens: number | null;
  output_tokens: number | null;
  reasoning_tokens: number | null;
  cached_tokens: number | null;
}

export interface FindingEvent {
  type: "finding";
  finding: {
    rule: string;
    severity: string;
    message: string;
    action: string;
    index: number | null;
    line: number | null;
    span: [number, number] | null;
  };
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
  | ReasoningEvent
  | UsageEvent
  | FindingEvent
  | MessageStop
  | DebugEvent;

/** One block of the output: a component, or the text between components. */
export interface Block {
  readonly index: number;
  readonly type: "component" | "text";
  /** Null for a text block, as are `position` and `parent`. */
  readonly name: string | null;
  readonly position: string | null;
  readonly attributes: Readonly<Record<string, string>>;
  /** Index of the enclosing component. */
  readonly parent: number | null;
  /** The text so far. Show it as text, never as HTML of your own page. */
  readonly text: string;
  readonly open: boolean;
  /** Why the block ended, null while it is open. */
  readonly reason: StopReason | null;
  /** Number of characters that the server dropped because the block was too long. */
  readonly trimmed: number;
}

export type Status = "idle" | "connecting" | "streaming" | MessageStopReason;

export interface Snapshot {
  readonly status: Status;
  readonly blocks: readonly Block[];
  readonly errors: readonly StreamError[];
  /** The latest status event. */
  readonly progress: StatusEvent | null;
  /** Statistics of the generation, once it has ended by itself. */
  readonly stats: Readonly<Record<string, unknown>> | null;
}

/** Malformed event data. */
export class WireError extends Error {}

/** Incremental reader of server-sent events; chunks may end anywhere. */
export class EventReader {
  /** The id of the last complete event, to be sent as `Last-Event-ID`. */
  readonly lastEventId: string;
  /**
   * Return the events that the bytes complete.
   * @throws {WireError} The data is not an event.
   */
  feed(bytes: Uint8Array): Event[];
}

/** Builds the blocks of one generation from its events; fits React's `useSyncExternalStore`. */
export class BlockStore {
  /** Return the current snapshot; the same object until the next change. */
  readonly getSnapshot: () => Snapshot;
  /** Call the listener after each change; returns a function that unsubscribes it. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Whether the generation has ended, for any reason. */
  readonly ended: boolean;
  /** Discard everything and wait for the first event. */
  connect(): void;
  /** Apply events and notify the listeners once. */
  apply(events: readonly Event[]): void;
  /** End the generation with an error of the client. */
  fail(error: StreamError): void;
  /** End the generation because the user has cancelled it. */
  cancel(): void;
}

export interface Generation {
  readonly store: BlockStore;
  /** Fulfilled with the last snapshot, never rejected. */
  readonly done: Promise<Snapshot>;
  /** End the generation at once, on the server too. */
  readonly stop: () => void;
}

export interface GenerateOptions {
  /** The store to use, by default a new one. A store follows one generation at a time. */
  store?: BlockStore;
  /** Additional headers of the request. */
  headers?: Record<string, string>;
}

/**
 * Request a generation by POST and apply its events to a store.
 *
 * Over HTTP/1.1 a browser opens at most six connections to a host, over all tabs: a seventh generation waits
 * until one of them ends. Over HTTP/2 the limit is about a hundred.
 */
export function generate(url: string, request: GenerationRequest, options?: GenerateOptions): Generation;
