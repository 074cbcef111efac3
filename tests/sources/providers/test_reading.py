"""The functions that interpreters are made of."""

import math
from collections import UserDict, UserList
from types import MappingProxyType, SimpleNamespace

import pytest

from componentstream.sources.providers.reading import (
    ENDED,
    NOTHING,
    content,
    field,
    first,
    identifier,
    is_reported,
    items,
    joined,
    json_value,
    nothing,
    path,
    string,
    thoughts,
)


class Odd:
    """Has a property that raises."""

    @property
    def text(self):
        raise ValueError


class OddMapping(UserDict):
    """Has a method that raises."""

    def get(self, key, default=None):
        raise ValueError(key, default)


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
    assert field({}, "a") is field(7, "a") is field(Odd(), "text") is field(OddMapping(), "text") is None
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


def test_an_event_without_meaning_is_known():
    assert nothing({}) is NOTHING != ENDED


def test_sequences_of_other_libraries_have_items_and_text_has_none():
    assert items(UserList([1])) == [1]
    assert items("ab") == items(b"ab") == items({"a": 1}) == []


def test_joined_text_is_none_if_all_is_empty():
    assert joined(["a", None, "", "b"]) == "ab"
    assert joined(["", None]) is None


def test_reasoning_is_in_blocks_of_several_types():
    blocks = [
        {"type": "thinking", "thinking": "a"},
        {"type": "thinking", "thinking": [{"type": "text", "text": "b"}]},
        {"type": "reasoning", "reasoning": "c"},
        {"type": "reasoning", "text": "d"},
        {"type": "reasoning_content", "reasoning_content": {"text": "e"}},
        {"type": "text", "text": "no"},
    ]
    assert thoughts(blocks) == "abcde"
    assert thoughts("no") is None


def test_an_id_is_not_empty():
    assert identifier({"id": "a"}) == identifier({"other": "a"}, "other") == "a"
    assert identifier({"id": ""}) is identifier({}) is None


def test_a_json_integer_of_many_digits_is_a_float():
    digits = "9" * 5000
    assert json_value(f'{{"a": {digits}, "b": 10}}') == {"a": math.inf, "b": 10}
    assert type(json_value(f"[{digits}, 1]")[1]) is int
    assert json_value(b"[1]") == [1]
    for text in ("{", f"[{digits}", b"\xff"):
        with pytest.raises(ValueError, match=r"Expecting|decode"):
            json_value(text)


def test_an_empty_value_does_not_report_an_error():
    assert not any(map(is_reported, (None, False, "", 0, 0.0, {}, [])))
    assert all(map(is_reported, (True, "x", 500, {"code": None}, [{}], SimpleNamespace())))
