/** The options of a generation, checked when it is requested: a mistake in them is thrown at once. */

import { checkLastEventId } from "./reader.js";
import { BlockStore } from "./store.js";

const RETRY = Object.freeze({ maxTries: 8, maxTime: 120_000, minDelay: 500, maxDelay: 15_000, restarts: 1 });
const NEVER = Object.freeze({ ...RETRY, maxTries: 0, restarts: 0 });
const STALL_TIMEOUT = 45_000;
const CHOICES = { method: ["POST", "GET"], transport: ["fetch", "eventsource"] };
const NAMES = new Set([
  "store",
  "headers",
  "method",
  "transport",
  "idempotencyKey",
  "lastEventId",
  "keep",
  "retry",
  "stallTimeout",
  "credentials",
  "signal",
]);

/** Return the options with a value for each. */
export function checkOptions(given) {
  const unknown = Object.keys(given).find((name) => !NAMES.has(name));
  if (unknown !== undefined) {
    throw new TypeError(`Unknown option ${unknown}; there are ${[...NAMES].join(", ")}.`);
  }
  const options = {
    store: given.store ?? new BlockStore(),
    headers: given.headers ?? {},
    method: given.method ?? "POST",
    transport: given.transport ?? "fetch",
    idempotencyKey: given.idempotencyKey,
    lastEventId: given.lastEventId ?? "",
    keep: given.keep ?? null,
    retry: checkRetry(given.retry ?? {}),
    stallTimeout: checkNumber("stallTimeout", given.stallTimeout ?? STALL_TIMEOUT),
    credentials: given.credentials ?? "same-origin",
    signal: given.signal ?? null,
  };
  if (typeof options.headers !== "function") new Headers(options.headers); // throws if HTTP cannot carry one
  checkLastEventId(options.lastEventId);
  for (const [name, values] of Object.entries(CHOICES)) {
    if (!values.includes(options[name])) {
      throw new TypeError(`The option ${name} must be one of ${values.join(", ")}, not ${options[name]}.`);
    }
  }
  return options;
}

function checkRetry(given) {
  if (given === false) return NEVER;
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(RETRY, name));
  if (unknown !== undefined) {
    throw new TypeError(`Unknown option retry.${unknown}; there are ${Object.keys(RETRY).join(", ")}.`);
  }
  const retry = { ...RETRY, ...given };
  for (const [name, value] of Object.entries(retry)) checkNumber(`retry.${name}`, value);
  return retry;
}

function checkNumber(name, value) {
  if (typeof value === "number" && value >= 0) return value;
  throw new TypeError(`The option ${name} must be a number >= 0, not ${value}.`);
}
