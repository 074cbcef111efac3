import json
from typing import get_args

import attrs
import pytest
from hypothesis import given

from componentstream.core.codes import ParserErrorCode
from componentstream.core.errors import WireError
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    MessageStop,
    StatusEvent,
    TextBlock,
    event_from_dict,
)
from componentstream.testing import strategies

EXAMPLES = [
    (
        ContentBlockStart(0, ComponentBlock("HeroSection", "header")),
        (
            '{"type":"content_block_start","index":0,"content_block":{"type":"component",'
            '"name":"HeroSection","position":"header","attributes":{},"parent":null}}'
        ),
    ),
    (
        ContentBlockStart(3, ComponentBlock("Menu.Item", "nav", {"tone": "dark", "size": ""}, 2)),
        (
            '{"type":"content_block_start","index":3,"content_block":{"type":"component",'
            '"name":"Menu.Item","position":"nav","attributes":{"tone":"dark","size":""},"parent":2}}'
        ),
    ),
    (
        ContentBlockStart(1, TextBlock()),
        '{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}',
    ),
    (
        ContentBlockDelta(0, "export function"),
        '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"export function"}}',
    ),
    (
        ContentBlockStop(0, "end", 1234),
        '{"type":"content_block_stop","index":0,"reason":"end","chars":1234,"trimmed":0}',
    ),
    (
        ContentBlockStop(0, "truncated", 10, 7),
        '{"type":"content_block_stop","index":0,"reason":"truncated","chars":10,"trimmed":7}',
    ),
    (
        ErrorEvent("invalid_position", "...", line=12),
        (
            '{"type":"error","error":{"type":"invalid_position","message":"...","fatal":false,'
            '"retryable":false,"line":12,"index":null}}'
        ),
    ),
    (
        ErrorEvent("generation_timeout", "Late.", fatal=True, retryable=True, index=4),
        (
            '{"type":"error","error":{"type":"generation_timeout","message":"Late.","fatal":true,'
            '"retryable":true,"line":null,"index":4}}'
        ),
    ),
    (
        StatusEvent("started", 0.0, 0, 0, 0),
        (
            '{"type":"status","phase":"started","elapsed":0.0,"components_started":0,'
            '"components_completed":0,"chars":0}'
        ),
    ),
    (
        MessageStop("complete", {"chunks": 3, "codes": {"invalid_name": 1}}),
        '{"type":"message_stop","reason":"complete","stats":{"chunks":3,"codes":{"invalid_name":1}}}',
    ),
    (DebugEvent({"held": "///"}), '{"type":"debug","state":{"held":"///"}}'),
]

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
ALL = [START, DELTA, STOP, ERROR, STATUS, MESSAGE_STOP, DEBUG]

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
]
WRONG = {
    "int": ["0", 1.0, True, False, [], {}],
    "float": ["0", True, False, [], {}],
    "str": [0, 1.0, True, [], {}],
    "bool": [0, 1, "true", [], {}],
    "dict": [[], "{}", 0, True],
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


@pytest.mark.parametrize(("event", "wire"), EXAMPLES)
def test_an_event_has_the_shape_of_the_protocol_down_to_the_order_of_its_fields(event, wire):
    assert json.dumps(event.to_dict(), separators=(",", ":")) == wire


@pytest.mark.parametrize(("event", "wire"), EXAMPLES)
def test_an_event_comes_back_from_its_json(event, wire):
    assert event_from_dict(json.loads(wire)) == event


@given(strategies.events())
def test_every_event_comes_back_from_json_without_its_span(event):
    back = event_from_dict(json.loads(json.dumps(event.to_dict())))
    assert back == (attrs.evolve(event, span=None) if hasattr(event, "span") else event)


def test_the_examples_show_every_kind_of_event():
    assert {type(event) for event, _ in EXAMPLES} == set(get_args(Event))
    assert {data["type"] for data in ALL} == {kind.type for kind in get_args(Event)}


def test_a_span_stays_in_the_process():
    block = ComponentBlock("A", "main")
    assert ContentBlockStart(0, block, (0, 9)).to_dict() == ContentBlockStart(0, block).to_dict()
    assert ContentBlockStop(0, "end", 0, 0, (0, 9)).to_dict() == ContentBlockStop(0, "end", 0).to_dict()
    assert ErrorEvent("a", "b", span=(0, 9)).to_dict() == ErrorEvent("a", "b").to_dict()


def test_a_dict_made_from_an_event_is_a_copy():
    attributes, stats, state = {"a": "b"}, {"chunks": 1}, {"held": ""}
    block = ComponentBlock("A", "main", attributes)
    block.to_dict()["attributes"]["a"] = "changed"
    MessageStop("complete", stats).to_dict()["stats"]["chunks"] = 2
    DebugEvent(state).to_dict()["state"]["held"] = "changed"
    assert (attributes, stats, state) == ({"a": "b"}, {"chunks": 1}, {"held": ""})


def test_fields_may_be_given_by_position_in_the_order_of_the_documentation():
    assert ComponentBlock("A", "nav", {"b": "c"}, 1) == ComponentBlock(
        name="A", position="nav", attributes={"b": "c"}, parent=1
    )
    assert ContentBlockStart(0, TextBlock(), (1, 2)) == ContentBlockStart(
        index=0, block=TextBlock(), span=(1, 2)
    )
    assert ContentBlockDelta(0, "x") == ContentBlockDelta(index=0, text="x")
    assert ContentBlockStop(0, "end", 1, 2, (3, 4)) == ContentBlockStop(
        index=0, reason="end", chars=1, trimmed=2, span=(3, 4)
    )
    assert ErrorEvent("a", "b", True, False, 1, 2, (3, 4)) == ErrorEvent(  # noqa: FBT003
        code="a", message="b", fatal=True, retryable=False, line=1, index=2, span=(3, 4)
    )
    assert StatusEvent("progress", 0.5, 1, 2, 3) == StatusEvent(
        phase="progress", elapsed=0.5, components_started=1, components_completed=2, chars=3
    )
    assert MessageStop("failed", {}) == MessageStop(reason="failed", stats={})
    assert DebugEvent({}) == DebugEvent(state={})


def test_what_is_left_out_has_its_neutral_value():
    assert ComponentBlock("A", "main") == ComponentBlock("A", "main", {}, None)
    assert ContentBlockStart(0, TextBlock()).span is None
    assert ContentBlockStop(0, "end", 1) == ContentBlockStop(0, "end", 1, 0, None)
    assert ErrorEvent("a", "b") == ErrorEvent(
        "a", "b", fatal=False, retryable=False, line=None, index=None, span=None
    )
    assert MessageStop("complete").stats == {}
    assert DebugEvent().state == {}


@pytest.mark.parametrize("event", [event for event, _ in EXAMPLES])
def test_equal_events_have_equal_hashes(event):
    twin = event_from_dict(event.to_dict())
    assert twin is not event
    assert {event: "found"}[twin] == "found"


def test_events_of_two_kinds_are_never_equal():
    assert MessageStop("complete", {}) != DebugEvent({})
    assert len({event for event, _ in EXAMPLES}) == len(EXAMPLES)


def test_events_take_no_other_attributes():
    with pytest.raises(AttributeError):
        ContentBlockDelta(0, "x").note = "kept"


def test_the_error_codes_of_a_parser_are_those_of_the_protocol():
    assert set(get_args(ParserErrorCode)) == {
        "malformed_marker",
        "invalid_name",
        "invalid_attribute",
        "invalid_position",
        "marker_too_long",
        "nesting_too_deep",
        "unexpected_end",
        "unclosed_component",
        "component_too_large",
        "too_many_components",
        "too_many_errors",
        "stream_too_large",
    }


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
        key: {**value, "newer": 1} if key in {"content_block", "delta", "error"} else value
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
    neutral = {"dict": {}, "bool": False, "int": 0 if path[-1] == "trimmed" else None}[kind]
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
