"""OpenAI chat completions, legacy completions, and compatible APIs: LiteLLM, Mistral, vLLM, OpenRouter.

A chunk is known by its ``choices``. Its ``object`` is missing, empty or another word in several gateways.
"""

from collections.abc import Mapping
from typing import Final

from componentstream.sources.pieces import Usage
from componentstream.sources.providers.outcomes import error, stop_reason, stopped
from componentstream.sources.providers.reading import (
    Inner,
    Provider,
    Reading,
    content,
    field,
    first,
    identifier,
    is_reported,
    items,
    joined,
    path,
    string,
    thoughts,
)
from componentstream.sources.providers.tools import fragment, function_calls
from componentstream.sources.providers.usage import usage

_CHOICE: Final = ("delta", "text", "message", "finish_reason")


def _chunk(event: object) -> Reading | None:
    if is_reported(field(event, "error")):
        return error(event)
    choices = items(field(event, "choices"))
    choice = first(choices)
    delta = field(choice, "delta")
    if delta is None and choices and not any(map(_is_choice, choices)):
        return None
    reading = _whole_choice(choice) if delta is None else _delta(delta)
    if delta is not None and field(delta, "refusal"):
        return reading._replace(error=stopped("refusal"))
    reason = stop_reason(choice)
    has_more = bool(reading.text and not reading.echo) or reading.tool or reading.reasoning is not None
    # A usage chunk ends the answers of servers that give no reason; others report usage in the middle too.
    ends = reason is not None or (field(event, "usage") is not None and not has_more)
    return reading._replace(
        error=stopped(reason),
        opens=has_more or bool(field(delta, "role")),
        ends=ends,
        tentative=reason is None,
        id=identifier(event),
        usage=_usage(event),
    )


def _is_choice(choice: object) -> bool:
    return any(field(choice, name) is not None for name in _CHOICE)


def _delta(delta: object) -> Reading:
    value = field(delta, "content")
    calls = function_calls(field(delta, "tool_calls"))
    if (function := field(delta, "function_call")) is not None:
        # The only call, of the API before it had several.
        calls = (*calls, fragment("function_call", field(function, "name"), field(function, "arguments")))
    # Empty text, where there is none: the chunk is the event that carries the text.
    return Reading(
        content(value) or "", reasoning=_reasoning(delta) or thoughts(value), tool=bool(calls), calls=calls
    )


def _reasoning(delta: object) -> str | None:
    for name in ("reasoning_content", "reasoning"):
        if text := string(field(delta, name)):
            return text
    details = field(delta, "reasoning_details")
    return joined(string(field(detail, "text")) for detail in items(details)) if details else None


def _whole_choice(choice: object) -> Reading:
    if choice is None:
        return Reading("")
    text = string(field(choice, "text"))
    if text is not None:
        return Reading(text)
    message = field(choice, "message")
    return Reading() if message is None else Reading(content(field(message, "content")), echo=1)


def _usage(event: object) -> Usage | None:
    # Groq reports usage in a field of its own.
    return usage(field(event, "usage")) or usage(path(event, "x_groq", "usage"))


def _helper_chunk(event: object) -> Inner:
    return Inner(field(event, "chunk"))


def _helper_delta(event: object) -> Reading:
    return Reading(string(field(event, "delta")), echo=1)


def _helper_done(event: object) -> Reading:
    return Reading(string(field(event, "content")), echo=2)


def _wrapped_chunk(event: object) -> Inner | None:
    # Mistral's library wraps each chunk in an event with a single field.
    if isinstance(event, Mapping) and len(event) > 1:
        return None
    return Inner(field(event, "data"))


PROVIDER: Final = Provider(
    fields={
        "type": {"chunk": _helper_chunk, "content.delta": _helper_delta, "content.done": _helper_done},
        "object": {"chat.completion.chunk": _chunk, "text_completion": _chunk},
    },
    classes={"mistralai:CompletionChunk": _chunk, "mistralai:CompletionEvent": _wrapped_chunk},
    shapes={"choices": _chunk},
    keys={"data": _wrapped_chunk},
)
