"""LangChain and LangGraph, from the real library with models of their own."""

import asyncio
from types import SimpleNamespace

import pytest

from componentstream.sources import Reasoning, Usage
from componentstream.sources.extract import read
from tests import parts
from tests.sources import called, recorded
from tests.sources.libraries import all_of, all_pieces_of, assert_is_the_answer, pieces_of


def langchain_model(content):
    models = parts.module("langchain_core.language_models.fake_chat_models")
    messages = parts.module("langchain_core.messages")
    return models.GenericFakeChatModel(messages=iter([messages.AIMessage(content)] * 3))


def test_langchain_chunks_and_events():
    model = langchain_model(recorded.TEXT)
    events = list(model.stream("x"))
    pieces = pieces_of(events)
    assert (len(pieces) > 5, "".join(pieces)) == (True, recorded.TEXT)
    assert_is_the_answer(events, pieces)
    assert pieces_of((event, {"langgraph_node": "a"}) for event in events) == pieces
    assert pieces_of(event.text for event in events) == pieces

    events = asyncio.run(all_of(model.astream_events("x", version="v2")))
    assert {event["event"] for event in events} == {
        "on_chat_model_start", "on_chat_model_stream", "on_chat_model_end",
    }  # fmt: skip
    assert pieces_of(events) == pieces
    assert pieces_of([model.invoke("x")]) == [recorded.TEXT]


def test_langchain_content_may_be_a_list_and_the_reason_is_in_the_metadata():
    chunk = parts.module("langchain_core.messages").AIMessageChunk
    blocks = [{"type": "reasoning", "text": "no"}, "a", {"type": "text", "text": "b"}, {"type": "text"}]
    for metadata in ({"finish_reason": "length"}, {"stop_reason": "max_tokens"}, {"done_reason": "length"}):
        text, error = pieces_of([chunk(blocks), chunk("", response_metadata=metadata)])
        assert (text, error.code) == ("ab", "source_truncated")
    assert pieces_of([chunk("", response_metadata={"finish_reason": "stop"})]) == []


def test_langchain_of_old_whose_text_is_a_method():
    event = SimpleNamespace(type="AIMessageChunk", content="a", text=lambda: "a")
    assert pieces_of([event]) == ["a"]


CHUNK = {"type": "AIMessageChunk", "content": "text"}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ((CHUNK, {"langgraph_node": "a"}), "text"),
        (("messages", (CHUNK, {})), "text"),
        ((("graph",), "messages", (CHUNK, {})), "text"),
        ((("graph",), (CHUNK, {})), "text"),
        ({"type": "messages", "ns": (), "data": (CHUNK, {})}, "text"),
        ({"type": "messages", "ns": [], "data": [CHUNK, {}]}, "text"),
        (("updates", {"a": CHUNK}), None),
        ((CHUNK, CHUNK, CHUNK), None),
    ],
)
def test_langgraph_streams_contain_messages(event, text):
    reading = read(event)
    assert (reading and reading.text) == text


def test_a_whole_message_repeats_its_chunks():
    assert read({"type": "ai", "content": "a"}).echo


def test_reasoning_and_usage_whose_chunks_are_increments():
    blocks = [{"type": "reasoning", "reasoning": "a"}, {"type": "text", "text": "b"}]
    events = [
        {**CHUNK, "content": blocks, "usage_metadata": {"input_tokens": 5, "output_tokens": 1}},
        {**CHUNK, "content": "c", "usage_metadata": {"input_tokens": 0, "output_tokens": 2}},
        {"type": "ai", "content": "bc", "usage_metadata": {"input_tokens": 5, "output_tokens": 3}},
    ]
    assert all_pieces_of(events, thinking="emit") == [Reasoning("a"), "b", "c", Usage(5, 3)]
    deepseek = {**CHUNK, "additional_kwargs": {"reasoning_content": "a"}}
    assert read(deepseek).reasoning == "a"


def test_an_answer_must_end_if_its_provider_always_ends_one():
    assert read({**CHUNK, "response_metadata": {"model_provider": "openai"}}).opens
    assert not read({**CHUNK, "response_metadata": {"model_provider": "new"}}).opens


def test_the_calls_of_a_tool_give_their_text():
    assert called.result(called.langchain()) == (called.TEXT, [])
    assert called.result(called.langchain_whole()) == (called.TEXT, [])
