/** The demo page: draws the snapshots of a store. All output of the model is inserted as text. */

import { BlockStore, generate } from "../componentstream.js";

const STATUS = {
  idle: "Ready",
  connecting: "Connecting",
  streaming: "Streaming",
  complete: "Complete",
  failed: "Failed",
  timeout: "Timed out",
  cancelled: "Stopped",
};
const REASON = {
  end: "complete",
  implied: "closed by another marker",
  truncated: "cut off",
  aborted: "aborted",
  blocked: "blocked",
};
const NEAR_THE_END = 80;
const TICK = 100;

const part = (id) => document.getElementById(id);
const store = new BlockStore();
const drawn = new Map();
let generation = null;
let began = 0;
let expected = null;
let headers = {};
let timer = 0;
let due = false;

part("form").addEventListener("submit", (event) => {
  event.preventDefault();
  drawn.clear();
  part("blocks").replaceChildren();
  part("errors").replaceChildren();
  began = performance.now();
  timer = setInterval(drawClock, TICK);
  const { prompt, project, version } = Object.fromEntries(new FormData(event.target));
  generation = generate("../api/generate", { prompt, project, version }, { store, headers });
});
part("stop").addEventListener("click", () => generation.stop());
store.subscribe(() => {
  if (store.ended) {
    clearInterval(timer);
    drawClock();
  }
  // Many events may arrive between two frames; each frame draws the latest snapshot.
  if (!due) {
    due = true;
    requestAnimationFrame(draw);
  }
});
describe();

async function describe() {
  const response = await fetch("demo.json");
  const { recording, chars, token, error } = await response.json();
  if (response.ok) {
    expected = chars;
    headers = token === null ? {} : { Authorization: `Bearer ${token}` };
    part("generate").disabled = false;
  }
  const hint = response.ok
    ? recording && `This demo plays the recording ${recording}; the prompt has no effect.`
    : error.message;
  part("recorded").textContent = hint;
  part("recorded").hidden = hint === null;
}

function draw() {
  due = false;
  const snapshot = store.getSnapshot();
  const follows = isAtTheEnd(scroller());
  for (const block of snapshot.blocks) drawBlock(block);
  drawStatus(snapshot);
  drawErrors(snapshot.errors);
  part("empty").hidden = snapshot.blocks.length > 0;
  if (follows) scroller().scrollTop = scroller().scrollHeight;
}

// On a wide screen the output scrolls in its own column, on a narrow one the whole page does.
function scroller() {
  const main = part("main");
  return main.scrollHeight > main.clientHeight ? main : document.scrollingElement;
}

function isAtTheEnd({ scrollTop, clientHeight, scrollHeight }) {
  return scrollTop + clientHeight > scrollHeight - NEAR_THE_END;
}

function drawBlock(block) {
  let view = drawn.get(block.index);
  if (view === undefined) {
    view = block.type === "component" ? componentView(block) : textView();
    drawn.set(block.index, view);
    part("blocks").append(view.element);
  }
  if (view.block === block) return;
  const source = view.element.lastChild;
  const follows = isAtTheEnd(source);
  const added = block.text.slice(view.block?.text.length ?? 0);
  view.show(added, block.text);
  view.chars += lengthOf(added);
  view.block = block;
  view.element.dataset.state = block.open ? "open" : block.reason;
  if (view.state !== null) view.state.textContent = stateOf(block, view.chars);
  // A complete block is read from its beginning.
  if (follows) source.scrollTop = block.open ? source.scrollHeight : 0;
}

function componentView(block) {
  const state = make("p", "state");
  const head = make("header");
  head.append(make("h3", "", block.name), make("p", "position", block.position), ...attributesOf(block), state);
  const source = make("pre", "source");
  source.tabIndex = 0;
  source.setAttribute("role", "region");
  source.setAttribute("aria-label", `Source of ${block.name}`);
  const text = source.appendChild(make("code")).appendChild(document.createTextNode(""));
  const element = make("article", "block");
  element.append(head, source);
  element.style.setProperty("--depth", String(depthOf(block)));
  return { element, state, chars: 0, block: null, show: (added) => text.appendData(added) };
}

function textView() {
  const element = make("article", "prose");
  const text = element.appendChild(make("p"));
  // Blank lines before the next component are layout of the stream, not of the text.
  const show = (_added, all) => {
    text.textContent = all.trimEnd();
  };
  return { element, state: null, chars: 0, block: null, show };
}

function attributesOf(block) {
  return Object.entries(block.attributes).map(([key, value]) => make("p", "attribute", `${key}=${value}`));
}

function depthOf(block) {
  let depth = 0;
  for (let parent = block.parent; drawn.has(parent); parent = drawn.get(parent).block.parent) depth += 1;
  return depth;
}

function stateOf(block, chars) {
  const size = `${chars.toLocaleString("en")} ${chars === 1 ? "character" : "characters"}`;
  const dropped = block.trimmed > 0 ? `, ${block.trimmed.toLocaleString("en")} dropped` : "";
  return block.open ? `writing, ${size}` : `${REASON[block.reason] ?? block.reason}, ${size}${dropped}`;
}

function drawStatus({ status, blocks }) {
  const busy = status === "connecting" || status === "streaming";
  const components = blocks.filter((block) => block.type === "component");
  const complete = components.filter((block) => block.reason === "end").length;
  const chars = [...drawn.values()].reduce((sum, view) => sum + view.chars, 0);
  const label = part("status");
  // Setting the same text again would make screen readers announce it again.
  if (label.dataset.status !== status) label.textContent = STATUS[status] ?? status;
  label.dataset.status = status;
  part("stop").disabled = !busy;
  part("generate").disabled = busy;
  part("components").textContent = components.length ? `${complete} of ${components.length}` : "0";
  part("characters").textContent = chars.toLocaleString("en");
  drawProgress(status, busy, chars);
}

function drawProgress(status, busy, chars) {
  const bar = part("progress");
  if (status === "complete") bar.value = 1;
  else if (expected !== null) bar.value = Math.min(chars / expected, 1);
  else if (busy) bar.removeAttribute("value");
  else bar.value = 0;
}

function drawErrors(errors) {
  const list = part("errors");
  for (const error of errors.slice(list.children.length)) {
    const item = make("li", error.fatal ? "fatal" : "");
    const where = error.line === null ? "" : `line ${error.line}`;
    item.append(make("code", "", error.type), make("span", "where", where), make("p", "", error.message));
    list.append(item);
  }
  part("no-errors").hidden = errors.length > 0;
}

function drawClock() {
  part("seconds").textContent = ((performance.now() - began) / 1000).toFixed(1);
}

// In code points, as the server counts them.
function lengthOf(text) {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

function make(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
