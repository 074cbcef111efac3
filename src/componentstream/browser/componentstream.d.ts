import type {
  Event,
  Finding,
  MessageStopReason,
  StatusEvent,
  StopReason,
  StreamError,
  UsageEvent,
} from "./client/events.js";

export * from "./client/events.js";

/** Body of a request for a generation of `componentstream serve`. `prompt` must not be empty. */
export interface GenerationRequest {
  prompt: string;
  project?: string;
  version?: string;
}

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

export type Status = "idle" | "connecting" | "streaming" | "reconnecting" | MessageStopReason;

export interface Snapshot {
  readonly status: Status;
  readonly blocks: readonly Block[];
  readonly errors: readonly StreamError[];
  readonly findings: readonly Finding[];
  /** The latest status event. */
  readonly progress: StatusEvent | null;
  /** The model's reasoning so far, where the server was asked to send it. */
  readonly reasoning: string;
  /** The latest usage event. */
  readonly usage: UsageEvent | null;
  /** Statistics of the generation, once it has ended by itself. */
  readonly stats: Readonly<Record<string, unknown>> | null;
}

/** Malformed event data. */
export class WireError extends Error {}

/** An event, and the id that came with it; null if none did. */
export interface Entry {
  event: Event;
  id: string | null;
}

/** Incremental reader of server-sent events; chunks may end anywhere. */
export class EventReader {
  /** A reader of a resumed stream begins behind the id that the stream was requested with. */
  constructor(options?: { lastEventId?: string });
  /** The id of the last complete event, to be sent as `Last-Event-ID`. */
  readonly lastEventId: string;
  /** Delay in milliseconds that the server asks for before a reconnect; null if it has not asked. */
  readonly retry: number | null;
  /**
   * Return the events that the bytes complete.
   * @throws {WireError} The data is not an event.
   */
  feed(bytes: Uint8Array): Event[];
  /**
   * As `feed`, but each event with its id.
   * @throws {WireError} The data is not an event.
   */
  read(bytes: Uint8Array): Entry[];
  /** Throw the error that an earlier call has found, if any. */
  throwFailure(): void;
}

/** Builds the blocks of one generation from its events; fits React's `useSyncExternalStore`. */
export class BlockStore {
  /** Return the current snapshot; the same object until the next change. */
  readonly getSnapshot: () => Snapshot;
  /** Return the block with this index in the current snapshot. */
  readonly getBlock: (index: number) => Block | undefined;
  /**
   * Call the listener after changes, at most once for each frame of the browser; returns a function that
   * unsubscribes it. An exception of one listener is reported and does not keep the others from being called.
   */
  readonly subscribe: (listener: () => void) => () => void;
  /** Whether the generation has ended, for any reason. */
  readonly ended: boolean;
  /** The fatal error that the server has sent, null if none. */
  readonly fatal: StreamError | null;
  /** Number of generations that this store has followed. */
  readonly generation: number;
  /** Fulfilled once the listeners have been told of the current snapshot. */
  published(): Promise<void>;
  /** Discard everything and wait for the first event; returns the number of the new generation. */
  connect(): number;
  /** The connection is lost, and the client will try to continue. */
  interrupt(): void;
  /** The connection is there again. */
  proceed(): void;
  /** Discard the blocks of an answer that cannot be completed. */
  restart(): void;
  /** Apply events; one that is malformed ends the generation with the error `invalid_event`. */
  apply(events: Iterable<Event>): void;
  /** End the generation with an error of the client. */
  fail(error: StreamError): void;
  /** End the generation because the user has cancelled it. */
  cancel(): void;
  /** End the generation because the server has nothing more of it. */
  finish(): void;
}

/** Codes of the errors that this client itself reports; those of the server are in `docs/errors.md`. */
export type ClientErrorCode =
  /** The connection was lost, and could not be resumed within the bounds of `retry`. */
  | "connection_lost"
  /** A response that is not a stream, of another server, such as a proxy. */
  | "http_error"
  /** The server sent malformed data. */
  | "invalid_event"
  /** The function that was given as `headers` failed. */
  | "headers_failed"
  /** Code of the page, such as a store of its own, threw an exception. */
  | "client_failed"
  /** As the server's codes of these names, for a response without a body. */
  | "unauthorized"
  | "stream_unknown"
  | "events_trimmed";

export interface Generation {
  readonly store: BlockStore;
  /** Id of the stream at the server, to be passed to `resume`; empty until it is known. */
  readonly streamId: string;
  /** Id of the last event, empty before the first one. */
  readonly lastEventId: string;
  /** Fulfilled with the last snapshot once the listeners of the store know it; never rejected. */
  readonly done: Promise<Snapshot>;
  /** End the generation at once, on the server too. */
  readonly stop: () => void;
  /** Close the connection. The generation continues at the server if it has a stream there. */
  readonly leave: () => void;
}

