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
  #root;
  #machine = new Machine();
  /** The text that is shown, and the text after it. */
  #shown = new Rope();
  #pending = "";
  #healed = null;

  constructor({ root = null } = {}) {
    this.#root = root;
  }

  feed(text) {
    this.#pending += text;
    this.#machine.feed(text);
    this.#advance();
    return this;
  }

  end() {
    this.#machine.end();
    this.#advance();
    return this;
  }

  heal() {
    const machine = this.#machine;
    const complete = machine.isComplete;
    const name = this.#name();
    const last = this.#healed;
    if (last !== null && last.shown === machine.cut && last.complete === complete && last.name === name) return last;
    const code = this.#shown.text + machine.tail;
    this.#healed = Object.freeze({ code, shown: machine.cut, complete, name });
    return this.#healed;
  }

  statements() {
    const { statements, statement, cut, tail } = this.#machine;
    const shown = statements.map((each) => ({ ...each }));
    if (statement !== null && statement.start < cut) {
      shown.push({ start: statement.start, end: cut + tail.length, complete: false });
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
    if (this.#root !== null && ready.has(this.#root)) return this.#root;
    if (defaultName !== null && ready.has(defaultName)) return defaultName;
    return this.#root === null ? lastReady : null;
  }
}
