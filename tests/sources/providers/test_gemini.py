"""Gemini, from the real library offline and as single events."""

import asyncio
from collections import UserList
from enum import IntEnum
from types import SimpleNamespace

import pytest

from componentstream.sources import Reasoning, Usage
from componentstream.sources.extract import read
from tests import parts
from tests.sources import called, recorded
from tests.sources.libraries import all_of, all_pieces_of, assert_is_the_answer, pieces_of


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_google_generate_content_whose_last_chunks_have_no_text(url, answers):
    genai = parts.module("google.genai")
    answers(recorded.sse(*recorded.gemini()))
    with genai.Client(api_key="k", http_options={"base_url": url}) as client:
        events = list(client.models.generate_content_stream(model="gemini", contents="x"))
        assert events[-1].text is None
        assert_is_the_answer(events)

        async def ask():
            async with client.aio as async_:
                return await all_of(async_.models.generate_content_stream(model="gemini", contents="x"))

        assert_is_the_answer(asyncio.run(ask()))


@pytest.mark.parametrize(
    ("reason", "code"), [("MAX_TOKENS", "source_truncated"), ("SAFETY", "source_failed")]
)
def test_google_generate_content_stops(url, answers, reason, code):
    genai = parts.module("google.genai")
    answers(recorded.sse(*recorded.gemini(reason)))
    with genai.Client(api_key="k", http_options={"base_url": url}) as client:
        *texts, error = pieces_of(client.models.generate_content_stream(model="gemini", contents="x"))
    assert (texts, error.code) == (recorded.PIECES, code)
    assert error.message.endswith(f": {reason.lower()}.")


def test_google_interactions(url, answers):
    genai = parts.module("google.genai")
    answers(recorded.sse(*recorded.interactions()))
    with genai.Client(api_key="k", http_options={"base_url": url}) as client:
        with client.interactions.create(model="gemini", input="x", stream=True) as stream:
            events = list(stream)
        assert_is_the_answer(events)
        answers(recorded.sse(*recorded.interactions("incomplete")))
        with client.interactions.create(model="gemini", input="x", stream=True) as stream:
            *texts, error = pieces_of(stream)
    assert (texts, error.code) == (recorded.PIECES, "source_truncated")


def test_the_first_candidate_has_the_text():
    event = {"candidates": [{"index": 1}, {"content": {"parts": [{"text": "a"}, {"text": None}]}}]}
    assert read(event).text == "a"


def test_a_thought_is_not_text():
    assert read({"event_type": "step.delta", "delta": {"type": "thought_summary", "text": "a"}}).text is None


@pytest.mark.parametrize("field", ["promptFeedback", "prompt_feedback"])
def test_a_blocked_prompt_fails(field):
    assert read({field: {"block_reason": "SAFETY"}}).error.fatal


def test_reasoning_and_usage():
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 6, "thoughtsTokenCount": 3}
    events = [
        {"candidates": [{"content": {"parts": [{"text": "a", "thought": True}, {"text": "b"}]}}]},
        {"candidates": [{"finishReason": "STOP"}], "usageMetadata": usage},
    ]
    # The output tokens include those of the thoughts.
    assert all_pieces_of(events, thinking="emit") == [Reasoning("a"), "b", Usage(5, 9, 3)]


def test_reasoning_and_usage_of_interactions():
    thought = {"type": "thought_summary", "content": {"type": "text", "text": "a"}}
    interaction = {"status": "completed", "usage": {"total_input_tokens": 5, "total_thought_tokens": 2}}
    events = [
        {"event_type": "step.delta", "delta": thought},
        {"event_type": "step.delta", "delta": {"type": "function_call"}},
        {"event_type": "interaction.completed", "interaction": interaction},
    ]
    *pieces, told = all_pieces_of(events, thinking="emit")
    assert pieces == [Reasoning("a"), Usage(5, None, 2)]
    assert told.code == "source_without_text"


def test_candidates_of_another_shape_are_not_a_chunk():
    assert read({"candidates": [{"index": 0}]}) is None
    assert read({"candidates": ["a"], "type": "vote"}) is None


class Finish(IntEnum):
    """A stop reason of a protocol buffer."""

    MAX_TOKENS = 2


def test_the_older_library_is_read_whose_lists_are_sequences_of_their_own():
    part = SimpleNamespace(text="a")
    candidate = SimpleNamespace(
        content=SimpleNamespace(parts=UserList([part])), finish_reason=Finish.MAX_TOKENS
    )
    response = type(
        "GenerateContentResponse", (SimpleNamespace,), {"__module__": "google.generativeai.types"}
    )
    text, error = pieces_of([response(candidates=UserList([candidate]))])
    assert (text, error.code) == ("a", "source_truncated")


def test_the_calls_of_a_tool_give_their_text():
    assert called.result(called.gemini()) == (called.TEXT, [])
    assert called.result(called.gemini_partial()) == (called.TEXT, [])
    assert called.result(called.interactions()) == (called.TEXT, [])
    assert called.result(called.interactions(whole=True)) == (called.TEXT, [])


def test_a_part_of_a_call_without_a_path_adds_nothing():
    call = {"name": "show", "partialArgs": [{"stringValue": "x"}]}
    event = {"candidates": [{"content": {"parts": [{"functionCall": call}]}}]}
    assert [part.added for part in read(event).calls] == [None]
