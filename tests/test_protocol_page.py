import json
import re
from itertools import groupby
from pathlib import Path
from string import punctuation
from typing import get_args

import attrs
import pytest

from componentstream.core.codes import ParserErrorCode
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import ErrorEvent, StopReason
from componentstream.core.grammar import POSITIONS, WHITE, Fences, Grammar, Nesting, Outside
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
RULES = re.findall(r"^\*\*([A-Z]\d+)\*\* ", PAGE, re.MULTILINE)
VECTORS = [
    vector["id"]
    for path in sorted((ROOT / "tests" / "vectors").glob("*.json"))
    for vector in json.loads(path.read_text(encoding="utf-8"))
]


def section(title):
    return re.search(rf"^#+ {title}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]


def rule(number):
    return re.search(rf"^\*\*{number}\*\* (.*?)(?=^\*\*|^##)", PAGE, re.MULTILINE | re.DOTALL)[1]


def rows(text):
    """Return the cells of all table rows, headings and rulers left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    tables = [lines[at + 2 :] if set(lines[at + 1]) <= set("|- ") else [] for at in range(len(lines) - 1)]
    body = max(tables, key=len)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]


SHOWN_BY = {rule: re.findall(r"`([^`]+)`", vectors) for rule, vectors in rows(section("Vectors"))}


def code_points(text):
    """Return the pairs (first, last) of all ``U+0000`` and ``U+0000-0008`` in ``text``."""
    found = re.findall(r"U\+([0-9A-F]{4,6})(?:-([0-9A-F]{4,6}))?", text)
    return [(int(first, 16), int(last or first, 16)) for first, last in found]


def test_rules_are_numbered_without_gaps():
    for letter, group in groupby(RULES, key=lambda number: number[0]):
        numbers = [int(number[1:]) for number in group]
        assert numbers == list(range(1, len(numbers) + 1)), letter
    assert len(RULES) == len(set(RULES))


def test_every_rule_names_at_least_one_vector():
    assert list(SHOWN_BY) == RULES
    assert [number for number, vectors in SHOWN_BY.items() if not vectors] == []


def test_every_named_vector_exists():
    named = {vector for vectors in SHOWN_BY.values() for vector in vectors}
    assert sorted(named - set(VECTORS)) == []


def test_every_vector_is_named_by_some_rule():
    named = {vector for vectors in SHOWN_BY.values() for vector in vectors}
    assert sorted(set(VECTORS) - named) == []


def test_every_rule_that_is_mentioned_exists():
    mentioned = re.findall(r"(?<!\+)\b([LMSRTFXEZO]\d+)\b", PAGE)
    assert sorted(set(mentioned) - set(RULES)) == []


def test_the_limits_are_those_of_the_code():
    named = {row[0].strip("`"): int(row[1].replace(",", "")) for row in rows(section("Limits"))}
    assert named == attrs.asdict(Limits())


def test_the_error_codes_are_those_of_the_code():
    named = [row[0].strip("`") for row in rows(section("Errors"))]
    assert sorted(named) == sorted(get_args(ParserErrorCode))


def test_the_stop_reasons_are_those_of_the_code():
    named = [row[0].strip("`") for row in rows(section("`content_block_stop`"))]
    assert named == list(get_args(StopReason))


def test_the_positions_are_those_of_the_code():
    assert set(re.findall(r"`(\w+)`", rule("M11"))) == POSITIONS


def test_the_white_space_is_that_of_the_code():
    pairs = code_points(rule("L6").split(". ")[0])
    assert {chr(code) for first, last in pairs for code in range(first, last + 1)} == set(WHITE)


def test_the_policies_are_those_of_the_code_with_the_default_first():
    settings = {row[0]: re.findall(r"`(\w+)`", row[1]) for row in rows(section("The marker protocol"))}
    for name, choices in (("nesting", Nesting), ("fences", Fences), ("outside", Outside)):
        assert sorted(settings[f"`{name}`"]) == sorted(get_args(choices))
        assert settings[f"`{name}`"][0] == getattr(Grammar(), name)


def test_the_punctuation_is_that_of_ascii():
    pairs = code_points(rule("R3"))
    assert "".join(chr(code) for first, last in pairs for code in range(first, last + 1)) == punctuation


def test_the_characters_forbidden_in_values_are_those_of_the_code():
    pairs = [pair for _, cell in rows(rule("M9")) for pair in code_points(cell)]
    forbidden = {code for first, last in pairs for code in range(first, last + 1)}
    for code in {near for pair in pairs for end in pair for near in (end - 1, end, end + 1) if near >= 0}:
        parser = ComponentParser()
        first, *_ = parser.feed(f"/// START A key='{chr(code)}'\n") + parser.close()
        assert isinstance(first, ErrorEvent) == (code in forbidden or chr(code) in "\n'"), hex(code)


@pytest.mark.parametrize("example", re.findall(r'^\{"type".*$', PAGE, re.MULTILINE))
def test_the_examples_are_events(example):
    data = json.loads(example)
    assert event_from_dict(data).to_dict() == data
