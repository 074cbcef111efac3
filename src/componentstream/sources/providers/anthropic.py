"""Anthropic messages, as raw events and as events of the helper in its library."""

from typing import Final

import attrs

from componentstream.sources.pieces import Usage
from componentstream.sources.providers.outcomes import stopped
from componentstream.sources.providers.reading import (
    Provider,
    Reading,
    content,
    field,
    identifier,
    nothing,
    path,
    string,
)
from componentstream.sources.providers.tools import fragment
from componentstream.sources.providers.usage import first_count, total, usage

_TOOLS: Final = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


def _start(event: object) -> Reading:
    message = field(event, "message")
    return Reading(opens=True, starts=True, id=identifier(message), usage=_usage(field(message, "usage")))


def _block_start(event: object) -> Reading:
    block = field(event, "content_block")
    if field(block, "type") != "tool_use":
        return _block(block)
    # The input is empty here; it comes as text.
    name, id_ = field(block, "name"), field(block, "id")
    return Reading(
        tool=True, calls=(fragment(field(event, "index"), name, field(block, "input"), call_id=id_),)
    )


def _block(block: object) -> Reading:
    kind = string(field(block, "type"))
    if kind == "text":
        return Reading(string(field(block, "text")) or None)
    if kind == "thinking":
        return Reading(reasoning=string(field(block, "thinking")))
    return Reading(tool=kind in _TOOLS)


def _block_delta(event: object) -> Reading:
    delta = field(event, "delta")
    match field(delta, "type"):
        case "text_delta":
            return Reading(string(field(delta, "text")))
        case "thinking_delta":
            return Reading(reasoning=string(field(delta, "thinking")))
        case "input_json_delta":
            part = fragment(field(event, "index"), None, field(delta, "partial_json"))
            return Reading(tool=True, calls=(part,))
    return Reading()


def _block_stop(event: object) -> Reading:
    # Only the helper's event has the whole block.
    return _block(field(event, "content_block"))._replace(echo=2, reasoning=None, tool=False)


def _helper_text(event: object) -> Reading | None:
    # Only the helper's event has a snapshot; a content block has the same type.
    if string(field(event, "snapshot")) is None:
        return None
    return Reading(string(field(event, "text")), echo=1)


def _message_delta(event: object) -> Reading:
    reason = path(event, "delta", "stop_reason")
    return Reading(error=stopped(reason), usage=_usage(field(event, "usage")))


def _stop(event: object) -> Reading:
    # Only the helper's event has the whole message.
    message = field(event, "message")
    return Reading(
        content(field(message, "content")), ends=True, echo=3, usage=_usage(field(message, "usage"))
    )


def _message(event: object) -> Reading:
    error = stopped(field(event, "stop_reason"))
    text = content(field(event, "content"))
    return Reading(text, error, ends=True, echo=3, usage=_usage(field(event, "usage")))


def _completion(event: object) -> Reading:
    text, reason = string(field(event, "completion")), field(event, "stop_reason")
    return Reading(text, stopped(reason), opens=bool(text), ends=reason is not None)


def _usage(value: object) -> Usage | None:
    counts = usage(value)
    if counts is None or counts.input_tokens is None:
        return counts
    # The input tokens leave out those that were read from a cache or written to it.
    written = first_count(value, "cache_creation_input_tokens")
    return attrs.evolve(counts, input_tokens=total(counts.input_tokens, counts.cached_tokens, written))


PROVIDER: Final = Provider(
    fields={
        "type": {
            "message_start": _start,
            "content_block_start": _block_start,
            "content_block_delta": _block_delta,
            "content_block_stop": _block_stop,
            "text": _helper_text,
            "message_delta": _message_delta,
            "message_stop": _stop,
            "message": _message,
            "ping": nothing,
            "completion": _completion,
        }
    }
)
