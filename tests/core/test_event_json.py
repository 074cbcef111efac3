import json
from typing import get_args

import attrs
import pytest
from hypothesis import given

from componentstream.core.errors import WireError
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import Event, StatusEvent
from componentstream.testing import strategies

START = {
    "type": "content_block_start",
    "index": 0,
    "content_block": {"type": "component", "name": "A", "position": "main", "attributes": {}, "parent": None},
}
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}
STOP = {"type": "content_block_stop", "index": 0, "reason": "end", "chars": 1, "trimmed": 0}
ERROR = {
    "type": "error",
    "error": {"type": "a", "message": "b", "fatal": False, "retryable": False, "line": 1, "index": 2},
}
STATUS = {
    "type": "status",
    "phase": "started",
    "elapsed": 1.5,
    "components_started": 1,
    "components_completed": 2,
    "chars": 3,
}
MESSAGE_STOP = {"type": "message_stop", "reason": "failed", "stats": {"a": 1}}
DEBUG = {"type": "debug", "state": {"a": 1}}
REASONING = {"type": "reasoning", "text": "So"}
USAGE = {
    "type": "usage",
    "input_tokens": 1,
    "output_tokens": 2,
    "reasoning_tokens": 3,
    "cached_tokens": 4,
}
FINDING = {
    "type": "finding",
    "finding": {
        "rule": "a",
        "severity": "b",
        "message": "c",
        "action": "d",
        "index": 1,
        "line": 2,
        "span": [3, 4],
    },
}
ALL = [START, DELTA, STOP, ERROR, STATUS, MESSAGE_STOP, DEBUG, REASONING, USAGE, FINDING]

REQUIRED = [
    (START, ["index"], "int"),
    (START, ["content_block"], "dict"),
    (START, ["content_block", "type"], "str"),
    (START, ["content_block", "name"], "str"),
    (START, ["content_block", "position"], "str"),
    (DELTA, ["index"], "int"),
    (DELTA, ["delta"], "dict"),
    (DELTA, ["delta", "type"], "str"),
    (DELTA, ["delta", "text"], "str"),
    (STOP, ["index"], "int"),
    (STOP, ["reason"], "str"),
    (STOP, ["chars"], "int"),
    (ERROR, ["error"], "dict"),
    (ERROR, ["error", "type"], "str"),
    (ERROR, ["error", "message"], "str"),
    (STATUS, ["phase"], "str"),
    (STATUS, ["elapsed"], "float"),
    (STATUS, ["components_started"], "int"),
    (STATUS, ["components_completed"], "int"),
    (STATUS, ["chars"], "int"),
    (MESSAGE_STOP, ["reason"], "str"),
    (DEBUG, ["state"], "dict"),
    (REASONING, ["text"], "str"),
    (FINDING, ["finding"], "dict"),
    (FINDING, ["finding", "rule"], "str"),
    (FINDING, ["finding", "severity"], "str"),
    (FINDING, ["finding", "message"], "str"),
]
OPTIONAL = [
    (START, ["content_block", "attributes"], "dict"),
    (START, ["content_block", "parent"], "int"),
    (STOP, ["trimmed"], "int"),
    (ERROR, ["error", "fatal"], "bool"),
    (ERROR, ["error", "retryable"], "bool"),
    (ERROR, ["error", "line"], "int"),
    (ERROR, ["error", "index"], "int"),
    (MESSAGE_STOP, ["stats"], "dict"),
    (USAGE, ["input_tokens"], "int"),
    (USAGE, ["output_tokens"], "int"),
    (USAGE, ["reasoning_tokens"], "int"),
    (USAGE, ["cached_tokens"], "int"),
    (FINDING, ["finding", "action"], "str"),
    (FINDING, ["finding", "index"], "int"),
    (FINDING, ["finding", "line"], "int"),
    (FINDING, ["finding", "span"], "list"),
]
WRONG = {
    "int": ["0", 1.0, True, False, [], {}],
    "float": ["0", True, False, [], {}],
    "str": [0, 1.0, True, [], {}],
    "bool": [0, 1, "true", [], {}],
    "dict": [[], "{}", 0, True],
    "list": [{}, "[]", 0, True],
}


def changed(data, path, change):
    """Return a deep copy of `data` after `change` of the dict that holds the last key of `path`."""
    copy = json.loads(json.dumps(data))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return copy


def without(data, path):
    return changed(data, path, lambda holder, key: holder.pop(key))


def with_value(data, path, value):
    return changed(data, path, lambda holder, key: holder.update({key: value}))


