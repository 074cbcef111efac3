/**
 * The stack of open constructs. A frame is one construct that has begun and not ended; `parent` is the
 * construct around it. The stack is a linked list, so a safe point keeps the stack of its moment by keeping
 * one frame.
 */

/** How far a frame is inside the function that its top-level statement declares. */
export const OUTSIDE = 0;
export const IN_BODY = 1;
export const IN_RETURN = 2;
export const IN_INNER_FUNCTION = 3;

export class Frame {
  /** The text that completes the construct, or null if it is taken whole or not at all. */
  closer;
  /** Whether the end of the child on top of it is its own end. */
  ending = false;
  state = "";
  #tail;

  constructor(kind, parent, closer = null) {
    this.kind = kind;
    this.parent = parent;
    this.closer = closer;
    this.mode = "code";
    this.place = parent === null ? OUTSIDE : placeInside(kind, parent.place);
  }

  /**
   * The text that completes this construct and all those around it, or null. It is computed once, when the
   * first safe point inside asks; no closer changes after that.
   */
  get tail() {
    if (this.#tail === undefined) this.#tail = this.#join();
    return this.#tail;
  }

  #join() {
    // Frames without a tail yet are a run on top of the stack; a loop, for recursion would overflow on a
    // deep one.
    const missing = [];
    let frame = this;
    while (frame !== null && frame.#tail === undefined) {
      missing.push(frame);
      frame = frame.parent;
    }
    let tail = frame === null ? "" : frame.#tail;
    while (missing.length > 0) {
      frame = missing.pop();
      tail = tail === null || frame.closer === null ? null : frame.closer + tail;
      frame.#tail = tail;
    }
    return tail;
  }
}

function placeInside(kind, place) {
  if (kind === "return" && place === IN_BODY) return IN_RETURN;
  if (kind !== "function" && kind !== "arrow") return place;
  if (place === OUTSIDE) return IN_BODY;
  return place === IN_BODY ? IN_INNER_FUNCTION : place;
}