export interface RetryOptions {
  /** Number of tries in a row that bring nothing new; 8. */
  maxTries?: number;
  /** Milliseconds for which nothing new may come; 120,000. A longer `Retry-After` ends it at once. */
  maxTime?: number;
  /** Longest delay in milliseconds before the first try, 500; it doubles for each of the next. */
  minDelay?: number;
  /** Longest delay in milliseconds before any try; 15,000. */
  maxDelay?: number;
  /** How often to request a generation anew whose server process died; 1. */
  restarts?: number;
}

export type HeadersLike = NonNullable<ConstructorParameters<typeof Headers>[0]>;

export interface Options {
  /** The store to use, by default a new one. A store follows one generation at a time. */
  store?: BlockStore;
  /**
   * Additional headers of each request. A function is called for each request, since a token may expire; after
   * a response with status 401 once more, with `refresh: true`.
   */
  headers?: HeadersLike | ((context: { refresh: boolean }) => HeadersLike | Promise<HeadersLike>);
  /** How to read: by `fetch`, or by an `EventSource` where something between the two holds streams back. */
  transport?: "fetch" | "eventsource";
  /**
   * Name under which the session storage of this tab keeps the request and the stream, for `restore` after a
   * reload of the page.
   */
  keep?: string;
  /** How lost connections are tried again; false for never. */
  retry?: RetryOptions | false;
  /** Milliseconds without a byte, even of a heartbeat, after which a connection is given up; 45,000; 0 for never. */
  stallTimeout?: number;
  /** As for `fetch`. */
  credentials?: RequestCredentials;
  /** Stops the generation when it is aborted. */
  signal?: AbortSignal;
}

export interface GenerateOptions extends Options {
  /** `POST` by default. With `GET` the request is the query of the URL. */
  method?: "POST" | "GET";
  /**
   * The `Idempotency-Key` by which the server finds the generation if the request is sent again; by default a
   * new one for each POST. Null sends none; then a request that got no response is not sent again.
   */
  idempotencyKey?: string | null;
}

export interface ResumeOptions extends Options {
  /** Id of the event to continue after; by default the stream is read from its beginning. */
  lastEventId?: string;
}

/**
 * Request a generation and apply its events to a store.
 *
 * `request` is sent as it is if it is text, a form, bytes or a file, and as JSON otherwise.
 *
 * Over HTTP/1.1 a browser opens at most six connections to a host, over all tabs: a seventh generation waits
 * until one of them ends. Over HTTP/2 the limit is about a hundred.
 * @throws {TypeError} An argument or an option is wrong.
 */
export function generate(url: string | URL, request: unknown, options?: GenerateOptions): Generation;

/**
 * Follow a stream that was started before. `url` is that of `generate`.
 * @throws {TypeError} An argument or an option is wrong.
 */
export function resume(url: string | URL, streamId: string, options?: ResumeOptions): Generation;

/** Go on with the generation that an earlier load of this page kept under a name; null if there is none. */
export function restore(name: string, options?: Options): Generation | null;

/** A generation that was kept under a name. */
export interface Kept {
  /** URL of `generate`. */
  url: string;
  method: "POST" | "GET";
  /** The request, if it was JSON or text. */
  request?: unknown;
  /** Empty if no response has named a stream. */
  streamId: string;
  lastEventId: string;
}

/** Return the generation that was kept under a name, null if there is none. */
export function kept(name: string): Kept | null;

/** Forget the generation that was kept under a name. */
export function forget(name: string): void;

/** The hooks of React that `createHooks` needs: pass the module `react` itself. */
export interface ReactLike {
  useCallback<T extends (...args: never[]) => unknown>(callback: T, dependencies: readonly unknown[]): T;
  useEffect(effect: () => void | (() => void), dependencies?: readonly unknown[]): void;
  useRef<T>(value: T): { current: T };
  useState<T>(initial: () => T): [T, (value: T) => void];
  useSyncExternalStore<T>(
    subscribe: (listener: () => void) => () => void,
    get: () => T,
    getServer?: () => T,
  ): T;
}

export interface UseGeneration extends Snapshot {
  readonly store: BlockStore;
  /** Request a generation; one that is running is stopped. */
  readonly generate: (request: unknown) => Generation;
  /** Follow a stream that was started before. */
  readonly resume: (streamId: string) => Generation;
  /** End the generation at once, on the server too. */
  readonly stop: () => void;
}

export interface Hooks {
  /**
   * Return the snapshot of a generation, and functions that control it. When the component is unmounted, the
   * generation is stopped; with the option `keep` it is left, and the next component of this name continues it.
   */
  useGeneration(url: string | URL, options?: GenerateOptions): UseGeneration;
  /** Return one block of a store; the component is rendered again only when this block has changed. */
  useBlock(store: BlockStore, index: number): Block | undefined;
}

/** Return hooks for React, as in `const { useGeneration } = createHooks(React)`. */
export function createHooks(React: ReactLike): Hooks;
