"""LangChain messages and callbacks, and the LangGraph streams that contain them."""

from typing import Final

from componentstream.sources.providers.outcomes import stop_reason, stopped, word
from componentstream.sources.providers.reading import (
    Inner,
    Provider,
    Reading,
    content,
    field,
    items,
    path,
    string,
    thoughts,
)
from componentstream.sources.providers.tools import fragment, whole_calls
from componentstream.sources.providers.usage import usage

_ENDED_PROVIDERS: Final = frozenset(
    {"anthropic", "bedrock", "bedrock_converse", "google_genai", "google_vertexai", "openai"}
)
"""Providers whose chunks name the provider, and whose last chunk has a stop reason."""


def _chunk(event: object) -> Reading:
    # `content`, because `text` is a method in older releases.
    metadata = field(event, "response_metadata")
    value = field(event, "content")
    text = content(value)
    reasoning = thoughts(value) or string(path(event, "additional_kwargs", "reasoning_content"))
    tool = bool(field(event, "tool_call_chunks") or field(event, "tool_calls"))
    chunks = items(field(event, "tool_call_chunks"))
    has_more = bool(text or reasoning or tool)
    # The metadata of OpenAI's responses have the fields of a response.
    reason = stop_reason(metadata) or word(field(metadata, "status"))
    counts = usage(field(event, "usage_metadata"))
    return Reading(
        text,
        stopped(reason),
        opens=has_more and string(field(metadata, "model_provider")) in _ENDED_PROVIDERS,
        ends=reason is not None or (counts is not None and not has_more),
        tentative=reason is None,
        reasoning=reasoning,
        tool=tool,
        usage=counts,
        adds_usage=True,
        calls=tuple(
            fragment(
                field(chunk, "index"), field(chunk, "name"), field(chunk, "args"), call_id=field(chunk, "id")
            )
            for chunk in chunks
        ),
    )


def _message(event: object) -> Reading:
    return _chunk(event)._replace(echo=1, opens=False, calls=whole_calls(field(event, "tool_calls")))


def _callback(event: object) -> Inner:
    return Inner(path(event, "data", "chunk"))


def _messages(event: object) -> Inner:
    data = field(event, "data")
    return Inner(tuple(data) if isinstance(data, list) else data)


def _tuple(event: object) -> Inner | None:
    """Read a LangGraph tuple, if it contains a message.

    The tuple is ``(message, metadata)``. It is preceded by the mode if several modes are streamed, and that
    by the namespace, itself a tuple, if subgraphs are streamed.
    """
    match event:
        case (tuple(), "messages", inner) | ("messages", inner):
            return Inner(inner)
        case (str(), _):
            return None
        case (tuple(), inner):
            return Inner(inner)
        case (message, dict()):
            return Inner(message)
    return None


PROVIDER: Final = Provider(
    fields={
        "type": {"AIMessageChunk": _chunk, "ai": _message, "messages": _messages},
        "event": {"on_chat_model_stream": _callback},
    },
    tuples=_tuple,
)
