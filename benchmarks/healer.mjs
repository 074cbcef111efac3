// Measure the healer of half-written components: node benchmarks/healer.mjs [--help]
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Script } from "node:vm";
import { Healer } from "../src/componentstream/browser/heal.js";

const USAGE = `Usage: node benchmarks/healer.mjs [options] [compile] [time] [cuts]

Measure the healer, by all three measures if none is named. First: npm ci --ignore-scripts in tests/browser.

  compile   For each prefix of TSX files out of npm packages: does the healed code compile?
  time      The time of feed and heal for each delta, up to 200 KB.
  cuts      Random cuts against one piece: is the result the same?

  --packages a,b   npm packages whose .tsx files to read, fetched with npm pack
  --files n        files to read, evenly out of the packages (default 480)
  --cuts n         random cuts to compare (default 100000)
  --folder path    where the packages are, or where to keep them (default: a temporary folder)
  --show           print the first failure of each file
`;

/** Packages that publish their TSX sources: widgets, admin pages, editors, documentation, native applications. */
const PACKAGES = [
  "@blueprintjs/core",
  "@coinbase/onchainkit",
  "@docusaurus/theme-classic",
  "@medusajs/dashboard",
  "@patternfly/react-core",
  "@redocly/theme",
  "@wordpress/components",
  "native-base",
  "ra-ui-materialui",
  "react-native-gesture-handler",
  "react-native-paper",
  "tamagui",
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
    folder: { type: "string" },
  },
});

/** The .tsx files of a package, which is fetched into `folder` if it is not there. */
function filesOf(name, folder) {
  const target = join(folder, name.replaceAll("/", "_"));
  if (!existsSync(target)) {
    mkdirSync(target, { recursive: true });
    const pack = ["pack", "--silent", "--ignore-scripts", name];
    const packed = execFileSync("npm", pack, { cwd: target, encoding: "utf8" });
    execFileSync("tar", ["-xzf", packed.trim().split("\n").at(-1)], { cwd: target });
  }
  const paths = readdirSync(target, { recursive: true }).filter((path) => path.endsWith(".tsx"));
  return paths
    .sort()
    .map((path) => ({ path: `${name}/${path}`, text: readFileSync(join(target, path), "utf8") }));
}

/** Up to `count` files, as many as possible of each list. */
function choose(lists, count) {
  const chosen = [];
  for (const [index, files] of lists.toSorted((a, b) => a.length - b.length).entries()) {
    const share = Math.min(files.length, Math.ceil((count - chosen.length) / (lists.length - index)));
    for (let number = 0; number < share; number += 1)
      chosen.push(files[Math.floor((number * files.length) / share)]);
  }
  return chosen;
}

/** Why code does not compile, or null: sucrase has to take it, and the engine has to parse the result. */
function problemOf(code, { parse }) {
  try {
    const compiled = transform(code, { transforms: ["typescript", "jsx", "imports"], production: true }).code;
    if (parse) new Script(`(async function* () {${compiled}\n})`);
    return null;
  } catch (problem) {
    return String(problem.message).split("\n")[0];
  }
}

/** Checks healed code: the open statement whenever it changes, and all the code whenever another one begins. */
class Compiler {
  #last = null;
  #start = -1;
  #problem = null;

  constructor(options) {
    this.options = options;
  }

  problemOf(healed, statements) {
    if (healed === this.#last) return this.#problem;
    const start = statements.at(-1)?.start ?? 0;
    const code = start === this.#start ? healed.code.slice(start) : healed.code;
    this.#problem = problemOf(code, this.options);
    this.#last = healed;
    this.#start = start;
    return this.#problem;
  }
}

function compileFile({ path, text }) {
  // Decorators and `import.meta` remain in the compiled code, and the engine does not parse them in a script.
  const parse = problemOf(text, { parse: true }) === null;
  if (!parse && problemOf(text, { parse }) !== null) return null;
  const healer = new Healer();
  const compiler = new Compiler({ parse });
  let failures = 0;
  let first = null;
  for (let length = 1; length <= text.length; length += 1) {
    const healed = healer.feed(text[length - 1]).heal();
    const problem = compiler.problemOf(healed, healer.statements());
    if (problem === null) continue;
    failures += 1;
    first ??= { problem, prefix: text.slice(0, length), code: healed.code };
  }
  return { path, parse, prefixes: text.length, failures, first, complete: healer.end().heal().complete };
}

function compile() {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "healer-"));
  try {
    const lists = options.packages.split(",").map((name) => filesOf(name, folder));
    const tried = choose(lists, Number(options.files)).map(compileFile);
    printCompiled(
      tried.filter((result) => result !== null),
      lists.length,
      tried.length,
    );
  } finally {
    if (options.folder === undefined) rmSync(folder, { recursive: true });
  }
}

function printCompiled(results, packages, tried) {
  const prefixes = sum(results.map((result) => result.prefixes));
  const failures = sum(results.map((result) => result.failures));
  print("TSX files", `${count(results)}, out of ${packages} packages`);
  print("not compiled even when complete", tried - results.length);
  print("parsed by the engine too", count(results.filter((result) => result.parse)));
  print("prefixes", prefixes.toLocaleString("en"));
  print("healed code compiles", `${(100 - (100 * failures) / prefixes).toFixed(4)} %`);
  print("files without a failure", count(results.filter((result) => result.failures === 0)));
  print("files shown whole at their end", count(results.filter((result) => result.complete)));
  if (options.show) results.forEach(show);
}

