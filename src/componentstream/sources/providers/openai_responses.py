"""OpenAI responses, as events of the API, of its realtime form, and of the OpenAI agents library."""

from typing import Final

from componentstream.sources.providers.outcomes import failure, stopped, word
from componentstream.sources.providers.reading import (
    NOTHING,
    Inner,
    Provider,
    Reading,
    field,
    identifier,
    is_reported,
    items,
    joined,
    nothing,
    path,
    string,
)
from componentstream.sources.providers.tools import fragment
from componentstream.sources.providers.usage import usage

_SILENT: Final = (
    "response.output_item.done",
    "response.content_part.added",
    "response.content_part.done",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done",
    "response.reasoning_summary_text.done",
    "response.reasoning_text.done",
    "response.function_call_arguments.done",
    "response.custom_tool_call_input.done",
)
"""Events that add nothing to others."""


def _created(event: object) -> Reading:
    return Reading(opens=True, starts=True, id=identifier(field(event, "response")))


def _progress(_event: object) -> Reading:
    # The first event of a stream that resumes a response.
    return Reading(opens=True)


def _text_delta(event: object) -> Reading:
    return Reading(string(field(event, "delta")))


def _text_done(event: object) -> Reading:
    return Reading(string(field(event, "text")), echo=1)


def _reasoning_delta(event: object) -> Reading:
    return Reading(reasoning=string(field(event, "delta")))


def _item_added(event: object) -> Reading:
    item = field(event, "item")
    if field(item, "type") not in ("function_call", "custom_tool_call"):
        return NOTHING
    key = string(field(item, "id")) or field(event, "output_index")
    arguments = field(item, "arguments") or field(item, "input")
    return Reading(calls=(fragment(key, field(item, "name"), arguments, call_id=field(item, "call_id")),))


def _tool_delta(event: object) -> Reading:
    key = string(field(event, "item_id")) or field(event, "output_index")
    return Reading(tool=True, calls=(fragment(key, None, field(event, "delta")),))


def _refusal(_event: object) -> Reading:
    return Reading(error=stopped("refusal"))


def _ended(event: object) -> Reading:
    return _response(field(event, "response"))


def _incomplete(event: object) -> Reading:
    reading = _response(field(event, "response"))
    return reading if reading.error else reading._replace(error=stopped("incomplete"))


def _failed(event: object) -> Reading:
    return Reading(error=failure(path(event, "response", "error", "code")), ends=True)


def _response(response: object) -> Reading:
    """Read a whole response, whose text repeats that of the events before it."""
    # The details of a realtime response have another name.
    details = field(response, "status_details")
    for failed in (field(response, "error"), field(details, "error")):
        if is_reported(failed):
            return Reading(error=failure(field(failed, "code"), field(failed, "type")), ends=True)
    reason = word(path(response, "incomplete_details", "reason")) or word(field(details, "reason"))
    return Reading(
        joined(_message_text(item) for item in items(field(response, "output"))),
        stopped(reason or field(response, "status")),
        ends=True,
        echo=2,
        usage=usage(field(response, "usage")),
    )


def _message_text(item: object) -> str | None:
    """Return the text of a message among the items of a response."""
    if field(item, "type") != "message":
        return None
    parts = items(field(item, "content"))
    return joined(string(field(part, "text")) for part in parts if field(part, "type") == "output_text")


def _agents_event(event: object) -> Inner:
    return Inner(field(event, "data"))


PROVIDER: Final = Provider(
    fields={
        "type": {
            "response.created": _created,
            "response.queued": _progress,
            "response.in_progress": _progress,
            "response.output_text.delta": _text_delta,
            "response.text.delta": _text_delta,
            "response.output_text.done": _text_done,
            "response.text.done": _text_done,
            "response.reasoning_summary_text.delta": _reasoning_delta,
            "response.reasoning_text.delta": _reasoning_delta,
            "response.output_item.added": _item_added,
            "response.function_call_arguments.delta": _tool_delta,
            "response.custom_tool_call_input.delta": _tool_delta,
            "response.refusal.delta": _refusal,
            "response.completed": _ended,
            "response.incomplete": _incomplete,
            "response.failed": _failed,
            "response.cancelled": _ended,
            "response.done": _ended,
            **dict.fromkeys(_SILENT, nothing),
            "raw_response_event": _agents_event,
        },
        "object": {"response": _response},
    }
)
