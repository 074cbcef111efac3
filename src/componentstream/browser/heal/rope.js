/**
 * A text that grows at its end. Engines join strings lazily, and reading a string that was joined of very
 * many pieces is slow; so the pieces are made flat in groups, at a cost that does not grow with the text.
 */

const GROUP = 4096;

export class Rope {
  #groups = "";
  #last = "";

  get length() {
    return this.#groups.length + this.#last.length;
  }

  get text() {
    return this.#groups + this.#last;
  }

  append(piece) {
    this.#last += piece;
    if (this.#last.length < GROUP) return;
    // Reading a character makes the string flat.
    this.#last.charCodeAt(0);
    this.#groups += this.#last;
    this.#last = "";
  }
}
