export type FrameMessage =
  | { type: "ready" }
  | { type: "pong"; n: number }
  | { type: "height"; height: number }
  | { type: "rendering"; index: number }
  | { type: "status"; index: number; status: "waiting" | "live" | "behind" | "failed"; message: string | null };

/** Messages of a frame in one second; those beyond are dropped unread. */
export const MAX_RATE: number;
/** Messages of a frame in one second at which it is treated as frozen. */
export const FLOOD: number;

/** Return a copy of a message that is allowed, clamped; null for every other value. */
export function readMessage(data: unknown): FrameMessage | null;

/** Counts the messages of a frame per second. */
export class RateLimit {
  /** Count a message, at a time in milliseconds. */
  count(now: number): "read" | "drop" | "flood";
}
