"""Agno: the events of the run of an agent or a team."""

from typing import Final

from componentstream.sources.providers.outcomes import failure, stopped
from componentstream.sources.providers.reading import NOTHING, Provider, Reading, field, nothing, string
from componentstream.sources.providers.usage import usage


def _started(event: object) -> Reading:
    return NOTHING if _is_nested(event) else Reading(opens=True, starts=True)


def _content(event: object) -> Reading:
    # The members of a team talk to it, not to the user.
    if _is_nested(event):
        return NOTHING
    return Reading(string(field(event, "content")), reasoning=string(field(event, "reasoning_content")))


def _reasoning(event: object) -> Reading:
    return Reading(reasoning=string(field(event, "reasoning_content")))


def _completed(event: object) -> Reading:
    if _is_nested(event):
        return NOTHING
    counts = usage(field(event, "metrics"))
    return Reading(string(field(event, "content")), ends=True, echo=1, usage=counts)


def _error(event: object) -> Reading:
    return NOTHING if _is_nested(event) else Reading(error=failure(field(event, "error_type")), ends=True)


def _cancelled(event: object) -> Reading:
    return NOTHING if _is_nested(event) else Reading(error=stopped("cancelled"), ends=True)


def _paused(event: object) -> Reading:
    # The run waits for the user.
    return NOTHING if _is_nested(event) else Reading(ends=True)


def _is_nested(event: object) -> bool:
    return bool(field(event, "parent_run_id"))


_EVENTS: Final = {
    "RunStarted": _started,
    "RunContent": _content,
    "RunContentCompleted": nothing,
    "ReasoningContentDelta": _reasoning,
    "RunPaused": _paused,
    "RunContinued": _started,
    "RunCompleted": _completed,
    "RunError": _error,
    "RunCancelled": _cancelled,
}

PROVIDER: Final = Provider(
    fields={"event": {**_EVENTS, **{f"Team{name}": interpret for name, interpret in _EVENTS.items()}}}
)
