import json
from typing import get_args

import attrs
import pytest
from hypothesis import given

from componentstream.core.codes import ParserErrorCode
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    Finding,
    FindingEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    TextBlock,
    UsageEvent,
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
            '"retryable":false,"recovered":false,"line":12,"index":null}}'
        ),
    ),
    (
        ErrorEvent("generation_timeout", "Late.", fatal=True, retryable=True, index=4),
        (
            '{"type":"error","error":{"type":"generation_timeout","message":"Late.","fatal":true,'
            '"retryable":true,"recovered":false,"line":null,"index":4}}'
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
    (ReasoningEvent("So be it."), '{"type":"reasoning","text":"So be it."}'),
    (
        UsageEvent(812, 1930, cached_tokens=0),
        (
            '{"type":"usage","input_tokens":812,"output_tokens":1930,"reasoning_tokens":null,'
            '"cached_tokens":0}'
        ),
    ),
    (
        FindingEvent(Finding("near-miss", "info", "...", index=3, line=12, span=(410, 433))),
        (
            '{"type":"finding","finding":{"rule":"near-miss","severity":"info","message":"...",'
            '"action":"none","index":3,"line":12,"span":[410,433]}}'
        ),
    ),
    (
        FindingEvent(Finding("near-miss", "info", "...", "flag")),
        (
            '{"type":"finding","finding":{"rule":"near-miss","severity":"info","message":"...",'
            '"action":"flag","index":null,"line":null,"span":null}}'
        ),
    ),
]


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
    assert ErrorEvent("a", "b", True, False, 1, 2, (3, 4), True) == ErrorEvent(  # noqa: FBT003
        code="a", message="b", fatal=True, retryable=False, line=1, index=2, span=(3, 4), recovered=True
    )
    assert StatusEvent("progress", 0.5, 1, 2, 3) == StatusEvent(
        phase="progress", elapsed=0.5, components_started=1, components_completed=2, chars=3
    )
    assert MessageStop("failed", {}) == MessageStop(reason="failed", stats={})
    assert DebugEvent({}) == DebugEvent(state={})
    assert ReasoningEvent("x") == ReasoningEvent(text="x")
    assert UsageEvent(1, 2, 3, 4) == UsageEvent(
        input_tokens=1, output_tokens=2, reasoning_tokens=3, cached_tokens=4
    )
    assert FindingEvent(Finding("a", "b", "c", "d", 1, 2, (3, 4))) == FindingEvent(
        finding=Finding(rule="a", severity="b", message="c", action="d", index=1, line=2, span=(3, 4))
    )


def test_what_is_left_out_has_its_neutral_value():
    assert ComponentBlock("A", "main") == ComponentBlock("A", "main", {}, None)
    assert ContentBlockStart(0, TextBlock()).span is None
    assert ContentBlockStop(0, "end", 1) == ContentBlockStop(0, "end", 1, 0, None)
    assert ErrorEvent("a", "b") == ErrorEvent(
        "a", "b", fatal=False, retryable=False, line=None, index=None, span=None, recovered=False
    )
    assert MessageStop("complete").stats == {}
    assert DebugEvent().state == {}
    assert UsageEvent().counts() == dict.fromkeys(
        ["input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens"]
    )
    assert Finding("a", "b", "c") == Finding("a", "b", "c", action="none", index=None, line=None, span=None)


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
