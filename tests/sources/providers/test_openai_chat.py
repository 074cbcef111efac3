"""Chat completions, from the real libraries offline and as single events."""

import asyncio
import os
from collections import UserDict

import pytest

from componentstream.sources import Reasoning, Usage
from componentstream.sources.extract import read
from tests import parts
from tests.sources import called, recorded
from tests.sources.libraries import ASK, all_of, all_pieces_of, assert_is_the_answer, pieces_of


def openai_clients(url):
    openai = parts.module("openai")
    options = {"api_key": "k", "base_url": url, "max_retries": 0}
    return openai.OpenAI(**options), openai.AsyncOpenAI(**options)


def test_openai_chat(url, answers):
    sync, async_ = openai_clients(url)
    request = {"model": "gpt", "messages": ASK, "stream": True}
    answers(recorded.sse(*recorded.chat(), done=True))
    with sync as client:
        events = list(client.chat.completions.create(**request))
    assert events[-1].choices == []
    assert_is_the_answer(events)

    async def ask():
        async with async_ as client:
            return await all_of(client.chat.completions.create(**request))

    assert_is_the_answer(asyncio.run(ask()))


def test_openai_chat_helper_whose_events_repeat_the_chunks(url, answers):
    sync, async_ = openai_clients(url)
    request = {"model": "gpt", "messages": ASK}
    answers(recorded.sse(*recorded.chat(), done=True))
    with sync as client, client.chat.completions.stream(**request) as stream:
        events = list(stream)
    assert {"chunk", "content.delta", "content.done"} <= {event.type for event in events}
    assert_is_the_answer(events)

    async def ask():
        async with async_ as client, client.chat.completions.stream(**request) as stream:
            return await all_of(stream)

    assert_is_the_answer(asyncio.run(ask()))


@pytest.mark.parametrize(
    ("chunks", "code"),
    [
        (recorded.chat("length"), "source_truncated"),
        (recorded.chat("content_filter"), "source_failed"),
        (recorded.chat(finish_reason=None, usage=False), "source_incomplete"),
    ],
)
def test_openai_chat_that_does_not_complete(url, answers, chunks, code):
    client, _ = openai_clients(url)
    answers(recorded.sse(*chunks))
    with client:
        *texts, error = pieces_of(client.chat.completions.create(model="gpt", messages=ASK, stream=True))
    assert (texts, error.code) == (recorded.PIECES, code)


def test_mistral_whose_content_may_be_a_list(url, answers):
    client = parts.module("mistralai.client").Mistral(api_key="k", server_url=url)
    chunks = recorded.chat()
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "no text"}]}
    chunks[2]["choices"][0]["delta"]["content"] = [thinking, {"type": "text", "text": recorded.PIECES[1]}]
    answers(recorded.sse(*chunks, done=True))
    request = {"model": "mistral", "messages": ASK}
    with client:
        assert_is_the_answer(list(client.chat.stream(**request)))

    async def ask():
        async with client:
            return await all_of(client.chat.stream_async(**request))

    assert_is_the_answer(asyncio.run(ask()))


@pytest.fixture(scope="module")
def litellm():
    with pytest.MonkeyPatch.context() as patch:
        # It asks the network for its list of prices otherwise, at import.
        patch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
        return parts.module("litellm")


def litellm_request(**more):
    return {"model": "gpt-4o", "messages": ASK, "mock_response": recorded.TEXT, "stream": True, **more}


def test_litellm(litellm):
    usage = {"stream_options": {"include_usage": True}}
    for more in ({}, usage):
        events = list(litellm.completion(**litellm_request(**more)))
        assert {type(event).__name__ for event in events} == {"ModelResponseStream"}
        pieces = pieces_of(events)
        assert len(pieces) > 5
        assert "".join(pieces) == recorded.TEXT
        assert_is_the_answer(events, pieces)


def test_litellm_asynchronously(litellm):
    events = asyncio.run(all_of(litellm.acompletion(**litellm_request())))
    assert "".join(pieces_of(events)) == recorded.TEXT


