"""The damage that hostile text does; test_strategies has the documents that are drawn with it."""

import re

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from componentstream.core.grammar import Grammar
from componentstream.testing._hostile import hostile, mutated

seek = settings(max_examples=20_000, database=None, derandomize=True, phases=[Phase.generate])


@pytest.mark.parametrize(
    "pattern",
    ["^%% BEGIN A,$", "^%% DONE$", "^%% DONE A;$", "^~~~ts x$", "^%% BEGIN A position=$", "%{40}"],
)
def test_near_markers_and_slips_are_those_of_the_language(pattern):
    grammar = Grammar(prefix="%%", start="BEGIN", end="DONE")
    matches = re.compile(pattern, re.MULTILINE).search
    text = find(hostile(grammar, st.just("%% BEGIN Given")), matches, settings=seek)
    assert "/// START" not in text


def test_whole_markers_are_those_that_were_given():
    texts = hostile(Grammar(), st.just("/// START Given"))
    find(texts, lambda text: "/// START Given\n" in text, settings=seek)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda text: "abcdef".startswith(text) and len(text) < 6,
        lambda text: "abcabcdef" in text,
        lambda text: text == "defabc",
        lambda text: len(text) == 7 and text[:3] == "abc" and text[4:] == "def",
    ],
    ids=["removed", "doubled", "moved", "replaced"],
)
def test_a_text_is_damaged_in_every_way(wanted):
    find(mutated(st.just("abcdef")), wanted, settings=seek)
