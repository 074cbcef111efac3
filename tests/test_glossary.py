"""GLOSSARY.md gives each thing one word; names in the source use no other."""

import ast
import re
from pathlib import Path

import pytest

import componentstream

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path(componentstream.__file__).parent
ROWS = re.findall(
    r"^\| ([^|]+) \| ([^|]+) \| ([^|]*)\|$", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"), re.MULTILINE
)[2:]
REPLACED = {word: term for term, _, words in ROWS for word in re.findall(r"\w+", words)}
"""Words that the glossary replaces, with the term to use."""

PUBLIC = {"max_readers", "max_readers_per_user", "TOO_MANY_READERS", "readers"}
"""Settings, an error code and a metric that applications and dashboards know by these names."""


def names_defined_in(path):
    """Yield the names that a module defines: its modules, classes, functions, parameters and variables."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def words_of(name):
    """Return the words of a name, in lower case and in the singular: ``_openReaders`` has open and reader."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {form for word in words for form in (word.lower(), re.sub("s$", "", word.lower()))}


def test_terms_are_explained_once():
    terms = [term for term, _, _ in ROWS]
    assert len(terms) >= 25
    assert len(set(terms)) == len(terms)
    assert all(meaning.rstrip().endswith(".") for _, meaning, _ in ROWS)


def test_words_are_taken_apart():
    assert words_of("_openReadersAt") == {"open", "reader", "readers", "at"}
    assert words_of("SSEReader") == {"sse", "reader"}


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_names_use_the_terms_of_the_glossary(path):
    found = {
        f"{name}: use {REPLACED[word]!r}"
        for name in set(names_defined_in(path)) - PUBLIC
        for word in words_of(name) & REPLACED.keys()
    }
    assert found == set()