@pytest.mark.parametrize(
    ("delta", "opens"),
    [
        ({"content": "a"}, True),
        ({"role": "assistant", "content": ""}, True),
        ({"tool_calls": [{"index": 0}]}, True),
        ({"content": ""}, False),
        ({}, False),
    ],
)
def test_a_chat_begins_with_anything_that_belongs_to_an_answer(delta, opens):
    event = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
    assert read(event).opens is opens
    assert read({"type": "chunk", "chunk": event}).opens is opens
    assert read(event).ends is False


def chunk(*choices):
    return {"object": "chat.completion.chunk", "choices": list(choices)}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (chunk({"delta": {"content": "a"}}), "a"),
        (chunk({"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}), "a"),
        (chunk({"index": 1, "delta": {"content": "b"}}), None),
        ({"object": "chat.completion.chunk", "choices": {"0": "a"}}, None),
    ],
)
def test_the_first_choice_has_the_text(event, text):
    assert (read(event).text or None) == text


def test_a_refusal_withholds_the_answer_and_its_words_are_not_text():
    reading = read(chunk({"delta": {"refusal": "I cannot"}}))
    assert (reading.text, reading.error.fatal) == ("", True)


def test_a_chunk_may_be_an_error():
    assert read({**chunk(), "error": {"code": 502}}).error.retryable


@pytest.mark.parametrize("empty", [None, False, "", {}])
def test_an_empty_error_in_a_chunk_is_not_one(empty):
    assert read({**chunk({"delta": {"content": "a"}}), "error": empty})[:2] == ("a", None)


def test_a_chunk_of_mistral_may_be_wrapped():
    assert read({"data": chunk({"delta": {"content": "a"}})}).text == "a"
    assert read({"data": chunk({"delta": {"content": "a"}}), "more": 1}) is None


def test_reasoning_and_usage_are_in_several_fields():
    usage = {"prompt_tokens": 5, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 4}}
    events = [
        chunk({"delta": {"reasoning_content": "a"}}),
        chunk({"delta": {"reasoning": "b", "reasoning_details": [{"text": "b"}]}}),
        chunk({"delta": {"reasoning_details": [{"text": "c"}, {"data": "x"}]}}),
        chunk({"delta": {"content": [{"type": "thinking", "thinking": "d"}]}}),
        chunk({"delta": {}, "finish_reason": "stop"}),
        {**chunk(), "x_groq": {"usage": {"prompt_tokens": 5}}},
        {**chunk(), "usage": usage},
    ]
    assert all_pieces_of(events, thinking="emit") == [
        *map(Reasoning, "abcd"), Usage(5), Usage(5, 9, 4),
    ]  # fmt: skip


def test_completions_of_old_and_whole_ones_have_text_elsewhere():
    assert read({"object": "text_completion", "choices": [{"text": "a"}]}).text == "a"
    whole = read({"object": "chat.completion", "choices": [{"message": {"content": "a"}}]})
    assert (whole.text, whole.echo) == ("a", 1)
    assert read(chunk({"finish_reason": "stop"})).ends


def test_choices_of_another_shape_are_not_a_chunk():
    assert read({"choices": [{"other": 1}]}) is None


def test_the_helper_repeats_the_text_of_its_chunks():
    assert read({"type": "content.delta", "delta": "a"}).echo == 1
    assert read({"type": "content.done", "content": "a"}).echo == 2


class Update(UserDict):
    """A mapping that is not a dict, as azure-ai-inference has."""


def test_a_mapping_that_is_not_a_dict_is_read():
    assert read(Update(chunk({"delta": Update(content="a")}))).text == "a"


def test_the_calls_of_a_tool_give_their_text():
    assert called.result(called.chat()) == (called.TEXT, [])
    assert called.result(called.chat_whole()) == (called.TEXT, [])
    assert called.result(called.chat_function()) == (called.FIRST, [])


def test_the_chunks_of_groq(url, answers):
    answers(recorded.sse(*recorded.chat(), done=True))
    with parts.module("groq").Groq(api_key="k", base_url=url) as client:
        assert_is_the_answer(list(client.chat.completions.create(model="m", messages=ASK, stream=True)))
