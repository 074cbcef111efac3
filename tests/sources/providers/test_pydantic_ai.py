"""Pydantic AI, from the real library with a model of its own."""

import asyncio
from types import SimpleNamespace

import pytest

from componentstream.sources import Reasoning, Usage
from componentstream.sources.extract import read
from tests import parts
from tests.sources import called, recorded
from tests.sources.libraries import all_of, all_pieces_of, assert_is_the_answer, pieces_of


def pydantic_ai_agent():
    async def answer(_messages, _info):
        for piece in recorded.PIECES:
            yield piece

    model = parts.module("pydantic_ai.models.function").FunctionModel(stream_function=answer)
    return parts.module("pydantic_ai").Agent(model)


def test_pydantic_ai_text_is_asked_for_in_pieces():
    async def ask(**options):
        async with pydantic_ai_agent().run_stream("x") as result:
            return await all_of(result.stream_text(debounce_by=None, **options))

    assert pieces_of(asyncio.run(ask(delta=True))) == recorded.PIECES
    # Without `delta`, each str holds those before it, and nothing tells that from new text.
    assert asyncio.run(ask())[1] == "".join(recorded.PIECES[:2])


def test_pydantic_ai_events_whose_first_has_the_first_piece_and_whose_last_has_all_of_them():
    async def ask():
        async with pydantic_ai_agent().run_stream_events("x") as events:
            return await all_of(events)

    events = asyncio.run(ask())
    kinds = {event.event_kind for event in events}
    assert {"part_start", "part_delta", "part_end", "agent_run_result"} <= kinds
    assert_is_the_answer(events)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"event_kind": "part_start", "part": {"part_kind": "text", "content": "a"}}, "a"),
        ({"event_kind": "part_start", "part": {"part_kind": "thinking", "content": "a"}}, None),
        ({"event_kind": "part_delta", "delta": {"part_delta_kind": "thinking", "content_delta": "a"}}, None),
    ],
)
def test_only_text_parts_have_text(event, text):
    assert read(event).text == text


def test_reasoning_usage_and_the_end_of_a_run():
    result = {"output": "b", "usage": {"input_tokens": 5}, "response": {"finish_reason": "length"}}
    events = [
        {"event_kind": "part_start", "part": {"part_kind": "thinking", "content": "a"}},
        {"event_kind": "part_delta", "delta": {"part_delta_kind": "tool_call", "args_delta": "{"}},
        {"event_kind": "part_delta", "delta": {"part_delta_kind": "text", "content_delta": "b"}},
        {"event_kind": "agent_run_result", "result": result},
    ]
    *pieces, error = all_pieces_of(events, thinking="emit")
    assert (pieces, error.code) == ([Reasoning("a"), "b", Usage(5)], "source_truncated")


def test_usage_is_a_method_in_older_releases():
    result = SimpleNamespace(usage=lambda: {"input_tokens": 5})
    assert read({"event_kind": "agent_run_result", "result": result}).usage == Usage(5)


def test_the_calls_of_a_tool_give_their_text():
    assert called.result(called.pydantic_ai()) == (called.TEXT, [])
    assert called.result(called.pydantic_ai(whole=True)) == (called.TEXT, [])


def test_other_parts_are_calls_of_tools_or_nothing():
    for kind, tool in (("builtin-tool-call", True), ("file", False), (None, False)):
        assert read({"event_kind": "part_start", "part": {"part_kind": kind}}).tool is tool


def test_usage_that_cannot_be_read_is_missing():
    def usage(required):
        raise AssertionError(required)

    reading = read({"event_kind": "agent_run_result", "result": {"output": "a", "usage": usage}})
    assert (reading.text, reading.usage, reading.ends) == ("a", None, True)
