/** The runtime of the frame in Node, with React's production build and a page of jsdom. */

import { createRequire } from "node:module";

const browser = new URL("../../src/componentstream/browser/preview/", import.meta.url);
const fromTests = createRequire(new URL("../../tests/browser/package.json", import.meta.url));
const fromFrame = createRequire(new URL("package.json", browser));

process.env.NODE_ENV = "production";
const { JSDOM } = fromTests("jsdom");
const dom = new JSDOM("<!doctype html><body></body>", { url: "https://page.test/", pretendToBeVisual: true });
// React finds out at its import whether there is a DOM.
for (const name of ["document", "HTMLElement", "Node", "Event"]) globalThis[name] = dom.window[name];
globalThis.window = dom.window;

const React = fromFrame("react");
const { createPortal, flushSync } = fromFrame("react-dom");
const { createRoot } = fromFrame("react-dom/client");
const { transform } = fromFrame("sucrase");
const { createRuntime } = await import(new URL("frame/runtime.js", browser));
const modules = Object.fromEntries(
  ["lucide-react", "clsx", "tailwind-merge", "class-variance-authority"].map((name) => [
    name,
    fromFrame(name),
  ]),
);
modules.clsx = modules.clsx.clsx ?? modules.clsx;
modules["tailwind-merge"] = modules["tailwind-merge"].twMerge;
modules["class-variance-authority"] = modules["class-variance-authority"].cva;

/** The window of the components: no timer fires, so that each run gives the same pages. */
const globals = Object.assign(Object.create(globalThis), {
  window: dom.window,
  document: dom.window.document,
  navigator: dom.window.navigator,
  localStorage: dom.window.localStorage,
  setTimeout: () => 0,
  setInterval: () => 0,
  requestAnimationFrame: () => 0,
  fetch: () => new Promise(() => {}),
  console: { log() {}, warn() {}, error() {}, info() {} },
});
for (const name of ["setTimeout", "setInterval"]) dom.window[name] = globals[name];

/** A page that components are streamed into; given a name, one of that name has begun. */
export class Stage {
  problems = [];

  constructor(name = null) {
    this.container = document.createElement("div");
    document.body.append(this.container);
    this.runtime = createRuntime({ React, transform, modules, portal: { createPortal, document }, globals });
    const note = (problem) => this.problems.push(String(problem?.message ?? problem));
    this.root = createRoot(this.container, {
      onCaughtError: note,
      onUncaughtError: note,
      onRecoverableError() {},
    });
    this.observer = new dom.window.MutationObserver(() => {});
    const everything = { subtree: true, childList: true, attributes: true, characterData: true };
    this.observer.observe(this.container, everything);
    if (name === null) return;
    const block = { type: "component", name, position: "main", attributes: {}, parent: null };
    this.apply({ type: "content_block_start", index: 0, content_block: block });
  }

  apply(...events) {
    for (const event of events) this.runtime.apply(event);
    // One block after the other, as the frame does it.
    for (const index of [...this.runtime.pending(), null]) {
      flushSync(() => this.root.render(this.runtime.element(index)));
    }
  }

  feed(text) {
    this.apply({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });
  }

  end() {
    this.apply({ type: "content_block_stop", index: 0, reason: "end", trimmed: 0 });
    this.apply({ type: "message_stop", reason: "complete" });
  }

  get block() {
    return this.runtime.blocks()[0];
  }

  /** Whether the page has changed since this was last asked. */
  get hasChanged() {
    return this.observer.takeRecords().length > 0;
  }

  /** The element whose children are those of the only component, or the whole page. */
  get page() {
    const hosts = this.container.querySelectorAll(".cs-host");
    return hosts.length === 1 && this.runtime.blocks().length === 1 ? hosts[0] : this.container;
  }

  close() {
    this.observer.disconnect();
    flushSync(() => this.root.unmount());
    this.container.remove();
  }
}

/** Return the characters that entities stand for. */
export function decoded(text) {
  const area = document.createElement("textarea");
  area.innerHTML = text.replaceAll("<", "&lt;");
  return area.value;
}
