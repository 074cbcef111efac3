"""The benchmark of the preview runs on a component, and finds a page that is not part of the finished one."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests import parts
from tests.timing import WAIT

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

preview = import_module("preview")


@pytest.fixture(scope="module", autouse=True)
def packages():
    parts.program("npm")
    for folder in preview.PACKAGES:
        parts.npm_packages(folder)


def test_a_component_is_live_and_right_at_each_prefix_measured(tmp_path):
    path = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "preview.py"), "--file", "ProductCard", "--every", "23"]
    done = subprocess.run(
        [*command, "--json", str(path)], check=False, capture_output=True, text=True, timeout=6 * WAIT
    )
    assert (done.returncode, done.stderr) == (0, "")
    totals = json.loads(path.read_text(encoding="utf-8"))["totals"]
    assert totals["prefixes"] > 100
    assert totals["live"] == totals["prefixes"]
    assert (totals["blank"], totals["foreign"], totals["withheld"]) == (0, 0, 0)
    assert totals["finished_as_in_one_piece"] == 1


def test_a_recorded_page_is_live_and_shows_no_section_twice():
    command = [
        sys.executable,
        str(BENCHMARKS / "preview.py"),
        "--pages",
        "--file",
        "tea_club",
        "--every",
        "61",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=6 * WAIT)
    assert (done.returncode, done.stderr) == (0, "")
    cells = [cell.strip() for cell in done.stdout.splitlines()[-1].strip("|").split("|")]
    assert cells[0] == "tea_club"
    assert int(cells[1]) > 80
    assert cells[1:] == [cells[1], cells[1], "0", "0", "0"]


def test_every_component_has_the_size_of_one_that_a_model_writes():
    sizes = {path.stem: len(path.read_text(encoding="utf-8")) for path in preview.COMPONENTS.glob("*.tsx")}
    assert len(sizes) >= 60
    assert {name: size for name, size in sizes.items() if not 800 <= size <= 5_500} == {}


COMPARED = """
import { mismatch, consistsOf, childrenOf } from %s;
import { createRequire } from "node:module";
const { JSDOM } = createRequire(%s)("jsdom");
const children = (html) => childrenOf(new JSDOM(`<body>${html}</body>`).window.document.body);
const [partial, finished] = process.argv.slice(-2).map(children);
console.log(mismatch(partial, finished, new Map())?.kind ?? "part", consistsOf(partial, finished));
"""


@pytest.mark.parametrize(
    ("partial", "finished", "verdict"),
    [
        ("", "<p>all</p>", "part true"),
        ('<p class="a">half</p>', '<p class="a" id="b">half a line</p>', "part true"),
        ("<ul><li>a</li><li></li></ul>", "<ul><li>a</li><li>b</li></ul>", "part true"),
        ("<i>b</i>", "<i>a</i><i>b</i>", "part true"),
        ('<p class="a"></p>', '<p class="ab"></p>', "attribute false"),
        ('<p id="a"></p>', "<p></p>", "attribute false"),
        ("<p>halg</p>", "<p>half</p>", "text false"),
        ("<p>a</p>", "<div><p>a</p></div>", "tree true"),
        ("<p>a</p><p>a</p>", "<p>a</p>", "tree true"),
    ],
)
def test_a_page_is_part_of_the_finished_one_or_the_kind_of_its_fault_is_told(partial, finished, verdict):
    trees = (BENCHMARKS / "prefixes" / "trees.mjs").as_uri()
    script = COMPARED % (json.dumps(trees), json.dumps((preview.PACKAGES[0] / "package.json").as_uri()))
    command = [preview.node(), "--input-type=module", "--eval", script, "--", partial, finished]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=WAIT)
    assert done.stdout.strip() == verdict
