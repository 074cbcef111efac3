"""Cohere: chat."""

from typing import Final

from componentstream.sources.providers.outcomes import stopped
from componentstream.sources.providers.reading import Provider, Reading, opened, path, string


def _delta(event: object) -> Reading:
    return Reading(string(path(event, "delta", "message", "content", "text")))


def _end(event: object) -> Reading:
    return Reading(error=stopped(path(event, "delta", "finish_reason")), ends=True)


PROVIDER: Final = Provider(
    fields={"type": {"message-start": opened, "content-delta": _delta, "message-end": _end}}
)
