/** The events of a stream, as `docs/protocol.md` defines them. */

export type StopReason = "end" | "implied" | "truncated" | "aborted" | "blocked";
export type MessageStopReason = "complete" | "failed" | "timeout" | "cancelled";

export interface StreamError {
  /** Stable error code, for programs: one of the server's or of `ClientErrorCode`. */
  readonly type: string;
  /** Message for people. */
  readonly message: string;
  /** The generation ends: only the stops of open blocks and the end of the message follow. */
  readonly fatal: boolean;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** The marker line is faulty and acts all the same. */
  readonly recovered: boolean;
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

/** A remark about the output; it is not an error and changes nothing. */
export interface Finding {
  readonly rule: string;
  readonly severity: string;
  readonly message: string;
  readonly action: string;
  readonly index: number | null;
  readonly line: number | null;
  readonly span: readonly [number, number] | null;
}

export interface FindingEvent {
  type: "finding";
  finding: Finding;
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
