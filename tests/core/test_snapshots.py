import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.core.snapshots import escape_text, require, require_count, require_text

VALUES = [None, True, 1, 1.0, "1", [], {}]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_must_be_of_exactly_its_type(value):
    assert require({"key": value}, "key", type(value)) is value
    for other in {bool, int, float, str, list, dict} - {type(value)}:
        with pytest.raises(TypeError, match=f"^key must be {other.__name__}$"):
            require({"key": value}, "key", other)


def test_a_value_must_be_present():
    with pytest.raises(KeyError, match=r"^'key'$"):
        require({}, "key", int)


@pytest.mark.parametrize("value", [1, 2, 3])
def test_a_count_is_between_its_limits(value):
    assert require_count({"key": value}, "key", least=1, most=3) == value


@pytest.mark.parametrize("value", [-(10**5000), -1, 2**53 + 1, 10**5000], ids=range(4))
def test_a_count_beyond_its_limits_is_refused(value):
    with pytest.raises(ValueError, match=r"^key is out of range$"):
        require_count({"key": value}, "key")


@pytest.mark.parametrize("value", [True, "1", 1.0, None])
def test_a_count_is_an_integer(value):
    with pytest.raises(TypeError, match=r"^key must be int$"):
        require_count({"key": value}, "key")


@given(st.text(st.characters(codec=None) | st.sampled_from("\ud83d\ude00\\\"'\x00\n\r\t")))
def test_text_is_the_same_after_a_round_trip_through_json(text):
    state = json.loads(json.dumps({"key": escape_text(text)}))
    assert state["key"].isascii()
    assert require_text(state, "key") == text


@pytest.mark.parametrize(
    "value",
    ["\\", "\u00e9", "\n", "\\ud8", "\\q", "\\N{BULLET}", "\\\n", "\\101", "\\U00110000", "\\Uffffffff"],
)
def test_text_that_is_not_escaped_is_refused(value):
    with pytest.raises(ValueError, match=r"^key must be escaped$"):
        require_text({"key": value}, "key")


def test_text_is_a_string():
    with pytest.raises(TypeError, match=r"^key must be str$"):
        require_text({"key": 1}, "key")
