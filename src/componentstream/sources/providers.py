"""The meaning of each provider's events.

To add a provider, write one interpreter for each kind of event that matters, list it in the tables at the
end of this module, and record a stream in ``tests/sources/recorded.py``.

An event is recognized by the exact value of its provider's type field, or by its class or a distinctive key
if it has no such field, and in no other way. Accepting "any delta with a text" would mistake thoughts and
tool arguments for text, and count text twice where a library sends its own event beside each raw one.

Objects and dicts are read alike, and no provider's library is imported. A field that is missing or has an
unexpected type counts as absent: no event makes an interpreter raise.

Of several answers to one request (``n`` choices, candidates) the first counts.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from componentstream.core import codes
from componentstream.sources.pieces import SourceError


class Reading(NamedTuple):
    """The meaning of one event.

    Attributes:
        text: Text that the event adds.
        error: Error that the event reports.
        opens: Whether the event begins a message, which then must be ended.
        ends: Whether the event ends the message.
        echo: Whether the text repeats that of other events, if those are in the stream.
    """

    text: str | None = None
    error: SourceError | None = None
    opens: bool = False
    ends: bool = False
    echo: bool = False


EventInterpreter: TypeAlias = Callable[[object], Reading]

NOTHING: Final = Reading()
_OPENED: Final = Reading(opens=True)
_ENDED: Final = Reading(ends=True)

_TRUNCATED: Final = frozenset(
    {
        "budget_exceeded",
        "incomplete",
        "length",
        "max_output_tokens",
        "max_tokens",
        "model_context_window_exceeded",
        "model_length",
        "pause_turn",
    }
)
"""Stop reasons of an incomplete answer that is not a failure. In lower case."""

_FAILED: Final = frozenset(
    {
        "abort",
        "blocked",
        "blocklist",
        "cancelled",
        "content_filter",
        "error",
        "failed",
        "language",
        "malformed_response",
        "model_armor",
        "other",
        "prohibited_content",
        "recitation",
        "refusal",
        "safety",
        "spii",
    }
)
"""Stop reasons of a failure that a retry is not known to cure. In lower case."""

_RETRYABLE: Final = frozenset(
    {
        "aborted",
        "api_error",
        "deadline_exceeded",
        "gateway_timeout",
        "internal",
        "internal_error",
        "internal_server_error",
        "internalservererror",
        "overloaded",
        "overloaded_error",
        "rate_limit_error",
        "rate_limit_exceeded",
        "resource_exhausted",
        "server_error",
        "server_is_overloaded",
        "service_unavailable",
        "slow_down",
        "timeout",
        "timeout_error",
        "too_many_requests",
        "unavailable",
        "vector_store_timeout",
    }
)
"""Names of retryable errors: overload, rate limits, timeouts, server errors. In lower case."""

_RETRYABLE_STATUS: Final = frozenset({408, 429})
_FIRST_SERVER_STATUS: Final = 500
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def field(value: object, name: str) -> object:
    """Return a field of an object or dict, or None."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _path(value: object, *names: str) -> object:
    for name in names:
        value = field(value, name)
    return value


def _string(value: object) -> str | None:
    # Enumerations, and the text of some libraries, are subclasses of str.
    return str.__str__(value) if isinstance(value, str) else None


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _first(choices: object) -> object:
    """Return the first of several answers: the one with index 0 or without an index."""
    return next((choice for choice in _items(choices) if field(choice, "index") in (0, None)), None)


def _content(value: object) -> str | None:
    """Return the text of a content that is a string or a list of blocks."""
    if isinstance(value, str):
        return str.__str__(value)
    blocks = [block if isinstance(block, str) else _text_block(block) for block in _items(value)]
    return "".join(block for block in blocks if block) or None


def _text_block(block: object) -> str | None:
    return _string(field(block, "text")) if field(block, "type") == "text" else None


def _name(*values: object) -> str | None:
    """Return the first value that is safe to show: a single word, since a sentence may contain anything."""
    return next((name for name in map(_string, values) if name and _NAME.fullmatch(name)), None)


