"""AG-UI, from the objects of the real library and as events on the wire."""

import pytest

from componentstream.sources import Reasoning, SourceDecoder, SSESourceDecoder, Usage
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import recorded
from tests.sources.libraries import all_pieces_of, assert_is_the_answer, outcome, pieces_of, said

RUN = {"threadId": "t", "runId": "r"}
STARTED = {"type": "RUN_STARTED", **RUN}
FINISHED = {"type": "RUN_FINISHED", **RUN}


def text(delta):
    return {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": delta}


def run(**finish):
    """Return the events of a run with a thought, an answer and a call of a tool."""
    return [
        STARTED,
        {"type": "REASONING_MESSAGE_CONTENT", "messageId": "m", "delta": "no text"},
        {"type": "TEXT_MESSAGE_START", "messageId": "m", "role": "assistant"},
        *map(text, recorded.PIECES),
        {"type": "TEXT_MESSAGE_END", "messageId": "m"},
        {"type": "TOOL_CALL_START", "toolCallId": "c", "toolCallName": "look"},
        {"type": "TOOL_CALL_ARGS", "toolCallId": "c", "delta": '{"text": "no text"}'},
        {"type": "TOOL_CALL_END", "toolCallId": "c"},
        {"type": "STATE_SNAPSHOT", "snapshot": {"text": "no text"}},
        {**FINISHED, **finish},
    ]


def objects(events):
    event = parts.module("ag_ui.core").Event
    adapter = parts.module("pydantic").TypeAdapter(event)
    return [adapter.validate_python(each) for each in events]


def test_a_run():
    events = objects(run())
    assert_is_the_answer(events)
    assert pieces_of(run()) == recorded.PIECES
    assert pieces_of(run()[:-1]) == [*recorded.PIECES, INCOMPLETE]


def test_a_run_on_the_wire():
    decoder = SSESourceDecoder()
    body = recorded.sse(*run())
    assert said(decoder.feed(body) + decoder.close()) == recorded.PIECES


def test_reasoning_and_usage():
    usage = [{"inputTokens": 4, "outputTokens": 1}, {"inputTokens": 5, "outputTokens": 2}]
    pieces = all_pieces_of(objects(run(usage=usage)), thinking="emit")
    assert pieces == [Reasoning("no text"), *recorded.PIECES, Usage(9, 3)]


@pytest.mark.parametrize("kind", ["event", "object"])
def test_the_calls_of_a_tool_are_text_if_they_are_asked_for(kind):
    decoder = SourceDecoder(tool="look", argument="text")
    events = objects(run()) if kind == "object" else run()
    pieces = [piece for event in events for piece in decoder.feed(event)] + decoder.close()
    assert outcome(pieces) == ("no text", ())


@pytest.mark.parametrize(
    ("end", "errors"),
    [
        ({**FINISHED, "outcome": {"type": "success"}}, ()),
        ({**FINISHED, "outcome": {"type": "interrupt", "interrupts": []}}, ()),
        ({**FINISHED, "outcome": {"type": "cancelled"}}, ("source_failed!(cancelled)",)),
        ({"type": "RUN_ERROR", "message": "m", "code": "rate_limit"}, ("source_failed!~(rate_limit)",)),
        ({"type": "RUN_ERROR", "message": "m"}, ("source_failed!",)),
    ],
)
def test_ends(end, errors):
    assert outcome(pieces_of([STARTED, text("Hi"), end])) == ("Hi", errors)
