// Measure the healer of half-written components: node benchmarks/healer.mjs [--help]
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { Script } from "node:vm";
import { Healer } from "../src/componentstream/browser/heal.js";

const USAGE = `Usage: node benchmarks/healer.mjs [options] [compile] [time] [cuts]

Measures of the healer; all three without a name. Needs npm ci in tests/browser first.

  compile   For each prefix of TSX files out of npm packages: does the healed code compile?
  time      Time of feed and heal for each delta, up to 200 KB.
  cuts      Random cuts against one piece: is the result the same?

  --packages a,b   npm packages whose .tsx files to read (fetched with npm pack)
  --files n        files to read, evenly out of the packages (default 480)
  --cuts n         random cuts to compare (default 100000)
  --show           print the first failure of each file
`;

/** Packages that publish their TSX sources: of widgets, admin pages, documentation themes, native apps, editors. */
const PACKAGES = [
  "react-native-paper",
  "ra-ui-materialui",
  "@blueprintjs/core",
  "@patternfly/react-core",
];

const require = createRequire(new URL("../tests/browser/package.json", import.meta.url));
const { transform } = require("sucrase");

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    packages: { type: "string", default: PACKAGES.join(",") },
    files: { type: "string", default: "480" },
    cuts: { type: "string", default: "100000" },
    show: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    cache: { type: "string" },
  },
});

/** The .tsx files of a package that compile when complete, fetched into `folder`. */
function filesOf(name, folder) {
  const target = join(folder, name.replaceAll("/", "_"));
  if (!existsSync(target)) {
    mkdirSync(target, { recursive: true });
    const packed = execFileSync("npm", ["pack", "--silent", "--ignore-scripts", name], { cwd: target, encoding: "utf8" });
    execFileSync("tar", ["-xzf", packed.trim().split("\n").at(-1)], { cwd: target });
  }
  const names = readdirSync(target, { recursive: true }).filter((path) => path.endsWith(".tsx"));
  const files = names.sort().map((path) => ({ path: `${name}/${path}`, text: readFileSync(join(target, path), "utf8") }));
  return files.filter(({ text }) => problemOf(text) === null);
}

/** Up to `count` files, as many as possible of each list. */
function choose(lists, count) {
  const share = Math.ceil(count / lists.length);
  return lists.flatMap((files) => {
    const step = Math.max(1, files.length / share);
    return Array.from({ length: Math.min(share, files.length) }, (_, index) => files[Math.floor(index * step)]);
  });
}

/** Why code does not compile, or null: sucrase has to take it, and the engine has to parse the result. */
function problemOf(code) {
  try {
    const script = transform(code, { transforms: ["typescript", "jsx", "imports"], production: true }).code;
    new Script(`(async function* () {${script}\n})`);
    return null;
  } catch (problem) {
    return String(problem.message).split("\n")[0];
  }
}

function compileFile({ path, text }) {
  const healer = new Healer();
  let last = null;
  let problem = null;
  let failures = 0;
  let first = null;
  for (let length = 1; length <= text.length; length += 1) {
    const { code, shown } = healer.feed(text[length - 1]).heal();
    if (code !== last) problem = problemOf(code);
    last = code;
    if (problem === null) continue;
    failures += 1;
    first ??= { problem, prefix: text.slice(0, length), code, shown };
  }
  const isShown = healer.end().heal().code.trimEnd() === text.trimEnd() || healer.heal().complete;
  return { path, prefixes: text.length, failures, first, isShown };
}

function compile() {
  const folder = options.cache ?? mkdtempSync(join(tmpdir(), "healer-"));
  try {
    const lists = options.packages.split(",").map((name) => filesOf(name, folder));
    const results = choose(lists, Number(options.files)).map(compileFile);
    const prefixes = sum(results.map((result) => result.prefixes));
    const failures = sum(results.map((result) => result.failures));
    console.log(`files                      ${results.length}, of ${lists.length} packages`);
    console.log(`prefixes                   ${prefixes.toLocaleString("en")}`);
    console.log(`compile                    ${(100 - (100 * failures) / prefixes).toFixed(4)} %`);
    console.log(`files without a failure    ${results.filter((result) => result.failures === 0).length}`);
    console.log(`complete at their end      ${results.filter((result) => result.isShown).length}`);
    for (const result of results) report(result);
  } finally {
    if (options.cache === undefined) rmSync(folder, { recursive: true });
  }
}

function report({ path, failures, first, prefixes, isShown }) {
  if (!options.show || (failures === 0 && isShown)) return;
  console.log(`\n${path}: ${failures} of ${prefixes}${isShown ? "" : ", not complete at its end"}`);
  if (first === null) return;
  console.log(`  ${first.problem}\n  ${JSON.stringify(first.prefix.slice(-160))}\n  ${JSON.stringify(first.code.slice(-160))}`);
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

if (options.help) console.log(USAGE);
else compile();