@pytest.mark.parametrize(
    "data", [{}, {"type": "ping"}, {"type": None}, {"type": 1}, {"type": ["status"]}, {"type": "Status"}]
)
def test_an_unknown_type_is_passed_over(data):
    assert event_from_dict(data) is None


def test_an_unknown_kind_of_block_or_delta_is_passed_over():
    assert event_from_dict(with_value(START, ["content_block", "type"], "image")) is None
    assert event_from_dict(with_value(DELTA, ["delta", "type"], "input_json_delta")) is None


@pytest.mark.parametrize("data", ALL)
def test_unknown_fields_are_passed_over_at_every_depth(data):
    more = {
        key: {**value, "newer": 1} if key in {"content_block", "delta", "error", "finding"} else value
        for key, value in data.items()
    }
    assert event_from_dict({**more, "newer": [1]}) == event_from_dict(data) is not None


@pytest.mark.parametrize(("data", "path", "kind"), REQUIRED)
def test_a_missing_field_is_no_event_of_ours(data, path, kind):
    with pytest.raises(WireError, match=rf"^'{path[-1]}' must be {kind}, not None$"):
        event_from_dict(without(data, path))


@pytest.mark.parametrize(("data", "path", "kind"), REQUIRED)
def test_null_is_no_value_of_a_field_that_must_be_there(data, path, kind):
    with pytest.raises(WireError, match=rf"^'{path[-1]}' must be {kind}, not None$"):
        event_from_dict(with_value(data, path, None))


@pytest.mark.parametrize(
    ("data", "path", "value"),
    [(data, path, value) for data, path, kind in REQUIRED + OPTIONAL for value in WRONG[kind]],
)
def test_a_value_of_the_wrong_kind_is_no_event_of_ours(data, path, value):
    with pytest.raises(WireError, match=rf"^'{path[-1]}' must be "):
        event_from_dict(with_value(data, path, value))


@pytest.mark.parametrize(("data", "path", "kind"), OPTIONAL)
def test_an_optional_field_may_be_missing_or_null(data, path, kind):
    neutral = {"dict": {}, "bool": False, "int": 0 if path[-1] == "trimmed" else None, "str": "none"}.get(
        kind
    )
    expected = event_from_dict(with_value(data, path, neutral))
    assert expected is not None
    assert event_from_dict(without(data, path)) == expected
    assert event_from_dict(with_value(data, path, None)) == expected


@pytest.mark.parametrize("value", [None, 1, True, ["x"], {}])
def test_an_attribute_is_text(value):
    with pytest.raises(WireError, match=r"^'tone' must be str"):
        event_from_dict(with_value(START, ["content_block", "attributes"], {"tone": value}))


def test_whole_seconds_may_be_written_without_a_point():
    event = event_from_dict(with_value(STATUS, ["elapsed"], 2))
    assert event == StatusEvent("started", 2.0, 1, 2, 3)
    assert type(event.elapsed) is float


@pytest.mark.parametrize("value", [10**400, -(10**400)])
def test_more_seconds_than_a_float_can_hold_are_no_time(value):
    with pytest.raises(WireError, match=r"^'elapsed' "):
        event_from_dict({**STATUS, "elapsed": value})


def test_a_wrong_value_is_quoted_only_in_part():
    with pytest.raises(WireError) as caught:
        event_from_dict({"type": "debug", "state": "x" * 1000})
    assert str(caught.value) == f"'state' must be dict, not '{'x' * 79}"


def test_a_number_too_long_to_be_written_out_is_refused_like_any_other():
    with pytest.raises(WireError, match=r"^'phase' must be str"):
        event_from_dict({**STATUS, "phase": 10**5000})


@pytest.mark.parametrize("data", [STOP, MESSAGE_STOP], ids=["content_block_stop", "message_stop"])
def test_a_reason_of_a_newer_sender_is_kept(data):
    event = event_from_dict({**data, "reason": "paused"})
    assert event.reason == "paused"
    assert event.to_dict()["reason"] == "paused"


@pytest.mark.parametrize("span", [[], [1], [1, 2, 3], ["1", 2], [1, None], [1, 2.0], [True, 2], [1, False]])
def test_a_span_is_two_integers(span):
    with pytest.raises(WireError, match=r"^'span' must be two integers, not \["):
        event_from_dict(with_value(FINDING, ["finding", "span"], span))


def test_the_events_here_show_every_type():
    assert {data["type"] for data in ALL} == {kind.type for kind in get_args(Event)}


@given(strategies.events())
def test_every_event_comes_back_from_its_dict_without_the_spans_that_are_not_sent(event):
    back = event_from_dict(event.to_dict())
    assert back == (attrs.evolve(event, span=None) if hasattr(event, "span") else event)
