"""A small source folder of frames, with a build script that needs no package and Node alone."""

import base64
import hashlib
import json

LOCK = {"name": "frames", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": {"": {}}}
BUILD = """\
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
const output = process.argv[2];
const script = readFileSync(new URL("frame/entry.js", import.meta.url), "utf8");
if (script.includes("broken")) throw new Error("the entry is broken");
const hash = createHash("sha256").update(script).digest("base64");
const csp = `sandbox allow-scripts; default-src 'none'; script-src 'sha256-${hash}' 'unsafe-eval'`;
mkdirSync(output, { recursive: true });
writeFileSync(`${output}/frame.html`, `<!doctype html><script>${script}</script>`);
writeFileSync(`${output}/manifest.json`, JSON.stringify({ "frame.html": { csp } }));
"""


def write_sources(folder, script="parent.postMessage({ type: 'ready' }, '*')"):
    """Write the sources below a folder, and return it."""
    preview = folder / "preview"
    (preview / "frame").mkdir(parents=True, exist_ok=True)
    (folder / "heal.js").write_text("export {};\n", encoding="utf-8")
    (preview / "build.mjs").write_text(BUILD, encoding="utf-8")
    (preview / "package.json").write_text(
        json.dumps({"name": "frames", "version": "1.0.0"}), encoding="utf-8"
    )
    (preview / "package-lock.json").write_text(json.dumps(LOCK), encoding="utf-8")
    (preview / "frame" / "entry.js").write_text(script, encoding="utf-8")
    return folder


def write_build(output, digest, script="1", *, hashed=None):
    """Write a build as the script above does; its policy has the hash of ``hashed``."""
    output.mkdir(parents=True)
    sha256 = hashlib.sha256((script if hashed is None else hashed).encode()).digest()
    csp = f"default-src 'none'; script-src 'sha256-{base64.b64encode(sha256).decode()}' 'unsafe-eval'"
    (output / "frame.html").write_text(f"<!doctype html><script>{script}</script>", encoding="utf-8")
    (output / "manifest.json").write_text(json.dumps({"frame.html": {"csp": csp}}), encoding="utf-8")
    (output / "inputs.sha256").write_text(f"{digest}\n", encoding="ascii")
    return output
