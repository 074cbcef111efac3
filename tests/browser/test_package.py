"""The npm package of the browser client: what Node, TypeScript and npm make of it."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from componentstream import browser
from tests import parts
from tests.timing import WAIT

HERE = Path(__file__).parent
PACKAGE = json.loads((browser.path() / "package.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    """A folder of an application that has installed the package, React and TypeScript."""
    installed = parts.npm_packages(HERE) / "node_modules"
    folder = tmp_path_factory.mktemp("application")
    (folder / "node_modules").mkdir()
    for package in ("@types", "csstype", "react", "react-dom", "scheduler", "sucrase", "typescript"):
        (folder / "node_modules" / package).symlink_to(installed / package)
    (folder / "node_modules" / "componentstream").symlink_to(browser.path())
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "client_types.ts", folder)
    return folder


def run(application, *command):
    done = subprocess.run(
        command, cwd=application, capture_output=True, text=True, timeout=2 * WAIT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_types_allow_what_works_and_nothing_else(application):
    compiler = application / "node_modules" / "typescript" / "bin" / "tsc"
    options = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--module", "nodenext"]
    options += ["--target", "es2022", "--lib", "es2024,dom,dom.iterable", "--types", "react"]
    run(application, parts.node(), compiler, *options, "client_types.ts")


def test_node_imports_the_package_by_its_name(application):
    program = "import * as client from 'componentstream'; console.log(Object.keys(client).join(' '))"
    names = run(application, parts.node(), "--input-type=module", "--eval", program).split()
    assert {"BlockStore", "EventReader", "createHooks", "generate", "restore", "resume"} <= set(names)
    declared = (browser.path() / "componentstream.d.ts").read_text(encoding="utf-8")
    for name in names:
        assert f"export class {name}" in declared or f"export function {name}" in declared


def test_the_package_has_the_version_of_the_library():
    project = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (PACKAGE["version"], PACKAGE["license"]) == (project["version"], project["license"])
    assert (PACKAGE["type"], PACKAGE["sideEffects"]) == ("module", False)
    assert "dependencies" not in PACKAGE
    assert (browser.path() / "LICENSE").read_bytes() == (HERE.parents[1] / "LICENSE").read_bytes()


def test_everything_that_the_package_exports_is_there():
    targets = [target for entry in PACKAGE["exports"].values() for target in leaves(entry)]
    assert len(targets) > 2
    for target in targets:
        assert (browser.path() / target).is_file()


def leaves(entry):
    return [entry] if isinstance(entry, str) else [leaf for value in entry.values() for leaf in leaves(value)]


def test_npm_packs_the_modules_and_their_types_and_nothing_else(application):
    command = [parts.program("npm"), "pack", "--dry-run", "--json", "--ignore-scripts", str(browser.path())]
    [packed] = json.loads(run(application, *command))
    names = {file["path"] for file in packed["files"]}
    assert {"componentstream.js", "componentstream.d.ts", "client/store.js", "package.json"} <= names
    assert {"heal.js", "preview/host.js", "LICENSE", "README.md"} <= names
    assert {Path(name).suffix for name in names} <= {".js", ".ts", ".json", ".md", ""}
    assert not any("node_modules" in name or name.endswith(".py") for name in names)


def test_every_module_in_the_package_has_only_imports_that_are_in_it_too():
    patterns = [pattern for pattern in PACKAGE["files"] if pattern.endswith(("/", ".js"))]
    globs = [f"{pattern}*.js" if pattern.endswith("/") else pattern for pattern in patterns]
    modules = {module for pattern in globs for module in browser.path().glob(pattern)}
    assert len(modules) > 20
    for module in modules:
        for name in re.findall(r'from "(.*?)"', module.read_text(encoding="utf-8")):
            if name.startswith("."):
                assert (module.parent / name).resolve() in modules, (module, name)


def documented(language):
    """Return the only block of code in this language in the documentation."""
    text = (HERE.parents[1] / "docs" / "browser.md").read_text(encoding="utf-8")
    [block] = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return block


RENDER = """
import { readFileSync, writeFileSync } from "node:fs";
import { transform } from "./node_modules/sucrase/dist/index.js";
const { code } = transform(readFileSync("Page.jsx", "utf8"), { transforms: ["jsx"], production: true });
writeFileSync("Page.mjs", code);
const { Page } = await import("./Page.mjs");
const { createElement } = await import("react");
const { renderToString } = await import("react-dom/server");
console.log(renderToString(createElement(Page)));
"""


def test_the_component_of_the_documentation_renders(application):
    (application / "Page.jsx").write_text(documented("jsx"), encoding="utf-8")
    html = run(application, parts.node(), "--input-type=module", "--eval", RENDER).strip()
    assert html == '<main><button>Generate</button><button>Stop</button><p role="status">idle</p></main>'


def test_the_other_code_of_the_documentation_is_code(application):
    text = (HERE.parents[1] / "docs" / "browser.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```js\n(.*?)```", text, re.DOTALL)
    assert len(blocks) > 1
    for number, block in enumerate(blocks):
        path = application / f"documented{number}.mjs"
        path.write_text(block, encoding="utf-8")
        run(application, parts.node(), "--check", path)
