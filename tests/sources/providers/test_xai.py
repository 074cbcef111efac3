"""xAI, as objects of its library, which brings a large one for its network: see ``stand_in``."""

import importlib
from types import SimpleNamespace

import pytest

from componentstream.sources import Reasoning, Usage
from componentstream.sources.extract import read
from componentstream.sources.pieces import INCOMPLETE
from tests.sources import stand_in
from tests.sources.libraries import all_pieces_of, outcome, pieces_of


def real(text, reasoning, reason):
    """Return a tuple of the library's own objects."""
    try:
        chat = importlib.import_module("xai_sdk.chat")
    except ImportError:
        return None
    messages = chat.chat_pb2
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    delta = {"content": text, "reasoning_content": reasoning, "role": "ROLE_ASSISTANT"}
    outputs = [{"index": 0, "delta": delta, "finish_reason": reason}]
    chunk = messages.GetChatCompletionChunk(outputs=outputs, usage=usage)
    response = chat.Response(messages.GetChatCompletionResponse(), 0)
    response.process_chunk(chunk)
    return response, chat.Chunk(chunk, 0)


def pair(text, reasoning="", reason="REASON_INVALID"):
    found = real(text, reasoning, reason)
    if found:
        return found
    usage = SimpleNamespace(prompt_tokens=9, completion_tokens=3, reasoning_tokens=0)
    chunk = stand_in.of("xai_sdk.chat", "Chunk")(
        content=text, reasoning_content=reasoning, tool_calls=[], proto=SimpleNamespace(usage=usage)
    )
    return stand_in.of("xai_sdk.chat", "Response")(finish_reason=reason), chunk


def test_an_answer():
    events = [pair("", "a"), pair("Hi "), pair("you"), pair("", reason="REASON_STOP")]
    pieces = [Reasoning("a"), "Hi ", "you", Usage(9, 3, 0)]
    assert all_pieces_of(events, thinking="emit") == pieces
    assert pieces_of(events[:-1]) == ["Hi ", "you", INCOMPLETE]


@pytest.mark.parametrize(
    ("reason", "errors"),
    [
        ("REASON_TOOL_CALLS", ()),
        ("REASON_MAX_LEN", ("source_truncated(max_length)",)),
        ("REASON_MAX_CONTEXT", ("source_truncated(context_length)",)),
        ("REASON_TIME_LIMIT", ("source_truncated(time_limit)",)),
    ],
)
def test_ends(reason, errors):
    assert outcome(pieces_of([pair("Hi", reason=reason)])) == ("Hi", errors)


def test_other_tuples_are_not_known():
    assert read((SimpleNamespace(), SimpleNamespace(content="Hi"))) is None
    assert read((1, 2, 3)) is None
