"""LlamaIndex, as objects of the library, which is too large for the tests: see ``stand_in``."""

import pytest

from componentstream.sources import Reasoning, Usage
from tests.sources import stand_in
from tests.sources.libraries import all_pieces_of, outcome, pieces_of

LLMS = "llama_index.core.base.llms.types"
EVENTS = "llama_index.core.agent.workflow.workflow_events"


def message(content):
    return stand_in.of(LLMS, "ChatMessage")(role="assistant", content=content)


def chat(whole, delta, **more):
    return stand_in.of(LLMS, "ChatResponse")(message=message(whole), delta=delta, **more)


def completion(whole, delta, **more):
    return stand_in.of(LLMS, "CompletionResponse")(text=whole, delta=delta, **more)


def agent(whole, delta, **more):
    stream = stand_in.of(EVENTS, "AgentStream")
    return stream(response=whole, delta=delta, current_agent_name="a", tool_calls=[], **more)


@pytest.mark.parametrize("make", [chat, completion, agent])
def test_each_response_adds_its_delta(make):
    assert pieces_of([make("Hel", "Hel"), make("Hello ", "lo "), make("Hello ", "")]) == ["Hel", "lo "]


@pytest.mark.parametrize("make", [chat, completion])
def test_a_response_without_a_delta_is_whole(make):
    assert pieces_of([make("Hello", None)]) == ["Hello"]


@pytest.mark.parametrize(
    "raw",
    [
        {"choices": [{"delta": {}, "finish_reason": "length"}]},
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}},
        {"candidates": [{"finish_reason": "MAX_TOKENS"}]},
        {"done": True, "done_reason": "length"},
    ],
)
def test_the_reason_is_in_the_chunk_of_the_provider(raw):
    text, (error,) = outcome(pieces_of([chat("Hi", "Hi", raw={}), chat("Hi", "", raw=raw)]))
    assert (text, error[:16]) == ("Hi", "source_truncated")


def test_reasoning_and_usage():
    thinking = chat("", "", additional_kwargs={"thinking_delta": "a"})
    end = chat("Hi", "Hi", raw={"usage": {"prompt_tokens": 9, "completion_tokens": 3}})
    assert all_pieces_of([thinking, end], thinking="emit") == [Reasoning("a"), "Hi", Usage(9, 3)]
    thinking = agent("", "", thinking_delta="a")
    assert all_pieces_of([thinking, agent("Hi", "Hi")], thinking="emit") == [Reasoning("a"), "Hi"]


def test_the_output_of_an_agent_counts_only_without_its_stream():
    output = stand_in.of(EVENTS, "AgentOutput")
    output = output(response=message("Hello"), current_agent_name="a", tool_calls=[])
    assert pieces_of([agent("Hello", "Hello"), output]) == ["Hello"]
    assert pieces_of([output]) == ["Hello"]
