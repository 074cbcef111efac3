import { forget, keep, keepLastEventId } from "./kept.js";

const NUMBER = /^[0-9]{1,15}$/;

/** Where a client is: the stream, if the server has named one, and the last event that it has of it. */
export class Cursor {
  #base;
  #keepAs;
  #kept;
  #isResumed;
  #hasUnlogged = false;

  /** Id of the stream, empty until it is known. */
  streamId;

  /** Id of the last event, empty before the first one. */
  lastEventId;

  /** The URLs of streams are relative to `url`. The ids are kept under `keepAs`, together with `kept`. */
  constructor(url, { streamId, lastEventId, keepAs, kept }) {
    this.#base = new URL(url);
    this.#keepAs = keepAs;
    this.#kept = kept;
    this.streamId = streamId;
    this.lastEventId = lastEventId;
    this.#isResumed = lastEventId !== "";
    this.#save();
  }

  get isKnown() {
    return this.streamId !== "";
  }

  /** Whether the server's log has all events so far: others have no id, and a resume would repeat or omit them. */
  get isExact() {
    return !this.#hasUnlogged;
  }

  /** Return the URL of the stream. */
  url(suffix = "") {
    return new URL(`streams/${encodeURIComponent(this.streamId)}${suffix}`, this.#base);
  }

  /** Return the headers of a request for the rest of the stream. */
  headers() {
    this.#isResumed = this.lastEventId !== "";
    return this.#isResumed ? { "Last-Event-ID": this.lastEventId } : {};
  }

  /** Note the stream that a response has named. */
  found(streamId, url) {
    this.streamId = streamId;
    const from = new URL(url);
    // Not after a redirect to another origin, which must not get the token of this one.
    if (from.origin === this.#base.origin) this.#base = from;
    this.#save();
  }

  /** Begin with another stream, which will have the key `idempotencyKey`. */
  reset(idempotencyKey) {
    this.streamId = "";
    this.lastEventId = "";
    this.#isResumed = false;
    this.#hasUnlogged = false;
    this.#kept = { ...this.#kept, idempotencyKey };
    this.#save();
  }

  /** Move behind an event; false if it was there before: a server may send more than it was asked for. */
  advance(id) {
    if (this.#isResumed && id !== null && this.#isOld(id)) return false;
    this.#hasUnlogged = id === null;
    if (id !== null) this.lastEventId = id;
    return true;
  }

  /** Keep the position, for a reload of the page. */
  save() {
    if (this.#keepAs !== null && this.isKnown) keepLastEventId(this.#keepAs, this.lastEventId);
  }

  forget() {
    if (this.#keepAs !== null) forget(this.#keepAs);
    this.#keepAs = null;
  }

  #isOld(id) {
    const last = this.lastEventId;
    return NUMBER.test(id) && NUMBER.test(last) ? Number(id) <= Number(last) : id === last;
  }

  #save() {
    if (this.#keepAs === null) return;
    keep(this.#keepAs, { ...this.#kept, base: this.#base.href, streamId: this.streamId });
    keepLastEventId(this.#keepAs, this.lastEventId);
  }
}
