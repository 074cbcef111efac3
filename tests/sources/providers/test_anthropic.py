"""Anthropic messages, from the real library offline and as single events."""

import asyncio

import pytest

from componentstream.sources import Reasoning, Usage
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import called, recorded
from tests.sources.libraries import ASK, all_of, all_pieces_of, assert_is_the_answer, pieces_of


def anthropic_request(**more):
    return {"model": "claude", "max_tokens": 9, "messages": ASK, **more}


def test_anthropic_raw(url, answers):
    anthropic = parts.module("anthropic")
    answers(recorded.sse(*recorded.anthropic(), named=True))
    with anthropic.Anthropic(api_key="k", base_url=url) as client:
        assert_is_the_answer(list(client.messages.create(**anthropic_request(stream=True))))

    async def ask():
        async with anthropic.AsyncAnthropic(api_key="k", base_url=url) as client:
            return await all_of(client.messages.create(**anthropic_request(stream=True)))

    assert_is_the_answer(asyncio.run(ask()))


def test_anthropic_helper_whose_text_events_repeat_the_raw_ones(url, answers):
    anthropic = parts.module("anthropic")
    answers(recorded.sse(*recorded.anthropic(), named=True))
    with anthropic.Anthropic(api_key="k", base_url=url) as client:
        with client.messages.stream(**anthropic_request()) as stream:
            events = list(stream)
        with client.messages.stream(**anthropic_request()) as stream:
            assert pieces_of(stream.text_stream) == recorded.PIECES
    assert {"text", "content_block_delta"} < {event.type for event in events}
    assert_is_the_answer(events)
    assert pieces_of(event for event in events if event.type == "text") == recorded.PIECES

    async def ask():
        async with (
            anthropic.AsyncAnthropic(api_key="k", base_url=url) as client,
            client.messages.stream(**anthropic_request()) as stream,
        ):
            return await all_of(stream)

    assert_is_the_answer(asyncio.run(ask()))


@pytest.mark.parametrize(
    ("reason", "code", "fatal"),
    [
        ("max_tokens", "source_truncated", False),
        ("model_context_window_exceeded", "source_truncated", False),
        ("pause_turn", "source_truncated", False),
        ("refusal", "source_failed", True),
    ],
)
def test_anthropic_stops(url, answers, reason, code, fatal):
    anthropic = parts.module("anthropic")
    answers(recorded.sse(*recorded.anthropic(reason), named=True))
    with anthropic.Anthropic(api_key="k", base_url=url) as client:
        *texts, error = pieces_of(client.messages.create(**anthropic_request(stream=True)))
    assert texts == recorded.PIECES
    assert (error.code, error.fatal, error.retryable) == (code, fatal, False)
    assert error.message.endswith(f": {reason}.")


def test_anthropic_without_an_end(url, answers):
    anthropic = parts.module("anthropic")
    answers(recorded.sse(*recorded.anthropic()[:-1], named=True))
    with anthropic.Anthropic(api_key="k", base_url=url) as client:
        events = list(client.messages.create(**anthropic_request(stream=True)))
        with client.messages.stream(**anthropic_request()) as stream:
            helped = list(stream)
    assert pieces_of(events) == [*recorded.PIECES, INCOMPLETE]
    assert pieces_of(helped) == [*recorded.PIECES, INCOMPLETE]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"type": "content_block_start", "content_block": {"type": "text", "text": "a"}}, "a"),
        ({"type": "content_block_start", "content_block": {"type": "thinking", "text": "a"}}, None),
        ({"type": "content_block_delta", "delta": {"type": "thinking_delta", "text": "a"}}, None),
        ({"type": "text", "text": "a"}, None),
    ],
)
def test_only_text_blocks_have_text(event, text):
    reading = read(event)
    assert (reading and reading.text) == text


def test_reasoning_and_usage():
    usage = {
        "input_tokens": 5,
        "cache_read_input_tokens": 3,
        "cache_creation_input_tokens": 2,
        "output_tokens": 1,
    }
    events = [
        {"type": "message_start", "message": {"id": "a", "usage": usage}},
        {"type": "content_block_start", "content_block": {"type": "thinking", "thinking": "h"}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "m"}},
        {"type": "content_block_delta", "delta": {"type": "citations_delta"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]
    # The input tokens include those of the cache.
    assert all_pieces_of(events, thinking="emit") == [Reasoning("h"), Reasoning("m"), Usage(10, 9, None, 3)]


def test_a_whole_message_is_read_where_no_stream_came():
    message = {"type": "message", "content": [{"type": "text", "text": "a"}], "stop_reason": "max_tokens"}
    reading = read(message)
    assert (reading.text, reading.error.code, reading.ends) == ("a", "source_truncated", True)


def test_the_old_completions_are_read():
    assert read({"type": "completion", "completion": "a", "stop_reason": None}).opens
    assert read({"type": "completion", "completion": "", "stop_reason": "max_tokens"}).error.code == (
        "source_truncated"
    )


def test_the_helper_repeats_blocks_and_messages():
    block = {"type": "text", "text": "a"}
    assert read({"type": "content_block_stop", "content_block": block}).echo > 0
    assert read({"type": "message_stop", "message": {"content": [block]}}).echo > 0


def test_the_calls_of_a_tool_give_their_text():
    assert called.result(called.anthropic()) == (called.TEXT, [])
