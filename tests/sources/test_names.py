"""Names in messages: a few words, each once."""

from hypothesis import given
from hypothesis import strategies as st

from componentstream.sources._names import MAX_NAME_CHARS, Names


def test_the_first_names_are_listed_once():
    names = Names()
    assert not names
    assert str(names) == ""
    names.add("a", "b", "a")
    names.add(*Names(["b", "c.d-e_1"]))
    names.add("x")
    assert names
    assert str(names) == "'a', 'b', 'c.d-e_1'"


def test_what_is_not_a_word_is_left_out():
    names = Names(["", "a sentence", "1", "ä", "a\n", "x" * MAX_NAME_CHARS, None, 7])
    assert not names
    names.add("x" * (MAX_NAME_CHARS - 1))
    assert names


@given(st.lists(st.text(max_size=70), max_size=9))
def test_any_names_give_a_short_line(given_names):
    shown = str(Names(given_names))
    assert len(shown) < 3 * (MAX_NAME_CHARS + 4)
    assert shown.isascii()
    assert shown.isprintable()
