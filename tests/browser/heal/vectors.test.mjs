// The vectors of tests/heal under node: node --test vectors.test.mjs, HEALER names the module, VECTORS the folder.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { transform } from "sucrase";

const { Healer } = await import(pathToFileURL(process.env.HEALER));
const FOLDER = process.env.VECTORS;

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
  for (const vector of JSON.parse(readFileSync(join(FOLDER, file), "utf8"))) {
    test(`${file}: ${vector.rule}`, () => check(vector));
  }
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
    transform(healed, { transforms: ["typescript", "jsx", "imports"] });
  }
}
