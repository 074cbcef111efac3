// The laws of the healer under node: node --test properties.test.mjs, HEALER names the module.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import fc from "fast-check";

const { Healer } = await import(pathToFileURL(process.env.HEALER));
const RUNS = Number(process.env.RUNS ?? 3000);

/** Fragments that open, close and confuse constructs; joined at random they are mostly wrong code. */
const FRAGMENTS = [
  ..."()[]{}<>/?:;,.=`'\"!&|+-*%@#\\\n ".split(""),
  ..."</ /> => ${ ?. ... // /* */ <> </> && || ?? ++ -- ** === >>= &amp; &am {/*".split(" "),
  ..."a B 1 1.5 return function class extends const let if else for while do try catch switch case".split(
    " ",
  ),
  ..."default import export from type interface enum namespace declare async await yield new typeof".split(
    " ",
  ),
  ..."as satisfies in instanceof of readonly keyof is static get".split(" "),
  "<p>",
  "</p>",
  "<Card",
  ' className="a b"',
  " key={i}",
  "{a ? ",
  " : ",
  "<T,>",
  "useState<A>(",
  "\ud83d\ude00",
  "\ud83d",
  "(a: string) => ",
  "function A() { return ",
  "const x = ",
  "items.map((item) => (",
  "/[/]/g",
  "import {",
  "class C extends D {",
];
const source = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 60 }).map((parts) => parts.join(""));
const root = fc.constantFrom(null, "A", "B");

function healed(text, options, cuts = []) {
  const healer = new Healer(options);
  let start = 0;
  for (const cut of cuts) {
    healer.feed(text.slice(start, cut));
    start = cut;
  }
  healer.feed(text.slice(start));
  return { ...healer.heal(), statements: healer.statements() };
}

test("the result at a prefix does not depend on the cuts before it", () => {
  fc.assert(
    fc.property(source, root, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (text, name, shares) => {
      const cuts = shares.map((share) => Math.floor(share * text.length)).sort((a, b) => a - b);
      const healer = new Healer({ root: name });
      let start = 0;
      for (const cut of [...cuts, text.length]) {
        healer.feed(text.slice(start, cut));
        start = cut;
        const result = { ...healer.heal(), statements: healer.statements() };
        assert.deepEqual(result, healed(text.slice(0, cut), { root: name }));
      }
    }),
    { numRuns: RUNS },
  );
});

test("no text throws, and the code begins with the text shown", () => {
  const text = fc.oneof(source, fc.string({ unit: "binary", maxLength: 80 }));
  fc.assert(
    fc.property(text, root, (input, name) => {
      const healer = new Healer({ root: name }).feed(input);
      for (const { code, shown } of [healer.heal(), healer.end().heal()]) {
        assert.ok(shown >= 0 && shown <= input.length);
        assert.equal(code.slice(0, shown), input.slice(0, shown));
      }
    }),
    { numRuns: RUNS },
  );
});

test("what is shown only grows", () => {
  fc.assert(
    fc.property(source, (text) => {
      const healer = new Healer();
      let before = 0;
      for (const character of text) {
        const { shown } = healer.feed(character).heal();
        assert.ok(shown >= before);
        before = shown;
      }
    }),
    { numRuns: RUNS },
  );
});