def _failure(*names: object) -> Reading:
    """Return the reading of an error; ``names`` are its possible names and codes, best first."""
    retryable_names = [name for name in map(_string, names) if name and name.lower() in _RETRYABLE]
    numbers = [number for number in names if type(number) is int]
    retryable = bool(retryable_names) or any(
        number in _RETRYABLE_STATUS or number >= _FIRST_SERVER_STATUS for number in numbers
    )
    shown = _name(*retryable_names, *names)
    message = "The provider sent an error." if shown is None else f"The provider sent an error: {shown}."
    return Reading(error=SourceError(codes.SOURCE_FAILED, message, fatal=True, retryable=retryable))


def _stopped(reason: object) -> SourceError | None:
    """Return the error for a stop reason, or None if the answer is complete."""
    word = _string(reason)
    name = "" if word is None else word.lower()
    if name in _TRUNCATED:
        return SourceError(codes.SOURCE_TRUNCATED, f"The model stopped before the end of its answer: {name}.")
    if name in _FAILED:
        return SourceError(codes.SOURCE_FAILED, f"The provider stopped the answer: {name}.", fatal=True)
    if name in _RETRYABLE:
        return _failure(name).error
    return None


def _opened(_event: object) -> Reading:
    return _OPENED


def _ended(_event: object) -> Reading:
    return _ENDED


def _error(event: object) -> Reading:
    """Read an error whose name is in the field ``error``, an object, or in the event itself."""
    error = field(event, "error")
    inner = event if error is None else error
    named = (field(inner, name) for name in ("type", "code", "status"))
    return _failure(*(name for name in named if name != "error"))


# Anthropic messages, as raw events and as events of the helper in its library.


def _anthropic_start(event: object) -> Reading:
    return Reading(_text_block(field(event, "content_block")))


def _anthropic_delta(event: object) -> Reading:
    delta = field(event, "delta")
    return Reading(_string(field(delta, "text"))) if field(delta, "type") == "text_delta" else NOTHING


def _anthropic_helper_text(event: object) -> Reading:
    # Only the helper's event has a snapshot; a content block has the same type.
    if _string(field(event, "snapshot")) is None:
        return NOTHING
    return Reading(_string(field(event, "text")), echo=True)


def _anthropic_message_delta(event: object) -> Reading:
    return Reading(error=_stopped(_path(event, "delta", "stop_reason")))


# OpenAI chat completions, and compatible APIs (LiteLLM, Mistral, vLLM).


def _chat_chunk(event: object) -> Reading:
    if field(event, "error") is not None:
        return _error(event)
    choice = _first(field(event, "choices"))
    delta = field(choice, "delta")
    text = _content(field(delta, "content"))
    if field(delta, "refusal"):
        return Reading(text, _stopped("refusal"))
    reason = _string(field(choice, "finish_reason"))
    if reason:
        return Reading(text, _stopped(reason), ends=True)
    # A last chunk that reports usage may contain an empty choice.
    started = text or field(delta, "role") or field(delta, "tool_calls")
    return Reading(text, opens=bool(started))


def _chat_helper_chunk(event: object) -> Reading:
    return _chat_chunk(field(event, "chunk"))._replace(text=None)


def _plain_delta(event: object) -> Reading:
    return Reading(_string(field(event, "delta")))


# OpenAI responses.


def _responses_refusal(_event: object) -> Reading:
    return Reading(error=_stopped("refusal"))


def _responses_incomplete(event: object) -> Reading:
    reason = _path(event, "response", "incomplete_details", "reason")
    return Reading(error=_stopped(reason) or _stopped("incomplete"), ends=True)


def _responses_failed(event: object) -> Reading:
    return _failure(_path(event, "response", "error", "code"))


# LangChain.


def _langchain_chunk(event: object) -> Reading:
    # `content`, because `text` is a method in older releases.
    metadata = field(event, "response_metadata")
    reasons = (field(metadata, name) for name in ("finish_reason", "stop_reason", "done_reason"))
    errors = (_stopped(reason) for reason in reasons)
    return Reading(_content(field(event, "content")), next((error for error in errors if error), None))


