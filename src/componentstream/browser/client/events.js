/** Checks of received events: a page never sees a known event with a field missing or of the wrong type. */

/** Malformed event data. */
export class WireError extends Error {
  name = "WireError";
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

const KINDS = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  integer: Number.isInteger,
  number: Number.isFinite,
  object: isObject,
  strings: (value) => isObject(value) && Object.values(value).every(KINDS.string),
  span: (value) => Array.isArray(value) && value.length === 2 && value.every(KINDS.integer),
};

/** Return a field of the data; it must be there and of this kind. */
function field(data, key, kind) {
  if (KINDS[kind](data[key])) return data[key];
  throw new WireError(`${key} must be of type ${kind}, not ${shown(data[key])}`);
}

/** Return a field that may be missing or null; then it has the value `otherwise`. */
function optional(data, key, kind, otherwise = null) {
  return data[key] === undefined || data[key] === null ? otherwise : field(data, key, kind);
}

function shown(value) {
  return value === undefined ? "missing" : JSON.stringify(value).slice(0, 80);
}

// The rules are those of `componentstream.core.event_json`. A newer server may have more reasons than these.
const CHECKS = {
  content_block_start(event) {
    const block = field(event, "content_block", "object");
    const type = field(block, "type", "string");
    // A newer server may have other kinds of block; like unknown events, they are ignored.
    if (type !== "text" && type !== "component") return null;
    field(event, "index", "integer");
    if (type === "text") return { ...event, content_block: { type, text: "" } };
    const content_block = {
      type,
      name: field(block, "name", "string"),
      position: field(block, "position", "string"),
      attributes: optional(block, "attributes", "strings", {}),
      parent: optional(block, "parent", "integer"),
    };
    return { ...event, content_block };
  },
  content_block_delta(event) {
    const delta = field(event, "delta", "object");
    if (field(delta, "type", "string") !== "text_delta") return null;
    field(event, "index", "integer");
    field(delta, "text", "string");
    return event;
  },
  content_block_stop(event) {
    field(event, "index", "integer");
    field(event, "reason", "string");
    field(event, "chars", "integer");
    return { ...event, trimmed: optional(event, "trimmed", "integer", 0) };
  },
  error(event) {
    const error = field(event, "error", "object");
    return { ...event, error: checkError(error) };
  },
  status(event) {
    field(event, "phase", "string");
    field(event, "elapsed", "number");
    for (const key of ["components_started", "components_completed", "chars"]) field(event, key, "integer");
    return event;
  },
  reasoning(event) {
    field(event, "text", "string");
    return event;
  },
  usage(event) {
    const checked = { ...event };
    for (const key of ["input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens"]) {
      checked[key] = optional(event, key, "integer");
    }
    return checked;
  },
  finding(event) {
    const found = field(event, "finding", "object");
    for (const key of ["rule", "severity", "message"]) field(found, key, "string");
    const finding = {
      ...found,
      action: optional(found, "action", "string", "none"),
      index: optional(found, "index", "integer"),
      line: optional(found, "line", "integer"),
      span: optional(found, "span", "span"),
    };
    return { ...event, finding };
  },
  message_stop(event) {
    field(event, "reason", "string");
    return { ...event, stats: optional(event, "stats", "object", {}) };
  },
  debug(event) {
    field(event, "state", "object");
    return event;
  },
};

/** The names of the events, as `type` in the data. */
export const TYPES = Object.freeze(Object.keys(CHECKS));

/**
 * Return an event with all of its fields, or null if its type is unknown.
 * @throws {WireError} A field is missing or has a value of the wrong type.
 */
export function checkEvent(event) {
  if (!isObject(event)) throw new WireError(`An event must be a JSON object, not ${shown(event)}.`);
  if (!Object.hasOwn(CHECKS, event.type)) return null;
  try {
    return CHECKS[event.type](event);
  } catch (problem) {
    throw new WireError(`A ${event.type} event has a missing or wrong field: ${problem.message}.`);
  }
}

/**
 * Return the event in a text of JSON, or null if its type is unknown.
 * @throws {WireError} The text is not JSON, or not an event.
 */
export function parseEvent(data) {
  let value;
  try {
    value = JSON.parse(data);
  } catch {
    value = null;
  }
  if (!isObject(value)) throw new WireError(`An event must be a JSON object, not ${data.slice(0, 80)}`);
  return checkEvent(value);
}

/** Return the value of `error` in an error event with all of its fields. */
export function checkError(error) {
  return {
    ...error,
    type: field(error, "type", "string"),
    message: field(error, "message", "string"),
    fatal: optional(error, "fatal", "boolean", false),
    retryable: optional(error, "retryable", "boolean", false),
    recovered: optional(error, "recovered", "boolean", false),
    line: optional(error, "line", "integer"),
    index: optional(error, "index", "integer"),
  };
}

/** Return a fatal error of the client itself. */
export function clientError(type, message, retryable) {
  return { type, message, fatal: true, retryable, recovered: false, line: null, index: null };
}
