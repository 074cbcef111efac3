"""Events from their JSON values: the inverse of the ``to_dict()`` of each event."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from componentstream.core.errors import WireError
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    Finding,
    FindingEvent,
    Json,
    MessageStop,
    ReasoningEvent,
    Span,
    StatusEvent,
    TextBlock,
    UsageEvent,
)


def event_from_dict(data: Mapping[str, object]) -> Event | None:
    """Return the event whose ``to_dict()`` is ``data``, without its span.

    An unknown type returns None and unknown fields are ignored, so that a newer sender does not break an
    older client.

    Raises:
        WireError: an event of a known type lacks a field, or a field has a value of the wrong type.
    """
    kind = data.get("type")
    build = _FROM_DICT.get(kind) if isinstance(kind, str) else None
    return None if build is None else build(data)


_T = TypeVar("_T")


def _field(data: Mapping[str, object], key: str, kind: type[_T]) -> _T:
    value = data.get(key)
    # JSON's true is not a number, although a bool is an int in Python.
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    raise WireError(f"{key!r} must be {kind.__name__}, not {_shown(value)}")


def _shown(value: object) -> str:
    try:
        return f"{value!r:.80}"
    except ValueError:
        # Python refuses to format integers of more than some thousand digits.
        return "this value"


def _maybe(data: Mapping[str, object], key: str, kind: type[_T]) -> _T | None:
    return None if data.get(key) is None else _field(data, key, kind)


def _seconds(data: Mapping[str, object], key: str) -> float:
    if not isinstance(data.get(key), int):
        return _field(data, key, float)
    try:
        return float(_field(data, key, int))
    except OverflowError as error:
        raise WireError(f"{key!r} is too large for a float") from error


def _block(data: Json) -> ComponentBlock | TextBlock | None:
    kind = _field(data, "type", str)
    if kind == "text":
        return TextBlock()
    # A newer sender may have other kinds of block, which are ignored like other types of event.
    if kind != "component":
        return None
    attributes = _maybe(data, "attributes", dict) or {}
    return ComponentBlock(
        name=_field(data, "name", str),
        position=_field(data, "position", str),
        attributes={key: _field(attributes, key, str) for key in attributes},
        parent=_maybe(data, "parent", int),
    )


def _start(data: Mapping[str, object]) -> ContentBlockStart | None:
    block = _block(_field(data, "content_block", dict))
    return None if block is None else ContentBlockStart(_field(data, "index", int), block)


def _delta(data: Mapping[str, object]) -> ContentBlockDelta | None:
    delta: Json = _field(data, "delta", dict)
    if _field(delta, "type", str) != "text_delta":
        return None
    return ContentBlockDelta(_field(data, "index", int), _field(delta, "text", str))


def _stop(data: Mapping[str, object]) -> ContentBlockStop:
    # The reason is not checked, here or in `_message_stop`: a newer sender may have more of them.
    return ContentBlockStop(
        index=_field(data, "index", int),
        reason=_field(data, "reason", str),
        chars=_field(data, "chars", int),
        trimmed=_maybe(data, "trimmed", int) or 0,
    )


def _error(data: Mapping[str, object]) -> ErrorEvent:
    error: Json = _field(data, "error", dict)
    return ErrorEvent(
        code=_field(error, "type", str),
        message=_field(error, "message", str),
        fatal=_maybe(error, "fatal", bool) or False,
        retryable=_maybe(error, "retryable", bool) or False,
        line=_maybe(error, "line", int),
        index=_maybe(error, "index", int),
        recovered=_maybe(error, "recovered", bool) or False,
    )


def _status(data: Mapping[str, object]) -> StatusEvent:
    return StatusEvent(
        phase=_field(data, "phase", str),
        elapsed=_seconds(data, "elapsed"),
        components_started=_field(data, "components_started", int),
        components_completed=_field(data, "components_completed", int),
        chars=_field(data, "chars", int),
    )


def _reasoning(data: Mapping[str, object]) -> ReasoningEvent:
    return ReasoningEvent(_field(data, "text", str))


def _usage(data: Mapping[str, object]) -> UsageEvent:
    return UsageEvent(
        input_tokens=_maybe(data, "input_tokens", int),
        output_tokens=_maybe(data, "output_tokens", int),
        reasoning_tokens=_maybe(data, "reasoning_tokens", int),
        cached_tokens=_maybe(data, "cached_tokens", int),
    )


def _finding(data: Mapping[str, object]) -> FindingEvent:
    finding: Json = _field(data, "finding", dict)
    return FindingEvent(
        Finding(
            rule=_field(finding, "rule", str),
            severity=_field(finding, "severity", str),
            message=_field(finding, "message", str),
            action=_maybe(finding, "action", str) or "none",
            index=_maybe(finding, "index", int),
            line=_maybe(finding, "line", int),
            span=_span(finding),
        )
    )


def _span(data: Json) -> Span | None:
    match _maybe(data, "span", list):
        case None:
            return None
        case [int(first), int(last)] if not (isinstance(first, bool) or isinstance(last, bool)):
            return first, last
        case value:
            raise WireError(f"'span' must be two integers, not {_shown(value)}")


def _message_stop(data: Mapping[str, object]) -> MessageStop:
    return MessageStop(_field(data, "reason", str), _maybe(data, "stats", dict) or {})


def _debug(data: Mapping[str, object]) -> DebugEvent:
    return DebugEvent(_field(data, "state", dict))


_FROM_DICT: dict[str, Callable[[Mapping[str, object]], Event | None]] = {
    ContentBlockStart.type: _start,
    ContentBlockDelta.type: _delta,
    ContentBlockStop.type: _stop,
    ErrorEvent.type: _error,
    StatusEvent.type: _status,
    ReasoningEvent.type: _reasoning,
    UsageEvent.type: _usage,
    FindingEvent.type: _finding,
    MessageStop.type: _message_stop,
    DebugEvent.type: _debug,
}
