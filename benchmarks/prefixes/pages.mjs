/**
 * Streams answers of several components into the runtime of the frame and looks at the page after each
 * character; prints a line of JSON for each answer. An answer is a file of JSON: a list of batches of events,
 * one batch for each character. `preview.py --pages` writes them and runs it:
 *
 *     node benchmarks/prefixes/pages.mjs EVERY FILE...
 */

import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { read } from "./sources.mjs";
import { Stage } from "./stage.mjs";
import { childrenOf, consistsOf, sizeOf, walk } from "./trees.mjs";

/** Elements and attributes of the frame itself change their places when the layout takes the sections over. */
const OF_THE_FRAME = /^cs-(?:slot|host|page)/;

class Page {
  counts = { prefixes: 0, live: 0, blank: 0, foreign: 0, twice: 0 };
  examples = [];
  #texts = new Map();

  constructor(batches) {
    this.batches = batches;
    const blocks = new Map();
    for (const event of batches.flat()) {
      if (event.content_block?.type === "component")
        blocks.set(event.index, { ...event.content_block, text: "" });
      if (event.delta && blocks.has(event.index)) blocks.get(event.index).text += event.delta.text;
    }
    this.blocks = blocks;
    this.visibleFrom = new Map([...blocks].map(([index, block]) => [index, firstElementOf(block)]));
  }

  run(every) {
    const finished = this.#finished();
    const stage = new Stage();
    let wasVisible = false;
    for (let at = 0; at < this.batches.length; at += every) {
      this.#apply(stage, this.batches.slice(at, at + every).flat());
      this.#judge(stage, at);
      if (!stage.hasChanged) continue;
      const children = withoutFrame(childrenOf(stage.page));
      const { elements, characters } = sizeOf(children);
      const isVisible = elements + characters > 0;
      if (wasVisible && !isVisible) this.#count("blank", at, "blank");
      wasVisible ||= isVisible;
      if (!consistsOf(children, finished.children))
        this.#count("foreign", at, foreignOf(children, finished.children));
      const twice = twiceIn(stage.page, finished.counts);
      if (twice !== null) this.#count("twice", at, twice);
    }
    const last = withoutFrame(childrenOf(stage.page));
    const [shape, expected] = [last, finished.children].map((children) => JSON.stringify(shapeOf(children)));
    if (shape !== expected) this.#note("end", this.batches.length, differenceOf(shape, expected));
    stage.close();
    return {
      components: this.blocks.size,
      counts: this.counts,
      isFinished: shape === expected,
      examples: this.examples,
    };
  }

  /** The page of the whole answer at once: its elements, and how often each text is shown. */
  #finished() {
    const stage = new Stage();
    stage.apply(...this.batches.flat());
    const notLive = stage.runtime.blocks().filter(({ status }) => status !== "live");
    const children = withoutFrame(childrenOf(stage.page));
    const counts = textsOf(stage.page);
    stage.close();
    if (notLive.length > 0)
      throw new Error(`At the end ${notLive[0].name} is ${notLive[0].status}: ${notLive[0].error}`);
    return { children, counts };
  }

  #apply(stage, events) {
    stage.apply(...events);
    for (const { index, delta } of events) {
      if (delta) this.#texts.set(index, (this.#texts.get(index) ?? 0) + delta.text.length);
    }
  }

  /** Each component that has an element of its own in its text must be live. */
  #judge(stage, at) {
    const begun = stage.runtime
      .blocks()
      .filter(({ index }) => (this.#texts.get(index) ?? 0) >= this.visibleFrom.get(index));
    if (begun.length === 0) return;
    this.counts.prefixes += 1;
    const dead = begun.find(({ status }) => status !== "live");
    if (dead === undefined) this.counts.live += 1;
    else this.#note("notLive", at, `${dead.name} is ${dead.status}: ${dead.error}`);
  }

  #count(kind, at, problem) {
    this.counts[kind] += 1;
    this.#note(kind, at, problem);
  }

  #note(kind, at, problem) {
    const known = this.examples.find((one) => one.kind === kind && one.problem === problem);
    if (known !== undefined) known.prefixes += 1;
    else if (this.examples.length < 12) this.examples.push({ kind, at, problem, prefixes: 1 });
  }
}

/** Return the offset from which a component has an element; infinite for a block that declares no component. */
function firstElementOf({ name, text }) {
  try {
    return read(text, name.replaceAll(".", "")).visibleFrom;
  } catch {
    return Infinity;
  }
}

/** Replace the elements of the frame by their children. */
function withoutFrame(children) {
  return children.flatMap((child) => {
    if (typeof child === "string") return [child];
    const inner = withoutFrame(child.children);
    const isFrames =
      OF_THE_FRAME.test(child.attributes.get("class") ?? "") || child.attributes.has("data-region");
    return isFrames || (child.attributes.size === 1 && child.attributes.has("hidden"))
      ? inner
      : [{ ...child, children: inner }];
  });
}

function shapeOf(children) {
  return children.map((child) =>
    typeof child === "string" ? child : [child.tag, [...child.attributes].sort(), shapeOf(child.children)],
  );
}

function differenceOf(text, expected) {
  const at = [...text].findIndex((letter, index) => letter !== expected[index]);
  return `${text.slice(Math.max(0, at - 40), at + 80)} instead of ${expected.slice(at, at + 80)}`;
}

/** Return how often each own text of an element of the page is there. */
function textsOf(page) {
  const counts = new Map();
  for (const element of page.querySelectorAll("*")) {
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === 3)
      .map((node) => node.data.trim())
      .join(" ");
    if (text.length >= 3) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

/** Return a text that is shown more often than on the finished page, or null. */
function twiceIn(page, finished) {
  for (const [text, count] of textsOf(page)) {
    if (!finished.has(text)) continue;
    // One of them may be the beginning of another text.
    const begun = [...finished].filter(([other]) => other.startsWith(text));
    if (count > begun.reduce((sum, [, times]) => sum + times, 0)) return text;
  }
  return null;
}

function foreignOf(children, finished) {
  const known = new Set();
  walk(finished, (node) => known.add(typeof node === "string" ? node : node.tag));
  let found = null;
  walk(children, (node) => {
    if (found === null && typeof node !== "string" && !consistsOf([{ ...node, children: [] }], finished)) {
      found = `<${node.tag} ${[...node.attributes].map(([name, value]) => `${name}="${value}"`).join(" ")}>`;
    } else if (found === null && typeof node === "string" && !consistsOf([node], finished))
      found = JSON.stringify(node);
  });
  return found ?? "a tree";
}

const [every, ...files] = process.argv.slice(2);
for (const file of files) {
  const started = performance.now();
  let result;
  try {
    result = new Page(JSON.parse(readFileSync(file, "utf8"))).run(Number(every));
  } catch (problem) {
    result = { failed: String(problem?.stack ?? problem) };
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`${JSON.stringify({ name: basename(file, ".json"), ...result, seconds })}\n`);
}
process.exit(0);
