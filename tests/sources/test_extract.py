"""One event to its text: known by exact names, objects and dicts alike, wrapped or not, and never twice."""

from types import SimpleNamespace
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.sources import extract_text
from componentstream.sources.extract import is_event, read
from componentstream.sources.providers.registry import PROVIDERS
from tests.sources import recorded

CHUNK = {"type": "AIMessageChunk", "content": "text"}
CHAT = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "text"}}]}
RESPONSE = {"type": "response.output_text.delta", "delta": "text"}


def as_object(value):
    """Return dicts as objects with attributes, all the way down."""
    if isinstance(value, dict):
        return SimpleNamespace(**{key: as_object(item) for key, item in value.items()})
    return [as_object(item) for item in value] if isinstance(value, list) else value


def of_class(name, value):
    """Return an object of a class with this package and name, since that is how it is known."""
    package, _, name = name.partition(":")
    return type(name, (SimpleNamespace,), {"__module__": package})(**vars(as_object(value)))


def texts(events):
    return [text for text in map(extract_text, events) if text is not None]


@pytest.mark.parametrize(
    "events",
    [
        recorded.anthropic(),
        recorded.chat(),
        recorded.responses(),
        recorded.interactions(),
        recorded.cohere(),
        [{"type": "raw_response_event", "data": event} for event in recorded.responses()],
        [{"type": "raw_response_event", "data": event} for event in recorded.chat()],
    ],
    ids=["anthropic", "chat", "responses", "interactions", "cohere", "agents", "agents over chat"],
)
def test_the_texts_of_all_events_are_the_answer_from_dicts_and_from_objects(events):
    assert texts(events) == recorded.PIECES
    assert texts(map(as_object, events)) == recorded.PIECES


@pytest.mark.parametrize(
    ("events", "name"),
    [
        (recorded.gemini(), "google.genai.types:GenerateContentResponse"),
        (recorded.ollama(), "ollama:ChatResponse"),
        ([{"data": chunk} for chunk in recorded.chat()], "mistralai.models:CompletionEvent"),
    ],
    ids=["gemini", "ollama", "mistral"],
)
def test_events_without_a_name_are_known_by_their_class_or_as_dicts_by_a_key(events, name):
    assert texts(events) == recorded.PIECES
    assert texts(of_class(name, event) for event in events) == recorded.PIECES
    strangers = [event for event in events if event.keys() & {"message", "usageMetadata"}]
    assert texts(of_class("other:Other", event) for event in strangers) == []


def test_a_chunk_of_mistral_needs_no_name_and_a_completion_of_ollama_has_another_field():
    chunk = {key: value for key, value in CHAT.items() if key != "object"}
    assert extract_text(of_class("mistralai:CompletionChunk", chunk)) == "text"
    assert (
        extract_text(of_class("ollama._types:GenerateResponse", {"response": "text", "done": False}))
        == "text"
    )


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (CHUNK, "text"),
        ({"event": "on_chat_model_stream", "data": {"chunk": CHUNK}}, "text"),
        ({"event": "on_chat_model_end", "data": {"output": CHUNK}}, None),
        ((CHUNK, {"langgraph_node": "a"}), "text"),
        (("messages", (CHUNK, {})), "text"),
        ((("graph",), "messages", (CHUNK, {})), "text"),
        ((("graph",), (CHUNK, {})), "text"),
        ({"type": "messages", "ns": (), "data": (CHUNK, {})}, "text"),
        ({"type": "messages", "ns": [], "data": [CHUNK, {}]}, "text"),
        (("updates", {"a": CHUNK}), None),
        ((("graph",), "updates", {"a": CHUNK}), None),
        (({**CHUNK, "type": "human"}, {}), None),
        (({**CHUNK, "type": "tool"}, {}), None),
        ({"type": "updates", "ns": (), "data": {"a": CHUNK}}, None),
        ((CHUNK,), None),
        ((CHUNK, CHUNK, CHUNK), None),
        ((), None),
        ({"type": "raw_response_event", "data": RESPONSE}, "text"),
        ({"type": "raw_response_event", "data": None}, None),
        ({"type": "run_item_stream_event", "data": RESPONSE}, None),
    ],
)
def test_libraries_that_wrap_events_are_looked_into(event, text):
    assert extract_text(event) == text


