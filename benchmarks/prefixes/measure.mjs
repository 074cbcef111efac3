/**
 * Streams components into the runtime of the frame and looks at the page after each prefix; prints a line of
 * JSON for each component. `preview.py` runs it:
 *
 *     node benchmarks/prefixes/measure.mjs EVERY FILE...
 */

import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { read } from "./sources.mjs";
import { Stage, decoded } from "./stage.mjs";
import { childrenOf, consistsOf, isSame, mismatch, sizeOf, walk } from "./trees.mjs";

const MAX_EXAMPLES = 12;

/** Return the finished page of a source that is written in one piece. */
function finishedPage(name, source) {
  const stage = new Stage(name);
  stage.feed(source);
  stage.end();
  const { status, error } = stage.block;
  const children = childrenOf(stage.page);
  const problems = [...stage.problems];
  stage.close();
  if (status !== "live") throw new Error(`${name} is ${status} when it is finished: ${error ?? problems[0]}`);
  return children;
}

class Measurement {
  counts = { prefixes: 0, live: 0, blank: 0, foreign: 0, standIns: 0, withheld: 0, withheldCharacters: 0 };
  examples = [];
  ages = [];
  #runs = new Map();

  constructor(name, source) {
    this.name = name;
    this.source = source;
    const { elements, texts, marked } = read(source, name);
    this.texts = texts;
    this.finished = finishedPage(name, marked);
    this.byMark = new Map(elements.map(({ mark }) => [mark, []]));
    walk(this.finished, (node) => node.mark && this.byMark.get(node.mark).push(node));
    // Branches that the finished page does not show have nothing to be compared with.
    this.elements = elements.filter(({ mark }) => this.byMark.get(mark).length > 0);
    this.visibleFrom = Math.min(...this.elements.map(({ opened }) => opened));
    this.expected = texts.map((text) => words(decoded(source.slice(text.start, text.end))));
  }

  run(every) {
    const { source } = this;
    const stage = new Stage(this.name);
    let wasVisible = false;
    let view = null;
    for (let at = 0; at < source.length; at += every) {
      const end = Math.min(at + every, source.length);
      stage.feed(source.slice(at, end));
      if (stage.hasChanged || view === null) view = this.#look(stage.page);
      if (end < this.visibleFrom) continue;
      const { status, shown, error } = stage.block;
      const isVisible = view.size.elements + view.size.characters > 0;
      this.counts.prefixes += 1;
      this.ages.push(end - shown);
      if (isVisible && status === "live") this.counts.live += 1;
      else this.#note("notLive", end, `${status}${isVisible ? "" : ", blank"}: ${error ?? "no error"}`);
      if (wasVisible && !isVisible) this.#count("blank", end, status);
      wasVisible ||= isVisible;
      this.#judge(view, end);
    }
    stage.end();
    const { status, error } = stage.block;
    const last = this.#look(stage.page);
    const isEqual =
      last.children.length === this.finished.length &&
      last.children.every((one, n) => isSame(one, this.finished[n]));
    if (status !== "live" || !isEqual) {
      const other = mismatch(this.finished, last.children, new Map()) ?? last.problem;
      this.#note("end", source.length, `${status} ${error ?? ""} ${other?.text ?? ""}`);
    }
    stage.close();
    const { name, counts, examples, ages } = this;
    return {
      name,
      characters: source.length,
      from: this.visibleFrom,
      counts,
      examples,
      ages,
      isFinished: isEqual,
    };
  }

  #look(page) {
    const children = childrenOf(page);
    const pairs = new Map();
    const problem = mismatch(children, this.finished, pairs);
    const isForeign = problem !== null && !consistsOf(children, this.finished);
    return { children, pairs, problem, isForeign, size: sizeOf(children) };
  }

  #judge(view, end) {
    if (view.isForeign) this.#count("foreign", end, `${view.problem.kind}: ${view.problem.text}`);
    else if (view.problem !== null) this.#count("standIns", end, view.problem.text);
    if (view.problem !== null) return;
    const missing = this.#missingElement(view, end) ?? this.#missingText(view, end);
    if (missing === null) return;
    this.counts.withheldCharacters += missing.characters;
    this.#count("withheld", end, missing.problem);
  }

  #missingElement({ pairs }, end) {
    for (const { mark, start, end: until, after } of this.elements) {
      if (until > end || after > end) continue;
      for (const node of this.byMark.get(mark)) {
        const partial = pairs.get(node);
        if (partial !== undefined && isSame(partial, node)) continue;
        const begin = this.source.slice(start, start + 60);
        const problem = `${partial === undefined ? "no" : "not all of"} ${begin}`;
        return { characters: sizeOf([node]).characters, problem };
      }
    }
    return null;
  }

  #missingText({ pairs }, end) {
    for (const [index, { mark, start, end: until, after }] of this.texts.entries()) {
      if (start >= end || after > end) continue;
      const text = until <= end ? this.expected[index] : this.#begun(start, end);
      for (const node of this.byMark.get(mark) ?? []) {
        const partial = pairs.get(node);
        const isShown = words(
          (partial?.children ?? []).filter((one) => typeof one === "string").join("\0"),
        ).includes(text);
        if (!isShown) return { characters: text.length, problem: `text ${JSON.stringify(text)}` };
      }
    }
    return null;
  }

  /** A text that is being written, without the entity or the half character at its end. */
  #begun(start, end) {
    return words(decoded(this.source.slice(start, end).replace(/&[#\w]*$|[\ud800-\udbff]$/, "")));
  }

  #count(kind, at, problem) {
    this.counts[kind] += 1;
    this.#note(kind, at, problem);
  }

  /** Keep the first prefixes of each run of equal ones. */
  #note(kind, at, problem) {
    const key = `${kind} ${problem}`;
    const run = this.#runs.get(key);
    if (run !== undefined) {
      run.prefixes += 1;
      return;
    }
    const example = { kind, at, problem, prefixes: 1, tail: this.source.slice(Math.max(0, at - 90), at) };
    this.#runs.set(key, example);
    if (this.examples.length < MAX_EXAMPLES) this.examples.push(example);
  }
}

/** Text as JSX shows it, and without a difference between kinds of space at the ends. */
function words(text) {
  return text
    .split(/[ \t\r\n]+/)
    .filter(Boolean)
    .join(" ");
}

const [every, ...files] = process.argv.slice(2);
for (const file of files) {
  const name = basename(file, ".tsx");
  const started = performance.now();
  let result;
  try {
    result = new Measurement(name, readFileSync(file, "utf8")).run(Number(every));
  } catch (problem) {
    result = { name, failed: String(problem?.stack ?? problem) };
  }
  process.stdout.write(`${JSON.stringify({ ...result, seconds: (performance.now() - started) / 1000 })}\n`);
}
process.exit(0);
