"""AI SDK, from the chunks that a real library defines and as parts on the wire."""

import pytest

from componentstream.sources import Reasoning, SourceDecoder, SSESourceDecoder, Usage
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from componentstream.sources.providers.reading import ENDED, NOTHING
from tests import parts
from tests.sources import recorded
from tests.sources.libraries import all_pieces_of, assert_is_the_answer, outcome, pieces_of, said


def ui_stream(reason="stop"):
    """Return the parts of a message with a thought, an answer and a call of a tool."""
    return [
        {"type": "start", "messageId": "m"},
        {"type": "start-step"},
        {"type": "reasoning-start", "id": "0"},
        {"type": "reasoning-delta", "id": "0", "delta": "no text"},
        {"type": "reasoning-end", "id": "0"},
        {"type": "text-start", "id": "1"},
        *({"type": "text-delta", "id": "1", "delta": piece} for piece in recorded.PIECES),
        {"type": "text-end", "id": "1"},
        {"type": "tool-input-start", "toolCallId": "c", "toolName": "look"},
        {"type": "tool-input-delta", "toolCallId": "c", "inputTextDelta": '{"text": "no text"}'},
        {"type": "tool-input-available", "toolCallId": "c", "toolName": "look", "input": {"text": "no"}},
        {"type": "tool-output-available", "toolCallId": "c", "output": "no text"},
        {"type": "finish-step"},
        {"type": "finish", "finishReason": reason},
    ]


def objects(events):
    types = parts.module("pydantic_ai.ui.vercel_ai.response_types")
    kinds = {
        kind.model_fields["type"].default: kind
        for kind in vars(types).values()
        if isinstance(kind, type) and issubclass(kind, types.BaseChunk) and "type" in kind.model_fields
    }
    return [kinds[event["type"]].model_validate(event) for event in events]


def test_a_message():
    assert_is_the_answer(objects(ui_stream()))
    assert pieces_of(ui_stream()) == recorded.PIECES
    assert pieces_of(ui_stream()[:-2]) == [*recorded.PIECES, INCOMPLETE]
    assert all_pieces_of(ui_stream(), thinking="emit")[0] == Reasoning("no text")


def test_a_message_on_the_wire():
    decoder = SSESourceDecoder()
    body = recorded.sse(*ui_stream(), done=True)
    assert said(decoder.feed(body) + decoder.close()) == recorded.PIECES


@pytest.mark.parametrize("kind", ["part", "object"])
def test_the_calls_of_a_tool_are_text_if_they_are_asked_for(kind):
    decoder = SourceDecoder(tool="look", argument="text")
    events = objects(ui_stream()) if kind == "object" else ui_stream()
    pieces = [piece for event in events for piece in decoder.feed(event)] + decoder.close()
    assert outcome(pieces) == ("no text", ())


TEXT = {"type": "text-delta", "id": "1", "delta": "Hi"}


@pytest.mark.parametrize(
    ("end", "errors"),
    [
        ({"type": "finish", "finishReason": "length"}, ("source_truncated(length)",)),
        ({"type": "finish", "finishReason": "content-filter"}, ("source_failed!(content_filter)",)),
        ({"type": "finish", "finishReason": "other"}, ("source_truncated(unknown)",)),
        ({"type": "finish"}, ()),
        ({"type": "abort"}, ("source_failed!(abort)",)),
        ({"type": "error", "errorText": "m"}, ("source_failed!",)),
    ],
)
def test_ends(end, errors):
    assert outcome(pieces_of([TEXT, end])) == ("Hi", errors)


def test_the_tokens_of_steps_count_once():
    step = {"type": "finish-step", "finishReason": "stop", "usage": {"inputTokens": 4, "outputTokens": 1}}
    total = {"type": "finish", "finishReason": "stop", "totalUsage": {"inputTokens": 8, "outputTokens": 2}}
    steps = [{"type": "start-step"}, TEXT, step] * 2
    assert all_pieces_of([*steps, total])[-1] == Usage(8, 2)
    assert all_pieces_of([TEXT, total])[-1] == Usage(8, 2)


def test_the_streams_of_a_model():
    parts_of_model = [{"type": "text-delta", "id": "1", "textDelta": "Hi"}]
    parts_of_model += [{"type": "finish", "finishReason": "stop", "usage": {"inputTokens": 4}}]
    assert all_pieces_of(parts_of_model) == ["Hi", Usage(4)]


def test_the_first_and_last_parts_alone_do_not_begin_or_end_a_message():
    assert read({"type": "start"}) == NOTHING
    assert read({"type": "finish"}) == ENDED


def test_a_stream_without_text_is_complete_if_it_has_its_last_part():
    first, tool, last = ({"type": kind} for kind in ("start", "tool-input-available", "finish"))
    assert all_pieces_of([first, tool, last]) == all_pieces_of([first, last]) == []
    assert all_pieces_of([first, tool]) == all_pieces_of([first]) == [INCOMPLETE]
