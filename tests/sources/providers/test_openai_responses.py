"""OpenAI responses, from the real library offline."""

import asyncio
from types import SimpleNamespace

import pytest

from componentstream.sources import Reasoning, SourceError, Usage
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import called, recorded
from tests.sources.libraries import all_of, all_pieces_of, assert_is_the_answer, pieces_of


def openai_clients(url):
    openai = parts.module("openai")
    options = {"api_key": "k", "base_url": url, "max_retries": 0}
    return openai.OpenAI(**options), openai.AsyncOpenAI(**options)


def test_openai_responses(url, answers):
    sync, async_ = openai_clients(url)
    request = {"model": "gpt", "input": "A page, please."}
    answers(recorded.sse(*recorded.responses(), named=True))
    with sync as client:
        events = list(client.responses.create(**request, stream=True))
        with client.responses.stream(**request) as stream:
            assert_is_the_answer(list(stream))
    assert_is_the_answer(events)
    agents = [SimpleNamespace(type="raw_response_event", data=event) for event in events]
    assert_is_the_answer(agents)

    async def ask():
        async with async_ as client:
            return await all_of(client.responses.create(**request, stream=True))

    assert_is_the_answer(asyncio.run(ask()))


@pytest.mark.parametrize(
    ("events", "error"),
    [
        (
            recorded.responses("response.incomplete", incomplete_details={"reason": "max_output_tokens"}),
            SourceError(
                "source_truncated", "The model stopped before the end of its answer: max_output_tokens."
            ),
        ),
        (
            recorded.responses("response.incomplete"),
            SourceError("source_truncated", "The model stopped before the end of its answer: incomplete."),
        ),
        (
            recorded.responses("response.failed", error={"code": "server_error", "message": "secret"}),
            SourceError(
                "source_failed", "The provider sent an error: server_error.", fatal=True, retryable=True
            ),
        ),
        (
            recorded.responses("response.failed", error={"code": "invalid_prompt", "message": "secret"}),
            SourceError("source_failed", "The provider sent an error: invalid_prompt.", fatal=True),
        ),
        (
            [
                *recorded.responses()[:-1],
                {"type": "error", "code": "rate_limit_exceeded", "message": "secret", "sequence_number": 99},
            ],
            SourceError(
                "source_failed",
                "The provider sent an error: rate_limit_exceeded.",
                fatal=True,
                retryable=True,
            ),
        ),
        (recorded.responses()[:-1], INCOMPLETE),
    ],
)
def test_openai_responses_that_do_not_complete(url, answers, events, error):
    client, _ = openai_clients(url)
    answers(recorded.sse(*events, named=True))
    with client:
        pieces = pieces_of(client.responses.create(model="gpt", input="A page, please.", stream=True))
    assert pieces == [*recorded.PIECES, error]


def test_a_refusal_withholds_the_answer_and_its_words_are_not_text():
    reading = read({"type": "response.refusal.delta", "delta": "I cannot"})
    assert (reading.text, reading.error.fatal) == (None, True)


def test_reasoning_and_usage():
    usage = {"input_tokens": 5, "output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 4}}
    events = [
        {"type": "response.created", "response": {"id": "a"}},
        {"type": "response.reasoning_summary_text.delta", "delta": "a"},
        {"type": "response.reasoning_text.delta", "delta": "b"},
        {"type": "response.function_call_arguments.delta", "delta": "{"},
        {"type": "response.output_text.delta", "delta": "c"},
        {"type": "response.completed", "response": {"status": "completed", "usage": usage}},
    ]
    assert all_pieces_of(events, thinking="emit") == [
        Reasoning("a"), Reasoning("b"), "c", Usage(5, 9, 4),
    ]  # fmt: skip


def test_a_whole_response_has_the_text_of_its_messages():
    parts_ = [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "no"}]
    output = [{"type": "reasoning", "content": []}, {"type": "message", "content": parts_}]
    assert read({"type": "response.completed", "response": {"output": output}}).text == "a"
    failed = read({"object": "response", "error": {"code": "server_error"}})
    assert (failed.error.retryable, failed.ends) == (True, True)
    assert read({"object": "response", "error": {}, "output": output})[:2] == ("a", None)


@pytest.mark.parametrize("kind", ["response.output_text.done", "response.text.done"])
def test_an_event_with_the_full_text_repeats_it(kind):
    assert read({"type": kind, "text": "a"}).echo == 1


def test_the_calls_of_a_tool_give_their_text():
    assert called.result(called.responses()) == (called.TEXT, [])
