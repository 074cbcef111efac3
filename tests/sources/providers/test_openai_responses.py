"""OpenAI responses, from the real library offline."""

import asyncio
from types import SimpleNamespace

import pytest

from componentstream.sources import SourceError
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import recorded
from tests.sources.libraries import all_of, assert_is_the_answer, pieces_of


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
