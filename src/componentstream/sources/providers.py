"""What the events of each provider mean.

An event is known by the exact value of the field that its provider tells events apart by, by its class or a
key of its own where there is no such field, and by nothing else. "Whatever has a delta with a text" would
take thoughts and the arguments of tools for text, and would take text twice where a library sends an event
of its own beside each raw one.

Objects and dicts are read alike, and no library of a provider is imported. A field that is not there, or
holds something else than it should, is a field without a value: no event makes a reader raise.

Of several answers to one request (``n`` choices, candidates) the first counts.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from componentstream.core import codes
from componentstream.sources.pieces import SourceError


class Reading(NamedTuple):
    """What one event says.

    ``opens`` and ``ends`` are about the provider's message: one that was opened must be ended. ``echo``: the
    text repeats that of other events, if those are in the stream.
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
"""Why a model stopped before its answer was complete, though nothing went wrong. In lower case."""

_BROKEN_OFF: Final = frozenset(
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
"""Why a provider broke an answer off, where nothing says that asking again would help. In lower case."""

_PASSING: Final = frozenset(
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
"""The names of errors that pass: overload, rate limits, timeouts, faults of the server. In lower case."""

_PASSING_STATUS: Final = frozenset({408, 429})
_FIRST_SERVER_STATUS: Final = 500
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def field(value: object, name: str) -> object:
    """Return the field of an object or dict, None if it has none."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _path(value: object, *names: str) -> object:
    for name in names:
        value = field(value, name)
    return value


def _string(value: object) -> str | None:
    # Enumerations and the text of some libraries are strings of a class of their own.
    return str.__str__(value) if isinstance(value, str) else None


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _first(choices: object) -> object:
    """Return the first answer of several: the one numbered 0, or without a number."""
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
    """Return the first that can be shown: a word, and no sentence that could hold anything."""
    return next((name for name in map(_string, values) if name and _NAME.fullmatch(name)), None)


def _failure(*names: object) -> Reading:
    """Return the reading of an error that the provider calls by one of ``names``."""
    passing = [name for name in map(_string, names) if name and name.lower() in _PASSING]
    numbers = [number for number in names if type(number) is int]
    retryable = bool(passing) or any(
        number in _PASSING_STATUS or number >= _FIRST_SERVER_STATUS for number in numbers
    )
    shown = _name(*passing, *names)
    message = "The provider sent an error." if shown is None else f"The provider sent an error: {shown}."
    return Reading(error=SourceError(codes.SOURCE_FAILED, message, fatal=True, retryable=retryable))


def _stopped(reason: object) -> SourceError | None:
    """Return what is wrong with an answer that ended for ``reason``, None if nothing is."""
    word = _string(reason)
    name = "" if word is None else word.lower()
    if name in _TRUNCATED:
        return SourceError(codes.SOURCE_TRUNCATED, f"The model stopped before the end of its answer: {name}.")
    if name in _BROKEN_OFF:
        return SourceError(codes.SOURCE_FAILED, f"The provider broke the answer off: {name}.", fatal=True)
    if name in _PASSING:
        return _failure(name).error
    return None


def _opened(_event: object) -> Reading:
    return _OPENED


def _ended(_event: object) -> Reading:
    return _ENDED


def _error(event: object) -> Reading:
    """Read ``error``: an object with its name, a sentence, or the name stands in the event itself."""
    error = field(event, "error")
    inner = event if error is None else error
    named = (field(inner, name) for name in ("type", "code", "status"))
    return _failure(*(name for name in named if name != "error"))


# Anthropic messages, raw and as the helper of its library gives them.


def _anthropic_start(event: object) -> Reading:
    return Reading(_text_block(field(event, "content_block")))


def _anthropic_delta(event: object) -> Reading:
    delta = field(event, "delta")
    return Reading(_string(field(delta, "text"))) if field(delta, "type") == "text_delta" else NOTHING


def _anthropic_helper_text(event: object) -> Reading:
    # The snapshot tells it from a content block, which has the same type.
    if _string(field(event, "snapshot")) is None:
        return NOTHING
    return Reading(_string(field(event, "text")), echo=True)


def _anthropic_message_delta(event: object) -> Reading:
    return Reading(error=_stopped(_path(event, "delta", "stop_reason")))


# OpenAI chat completions, and all that speak like them (LiteLLM, Mistral, vLLM).


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
    # A last chunk about usage may have a choice too, with nothing in it.
    begun = text or field(delta, "role") or field(delta, "tool_calls")
    return Reading(text, opens=bool(begun))


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
    # `text` is a method in older releases, so the content is read.
    metadata = field(event, "response_metadata")
    reasons = (field(metadata, name) for name in ("finish_reason", "stop_reason", "done_reason"))
    errors = (_stopped(reason) for reason in reasons)
    return Reading(_content(field(event, "content")), next((error for error in errors if error), None))


def _langchain_message(event: object) -> Reading:
    return _langchain_chunk(event)._replace(echo=True)


# Google: generate_content and interactions.


def _gemini(event: object) -> Reading:
    # Attributes in the library, in camel case on the wire.
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
"""The readers of events, by the field that their provider tells them apart by and its value."""

BY_CLASS: Final[Mapping[str, EventInterpreter]] = {
    "GenerateContentResponse": _gemini,
    "CompletionChunk": _chat_chunk,
    "ChatResponse": _ollama,
    "GenerateResponse": _ollama,
}
"""The readers of objects without such a field, by the name of their class."""

BY_KEY: Final[Mapping[str, EventInterpreter]] = {
    "error": _error,
    "candidates": _gemini,
    "promptFeedback": _gemini,
    "prompt_feedback": _gemini,
    "done": _ollama,
}
"""The readers of dicts without such a field, by a key that only they have."""

WRAPPERS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "type": {"raw_response_event": ("data",), "messages": ("data",)},
    "event": {"on_chat_model_stream": ("data", "chunk")},
}
"""Where events that hold an event keep it: those of the OpenAI agents library, LangGraph and LangChain."""
