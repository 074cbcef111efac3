"""Cohere, as single events."""

from componentstream.sources import Reasoning, Usage
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import called, recorded
from tests.sources.libraries import ASK, all_pieces_of, assert_is_the_answer, pieces_of


def test_the_events_of_a_chat_give_the_answer():
    assert pieces_of(recorded.cohere()) == recorded.PIECES
    assert pieces_of(recorded.cohere()[:-1]) == [*recorded.PIECES, INCOMPLETE]


def test_a_limit_is_reported():
    assert pieces_of(recorded.cohere("MAX_TOKENS"))[-1].code == "source_truncated"


def test_reasoning_and_usage():
    events = [
        {"type": "message-start", "id": "a"},
        {"type": "content-delta", "delta": {"message": {"content": {"thinking": "a"}}}},
        {"type": "tool-call-delta", "delta": {}},
        {"type": "content-delta", "delta": {"message": {"content": {"text": "b"}}}},
        {"type": "message-end", "delta": {"usage": {"tokens": {"input_tokens": 5.0, "output_tokens": 9.0}}}},
    ]
    assert all_pieces_of(events, thinking="emit") == [Reasoning("a"), "b", Usage(5, 9)]


def test_the_first_version_of_the_api_is_read():
    events = [
        {"event_type": "stream-start", "generation_id": "a"},
        {"event_type": "text-generation", "text": "a"},
        {"event_type": "stream-end", "finish_reason": "MAX_TOKENS", "response": {"text": "a"}},
    ]
    text, error = pieces_of(events)
    assert (text, error.code) == ("a", "source_truncated")
    assert pieces_of(events[:2]) == ["a", INCOMPLETE]


def test_the_calls_of_a_tool_give_their_text():
    assert called.result(called.cohere()) == (called.TEXT, [])


def test_the_real_library(url, answers):
    answers(recorded.sse(*recorded.cohere()))
    client = parts.module("cohere").ClientV2(api_key="k", base_url=url)
    events = list(client.chat_stream(model="m", messages=ASK))
    assert_is_the_answer(events)
