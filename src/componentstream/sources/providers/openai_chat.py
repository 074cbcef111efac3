"""OpenAI chat completions, and compatible APIs: LiteLLM, Mistral, vLLM."""

from collections.abc import Mapping
from typing import Final

from componentstream.sources.providers.outcomes import error, stopped
from componentstream.sources.providers.reading import (
    Inner,
    Provider,
    Reading,
    content,
    field,
    first,
    plain_delta,
    string,
)


def _chat_chunk(event: object) -> Reading:
    if field(event, "error") is not None:
        return error(event)
    choice = first(field(event, "choices"))
    delta = field(choice, "delta")
    text = content(field(delta, "content"))
    if field(delta, "refusal"):
        return Reading(text, stopped("refusal"))
    reason = string(field(choice, "finish_reason"))
    if reason:
        return Reading(text, stopped(reason), ends=True)
    # A last chunk that reports usage may contain an empty choice.
    started = text or field(delta, "role") or field(delta, "tool_calls")
    return Reading(text, opens=bool(started))


def _helper_chunk(event: object) -> Reading:
    return _chat_chunk(field(event, "chunk"))._replace(text=None)


def _wrapped_chunk(event: object) -> Inner | None:
    # Mistral's library wraps each chunk in an event with a single field.
    if isinstance(event, Mapping) and len(event) > 1:
        return None
    return Inner(field(event, "data"))


PROVIDER: Final = Provider(
    fields={
        "type": {"chunk": _helper_chunk, "content.delta": plain_delta},
        "object": {"chat.completion.chunk": _chat_chunk},
    },
    classes={"mistralai:CompletionChunk": _chat_chunk, "mistralai:CompletionEvent": _wrapped_chunk},
    keys={"data": _wrapped_chunk},
)
