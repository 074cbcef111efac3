import { Cursor } from "./cursor.js";
import { Generation } from "./generation.js";
import { forget, kept } from "./kept.js";
import { checkOptions } from "./options.js";
import { absolute, describeRequest, newKey } from "./request.js";

/**
 * Request a generation and apply its events to a store, which follows one generation at a time.
 *
 * A lost connection is resumed after the last event. `stop` ends the generation at once, on the server too.
 * `done` is fulfilled with the last snapshot and never rejected: failures are among its errors, as reported by
 * the server or by this client.
 */
export function generate(url, request, options = {}) {
  const checked = checkOptions(options);
  const described = describeRequest(url, request, checked.method);
  return begin(checked, described, keyOf(checked), { url: absolute(url), request });
}

/**
 * Follow a stream that was started before, from its beginning or after `options.lastEventId`. `url` is that
 * of `generate`, to which the URLs of its streams are relative.
 */
export function resume(url, streamId, options = {}) {
  if (typeof streamId !== "string" || streamId === "") {
    throw new TypeError("resume: streamId must be the id of a stream; a generation has it as streamId.");
  }
  return begin(checkOptions(options), null, null, { url: absolute(url), streamId });
}

/**
 * Go on with the generation that an earlier load of this page kept with `keep: name`, from its first event.
 * Returns null if there is none.
 */
export function restore(name, options = {}) {
  const found = kept(name);
  if (found === null) return null;
  const { method, request, streamId, idempotencyKey } = found;
  const checked = checkOptions({ ...options, keep: name, method });
  const described = request === undefined ? null : describeRequest(found.url, request, method);
  // Without a stream the same request finds the same generation, if it has a key.
  if (streamId === "" && (described === null || (method === "POST" && idempotencyKey === null))) {
    forget(name);
    return null;
  }
  return begin(checked, described, idempotencyKey, { url: found.url, base: found.base, streamId, request });
}

function begin(options, described, key, { url, base = url, streamId = "", request }) {
  const { lastEventId, method } = options;
  // Other bodies than JSON and text cannot be kept.
  const isText = described?.body === undefined || typeof described.body === "string";
  const kept = { url, method, request: isText ? request : undefined, idempotencyKey: key };
  const cursor = new Cursor(base, { streamId, lastEventId, keepAs: options.keep, kept });
  return new Generation(options, described, key, cursor);
}

function keyOf({ idempotencyKey, method }) {
  if (typeof idempotencyKey === "string") return idempotencyKey;
  return method === "POST" && idempotencyKey !== null ? newKey() : null;
}
