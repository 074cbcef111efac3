"""Strands Agents: the events of ``stream_async``, most of which contain events in Bedrock's form."""

from collections.abc import Mapping
from typing import Final

from componentstream.sources.providers.outcomes import failure, stop_reason, stopped
from componentstream.sources.providers.reading import (
    Inner,
    Provider,
    Reading,
    field,
    items,
    joined,
    nothing,
    path,
    string,
)
from componentstream.sources.providers.usage import usage

_FIRST: Final = ("init_event_loop", "start", "start_event_loop", "multi_agent_node_start")
"""Keys of events that come before any other."""


def _raw(event: object) -> Inner | None:
    raw = field(event, "event")
    return Inner(raw) if isinstance(raw, Mapping) else None


def _text(event: object) -> Reading | None:
    # The text of the raw event before this one. Other libraries have events with data that are not text.
    text, delta = field(event, "data"), field(event, "delta")
    return Reading(string(text), echo=1) if isinstance(text, str) and isinstance(delta, Mapping) else None


def _force_stop(event: object) -> Reading:
    return Reading(error=failure(field(event, "force_stop_reason")))


def _result(event: object) -> Reading | None:
    result = field(event, "result")
    reason = stop_reason(result)
    if reason is None:
        return None
    blocks = items(path(result, "message", "content"))
    return Reading(
        joined(string(field(block, "text")) for block in blocks),
        stopped(reason),
        ends=True,
        echo=2,
        # The sum of all messages, each of which has reported its own.
        usage=usage(path(result, "metrics", "accumulated_usage")),
        adds_usage=True,
    )


PROVIDER: Final = Provider(
    keys={
        **dict.fromkeys(_FIRST, nothing),
        "event": _raw,
        "data": _text,
        "force_stop": _force_stop,
        "result": _result,
    }
)
