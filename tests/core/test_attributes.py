"""The attributes of a START line; test_markers has the well-formed ones together with the names."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from componentstream.core.attributes import read_attributes
from componentstream.core.grammar import WHITE


def found(text):
    """Return the attributes of a line that is not well-formed, None where the position cannot be read."""
    reading = read_attributes(text)
    assert not reading.right
    assert reading.found == bool(reading.values)
    values = dict(reading.values)
    if reading.stand_in:
        assert values["position"] == ""
        values["position"] = None
    return values


def test_a_well_formed_line_is_read_and_right():
    reading = read_attributes("a=1 position=Hero b='x y' \t")
    assert (reading.values, reading.right, reading.stand_in) == (
        {"a": "1", "position": "Hero", "b": "x y"},
        True,
        False,
    )
    assert read_attributes("").values == {}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=1,", {"a": "1"}),
        ("a=1, b=2; c=3", {"a": "1", "b": "2", "c": "3"}),
        ("a=1 , b=2 ;", {"a": "1", "b": "2"}),
        (",;a=1,;", {"a": "1"}),
        ("a = 1 b= 2 c =3", {"a": "1", "b": "2", "c": "3"}),
        ("a\u3000=\u20001,", {"a": "1"}),
        ('a="1",b=\'2\';c="x=y"', {"a": "1", "b": "2", "c": "x=y"}),
        ('a = "x y" z', {"a": "x y"}),
        ("position:hero", {"position": "hero"}),
        ("position : hero", {"position": "hero"}),
        ('position:"hero",', {"position": "hero"}),
        ("position: hero theme: dark", {"position": "hero"}),
        ("position: hero, size = big", {"position": "hero", "size": "big"}),
        ("positions: hero", {}),
        ("Position: hero", {}),
        ("position hero", {}),
        ("extra a=1", {"a": "1"}),
        ("a=1 extra b=2", {"a": "1", "b": "2"}),
        ("a=1 a=2 b=3", {"a": "1", "b": "3"}),
        ("a=1, a=2", {"a": "1"}),
        ("a=1,b=2 c=3", {"c": "3"}),
        ("x,a=1 b=2", {"b": "2"}),
        ("a==1 b=2", {"b": "2"}),
        ("a= =1 b=2", {"b": "2"}),
        ("a= b=2", {"b": "2"}),
        ("a=, b=2", {"b": "2"}),
        ("a=,; b=2", {"b": "2"}),
        ("a=,x b", {"a": ",x"}),
        ("a=x<y b=2", {"b": "2"}),
        ("1a=1 b=2", {"b": "2"}),
        ("a.b=1 c=2", {"c": "2"}),
        ("k" * 65 + "=1 b=2", {"b": "2"}),
        ("k" * 64 + "=1 b", {"k" * 64: "1"}),
        ("-->", {}),
        ("*/ }", {}),
    ],
)
def test_every_attribute_that_can_be_read_counts(text, values):
    assert found(text) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        # A quote that begins a piece, or follows `=` or `:` directly, makes the piece end at its partner.
        ('"a=1 b=2" c=3', {"c": "3"}),
        ('t="Tom\'s a=1" c=3', {"c": "3"}),
        ("t='a & b a=1' c=3", {"c": "3"}),
        ('data:"x a=1" c=3', {"c": "3"}),
        ('x:y="p a=1" c=3', {"c": "3"}),
        ('a="x"b=1', {"b": "1"}),
        ('a="x"b="y"c=1', {"c": "1"}),
        # Without a partner it ends at the white space, as it does if the quote is elsewhere.
        ('a="x y b=2', {"b": "2"}),
        ("a='x y b=2", {"b": "2"}),
        ("a='x \" b=2", {"b": "2"}),
        ("don't a=1 won't b=2", {"a": "1", "b": "2"}),
        ('x"y z" b=2', {"b": "2"}),
        ('\'a="x y" b=2', {"b": "2"}),
        ('a= "x<y b=1" c=3', {"c": "3"}),
    ],
)
def test_a_piece_that_cannot_be_read_is_skipped(text, values):
    assert found(text) == values


@pytest.mark.parametrize(
    "text",
    ["position=", "position:", "position=,", "position =", "position=<x>", 'position="a', "position: 'a<b'",
     "x position==hero"],
)  # fmt: skip
def test_a_position_that_cannot_be_read_stands_for_the_default(text):
    assert found(text) == {"position": None}
    assert found(f"{text} position=nav" if '"' not in text else text) == {"position": None}
    assert found(f"position=nav {text}") == {"position": "nav"}
    assert found(f"{text} a=1") == {"position": None, "a": "1"}


def test_sixteen_attributes_are_the_most():
    line = " ".join(f"k{number}={number}" for number in range(20))
    assert list(found(line)) == [f"k{number}" for number in range(16)]
    assert list(found(f"{line} position=")) == [f"k{number}" for number in range(16)]


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("-->", True),
        ("- - -", True),
        (", ;", True),
        ("'", True),
        ('"- x"', False),
        ("a=1,", False),
        ("- x", False),
    ],
)
def test_it_is_known_whether_the_line_is_punctuation(text, signs):
    assert read_attributes(text).signs is signs


@given(st.text(st.sampled_from("a=1 ,;:'\"-<\u3000"), max_size=40))
@example('position=" position: a')
def test_a_lenient_reading_of_right_attributes_is_the_same(text):
    reading = read_attributes(text.lstrip(WHITE))
    lenient = read_attributes(f"? {text}")
    assert not lenient.right
    if reading.right:
        assert lenient.values == reading.values


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ('title="Rock & Roll" theme=dark', {"title": "&"}),
        ('title="It\'s" name=a<b', {"title": "'", "name": "<"}),
        ("title='a \"b\"' title='<'", {"title": '"'}),
        ("a=& b=& c=& d=&", {"a": "&", "b": "&", "c": "&"}),
        ("a=x\u200by", {"a": "\u200b"}),
        ('title="no end', {}),
        ('title="', {}),
        ("=& a=1 b=2,", {}),
        ("a=b=c", {}),
        ("a=1 b='2'", {}),
        ("Tom & Jerry", {}),
    ],
)
def test_characters_that_no_value_may_contain_are_found_with_the_keys(text, characters):
    assert read_attributes(text).forbidden == characters


PIECES = ['"', "'", "=", ":", "k=", "k ", 'k="', "k='a ", '="', ": ", "position=", "- ", ",", "a.b ", "'\" "]


@pytest.mark.parametrize("first", PIECES)
def test_a_line_of_any_length_is_read_in_linear_time(first):
    for second in PIECES:
        text = (first + second) * 20_000
        before = time.perf_counter()
        assert not read_attributes(text).right
        # Quadratic work would take minutes.
        assert time.perf_counter() - before < 5
