"""OpenAI responses, and the events of the OpenAI agents library around them."""

from typing import Final

from componentstream.sources.providers.outcomes import failure, stopped
from componentstream.sources.providers.reading import (
    Inner,
    Provider,
    Reading,
    ended,
    field,
    opened,
    path,
    plain_delta,
)


def _refusal(_event: object) -> Reading:
    return Reading(error=stopped("refusal"))


def _incomplete(event: object) -> Reading:
    reason = path(event, "response", "incomplete_details", "reason")
    return Reading(error=stopped(reason) or stopped("incomplete"), ends=True)


def _failed(event: object) -> Reading:
    return Reading(error=failure(path(event, "response", "error", "code")))


def _agents_event(event: object) -> Inner:
    return Inner(field(event, "data"))


PROVIDER: Final = Provider(
    fields={
        "type": {
            "response.created": opened,
            "response.output_text.delta": plain_delta,
            "response.refusal.delta": _refusal,
            "response.completed": ended,
            "response.incomplete": _incomplete,
            "response.failed": _failed,
            "raw_response_event": _agents_event,
        }
    }
)