function show({ path, failures, first, prefixes, complete }) {
  if (failures === 0 && complete) return;
  console.log(`\n${path}: ${failures} of ${prefixes} fail${complete ? "" : "; not whole at its end"}`);
  if (first === null) return;
  const [prefix, code] = [first.prefix, first.code].map((text) => JSON.stringify(text.slice(-160)));
  console.log(`  ${first.problem}\n  ${prefix}\n  ${code}`);
}

const SIZE = 20;
const DELTAS = 10_000;
const CARD =
  '<div className="rounded border p-4" onClick={() => set(1)}>\n  <h2>{item.title} &amp; more text</h2>\n' +
  "  {items.map((item) => (<li key={item}>{item > 2 ? <b>x</b> : null}</li>))}\n</div>\n";
const PAGE = "export default function App() { return (<main>";
const ROW = "function Row({ a }: { a: string }) { const [b, c] = useState<number>(3); return <p>{a}</p>; }\n";

/** Texts of 200 KB: how each begins, and the part that is repeated. */
const TEXTS = {
  "one component": [PAGE, CARD],
  "many components": ["", ROW],
  "inside a string": ['const a = "', "one string without end "],
  "inside a template": ["const a = `", "one template without end "],
  "inside a comment": ["/* ", "one comment without end "],
  "inside an element's text": [PAGE, "one text without end "],
  "inside an attribute": [`${PAGE}<path d="`, "M 1 2 L 3 4 "],
  "inside a tag": [`${PAGE}<Chart `, 'a="b" c={d} '],
  "inside an object": ["const a = {", "b: { c: 'd', e: [1, 2] }, "],
  "type arguments": ["const a = b<", "C | D<E> | "],
  comparisons: ["const a = b", " && c < d ? e : f < g"],
  "nested elements": ["const a = ", "<div>"],
  "nested ternaries": [`${PAGE}{`, "a ? "],
};

function time() {
  for (let warm = 0; warm < 2; warm += 1) Object.values(TEXTS).forEach((parts) => timesOf(...parts));
  console.log("microseconds a delta:".padEnd(33) + "median   p99, first half   p99, second half   ms in all");
  for (const [name, parts] of Object.entries(TEXTS)) {
    const times = timesOf(...parts);
    const [first, second] = [times.slice(0, DELTAS / 2), times.slice(DELTAS / 2)].map((half) =>
      quantile(half, 0.99),
    );
    const columns = [
      quantile(times, 0.5).toFixed(1),
      first.toFixed(1),
      second.toFixed(1),
      (sum(times) / 1000).toFixed(0),
    ];
    console.log(
      name.padEnd(33) + columns.map((column, index) => column.padStart([6, 17, 19, 12][index])).join(""),
    );
  }
}

/** The microseconds of feed and heal for each delta of a text. */
function timesOf(beginning, part) {
  const text = (beginning + part.repeat(Math.ceil((SIZE * DELTAS) / part.length))).slice(0, SIZE * DELTAS);
  const healer = new Healer({ root: "App" });
  return Array.from({ length: DELTAS }, (_, index) => {
    const delta = text.slice(index * SIZE, (index + 1) * SIZE);
    const start = performance.now();
    healer.feed(delta);
    healer.heal();
    return 1000 * (performance.now() - start);
  });
}

function cuts() {
  const wanted = Number(options.cuts);
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "healer-"));
  const texts = filesOf("react-native-paper", folder).map(({ text }) => text.slice(0, 8000));
  if (options.folder === undefined) rmSync(folder, { recursive: true });
  let compared = 0;
  let differences = 0;
  while (compared < wanted) {
    const text = texts[Math.floor(Math.random() * texts.length)];
    const each = new Healer({ root: "Button" });
    const pieces = new Healer({ root: "Button" });
    for (let start = 0; start < text.length && compared < wanted; compared += 1) {
      const end = Math.min(text.length, start + 1 + Math.floor(Math.random() ** 4 * 600));
      for (const character of text.slice(start, end).split("")) each.feed(character);
      pieces.feed(text.slice(start, end));
      const whole = compared % 50 === 0 ? new Healer({ root: "Button" }).feed(text.slice(0, end)) : pieces;
      const [one, two, three] = [each, pieces, whole].map((healer) => JSON.stringify(stateOf(healer)));
      if (one !== two || two !== three) differences += 1;
      start = end;
    }
  }
  print("cuts compared", compared.toLocaleString("en"));
  print("differences", differences);
}

const stateOf = (healer) => [healer.heal(), healer.statements()];
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const count = (list) => list.length.toLocaleString("en");
const quantile = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * share)];
const print = (name, value) => console.log(`${name.padEnd(33)}${value}`);

const MEASURES = { compile, time, cuts };
const named = positionals.length === 0 ? Object.keys(MEASURES) : positionals;
const unknown = named.filter((name) => !(name in MEASURES));
if (options.help || unknown.length > 0) {
  console.log(USAGE);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else for (const name of named) MEASURES[name]();
