"""Calls of tools in the shapes of all providers, as dicts and as objects of their libraries."""

import pytest
from pydantic import TypeAdapter

from componentstream import ContentBlockStart, ContentBlockStop, stream
from componentstream.sources import JSONLinesSourceDecoder, SourceDecoder, SSESourceDecoder
from componentstream.sources._tool_calls import ToolFragment
from componentstream.sources.providers.tools import fragment, function_calls, whole_calls
from tests import parts
from tests.sources import called, recorded
from tests.sources.libraries import said

SHAPES = {
    "anthropic": list(called.anthropic()),
    "chat": list(called.chat()),
    "chat in fragments of one character": list(called.chat(size=1)),
    "chat whole": list(called.chat_whole()),
    "chat with one index": list(called.chat_whole((0, 0, 0))),
    "chat without index": list(called.chat_whole((None, None, None))),
    "chat with arguments as an object": list(called.chat_whole(arguments=called.WHOLE)),
    "responses": list(called.responses()),
    "cohere": list(called.cohere()),
    "gemini": list(called.gemini()),
    "gemini in parts": list(called.gemini_partial()),
    "gemini in parts with brackets": list(called.gemini_partial("$['code']")),
    "interactions": list(called.interactions()),
    "interactions whole": list(called.interactions(whole=True)),
    "ollama": list(called.ollama()),
    "pydantic ai": list(called.pydantic_ai()),
    "pydantic ai whole": list(called.pydantic_ai(whole=True)),
    "langchain": list(called.langchain()),
    "langchain whole": list(called.langchain_whole()),
}
ONE_CALL = {
    "chat with a function": (list(called.chat_function()), "code"),
    "chat custom": (list(called.chat_custom()), None),
    "responses custom": (list(called.responses([("look", "no"), ("show", called.FIRST)], custom=True)), None),
}


@pytest.mark.parametrize("events", SHAPES.values(), ids=SHAPES)
def test_the_calls_of_one_tool_give_their_text(events):
    assert called.result(events) == (called.TEXT, [])


@pytest.mark.parametrize(("events", "argument"), ONE_CALL.values(), ids=ONE_CALL)
def test_a_call_of_a_special_kind_gives_its_text(events, argument):
    assert called.result(events, argument=argument) == (called.FIRST, [])


@pytest.mark.parametrize("events", SHAPES.values(), ids=SHAPES)
def test_the_text_of_the_answer_is_as_before_without_a_tool(events):
    decoder = SourceDecoder()
    pieces = [piece for event in events for piece in decoder.feed(event)] + decoder.close()
    texts = [piece for piece in pieces if isinstance(piece, str)]
    assert "".join(texts) in ("", "Here it is.")


@pytest.mark.parametrize("events", SHAPES.values(), ids=SHAPES)
def test_a_tool_that_was_not_called_is_told(events):
    assert called.result(events, tool="draw") == ("", ["source_not_understood"])


@pytest.mark.parametrize("events", SHAPES.values(), ids=SHAPES)
def test_an_argument_that_is_missing_is_told(events):
    text, errors = called.result(events, argument="draw")
    assert text == ""
    assert set(errors) == {"invalid_chunk", "source_not_understood"}


@pytest.mark.parametrize("name", ["anthropic", "chat", "responses", "cohere"])
def test_an_answer_that_is_cut_in_a_call_is_incomplete(name):
    events = SHAPES[name]
    for end in range(4, len(events) - 3):
        text, errors = called.result(events[:end])
        assert called.TEXT.startswith(text.rstrip("\ufffd"))
        assert errors == ["source_incomplete"]


@pytest.mark.parametrize("size", [1, 50, 100_000])
@pytest.mark.parametrize("name", ["anthropic", "chat", "responses", "cohere", "gemini", "interactions"])
def test_the_bytes_of_a_response_give_the_same(name, size):
    body = recorded.sse(*SHAPES[name])
    decoder = SSESourceDecoder(tool="show", argument="code")
    pieces = [piece for at in range(0, len(body), size) for piece in decoder.feed(body[at : at + size])]
    assert "".join(said([*pieces, *decoder.close()])) == called.TEXT


