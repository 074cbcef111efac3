import ast
import re
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest

from tests import parts

parts.module("starlette")

from componentstream.server import ServerSettings  # noqa: E402 - it needs what is asked for above

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "componentstream"
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^\*\*([A-Z]\d+)\*\* (.*?)(?=^\*\*|^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
OPERATORS = "O"
"""The letter of what no test of ours can show."""

THREATS = {number: text for number, text in ENTRIES.items() if number[0] != OPERATORS}
LISTED = r"`([\w/]+\.py)::(\w+)`"
WRITTEN = {"none": {(), None}, "off": {False}}


@cache
def names_in(file):
    # The contract of a log is a part of the package, as methods of its classes.
    [path] = [path for path in (ROOT / "tests" / file, SOURCE / file) if path.is_file()]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    nodes = [node for part in (tree, *classes) for node in part.body]
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_threats_are_numbered_without_gaps():
    numbers = re.findall(r"^\*\*([A-Z]\d+)\*\* ", PAGE, re.MULTILINE)
    assert len(numbers) == len(ENTRIES)
    for letter, group in groupby(numbers, key=lambda number: number[0]):
        own = list(group)
        assert own == [f"{letter}{place}" for place in range(1, len(own) + 1)]


@pytest.mark.parametrize("number", THREATS)
def test_a_threat_is_named_answered_and_shown_by_tests_that_exist(number):
    named = re.fullmatch(r"\*[^*]+\.\*\s.*?\.\n(`.*`)\n+", THREATS[number], re.DOTALL)
    assert named, "a threat in italics, a sentence, the tests on lines of their own"
    listed = re.findall(LISTED, named[1])
    assert re.sub(LISTED, "", named[1]).replace(",\n", "") == ""
    assert listed
    assert len(set(listed)) == len(listed)
    assert [name for file, name in listed if name not in names_in(file)] == []
    assert all(name.startswith("test_") for _, name in listed)


def test_no_test_is_named_for_what_is_left_to_the_operator():
    duties = [text for number, text in ENTRIES.items() if number[0] == OPERATORS]
    assert len(duties) > 5
    assert re.findall(LISTED, "".join(duties)) == []


def test_the_bounds_are_those_of_the_settings():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert len(rows) > 10
    for name, written in rows:
        value = getattr(ServerSettings(), name)
        if written in WRITTEN:
            assert value in WRITTEN[written]
        else:
            assert (f"{value:,g}" if isinstance(value, int | float) else value) == written


def test_the_policy_leads_to_the_page():
    policy = ROOT / ".github" / "SECURITY.md"
    if not policy.exists():
        pytest.skip("the policy is in the repository alone")
    assert "(../docs/security.md)" in policy.read_text(encoding="utf-8")
    assert "(../.github/SECURITY.md)" in PAGE
