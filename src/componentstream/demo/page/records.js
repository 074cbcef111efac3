/** The records of an answer: notes about mistakes, and the log of events. */

import { counted, make, setText } from "./dom.js";

const KINDS = { error: "Error", warning: "Warning", note: "Note", handled: "Handled" };
const TYPES = {
  content_block_start: "start",
  content_block_delta: "delta",
  content_block_stop: "stop",
  message_stop: "end",
};
const NEAR_THE_END = 40;
const MAX_EVENTS = 300;
const MAX_NOTES = 200;

/** Mistakes of the model, and how each was handled; only those that ended the answer are errors. */
export class Notes {
  #list;
  #empty;
  #errors = 0;
  #findings = 0;
  #trimmed = new Set();

  constructor(list, empty) {
    this.#list = list;
    this.#empty = empty;
  }

  clear() {
    this.#errors = this.#findings = 0;
    this.#trimmed.clear();
    this.#list.replaceChildren();
    this.#empty.hidden = false;
  }

  draw({ errors, findings = [], blocks }) {
    for (const error of errors.slice(this.#errors)) {
      const kind = error.fatal ? "error" : error.recovered ? "handled" : "note";
      this.#add(kind, error.type, error.line, error.message);
    }
    for (const { rule, line, message, severity } of findings.slice(this.#findings)) {
      this.#add(severity === "info" ? "note" : "warning", rule, line, message);
    }
    this.#errors = errors.length;
    this.#findings = findings.length;
    for (const block of blocks) {
      if (block.trimmed > 0 && !this.#trimmed.has(block.index)) {
        this.#trimmed.add(block.index);
        const text = `${block.name ?? "A text"} was too long: ${counted(block.trimmed, "character")} dropped.`;
        this.#add("note", "trimmed", null, text);
      }
    }
  }

  #add(kind, code, line, message) {
    if (this.#list.children.length >= MAX_NOTES) return;
    const item = make("li", kind);
    const head = make("div", "head");
    head.append(make("strong", "", KINDS[kind]), make("code", "", code));
    if (line !== null && line !== undefined) head.append(make("span", "where", `line ${line}`));
    item.append(head, make("p", "", message));
    this.#list.append(item);
    this.#empty.hidden = true;
  }
}

/** The events of a stream, with the seconds since its start; deltas of a block that follow one another are one line. */
export class EventRecord {
  #list;
  #began = 0;
  #names = new Map();
  #run = null;
  #follows = true;

  constructor(list) {
    this.#list = list;
    // The notes above may take some of the height, which is not a reason to stop following; scrolling up is.
    this.#scroller.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
      this.#follows = scrollTop + clientHeight > scrollHeight - NEAR_THE_END;
    });
  }

  clear() {
    this.#began = performance.now();
    this.#names.clear();
    this.#run = null;
    this.#list.replaceChildren();
  }

  /** Write down events of the wire. */
  add(events) {
    for (const event of events) this.#addEvent(event);
    if (this.#follows) this.#follow();
  }

  /** Write down something that happened to the connection. */
  tell(text) {
    this.#run = null;
    this.#line("link", text);
    this.#follow();
  }

  get #scroller() {
    return this.#list.parentElement;
  }

  #follow() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #addEvent(event) {
    if (event.type === "content_block_delta") {
      this.#addDelta(event);
      return;
    }
    this.#run = null;
    const text = this.#describe(event);
    this.#line(TYPES[event.type] ?? event.type, text);
  }

  #addDelta({ index, delta }) {
    if (this.#run?.index !== index) {
      this.#run = { index, deltas: 0, chars: 0, text: this.#line("delta", "") };
    }
    const run = this.#run;
    run.deltas += 1;
    run.chars += delta.text?.length ?? 0;
    setText(run.text, `${this.#nameOf(index)}: ${counted(run.chars, "character")} in ${counted(run.deltas, "delta")}`);
  }

  #describe(event) {
    switch (event.type) {
      case "content_block_start": {
        const { type, name, position } = event.content_block;
        this.#names.set(event.index, type === "component" ? name : "text");
        return type === "component" ? `${name} in ${position}` : "text between components";
      }
      case "content_block_stop":
        return `${this.#nameOf(event.index)}: ${event.reason}`;
      case "error":
        return event.error.type;
      case "finding":
        return event.finding.rule;
      case "status":
        return event.phase;
      case "message_stop":
        return event.reason;
      default:
        return "";
    }
  }

  #nameOf(index) {
    return this.#names.get(index) ?? `block ${index}`;
  }

  #line(type, text) {
    if (this.#list.children.length >= MAX_EVENTS) this.#list.firstElementChild.remove();
    const item = make("li", `event-${type}`);
    const description = make("span", "description", text);
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1);
    item.append(make("span", "time", seconds), make("span", "type", type), description);
    this.#list.append(item);
    return description;
  }
}