def test_json_lines_give_the_same():
    decoder = JSONLinesSourceDecoder(tool="show", argument="code")
    pieces = [*decoder.feed(recorded.lines(*SHAPES["ollama"])), *decoder.close()]
    assert "".join(said(pieces)) == called.TEXT


def test_the_events_of_a_stream_are_those_of_the_text():
    events = list(stream(SHAPES["chat"], decoder=SourceDecoder(tool="show", argument="code")))
    names = [event.block.name for event in events if isinstance(event, ContentBlockStart)]
    assert names == ["A", "B"]
    assert all(event.reason == "end" for event in events if isinstance(event, ContentBlockStop))


def test_objects_of_openai_give_the_same():
    chunk = parts.module("openai.types.chat").ChatCompletionChunk
    chunks = [chunk.model_validate(event) for event in SHAPES["chat"]]
    assert called.result(chunks) == (called.TEXT, [])
    adapter = TypeAdapter(parts.module("openai.types.responses").ResponseStreamEvent)
    events = [adapter.validate_python(complete(event, at)) for at, event in enumerate(SHAPES["responses"])]
    assert called.result(events) == (called.TEXT, [])


def complete(event, at):
    """Return an event of the responses API with the fields that the library requires."""
    event = {"sequence_number": at, "content_index": 0, "logprobs": [], "name": "show", **event}
    if "response" in event:
        event["response"] = {
            "created_at": 1, "model": "m", "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            **event["response"],
        }  # fmt: skip
    return event


def test_objects_of_anthropic_give_the_same():
    types = parts.module("anthropic.types")
    adapter = TypeAdapter(types.RawMessageStreamEvent)
    usage = {"input_tokens": 1, "output_tokens": 1}
    more = {"type": "message", "model": "m", "stop_reason": None, "stop_sequence": None, "usage": usage}
    first, *rest = SHAPES["anthropic"]
    first = {**first, "message": {**first["message"], **more}}
    assert called.result(list(map(adapter.validate_python, [first, *rest]))) == (called.TEXT, [])


@pytest.mark.parametrize("name", ["gemini", "gemini in parts"])
def test_objects_of_google_give_the_same(name):
    types = parts.module("google.genai.types")
    chunks = [types.GenerateContentResponse.model_validate(event) for event in SHAPES[name]]
    assert called.result(chunks) == (called.TEXT, [])


def test_objects_of_ollama_give_the_same():
    response = parts.module("ollama").ChatResponse
    assert called.result([response(**event) for event in SHAPES["ollama"]]) == (called.TEXT, [])


@pytest.mark.parametrize("name", ["chat whole", "chat with arguments as an object"])
def test_objects_of_mistral_give_the_same(name):
    models = parts.module("mistralai.client.models")
    events = [{"data": event} for event in SHAPES[name]]
    assert called.result([models.CompletionEvent.model_validate(event) for event in events]) == (
        called.TEXT,
        [],
    )


def test_objects_of_pydantic_ai_give_the_same():
    messages = parts.module("pydantic_ai.messages")
    adapter = TypeAdapter(messages.ModelResponseStreamEvent)
    for name in ("pydantic ai", "pydantic ai whole"):
        assert called.result(list(map(adapter.validate_python, SHAPES[name]))) == (called.TEXT, [])


def test_objects_of_langchain_give_the_same():
    messages = parts.module("langchain_core.messages")
    chunks = [messages.AIMessageChunk(**event) for event in SHAPES["langchain"]]
    assert called.result(chunks) == (called.TEXT, [])
    # A graph gives the whole message behind its chunks.
    whole = [messages.AIMessage(**event) for event in SHAPES["langchain whole"]]
    assert called.result([*chunks, *whole]) == (called.TEXT, [])
    assert called.result(whole) == (called.TEXT, [])


def test_fields_that_are_missing_or_of_another_type_are_absent():
    assert function_calls([None, {"index": 1, "function": {"name": 5, "arguments": 5}}]) == (
        ToolFragment(""),
        ToolFragment(1),
    )
    assert whole_calls([None, {}]) == (ToolFragment(), ToolFragment())
    assert fragment(None, "show", "x", call_id="t") == ToolFragment("t", "show", "t", "x")
