/** Drives the runtime of the preview in Node: React's production build in a page of jsdom. */

import { createRequire } from "node:module";

const require = createRequire(new URL("../package.json", import.meta.url));
const { JSDOM } = require("jsdom");

const dom = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true });
// React finds out at its import whether there is a DOM.
for (const name of ["window", "document", "HTMLElement", "Node", "Event"]) {
  globalThis[name] = name === "window" ? dom.window : dom.window[name];
}
process.env.NODE_ENV ??= "production";
const React = require("react");
const { createPortal, flushSync } = require("react-dom");
const { createRoot } = require("react-dom/client");
const { transform } = require("sucrase");
const { createRuntime } = await import("../../../src/componentstream/browser/preview/frame/runtime.js");

/** A page that takes blocks in pieces, and the runtime behind it. */
export class Stage {
  statuses = [];
  rendered = [];
  problems = [];
  #next = 0;

  constructor(options = {}) {
    this.container = document.createElement("div");
    document.body.append(this.container);
    this.runtime = createRuntime({
      React,
      transform,
      portal: { createPortal, document },
      onStatus: (index, status, message) => this.statuses.push({ index, status, message }),
      onRendering: (index) => this.rendered.push(index),
      ...options,
    });
    const note = (problem) => this.problems.push(problem);
    const ignore = () => {};
    this.root = createRoot(this.container, {
      onCaughtError: note,
      onUncaughtError: (problem) => this.problems.push({ uncaught: problem }),
      onRecoverableError: ignore,
    });
  }

  /** Start a block; returns its index. */
  start(name, { position = "main", parent = null, ...attributes } = {}) {
    const index = this.#next;
    this.#next += 1;
    const block = { type: "component", name, position, attributes, parent };
    this.runtime.apply({ type: "content_block_start", index, content_block: block });
    return index;
  }

  feed(index, text) {
    this.runtime.apply({ type: "content_block_delta", index, delta: { type: "text_delta", text } });
    return this.render();
  }

  stop(index) {
    this.runtime.apply({ type: "content_block_stop", index, reason: "end", trimmed: 0 });
    return this.render();
  }

  /** Send a whole block, in pieces of `size`; calls `look` with the page after each piece. */
  stream(name, text, { size = 7, look = () => {}, ...attributes } = {}) {
    const index = this.start(name, attributes);
    for (let at = 0; at < text.length; at += size) {
      this.feed(index, text.slice(at, at + size));
      look(this.html, at + size);
    }
    this.stop(index);
    look(this.html, text.length);
    return index;
  }

  render() {
    flushSync(() => this.root.render(this.runtime.element()));
    return this;
  }

  get html() {
    return this.container.innerHTML;
  }

  get text() {
    return this.container.textContent;
  }

  find(selector) {
    return this.container.querySelector(selector);
  }

  findAll(selector) {
    return [...this.container.querySelectorAll(selector)];
  }

  click(selector) {
    flushSync(() => this.find(selector).dispatchEvent(new dom.window.MouseEvent("click", { bubbles: true })));
  }

  type(selector, text) {
    const field = this.find(selector);
    const set = Object.getOwnPropertyDescriptor(dom.window.HTMLInputElement.prototype, "value").set;
    set.call(field, text);
    flushSync(() => field.dispatchEvent(new dom.window.Event("input", { bubbles: true })));
  }

  close() {
    flushSync(() => this.root.unmount());
    this.container.remove();
  }
}
