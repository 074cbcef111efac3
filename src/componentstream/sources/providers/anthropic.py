"""Anthropic messages, as raw events and as events of the helper in its library."""

from typing import Final

from componentstream.sources.providers.outcomes import stopped
from componentstream.sources.providers.reading import (
    NOTHING,
    Provider,
    Reading,
    ended,
    field,
    opened,
    path,
    string,
    text_block,
)


def _block_start(event: object) -> Reading:
    return Reading(text_block(field(event, "content_block")))


def _block_delta(event: object) -> Reading:
    delta = field(event, "delta")
    return Reading(string(field(delta, "text"))) if field(delta, "type") == "text_delta" else NOTHING


def _helper_text(event: object) -> Reading:
    # Only the helper's event has a snapshot; a content block has the same type.
    if string(field(event, "snapshot")) is None:
        return NOTHING
    return Reading(string(field(event, "text")), echo=True)


def _message_delta(event: object) -> Reading:
    return Reading(error=stopped(path(event, "delta", "stop_reason")))


PROVIDER: Final = Provider(
    fields={
        "type": {
            "message_start": opened,
            "content_block_start": _block_start,
            "content_block_delta": _block_delta,
            "text": _helper_text,
            "message_delta": _message_delta,
            "message_stop": ended,
        }
    }
)
