"""Ollama, from the real library offline and as single events."""

import asyncio

from componentstream.sources import Reasoning, Usage
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import called, recorded
from tests.sources.libraries import ASK, all_of, all_pieces_of, assert_is_the_answer, pieces_of


def test_ollama(url, answers):
    ollama = parts.module("ollama")
    answers(recorded.lines(*recorded.ollama()), "application/x-ndjson")
    request = {"model": "m", "messages": ASK, "stream": True}
    client = ollama.Client(host=url)
    assert_is_the_answer(list(client.chat(**request)))
    client.close()

    async def ask():
        async with ollama.AsyncClient(host=url) as client:
            return await all_of(client.chat(**request))

    assert_is_the_answer(asyncio.run(ask()))


def test_ollama_that_stops_at_its_length_or_not_at_all(url, answers):
    with parts.module("ollama").Client(host=url) as client:
        answers(recorded.lines(*recorded.ollama("length")), "application/x-ndjson")
        *texts, error = pieces_of(client.chat(model="m", messages=ASK, stream=True))
        assert (texts, error.code) == (recorded.PIECES, "source_truncated")
        answers(recorded.lines(*recorded.ollama()[:-1]), "application/x-ndjson")
        assert pieces_of(client.chat(model="m", messages=ASK, stream=True)) == [*recorded.PIECES, INCOMPLETE]


def test_a_completion_has_its_text_in_another_field():
    reading = read({"response": "a", "done": True, "done_reason": "stop"})
    assert (reading.text, reading.error, reading.ends) == ("a", None, True)


def test_reasoning_and_usage():
    events = [
        {"message": {"thinking": "a"}, "done": False},
        {"message": {"content": "b"}, "done": False},
        {"done": True, "prompt_eval_count": 5, "eval_count": 9},
    ]
    assert all_pieces_of(events, thinking="emit") == [Reasoning("a"), "b", Usage(5, 9)]


def test_the_tokens_of_several_answers_are_added_up():
    answer = [
        {"message": {"content": "a"}, "done": False},
        {"done": True, "prompt_eval_count": 5, "eval_count": 9},
    ]
    assert all_pieces_of([*answer, *answer]) == ["a", Usage(5, 9), "a", Usage(10, 18)]


def test_a_line_without_done_is_known_by_its_time():
    assert read({"created_at": "t", "message": {"content": "a"}}).text == "a"
    assert read({"created_at": "t", "response": "a", "done_reason": "stop"}).ends
    assert read({"created_at": "t", "other": "a"}) is None


def test_the_calls_of_a_tool_give_their_text():
    assert called.result(called.ollama()) == (called.TEXT, [])
