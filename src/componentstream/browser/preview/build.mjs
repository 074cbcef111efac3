/**
 * Builds the frames of the live preview from the sources in `frame/` and the packages of the lock file:
 *
 *     npm ci --ignore-scripts && node build.mjs [OUTPUT_DIRECTORY]
 *
 * Writes into `dist/` (or the given directory): `frame.html`, `frame.tailwind.html` and `frame.charts.html`,
 * each a single file whose only script is inline; `manifest.json` with the size, the hash of the script and the
 * Content-Security-Policy of each; `LICENSES.txt` with the licenses of every bundled package.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/** The frames by file name, with the entry of each. */
const FRAMES = {
  "frame.html": "frame/entry.js",
  "frame.tailwind.html": "frame/entry.tailwind.js",
  "frame.charts.html": "frame/entry.charts.js",
};

const TYPES = { ".css": "text" };

async function bundle(entry) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    write: false,
    metafile: true,
    loader: TYPES,
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  });
  return { script: inlined(result.outputFiles[0].text), inputs: Object.keys(result.metafile.inputs) };
}

/** Return a script that may stand inside `<script>`: the parser of HTML must not find an end tag or comment. */
function inlined(script) {
  return script.replace(/<(?=\/script|!--|script)/gi, "\\x3C").trim();
}

function page(script) {
  return (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Preview</title>' +
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head>' +
    `<body><div id="page"></div><script>${script}</script></body></html>\n`
  );
}

/** Return the policy of a frame: its own script and inline styles, nothing from the network. */
function policy(hash) {
  return [
    "sandbox allow-scripts",
    "default-src 'none'",
    `script-src 'sha256-${hash}' 'unsafe-eval'`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function packagesOf(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const path = resolve(here, input).split(sep);
    const at = path.lastIndexOf("node_modules");
    if (at < 0) continue;
    const depth = path[at + 1].startsWith("@") ? 3 : 2;
    folders.add(path.slice(0, at + depth).join(sep));
  }
  return [...folders].sort();
}

function licenses(inputs) {
  const parts = packagesOf(inputs).map((folder) => {
    const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined && !about.license) {
      throw new Error(`${relative(here, folder)} names no license; it must not be bundled`);
    }
    const text = file === undefined ? `License: ${about.license}` : readFileSync(join(folder, file), "utf8");
    return `${about.name} ${about.version} (${about.license})\n\n${text.trim()}\n`;
  });
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

async function main(output) {
  if (!existsSync(join(here, "node_modules"))) {
    throw new Error("The packages are missing; run `npm ci --ignore-scripts` first.");
  }
  mkdirSync(output, { recursive: true });
  const manifest = {};
  const inputs = new Set();
  for (const [name, entry] of Object.entries(FRAMES)) {
    const built = await bundle(entry);
    const html = page(built.script);
    const sha256 = createHash("sha256").update(built.script).digest("base64");
    const gzip = gzipSync(html, { level: 9 }).length;
    built.inputs.forEach((input) => inputs.add(input));
    writeFileSync(join(output, name), html);
    manifest[name] = { bytes: Buffer.byteLength(html), gzip, sha256, csp: policy(sha256) };
    console.log(
      `${name}: ${(manifest[name].bytes / 1024).toFixed(0)} KiB, gzip ${(gzip / 1024).toFixed(0)} KiB`,
    );
  }
  writeFileSync(join(output, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(output, "LICENSES.txt"), licenses(inputs));
}

await main(resolve(process.argv[2] ?? join(here, "dist")));
