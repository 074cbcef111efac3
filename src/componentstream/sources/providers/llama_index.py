"""LlamaIndex: responses of its models, and the streams of its agents."""

from typing import Final

from componentstream.sources.providers.outcomes import stop_reason, stopped
from componentstream.sources.providers.reading import (
    Provider,
    Reading,
    content,
    field,
    first,
    path,
    string,
)
from componentstream.sources.providers.usage import usage


def _chat(event: object) -> Reading:
    # Each response has the whole text so far beside the new text.
    return _response(event, string(path(event, "message", "content")))


def _completion(event: object) -> Reading:
    return _response(event, string(field(event, "text")))


def _response(event: object, whole: str | None) -> Reading:
    text = string(field(event, "delta"))
    # The chunk of the provider is beside the text that was made of it.
    raw = field(event, "raw")
    choice = first(field(raw, "choices")) or first(field(raw, "candidates")) or field(raw, "delta")
    reason = stop_reason(raw) or stop_reason(choice)
    return Reading(
        whole if text is None else text,
        stopped(reason),
        echo=1 if text is None else 0,
        ends=reason is not None,
        reasoning=string(path(event, "additional_kwargs", "thinking_delta")),
        usage=usage(field(raw, "usage")) or usage(raw),
    )


def _agent_stream(event: object) -> Reading:
    return _response(event, None)._replace(reasoning=string(field(event, "thinking_delta")))


def _agent_output(event: object) -> Reading:
    return Reading(content(path(event, "response", "content")), echo=2)


PROVIDER: Final = Provider(
    classes={
        "llama_index:ChatResponse": _chat,
        "llama_index:CompletionResponse": _completion,
        "llama_index:AgentStream": _agent_stream,
        "llama_index:AgentOutput": _agent_output,
    }
)
