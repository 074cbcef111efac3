import { Connection } from "./connection.js";
import { readEventSource } from "./event_source.js";
import { WireError, clientError } from "./events.js";
import { Failure, RESTARTABLE, failureOf, isStream, lost } from "./failures.js";
import { EventReader } from "./reader.js";
import { Sender, newKey } from "./request.js";
import { report } from "./schedule.js";
import { Tries } from "./tries.js";

const ACCEPTED = 202;
const NO_CONTENT = 204;
const FORGOTTEN = new Set(["stream_unknown", "events_trimmed"]);

/**
 * One generation and the connections that its events come over, one after the other.
 *
 * The first request starts it. Once a response has named a stream, a lost connection is followed by a request
 * for the rest of that stream; before that, by the same request with the same idempotency key. Each try either
 * returns, and then the generation has ended or the next try continues it, or throws a `Failure`.
 */
export class Generation {
  #options;
  #store;
  #sender;
  #request;
  #key;
  #cursor;
  #tries;
  #number;
  #restartsLeft;
  #connection = null;
  #isOver = false;
  #isRequesting = false;
  #isStopPending = false;
  #hasAnswered = false;
  #isRestarted = false;
  #resolveDone;

  /** Fulfilled with the last snapshot once the listeners of the store know it; never rejected. */
  done = new Promise((resolve) => {
    this.#resolveDone = resolve;
  });

