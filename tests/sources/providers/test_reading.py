"""The functions that interpreters are made of."""

from types import MappingProxyType, SimpleNamespace

from componentstream.sources.providers.reading import (
    NOTHING,
    Reading,
    content,
    ended,
    field,
    first,
    nothing,
    opened,
    path,
    plain_delta,
    string,
)


class Odd:
    """Has a property that raises."""

    @property
    def text(self):
        raise ValueError


class Text(str):
    """A str of a library's own."""

    __slots__ = ()


def test_a_field_is_read_from_objects_and_mappings_and_never_raises():
    assert (
        field({"a": 1}, "a")
        == field(SimpleNamespace(a=1), "a")
        == field(MappingProxyType({"a": 1}), "a")
        == 1
    )
    assert field({}, "a") is field(7, "a") is field(Odd(), "text") is None
    assert path({"a": SimpleNamespace(b=1)}, "a", "b") == 1
    assert path({"a": None}, "a", "b") is None


def test_a_string_is_a_plain_str():
    assert type(string(Text("a"))) is str
    assert string(7) is None


def test_the_first_choice_is_that_with_index_0_or_without_one():
    assert first([{"index": 1}, {"index": 0, "a": 1}]) == {"index": 0, "a": 1}
    assert first(({},)) == {}
    assert first([{"index": 1}]) is first(7) is None


def test_content_is_a_string_or_the_text_of_a_list_of_blocks():
    blocks = [{"type": "reasoning", "text": "no"}, "a", {"type": "text", "text": "b"}, {"type": "text"}]
    assert content(Text("a")) == "a"
    assert content(blocks) == "ab"
    assert content([]) is content(7) is None


def test_simple_events_have_readings_of_their_own():
    assert plain_delta({"delta": "a"}) == Reading("a")
    assert opened({}) == Reading(opens=True)
    assert ended({}) == Reading(ends=True)
    assert nothing({}) is NOTHING
