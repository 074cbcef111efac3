/**
 * Heals React code that is still being written: cuts it back to the last point up to which it can be shown,
 * and closes all that is open there. The types are in `heal.d.ts`.
 *
 *     const healer = new Healer({ root: "Hero" });
 *     for await (const text of deltas) {
 *       const { code, name } = healer.feed(text).heal();
 *       if (name !== null) show(code, name);
 *     }
 */

import { Machine } from "./heal/machine.js";
import { Rope } from "./heal/rope.js";

export class Healer {
  /** The names under which the root can be declared: a part of a compound has a dot in its name. */
  #roots = [];
  #machine = new Machine();
  /** The text that is shown, and the text after it. */
  #shown = new Rope();
  #pending = "";
  #hasEnded = false;
  #healed = null;
  #tail = "";

  constructor({ root = null } = {}) {
    if (root !== null) this.#roots = [...new Set([root, root.replaceAll(".", ""), root.split(".").at(-1)])];
  }

  feed(text) {
    this.#pending += text;
    this.#machine.feed(text);
    this.#advance();
    return this;
  }

  end() {
    this.#hasEnded = true;
    this.#machine.end();
    this.#advance();
    return this;
  }

  heal() {
    const { cut, tail, isComplete } = this.#machine;
    const name = this.#name();
    const last = this.#healed;
    const isSame =
      last?.shown === cut && last.complete === isComplete && last.name === name && this.#tail === tail;
    if (isSame) return last;
    this.#tail = tail;
    this.#healed = Object.freeze({ code: this.#shown.text + tail, shown: cut, complete: isComplete, name });
    return this.#healed;
  }

  statements() {
    const { statements, statement, cut, tail } = this.#machine;
    const shown = statements.slice();
    if (statement !== null && statement.start < cut) {
      shown.push(Object.freeze({ start: statement.start, end: cut + tail.length, complete: false }));
    }
    return shown;
  }

  #advance() {
    const length = this.#machine.cut - this.#shown.length;
    if (length <= 0) return;
    this.#shown.append(this.#pending.slice(0, length));
    this.#pending = this.#pending.slice(length);
  }

  #name() {
    const { ready, defaultName, lastReady } = this.#machine;
    const root = this.#roots.find((name) => ready.has(name));
    if (root !== undefined) return root;
    if (defaultName !== null && ready.has(defaultName)) return defaultName;
    return this.#roots.length === 0 || this.#hasEnded ? lastReady : null;
  }
}
