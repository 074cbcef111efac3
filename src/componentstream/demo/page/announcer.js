/**
 * Announces progress to a screen reader, politely and at a bounded rate: a page that is written piece by piece
 * changes many times a second, and a person wants to hear a sentence now and then.
 */

const GAP = 3000;

export class Announcer {
  #element;
  #gap;
  #waiting = [];
  #timer = 0;
  #quietUntil = 0;

  constructor(element, gap = GAP) {
    this.#element = element;
    this.#gap = gap;
  }

  /** Say a sentence as soon as the last one is some seconds old; sentences that wait are joined. */
  say(sentence) {
    this.#waiting.push(sentence);
    if (this.#timer === 0) {
      this.#timer = setTimeout(() => this.#speak(), Math.max(0, this.#quietUntil - performance.now()));
    }
  }

  /** Forget the sentences that wait: they are about blocks that are gone. */
  clear() {
    this.#waiting = [];
  }

  #speak() {
    this.#timer = 0;
    if (this.#waiting.length === 0) return;
    this.#element.textContent = this.#waiting.join(" ");
    this.#waiting = [];
    this.#quietUntil = performance.now() + this.#gap;
  }
}
