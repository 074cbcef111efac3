"""Mistral's conversations, from the real library's parser and as single events."""

import pytest

from componentstream.sources import Reasoning, SourceDecoder, Usage
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import recorded
from tests.sources.libraries import all_pieces_of, outcome, pieces_of

STARTED = {"type": "conversation.response.started", "conversation_id": "c"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
DONE = {"type": "conversation.response.done", "usage": USAGE}


def message(content):
    return {"type": "message.output.delta", "id": "m", "content": content, "role": "assistant"}


def conversation():
    """Return the events of a thought, an answer and a call of a tool."""
    call = {"type": "function.call.delta", "id": "f", "name": "look", "tool_call_id": "t"}
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "no text"}]}
    return [
        STARTED,
        {"type": "tool.execution.started", "id": "x", "name": "web_search", "arguments": ""},
        message(thought),
        *map(message, recorded.PIECES),
        message({"type": "tool_reference", "tool": "web_search", "title": "no text"}),
        {**call, "arguments": '{"text": "no'},
        {**call, "arguments": ' text"}'},
        DONE,
    ]


def objects(events):
    kind = parts.module("mistralai.client.models").ConversationEvents
    return [kind.model_validate({"event": event["type"], "data": event}) for event in events]


@pytest.mark.parametrize("make", [list, objects])
def test_a_conversation(make):
    events = make(conversation())
    pieces = [Reasoning("no text"), *recorded.PIECES, Usage(9, 3)]
    assert all_pieces_of(events, thinking="emit") == pieces
    assert pieces_of(events[:-1]) == [*recorded.PIECES, INCOMPLETE]
    decoder = SourceDecoder(tool="look", argument="text")
    assert outcome([piece for event in events for piece in decoder.feed(event)] + decoder.close()) == (
        "no text",
        (),
    )


@pytest.mark.parametrize("make", [list, objects])
def test_an_error(make):
    error = {"type": "conversation.response.error", "message": "m", "code": 503}
    text, errors = outcome(pieces_of(make([STARTED, message("Hi"), error])))
    assert (text, errors[0][:15]) == ("Hi", "source_failed!~")
