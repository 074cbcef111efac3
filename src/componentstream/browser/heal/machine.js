/**
 * The pushdown machine: reads tokens, gives each to the handler of the frame on top of the stack, and keeps
 * the last safe point. All it knows is a function of the text received, wherever that text was cut.
 */

import { Frame, IN_RETURN, OUTSIDE } from "./frame.js";
import { Lexer } from "./lexer.js";
import { codeHandlers } from "./code.js";
import { declarationHandlers } from "./declarations.js";
import { elementHandlers } from "./elements.js";
import { statementHandlers } from "./statements.js";
import { typeHandlers } from "./types.js";

const HANDLERS = {
  ...codeHandlers,
  ...declarationHandlers,
  ...elementHandlers,
  ...statementHandlers,
  ...typeHandlers,
};

export class Machine {
  root = new Frame("block", null, "");
  top = this.root;
  /** The end of the last token. */
  lastEnd = 0;
  /** The last safe point: everything before `cut` is shown, completed by `tail`. */
  cut = 0;
  tail = "";
  /** The complete top-level statements, and the open one or null. */
  statements = [];
  statement = null;
  /** The components whose own return has an element, or whose statement is complete. */
  ready = new Set();
  defaultName = null;
  lastReady = null;
  #lexer = new Lexer(this);
  #attempt = null;
  #attemptsFrom = 0;

  feed(text) {
    this.#lexer.feed(text);
    this.#lexer.scan();
  }

  get isComplete() {
    return this.top === this.root && this.statement === null && this.#lexer.isBetweenTokens;
  }

  exportDefault() {
    if (this.statement !== null && this.top.parent === this.root) this.statement.isDefault = true;
  }

  /** The text has ended: its last word is complete, and so is a last statement without a semicolon. */
  end() {
    do {
      this.#lexer.scan();
      this.#lexer.endWord();
      this.take({ type: "end", value: "", start: this.lastEnd, end: this.lastEnd, newline: true });
    } while (this.restarts());
  }

  /** Give a token to the frame on top, and again to the next one, until a frame has consumed it. */
  take(token) {
    while (!HANDLERS[this.top.kind](this, token, this.top)) this.settle();
    this.settle();
    if (this.#attempt !== null && this.#attempt.failed) return;
    this.lastEnd = token.end;
    if (this.top === this.root) this.endStatement();
  }

  push(kind, closer = null) {
    this.top = new Frame(kind, this.top, closer);
    return this.top;
  }

  pop() {
    this.top = this.top.parent;
    return this.top;
  }

  /** Pop the frames whose last child has ended. */
  settle() {
    while (this.top.ending) this.top = this.top.parent;
  }

  /**
   * Tell that the text before an offset, completed by the open frames, is valid code. Elements in the body
   * of a component, before its return, are not shown: they would not be visible, and with each hook that
   * is added the component would have to be mounted again.
   */
  safe(offset, frame = this.top) {
    if (frame.place !== OUTSIDE && frame.place !== IN_RETURN) return;
    const tail = frame.tail;
    if (tail === null || offset < this.cut) return;
    this.cut = offset;
    this.tail = tail;
    if (frame.place === IN_RETURN) this.#setReady();
  }

  #setReady() {
    const { name, isDefault, renders } = this.statement;
    if (!renders) return;
    const own = name ?? "default";
    if (isDefault) this.defaultName = own;
    this.ready.add(own);
    this.lastReady = own;
  }

  beginStatement(token) {
    this.statement = { start: token.start, name: null, isDefault: false, alias: null, renders: true };
  }

  endStatement() {
    if (this.statement === null) return;
    const { start, name, isDefault, alias } = this.statement;
    this.statements.push(Object.freeze({ start, end: this.lastEnd, complete: true }));
    this.statement = null;
    if (name !== null) this.ready.add(name);
    if (isDefault) this.defaultName = alias ?? name ?? "default";
    this.cut = this.lastEnd;
    this.tail = "";
  }

  /** Name the top-level statement by the declaration it holds. */
  declare(name) {
    if (this.statement !== null) this.statement.name = name;
  }

  /**
   * Whether the reading that begins at this token may be tried: one at a time, and never again after it
   * failed.
   */
  mayAttempt(token) {
    return this.#attempt === null && token.start >= this.#attemptsFrom;
  }

  /** Try a reading of the text from this token on; if it fails, the text is read again from there. */
  attempt(token) {
    this.#attempt = { start: token.start, top: this.top, lastEnd: this.lastEnd, failed: false };
    this.#lexer.keep(token.start);
  }

  succeed() {
    this.#attempt = null;
    this.#lexer.release();
  }

  fail(token) {
    const attempt = this.#attempt;
    attempt.failed = true;
    this.top = attempt.top;
    this.#attemptsFrom = token.end;
  }

  /** If the attempt has failed, go back to its beginning. */
  restarts() {
    if (this.#attempt === null || !this.#attempt.failed) return false;
    this.lastEnd = this.#attempt.lastEnd;
    this.#lexer.restart(this.#attempt.start);
    this.#attempt = null;
    return true;
  }
}
