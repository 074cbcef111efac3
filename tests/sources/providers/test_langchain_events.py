"""LangChain and LangGraph ``stream_events``, from the real libraries with models of their own."""

import asyncio
from types import SimpleNamespace

import pytest

from componentstream.sources import Reasoning, Usage
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from tests import parts
from tests.sources import recorded
from tests.sources.libraries import all_of, all_pieces_of, outcome, pieces_of

# The warnings of LangChain are subclasses; naming those would need the library in order to skip its tests.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
HI = {"event": "content-block-delta", "index": 0, "delta": {"type": "text-delta", "text": "Hi"}}
START = {"event": "message-start", "role": "ai", "id": "m"}
FINISH = {"event": "message-finish"}


def model(**options):
    models = parts.module("langchain_core.language_models.fake_chat_models")
    message = parts.module("langchain_core.messages").AIMessage(recorded.TEXT)
    return models.GenericFakeChatModel(messages=iter([message] * 9), **options)


def test_the_third_version_of_events():
    events = list(model().stream_events("x", version="v3"))
    assert events[0]["event"] == "message-start"
    assert outcome(pieces_of(events)) == (recorded.TEXT, ())
    assert pieces_of(events[:-1])[-1] == INCOMPLETE
    events = asyncio.run(all_of(model().astream_events("x", version="v3")))
    assert outcome(pieces_of(events)) == (recorded.TEXT, ())


def test_the_second_version_of_events_of_a_model_that_does_not_stream():
    events = asyncio.run(all_of(model(disable_streaming=True).astream_events("x", version="v2")))
    assert pieces_of(events) == [recorded.TEXT]
    events = asyncio.run(all_of(model().astream_events("x", version="v2")))
    assert outcome(pieces_of(events)) == (recorded.TEXT, ())


def test_a_graph():
    graphs = parts.module("langgraph.graph")
    answers = model()
    graph = graphs.StateGraph(graphs.MessagesState)
    graph.add_node("a", lambda state: {"messages": [answers.invoke(state["messages"])]})
    graph.add_edge(graphs.START, "a")
    compiled = graph.compile()
    question = {"messages": [("user", "x")]}
    streams = {
        "events": compiled.stream_events(question, version="v3"),
        "messages": compiled.stream(question, stream_mode="messages"),
        "modes": compiled.stream(question, stream_mode=["messages", "values"]),
    }
    for name, stream in streams.items():
        events = list(stream)
        assert (name, outcome(pieces_of(events))) == (name, (recorded.TEXT, ()))
    methods = {event["method"] for event in compiled.stream_events(question, version="v3")}
    assert methods == {"messages", "values"}


def test_the_chunks_of_a_model_for_completions():
    event = {"event": "on_llm_stream", "data": {"chunk": SimpleNamespace(text="Hi")}}
    assert pieces_of([event]) == ["Hi"]


def test_blocks_that_are_not_text():
    blocks = [
        {"event": "content-block-start", "content": {"type": "reasoning", "reasoning": "a"}},
        {"event": "content-block-delta", "delta": {"type": "reasoning-delta", "reasoning": "b"}},
        {"event": "content-block-finish", "content": {"type": "reasoning", "reasoning": "ab"}},
        {"event": "content-block-start", "content": {"type": "tool_call_chunk", "args": "x"}},
        {"event": "content-block-delta", "delta": {"type": "block-delta", "fields": {"args": "x"}}},
        {"event": "content-block-delta", "delta": {"type": "data-delta", "data": "x"}},
        {"event": "content-block-finish", "content": {"type": "tool_call", "args": {}}},
    ]
    usage = {"usage": {"input_tokens": 9, "output_tokens": 3}}
    pieces = all_pieces_of([START, *blocks, HI, {**FINISH, **usage}], thinking="emit")
    assert pieces == [Reasoning("a"), Reasoning("b"), "Hi", Usage(9, 3)]


def test_a_graph_without_text_is_complete_if_it_says_so():
    def lifecycle(name, *namespace):
        params = {"namespace": list(namespace), "data": {"event": name}}
        return {"type": "event", "method": "lifecycle", "params": params}

    assert pieces_of([lifecycle("started"), lifecycle("completed")]) == []
    assert pieces_of([lifecycle("started"), lifecycle("completed", "inner")]) == [INCOMPLETE]


def test_a_block_whose_type_is_not_a_string_gives_nothing():
    assert pieces_of([START, {"event": "content-block-start", "content": {"type": []}}, HI, FINISH]) == ["Hi"]


def test_a_whole_block_counts_only_without_deltas():
    whole = {"event": "content-block-finish", "content": {"type": "text", "text": "Hi"}}
    assert pieces_of([START, HI, whole, FINISH]) == ["Hi"]
    assert pieces_of([START, whole, FINISH]) == ["Hi"]


@pytest.mark.parametrize(
    ("end", "errors"),
    [
        ({**FINISH, "metadata": {"finish_reason": "length"}}, ("source_truncated(length)",)),
        ({**FINISH, "metadata": {"stopReason": "max_tokens"}}, ("source_truncated(max_tokens)",)),
        ({**FINISH, "metadata": {"status": "incomplete"}}, ("source_truncated(incomplete)",)),
        ({"event": "error", "message": "m", "code": "rate_limit"}, ("source_failed!~(rate_limit)",)),
        (
            {"type": "event", "method": "lifecycle", "params": {"data": {"event": "failed", "error": "m"}}},
            ("source_failed!",),
        ),
    ],
)
def test_ends(end, errors):
    assert outcome(pieces_of([START, HI, end])) == ("Hi", errors)


def test_events_of_graphs_as_json_and_what_only_looks_like_one():
    event = {"type": "event", "method": "messages", "params": {"data": HI}}
    assert pieces_of([event]) == ["Hi"]
    assert pieces_of([{**event, "params": {"data": [HI, {}]}}]) == ["Hi"]
    assert read({"type": "event", "text": "x"}) is None
    assert read({"event": "error"}) is None
