"""Cohere: chat, of both versions of its API."""

from typing import Final

from componentstream.sources.pieces import Usage
from componentstream.sources.providers.outcomes import stop_reason, stopped
from componentstream.sources.providers.reading import (
    Provider,
    Reading,
    field,
    identifier,
    items,
    nothing,
    path,
    string,
)
from componentstream.sources.providers.tools import fragment
from componentstream.sources.providers.usage import usage


def _start(event: object) -> Reading:
    return Reading(opens=True, starts=True, id=identifier(event))


def _delta(event: object) -> Reading:
    content = path(event, "delta", "message", "content")
    return Reading(string(field(content, "text")), reasoning=string(field(content, "thinking")))


def _tool(event: object) -> Reading:
    call = path(event, "delta", "message", "tool_calls")
    # The library gives a list of one call.
    calls = items(call) or [call]
    function = field(calls[0], "function")
    id_ = field(calls[0], "id")
    part = fragment(field(event, "index"), field(function, "name"), field(function, "arguments"), call_id=id_)
    return Reading(tool=True, calls=(part,))


def _end(event: object) -> Reading:
    delta = field(event, "delta")
    return Reading(error=stopped(stop_reason(delta)), ends=True, usage=_usage(field(delta, "usage")))


def _usage(value: object) -> Usage | None:
    return usage(field(value, "tokens")) or usage(field(value, "billed_units"))


def _first_version_start(event: object) -> Reading:
    return Reading(opens=True, starts=True, id=identifier(event, "generation_id"))


def _first_version_text(event: object) -> Reading:
    return Reading(string(field(event, "text")))


def _first_version_end(event: object) -> Reading:
    text = string(path(event, "response", "text"))
    return Reading(text, stopped(stop_reason(event)), ends=True, echo=1)


PROVIDER: Final = Provider(
    fields={
        "type": {
            "message-start": _start,
            "content-start": _delta,
            "content-delta": _delta,
            "content-end": nothing,
            "tool-call-start": _tool,
            "tool-call-delta": _tool,
            "tool-call-end": nothing,
            "message-end": _end,
        },
        "event_type": {
            "stream-start": _first_version_start,
            "text-generation": _first_version_text,
            "stream-end": _first_version_end,
        },
    }
)
