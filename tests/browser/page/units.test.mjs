/** The parts of the demo's page that need no page, under Node: colours of source, archives, names of files. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import fc from "../node_modules/fast-check/lib/fast-check.js";

const { PAGE, COMPONENTS, ARCHIVE } = process.env;
const { Tokenizer } = await import(`${PAGE}/highlight.js`);
const { filesOf, zip } = await import(`${PAGE}/files.js`);

const sources = readdirSync(COMPONENTS)
  .filter((name) => name.endsWith(".tsx"))
  .map((name) => readFileSync(`${COMPONENTS}/${name}`, "utf8"));

/** Return the tokens of pieces of source, those of the same kind that follow one another as one. */
function tokens(pieces) {
  const tokenizer = new Tokenizer();
  const all = [...pieces.flatMap((piece) => tokenizer.feed(piece)), ...tokenizer.close()];
  const merged = [];
  for (const [kind, text] of all) {
    if (merged.at(-1)?.[0] === kind) merged.at(-1)[1] += text;
    else merged.push([kind, text]);
  }
  return merged;
}

const coloured = (source) => tokens([source]).map(([kind, text]) => (kind ? `<${kind}:${text}>` : text)).join("");

function cut(text, sizes) {
  const pieces = [];
  let at = 0;
  for (let number = 0; at < text.length; number += 1) {
    let end = at + sizes[number % sizes.length];
    // Events never end inside a character.
    if (/[\ud800-\udbff]/.test(text[end - 1] ?? "")) end += 1;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

const SIZES = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 });
const PIECES = ["<", ">", "</", "/>", "{", "}", "`", "${", '"', "'", "//", "/*", "*/", "\\", "\n", "/", "[", "a", "<A ", "=", "(", ",", "extends ", "return ", "\u{1f600}", "9"]; // prettier-ignore
const FRAGMENTS = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(""));

test("the tokens of real components do not depend on the cuts, and their text is the source", () => {
  assert.ok(sources.length >= 10);
  fc.assert(
    fc.property(fc.constantFrom(...sources), SIZES, (source, sizes) => {
      const whole = tokens([source]);
      assert.equal(whole.map(([, text]) => text).join(""), source);
      assert.deepEqual(tokens(cut(source, sizes)), whole);
    }),
    { numRuns: 150 },
  );
});

test("the tokens of any text do not depend on the cuts, and their text is the source", () => {
  fc.assert(
    fc.property(FRAGMENTS, SIZES, (source, sizes) => {
      const whole = tokens([source]);
      assert.equal(whole.map(([, text]) => text).join(""), source);
      assert.deepEqual(tokens(cut(source, sizes)), whole);
    }),
    { numRuns: 2000 },
  );
});

test("keywords, types, strings, tags and attributes have colours, text of elements has none", () => {
  const source = 'const a: Item = <Menu.Item on={() => go("x")} key="k">let it be</Menu.Item>; // end';
  assert.equal(
    coloured(source),
    "<keyword:const> a: <type:Item> = <tag:<Menu.Item> <attribute:on>={() => go(<string:\"x\">)} <attribute:key>=" +
      "<string:\"k\"><tag:>>let it be<tag:</Menu.Item>>; <comment:// end>",
  );
});

test("a comparison and a type parameter are no elements, a division is no expression", () => {
  assert.equal(coloured("if (a < b) f<T>(x)"), "<keyword:if> (a < b) f<<type:T>>(x)");
  assert.equal(coloured("const f = <T,>(x: T) => x"), "<keyword:const> f = <tag:<T>,>(x: <type:T>) => x");
  assert.equal(coloured("a / b / c"), "a / b / c");
  assert.equal(coloured("x = /[/]'/.test(y)"), "x = <string:/[/]'/>.test(y)");
});

test("a template holds code, which may hold elements", () => {
  assert.equal(coloured("`a ${b ? <i>c</i> : 1} d`"), "<string:`a >${b ? <tag:<i>>c<tag:</i>> : <number:1>}<string: d`>");
});

test("a string that is not closed ends with its line", () => {
  assert.equal(coloured("a = 'it\nlet b"), "a = <string:'it>\n<keyword:let> b");
});

test("files have the names of their components, and numbers if those are taken", () => {
  const blocks = ["Hero", "hero", "Menu.Item", "Hero"].map((name) => ({ type: "component", name, text: name }));
  const names = filesOf([{ type: "text", name: null, text: "x" }, ...blocks]).map(([name]) => name);
  assert.deepEqual(names, ["Hero.tsx", "hero-2.tsx", "Menu.Item.tsx", "Hero-3.tsx"]);
});

test("an archive is written, for the other test to read", () => {
  writeFileSync(ARCHIVE, zip([["Héro.tsx", "<h1>Grüße \u{1f600}</h1>"], ["Empty.tsx", ""], ["Long.tsx", "x".repeat(70_000)]]));
});