def _langchain_message(event: object) -> Reading:
    return _langchain_chunk(event)._replace(echo=True)


# Google: generate_content and interactions.


def _gemini(event: object) -> Reading:
    # Snake case in the library, camel case on the wire.
    feedback = field(event, "prompt_feedback") or field(event, "promptFeedback")
    if field(feedback, "block_reason") or field(feedback, "blockReason"):
        return Reading(error=_stopped("blocked"))
    candidate = _first(field(event, "candidates"))
    parts = _items(_path(candidate, "content", "parts"))
    texts = [_string(field(part, "text")) for part in parts if not field(part, "thought")]
    reason = field(candidate, "finish_reason") or field(candidate, "finishReason")
    return Reading("".join(text for text in texts if text) or None, _stopped(reason))


def _interaction_delta(event: object) -> Reading:
    return Reading(_text_block(field(event, "delta")))


def _interaction_completed(event: object) -> Reading:
    return Reading(error=_stopped(_path(event, "interaction", "status")), ends=True)


# Pydantic AI.


def _part_start(event: object) -> Reading:
    part = field(event, "part")
    return Reading(_string(field(part, "content"))) if field(part, "part_kind") == "text" else NOTHING


def _part_delta(event: object) -> Reading:
    delta = field(event, "delta")
    if field(delta, "part_delta_kind") != "text":
        return NOTHING
    return Reading(_string(field(delta, "content_delta")))


# Ollama and Cohere.


def _ollama(event: object) -> Reading:
    text = _string(_path(event, "message", "content")) or _string(field(event, "response"))
    if field(event, "done"):
        return Reading(text, _stopped(field(event, "done_reason")), ends=True)
    return Reading(text, opens=True)


def _cohere_delta(event: object) -> Reading:
    return Reading(_string(_path(event, "delta", "message", "content", "text")))


def _cohere_end(event: object) -> Reading:
    return Reading(error=_stopped(_path(event, "delta", "finish_reason")), ends=True)


BY_FIELD: Final[Mapping[str, Mapping[str, EventInterpreter]]] = {
    "type": {
        "message_start": _opened,
        "content_block_start": _anthropic_start,
        "content_block_delta": _anthropic_delta,
        "text": _anthropic_helper_text,
        "message_delta": _anthropic_message_delta,
        "message_stop": _ended,
        "error": _error,
        "chunk": _chat_helper_chunk,
        "content.delta": _plain_delta,
        "response.created": _opened,
        "response.output_text.delta": _plain_delta,
        "response.refusal.delta": _responses_refusal,
        "response.completed": _ended,
        "response.incomplete": _responses_incomplete,
        "response.failed": _responses_failed,
        "AIMessageChunk": _langchain_chunk,
        "ai": _langchain_message,
        "message-start": _opened,
        "content-delta": _cohere_delta,
        "message-end": _cohere_end,
    },
    "object": {"chat.completion.chunk": _chat_chunk, "error": _error},
    "event_type": {
        "interaction.created": _opened,
        "step.delta": _interaction_delta,
        "interaction.completed": _interaction_completed,
        "error": _error,
    },
    "event_kind": {"part_start": _part_start, "part_delta": _part_delta},
}
"""Interpreters by the name and the value of the type field of an event."""

BY_CLASS: Final[Mapping[str, EventInterpreter]] = {
    "GenerateContentResponse": _gemini,
    "CompletionChunk": _chat_chunk,
    "ChatResponse": _ollama,
    "GenerateResponse": _ollama,
}
"""Interpreters of objects without a type field, by the name of their class."""

BY_KEY: Final[Mapping[str, EventInterpreter]] = {
    "error": _error,
    "candidates": _gemini,
    "promptFeedback": _gemini,
    "prompt_feedback": _gemini,
    "done": _ollama,
}
"""Interpreters of dicts without a type field, by a distinctive key."""

WRAPPERS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "type": {"raw_response_event": ("data",), "messages": ("data",)},
    "event": {"on_chat_model_stream": ("data", "chunk")},
}
"""Paths to the event inside wrapper events: of the OpenAI agents library, LangGraph and LangChain."""