def test_wrappers_in_wrappers_without_end_are_no_event():
    event = RESPONSE
    for _ in range(4):
        event = {"type": "raw_response_event", "data": event}
    assert extract_text(event) == "text"
    for _ in range(5000):
        event = {"type": "raw_response_event", "data": event}
    assert extract_text(event) is None


@pytest.mark.parametrize(
    "event",
    [
        {"type": "text", "text": "repeated", "snapshot": "repeated"},
        {"type": "ai", "content": "repeated"},
        {"type": "content.delta", "delta": "repeated"},
        {"type": "response.output_text.done", "text": "repeated"},
        {"event_kind": "part_end", "part": {"part_kind": "text", "content": "repeated"}},
    ],
)
def test_what_repeats_the_text_of_other_events_is_no_text(event):
    assert extract_text(event) is None


@pytest.mark.parametrize(
    "event",
    [
        None, "text", b"text", 7, [], [CHUNK], {}, {"text": "x"}, {"delta": {"text": "x"}}, {"content": "x"},
        SimpleNamespace(text="x"), SimpleNamespace(delta=SimpleNamespace(text="x")),
        {"type": "other", "delta": {"type": "text_delta", "text": "x"}},
        {"type": "Content_Block_Delta", "delta": {"type": "text_delta", "text": "x"}},
        {"type": "content_block_delta", "delta": {"type": "text", "text": "x"}},
        {"type": ["content_block_delta"], "delta": {"type": "text_delta", "text": "x"}},
        {"type": "text", "text": "x"},
        {"type": "other", "data": CHAT, "error": {}, "done": False, "response": "x"},
        {"type": "response.reasoning_text.delta", "delta": "x"},
        {"type": "response.function_call_arguments.delta", "delta": "x"},
        {"object": "other", "choices": [{"other": {"content": "x"}}]},
    ],
)  # fmt: skip
def test_what_is_not_exactly_known_is_no_text(event):
    assert extract_text(event) is None


def test_an_event_with_a_name_that_is_not_known_is_not_known_by_anything_else():
    fields = {"type": "other", "error": {"type": "x"}, "done": False, "response": "x"}
    assert read(fields) is None
    assert read({**fields, "type": None}).error is not None


def test_no_text_is_none_and_not_an_empty_one():
    assert extract_text({**RESPONSE, "delta": ""}) is None


def test_a_name_that_is_an_enumeration_counts_as_its_value_and_text_is_a_plain_str():
    class Text(str):
        __slots__ = ()

    text = extract_text({"type": Text("response.output_text.delta"), "delta": Text("text")})
    assert (text, type(text)) == ("text", str)


class Pair(NamedTuple):
    message: object
    metadata: object


def test_a_named_tuple_is_a_tuple():
    assert extract_text(Pair(CHUNK, {})) == "text"


def test_a_value_looks_like_an_event_by_one_of_five_fields_or_as_a_tuple():
    assert is_event({"event": "x"})
    assert is_event(SimpleNamespace(event_kind="x"))
    assert is_event(())
    assert not is_event({"type": 7, "data": {"type": "x"}})
    assert not is_event("type")


KEYS = [
    "delta", "text", "content", "message", "choices", "index", "chunk", "data", "candidates", "parts",
    "error", "part", "snapshot", "response", "done", "finish_reason", "interaction",
    "response_metadata", "type",
]  # fmt: skip
WORDS = ["text", "text_delta", "error", "length", "refusal", "content_filter", "AIMessageChunk"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [(name, value) for provider in PROVIDERS for name, values in provider.fields.items() for value in values]
    + [(key, None) for provider in PROVIDERS for key in (*provider.shapes, *provider.keys)]
)


@given(NAMES, JSON)
def test_no_json_of_a_provider_makes_reading_raise(name, fields):
    field, value = name
    event = {**(fields if isinstance(fields, dict) else {"data": fields}), field: value or fields}
    for form in (event, as_object(event)):
        reading = read(form)
        assert reading is None or reading.text is None or type(reading.text) is str
