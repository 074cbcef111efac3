// The vectors of tests/heal under node: node --test vectors.test.mjs, HEALER names the module, VECTORS the folder.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { transform } from "sucrase";

const FOLLOWING = "\nfunction Following() { return <p>text</p> }\n";

const { Healer } = await import(pathToFileURL(process.env.HEALER));
const FOLDER = process.env.VECTORS;

const cases = (file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8"));

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json") && name !== "syntax.json")) {
  for (const vector of cases(file)) test(`${file}: ${vector.rule}`, () => check(vector));
}

for (const code of cases("syntax.json")) {
  test(`each prefix compiles, and what follows is found: ${code}`, () => checkSyntax(code));
}

function check({ input, root = null, healed, complete = false, ended = false, ...rest }) {
  for (const pieces of [[input], [...input].flatMap((character) => character.split(""))]) {
    const healer = new Healer({ root });
    for (const piece of pieces) healer.feed(piece);
    if (ended) healer.end();
    const result = healer.heal();
    assert.equal(result.code, healed);
    assert.equal(result.complete, complete);
    if ("name" in rest) assert.equal(result.name, rest.name);
    assert.ok(healed.startsWith(input.slice(0, result.shown)));
    compile(healed);
  }
}

function checkSyntax(code) {
  const text = code + FOLLOWING;
  const healer = new Healer({ root: "Following" });
  let last = null;
  for (const character of text) {
    const healed = healer.feed(character).heal();
    if (healed !== last) compile(healed.code);
    last = healed;
  }
  assert.deepEqual(last, {
    code: text.trimEnd(),
    shown: text.trimEnd().length,
    complete: true,
    name: "Following",
  });
  const statement = healer.statements().at(-1);
  assert.equal(text.slice(statement.start, statement.end), FOLLOWING.trim());
}

function compile(code) {
  transform(code, { transforms: ["typescript", "jsx", "imports"] });
}
