"""The healer of half-written components, under node: its vectors and its laws."""

import os
import subprocess
from pathlib import Path

import pytest

import componentstream.browser
from tests import parts
from tests.timing import WAIT

HERE = Path(__file__).parent


BENCHMARK = HERE.parent.parent / "benchmarks" / "healer.mjs"


def run(*command, **environment):
    """Run a command of Node in the folder of the npm packages; return its output."""
    done = subprocess.run(
        [parts.node(), *command],
        cwd=parts.npm_packages(HERE),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("suite", ["vectors", "properties", "cost"])
def test_the_healer_passes_its_suite_under_node(suite):
    healer = componentstream.browser.path() / "heal.js"
    run("--test", f"heal/{suite}.test.mjs", HEALER=str(healer), VECTORS=str(HERE.parent / "heal"))


def test_the_types_of_the_healer_are_strict():
    strict = ("--strict", "--noEmit", "--module", "nodenext", "--target", "es2022")
    run("node_modules/typescript/bin/tsc", *strict, "heal/types.mts")


def test_the_benchmark_compiles_each_prefix_of_a_file(tmp_path):
    package = tmp_path / "sample"
    package.mkdir()
    (package / "a.tsx").write_text("export const A = () => <p>{a ? <b>x</b> : null}</p>;\n", encoding="utf-8")
    (package / "b.tsx").write_text("const a = ;\n", encoding="utf-8")
    output = run(BENCHMARK, "--packages", "sample", "--folder", tmp_path, "--files", "2", "compile")
    figures = dict(line.rsplit("  ", 1) for line in output.splitlines())
    figures = {name.strip(): figure.strip() for name, figure in figures.items()}
    assert figures["healed code compiles"] == "100.0000 %"
    assert figures["not compiled even when complete"] == "1"
    assert figures["files shown whole at their end"] == "1"
