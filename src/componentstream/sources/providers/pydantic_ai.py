"""Pydantic AI: the events of an agent's run."""

from typing import Final

from componentstream.sources.providers.reading import NOTHING, Provider, Reading, field, string


def _part_start(event: object) -> Reading:
    part = field(event, "part")
    return Reading(string(field(part, "content"))) if field(part, "part_kind") == "text" else NOTHING


def _part_delta(event: object) -> Reading:
    delta = field(event, "delta")
    if field(delta, "part_delta_kind") != "text":
        return NOTHING
    return Reading(string(field(delta, "content_delta")))


PROVIDER: Final = Provider(fields={"event_kind": {"part_start": _part_start, "part_delta": _part_delta}})
