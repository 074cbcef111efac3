/**
 * The messages that a preview frame may send. Generated code runs in the frame, so that each of them may be a
 * lie: the table says which types and fields exist, sizes are checked, numbers clamped and rates limited. The
 * types are in `messages.d.ts`.
 */

const STATUSES = new Set(["waiting", "live", "behind", "failed"]);
const MAX_MESSAGE = 500;
const MAX_INDEX = 1_000_000;
const MAX_HEIGHT = 1_000_000;
const SECOND = 1000;

/** Messages of a frame in one second; those beyond are dropped unread. */
export const MAX_RATE = 500;
/** Messages of a frame in one second at which it is treated as frozen. */
export const FLOOD = 1000;

const isIndex = (value) => Number.isInteger(value) && value >= 0 && value <= MAX_INDEX;

/** Each type with its fields besides `type`, and the check of each field. */
const TABLE = {
  ready: {},
  pong: { n: (n) => Number.isSafeInteger(n) && n >= 0 },
  height: { height: (height) => Number.isFinite(height) && height >= 0 },
  rendering: { index: isIndex },
  status: {
    index: isIndex,
    status: (status) => STATUSES.has(status),
    message: (message) => message === undefined || message === null || typeof message === "string",
  },
};

/** Return a copy of a message that the table allows, clamped; null for every other value. */
export function readMessage(data) {
  if (data === null || typeof data !== "object" || typeof data.type !== "string") return null;
  if (!Object.hasOwn(TABLE, data.type)) return null;
  const fields = TABLE[data.type];
  const message = { type: data.type };
  for (const key of Object.keys(data)) {
    if (key !== "type" && !Object.hasOwn(fields, key)) return null;
  }
  for (const [key, check] of Object.entries(fields)) {
    if (!check(data[key])) return null;
    message[key] = data[key];
  }
  if (message.type === "height") message.height = Math.min(Math.ceil(message.height), MAX_HEIGHT);
  if (message.type === "status") message.message = message.message?.slice(0, MAX_MESSAGE) ?? null;
  return message;
}

/** Counts the messages of a frame per second. */
export class RateLimit {
  #began = -Infinity;
  #count = 0;

  /** Count a message; return "read", "drop", or "flood" for a frame that is to be stopped. */
  count(now) {
    if (now - this.#began >= SECOND) {
      this.#began = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > FLOOD) return "flood";
    return this.#count > MAX_RATE ? "drop" : "read";
  }
}