  /** `request` is the result of `describeRequest`, or null for a stream that is only resumed. */
  constructor(options, request, key, cursor) {
    this.#options = options;
    this.#store = options.store;
    this.#sender = new Sender(options);
    this.#request = request;
    this.#key = key;
    this.#cursor = cursor;
    this.#tries = new Tries(options.retry);
    // The server finds the same generation again under a key that the page has chosen.
    const mayRestart = request !== null && typeof options.idempotencyKey !== "string";
    this.#restartsLeft = mayRestart ? options.retry.restarts : 0;
    this.#number = this.#store.connect();
    options.signal?.addEventListener("abort", this.stop);
    if (options.signal?.aborted) this.stop();
    this.#run().catch((problem) => {
      report(problem);
      this.leave();
    });
  }

  get store() {
    return this.#store;
  }

  get streamId() {
    return this.#cursor.streamId;
  }

  get lastEventId() {
    return this.#cursor.lastEventId;
  }

  /** End the generation at once, on the server too. */
  stop = () => {
    if (this.#isOver) return;
    this.#cursor.forget();
    if (this.#isCurrent()) this.#store.cancel();
    this.#end();
    // Aborted, a request with a key would still be answered: wait for the id, to stop the generation by it.
    this.#isStopPending = this.#isRequesting && this.#key !== null && !this.#cursor.isKnown;
    if (this.#isStopPending) return;
    this.#connection?.close();
    this.#stopStream();
  };

  /** Stop following the generation. It continues at the server if it has a stream there; see `resume`. */
  leave = () => {
    if (this.#isOver) return;
    this.#end();
    this.#connection?.close();
  };

  async #run() {
    while (!this.#isOver && this.#isCurrent() && !this.#store.ended) {
      this.#connection = new Connection(this.#options.stallTimeout);
      try {
        await this.#try();
      } catch (problem) {
        await this.#recover(this.#connection.reason(problem));
      } finally {
        this.#connection.close();
      }
    }
    if (!this.#isOver) this.#end();
  }

  /** Whether the store still follows this generation, and not one that was begun later. */
  #isCurrent() {
    return this.#store.generation === this.#number;
  }

  #end() {
    this.#isOver = true;
    this.#options.signal?.removeEventListener("abort", this.stop);
    this.#tries.wake();
    const last = this.#store.getSnapshot();
    this.#store.published().then(() => this.#resolveDone(last));
  }

  async #recover(problem) {
    this.#connection.close();
    if (this.#isOver || !this.#isCurrent()) return;
    const failure = problem instanceof Failure ? problem : failureOfClient(problem);
    const isRestart = failure.restart && this.#restartsLeft > 0;
    const wait = isRestart || this.#canTryAgain(failure) ? this.#tries.next(failure.wait) : null;
    if (wait === null) {
      this.#fail(failure);
      return;
    }
    if (isRestart) this.#restart();
    this.#store.interrupt();
    await this.#tries.pause(wait, failure.wait > 0);
  }

  #fail({ error, cause }) {
    if (cause !== undefined) report(cause);
    if (!this.#cursor.isKnown || FORGOTTEN.has(error.type)) this.#cursor.forget();
    this.#store.fail(error);
  }

  #canTryAgain({ again, refused }) {
    if (!again) return false;
    if (this.#cursor.isKnown) return this.#cursor.isExact;
    const isRepeatable = this.#key !== null || this.#request.method === "GET";
    return !this.#hasAnswered && (isRepeatable || refused);
  }

  #restart() {
    this.#restartsLeft -= 1;
    this.#key = this.#key === null ? null : newKey();
    this.#cursor.reset(this.#key);
    this.#hasAnswered = false;
    this.#isRestarted = true;
  }

  #try() {
    const { transport } = this.#options;
    if (transport === "eventsource" && this.#cursor.isKnown) return this.#listenToStream();
    if (transport === "eventsource" && this.#request.method === "GET") return this.#listen(this.#request.url);
    return this.#fetch();
  }

  async #fetch() {
    const isOfStream = this.#cursor.isKnown;
    const response = await (isOfStream ? this.#askForStream() : this.#askForGeneration());
    this.#connection.live();
    if (this.#isOver) {
      if (this.#isStopPending) this.#stopStream();
    } else if (isOfStream && response.status === NO_CONTENT) {
      this.#store.finish();
    } else if (response.status !== ACCEPTED || !this.#cursor.isKnown) {
      if (!isStream(response)) throw await failureOf(response, isOfStream);
      this.#answered();
      await this.#read(response.body.getReader());
    }
  }

  async #askForGeneration() {
    const { url, method, headers, body } = this.#request;
    const sent = new Headers({ Accept: "text/event-stream", ...headers });
    if (this.#key !== null) sent.set("Idempotency-Key", this.#key);
    if (this.#options.transport === "eventsource") sent.set("Prefer", "respond-async");
    try {
      const response = await this.#send(url, { method, headers: sent, body }, () => {
        this.#isRequesting = true;
      });
      const streamId = response.headers.get("stream-id");
      if (streamId !== null) this.#cursor.found(streamId, response.url);
      return response;
    } finally {
      this.#isRequesting = false;
    }
  }

  #askForStream() {
    const headers = { Accept: "text/event-stream", ...this.#cursor.headers() };
    return this.#send(this.#cursor.url(), { headers });
  }

  #send(url, init, onSend) {
    return this.#sender.send(url, init, this.#connection.signal, onSend);
  }

  #stopStream() {
    if (!this.#cursor.isKnown) return;
    this.#sender.send(this.#cursor.url(), { method: "DELETE", keepalive: true }).catch(() => {});
  }

  /** The events begin. */
  #answered() {
    if (!this.#cursor.isKnown) {
      // A response without a stream can neither be resumed nor be continued by another load of the page.
      this.#hasAnswered = true;
      this.#cursor.forget();
    }
    this.#store.proceed();
  }

  async #read(source) {
    const reader = new EventReader({ lastEventId: this.#cursor.lastEventId });
    try {
      while (this.#isCurrent() && !this.#store.ended) {
        const { done, value } = await source.read().catch(() => {
          throw lost("The connection to the server was lost.");
        });
        if (done) throw lost("The connection closed before the generation ended.");
        this.#connection.live();
        // A model may think for minutes, behind a proxy that cuts connections for their age.
        if (this.#connection.age > this.#options.retry.maxDelay) this.#tries.reset();
        const entries = reader.read(value);
        this.#tries.shortest = reader.retry ?? this.#tries.shortest;
        this.#accept(entries);
        reader.throwFailure();
      }
    } catch (problem) {
      throw problem instanceof WireError ? failureOfWire(problem) : problem;
    } finally {
      source.cancel().catch(() => {});
    }
  }

  async #listenToStream() {
    if (this.#cursor.lastEventId !== "") {
      // An EventSource cannot tell why it was refused, so the server is asked first.
      const response = await this.#askForStream();
      if (response.status === NO_CONTENT) {
        this.#store.finish();
        return;
      }
      if (!isStream(response)) throw await failureOf(response, true);
      response.body.cancel().catch(() => {});
    }
    const response = await this.#send(this.#cursor.url("/tickets"), { method: "POST" });
    if (!response.ok) throw await failureOf(response, true);
    const { ticket } = await response.json();
    const url = this.#cursor.url();
    url.searchParams.set("ticket", ticket);
    if (this.#cursor.lastEventId !== "") url.searchParams.set("after", this.#cursor.lastEventId);
    await this.#listen(url);
  }

  async #listen(url) {
    const { signal } = this.#connection;
    const options = { signal, withCredentials: this.#options.credentials === "include" };
    const onOpen = () => {
      // An EventSource hides heartbeats, so its silence means nothing.
      this.#connection.rest();
      this.#answered();
    };
    const onEntry = (entry) => {
      this.#accept([entry]);
      return this.#isCurrent() && !this.#store.ended;
    };
    await readEventSource(url, options, onOpen, onEntry).catch((problem) => {
      throw problem instanceof WireError ? failureOfWire(problem) : problem;
    });
  }

  /** Apply the events of entries, up to one that ends this connection. */
  #accept(entries) {
    const events = [];
    try {
      for (const { event, id } of entries) {
        this.#checkEnd(event, id);
        if (this.#cursor.advance(id)) events.push(event);
      }
    } finally {
      if (events.length > 0 && this.#isCurrent() && !this.#isOver) this.#apply(events);
    }
  }

  #apply(events) {
    if (this.#isRestarted) this.#store.restart();
    this.#isRestarted = false;
    this.#tries.reset();
    this.#store.apply(events);
    this.#cursor.save();
  }

  /** Throw the failure that a fatal error means, if the generation can be continued or requested anew. */
  #checkEnd({ type, error }, id) {
    if (type !== "error" || !error.fatal) return;
    // This error ends the response, not the stream: the log does not have it, so it has no id.
    const isOfResponse = error.type === "log_unavailable" && id === null && this.#cursor.isKnown;
    const isOfServer = RESTARTABLE.has(error.type) && this.#restartsLeft > 0;
    if (isOfResponse || isOfServer) throw new Failure(error, { again: isOfResponse, restart: isOfServer });
  }
}

function failureOfWire(problem) {
  return new Failure(clientError("invalid_event", problem.message, false));
}

function failureOfClient(problem) {
  const message = `The client failed: ${problem?.message ?? problem}`;
  return new Failure(clientError("client_failed", message, false), { cause: problem });
}
