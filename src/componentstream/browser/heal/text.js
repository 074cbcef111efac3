/**
 * How much of the text of an element can be shown: not the space at its end, which the end of the line may
 * remove, not half an entity, and not half a surrogate pair.
 */

const IN_ENTITY = /^[#\w]*$/;
const LONGEST_ENTITY = 11;

export class TextPosition {
  #solid = -1;
  /** The offset of an `&` that may begin an entity, or -1. */
  #ampersand = -1;

  restart() {
    this.#solid = -1;
    this.#ampersand = -1;
  }

  /** The offset up to which the text can be shown; -1 for none of it. */
  get shown() {
    return this.#ampersand === -1 ? this.#solid : Math.min(this.#ampersand, this.#solid);
  }

  read(text, offset) {
    if (text === "") return;
    this.#readEntity(text, offset);
    const end = text.trimEnd().length;
    if (end === 0) return;
    const code = text.charCodeAt(end - 1);
    const isHalf = code >= 0xd800 && code <= 0xdbff;
    const solid = isHalf ? text.slice(0, end - 1).trimEnd().length : end;
    if (solid > 0) this.#solid = offset + solid;
  }

  #readEntity(text, offset) {
    const begin = text.lastIndexOf("&");
    if (begin !== -1) this.#ampersand = offset + begin;
    if (this.#ampersand === -1) return;
    const rest = begin === -1 ? text : text.slice(begin + 1);
    const isLong = offset + text.length - this.#ampersand > LONGEST_ENTITY;
    if (isLong || !IN_ENTITY.test(rest)) this.#ampersand = -1;
  }
}
