import { TYPES, parseEvent } from "./events.js";

const NAMES = new Set(["", "message", "stream_error", ...TYPES]);
const BYTE_ORDER_MARK = "\ufeff";
const LINE_END = /\r\n|\r|\n/;
const NOT_IN_IDS = /[\0\r\n]/;
const DIGITS = /^[0-9]{1,15}$/;

/**
 * Incremental reader of server-sent events, by the rules of the HTML standard; chunks may end anywhere. Each
 * `feed` returns the events that its bytes complete. Malformed data is fatal: the events before it are
 * returned first, then that call or the next one throws.
 */
export class EventReader {
  /** The id of the last complete event, to be sent as `Last-Event-ID`; it holds until the next id. */
  lastEventId;

  /** Delay in milliseconds that the server asks for before a reconnect; null if it has not asked. */
  retry = null;

  // The decoder of Node drops a second byte order mark too if a chunk ends inside the first, so we do it.
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #hasBegun = false;
  #afterCR = false;
  #tail = [];
  #id;
  #hasId = false;
  #name = "";
  #data = [];
  #failure = null;

  constructor({ lastEventId = "" } = {}) {
    checkLastEventId(lastEventId);
    this.lastEventId = lastEventId;
    this.#id = lastEventId;
  }

  feed(bytes) {
    return this.read(bytes).map(({ event }) => event);
  }

  /** As `feed`, but each event with the id that came with it; null if none did. */
  read(bytes) {
    this.throwFailure();
    const entries = [];
    try {
      for (const line of this.#lines(this.#decoder.decode(bytes, { stream: true }))) {
        const entry = this.#line(line);
        if (entry !== null) entries.push(entry);
      }
    } catch (problem) {
      this.#failure = problem;
      if (entries.length === 0) throw problem;
    }
    return entries;
  }

  /** Throw the error that an earlier call has found, if any. */
  throwFailure() {
    if (this.#failure !== null) throw this.#failure;
  }

  #lines(text) {
    if (text === "") return [];
    if (!this.#hasBegun && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    this.#hasBegun = true;
    if (this.#afterCR && text.startsWith("\n")) text = text.slice(1);
    this.#afterCR = text.endsWith("\r");
    const lines = text.split(LINE_END);
    this.#tail.push(lines[0]);
    if (lines.length === 1) return [];
    lines[0] = this.#tail.join("");
    this.#tail = [lines.pop()];
    return lines;
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#name = value;
    else if (field === "retry" && DIGITS.test(value)) this.retry = Number(value);
    else if (field === "id" && !value.includes("\0")) {
      this.#id = value;
      this.#hasId = true;
    }
    return null;
  }

  #dispatch() {
    const data = this.#data.join("\n");
    const id = this.#hasId ? this.#id : null;
    const isKnown = NAMES.has(this.#name);
    this.#data = [];
    this.#name = "";
    this.#hasId = false;
    const event = data !== "" && isKnown ? parseEvent(data) : null;
    this.lastEventId = this.#id;
    return event === null ? null : { event, id };
  }
}

/** Throw a `TypeError` unless an event can have this id. */
export function checkLastEventId(value) {
  if (typeof value === "string" && !NOT_IN_IDS.test(value)) return;
  throw new TypeError(`lastEventId must be the id of an event, a string without line ends, not ${value}.`);
}
