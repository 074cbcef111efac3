// The cost of the healer under node: node --test cost.test.mjs, HEALER names the module.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { Healer } = await import(pathToFileURL(process.env.HEALER));
const DELTAS = 10_000;
const MOST_MILLISECONDS = 200;
const MOST_GROWTH = 4;
const ATTEMPTS = 5;
const PAGE = "export default function App() { return (<main>";

/** Constructs that stay open: each delta may cost only its own length. */
const OPEN = {
  "a string": 'const a = "',
  "a template": "const a = `",
  "a comment": "/* ",
  "a line of comment": "// ",
  "a regular expression": "const a = /",
  "a class of a regular expression": "const a = /[",
  "the text of an element": PAGE,
  "an attribute": `${PAGE}<path d="`,
};

for (const [name, beginning] of Object.entries(OPEN)) {
  test(`${DELTAS} deltas inside ${name} take at most ${MOST_MILLISECONDS} ms`, () => {
    const times = Array.from({ length: ATTEMPTS }, () => timeOf(beginning, "twenty characters, ", DELTAS));
    assert.ok(Math.min(...times) <= MOST_MILLISECONDS, `${times}`);
  });
}

/** Texts of many constructs: four times the text may cost four times as much, with room for the machine. */
const MANY = {
  "elements in one component": [PAGE, "<p title={a}>b {c ? <i>d</i> : null}</p>"],
  statements: ["", "const a = (b: C) => <p>{b}</p>;\n"],
  "attributes of one tag": [`${PAGE}<Chart `, 'a="b" c={d} '],
  "comparisons that look like type arguments": ["const a = b", " && c < d ? e : f < g"],
  "nested elements": [PAGE, "<div>"],
  "nested brackets": ["const a = ", "(["],
  "one long word": ["const a", "bcdefghi"],
};

for (const [name, [beginning, part]] of Object.entries(MANY)) {
  test(`the cost of ${name} grows with the text alone`, () => {
    const growths = Array.from({ length: ATTEMPTS }, () => {
      const small = timeOf(beginning, part, 1000);
      return timeOf(beginning, part, 4000) / small;
    });
    assert.ok(Math.min(...growths) <= 4 * MOST_GROWTH, `${growths}`);
  });
}

function timeOf(beginning, part, deltas) {
  const healer = new Healer({ root: "App" }).feed(beginning);
  const start = performance.now();
  for (let index = 0; index < deltas; index += 1) healer.feed(part).heal();
  return performance.now() - start;
}
