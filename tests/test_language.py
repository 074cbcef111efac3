"""The source and the documents keep to plain English: turns that readers stumble over do not come back."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

BANNED = {
    r"(?:is|are|be|was|were|been|being) no\b(?! longer\b)": "say 'is not a ...'",
    r"what|whatever": "name the thing",
    r"whoever|whomever|nobody|no one": "name who: the client, the caller, the user",
    r"whole numbers?": "say 'integer'",
    r"from \d+ up": "say '>= 1'",
    r"any more": "say 'no longer'",
    r"stands? (?:in|on|at|for|beside|behind|before|there|still|by)": "say 'is in', 'means'",
    r"for ever": "say 'without limit'",
    r"so many": "say how many, with the unit",
    r"goes? on|going on": "say 'continues', 'resumes'",
    r"mend(?:s|ed)?": "say 'fix'",
    r"of no use": "say 'useless', or say why",
    r"taken for": "say 'treated as'",
}
"""Patterns, each with the cure."""

PATTERN = re.compile("|".join(rf"\b(?:{turn})\b" for turn in BANNED), re.IGNORECASE)
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "GLOSSARY.md", "CHANGELOG.md")
FOLDERS = ("src", "docs", "examples", ".github")
NOT_OURS = {"node_modules", "dist"}
SUFFIXES = {".css", ".html", ".js", ".md", ".mjs", ".py", ".sh", ".ts", ".yaml", ".yml", ".conf"}
FILES = sorted(
    path
    for path in (
        *(ROOT / name for name in DOCUMENTS),
        *(path for name in FOLDERS for path in (ROOT / name).rglob("*")),
        *ROOT.glob("*/README.md"),
        *ROOT.glob("tests/*/README.md"),
    )
    if path.suffix in SUFFIXES and NOT_OURS.isdisjoint(path.parts) and path.is_file()
)


def test_the_pattern_finds_each_turn():
    assert PATTERN.search("This is no error.")
    assert PATTERN.search("it stands in the log")
    assert PATTERN.search("Whoever reads it")
    assert not PATTERN.search("is no longer kept; it is somewhat open, and amends nothing")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_banned_turn_is_used(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for number, line in enumerate(lines, 1)
        if PATTERN.search(line)
    ]
    assert found == []
