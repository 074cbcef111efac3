"""The events that leave the library, and their JSON shape.

The shapes of ``content_block_start``, ``content_block_delta`` and ``content_block_stop`` are those of
Anthropic's Messages stream, so that its users know them. Every event has ``type``, the name it bears on
the wire, and ``to_dict()``, its JSON value; :func:`event_from_dict` is the way back.

Events are immutable to the type checker and hashable. At run time nothing guards them, because the guard
makes creating one more than twice as slow; treat them as values.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, TypeVar, cast

import attrs

from componentstream.core.errors import WireError

if TYPE_CHECKING:
    from attrs import frozen as _value
else:
    _value = partial(attrs.define, unsafe_hash=True, weakref_slot=False)

Json: TypeAlias = dict[str, object]
"""A JSON object."""

Span: TypeAlias = tuple[int, int]
"""Code point offsets ``(from, to)`` of a line in the input, its terminator included."""

StopReason: TypeAlias = Literal["end", "implied", "truncated", "aborted", "blocked"]
"""Why a block ended.

``end``: its END marker, or for text the next component or the end of the stream. ``implied``: another
marker closed it. ``truncated``: the stream ended. ``aborted``: a fatal error, or the caller. ``blocked``: a
content policy.
"""

MessageStopReason: TypeAlias = Literal["complete", "failed", "timeout", "cancelled"]
"""How a whole generation ended."""


@_value
class ComponentBlock:
    """What a component is: its name, its place on the page, its other attributes.

    ``parent`` is the index of the component that it stands in, None at the top. ``attributes`` does not
    hold ``position``.
    """

    name: str
    position: str
    attributes: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    parent: int | None = None

    def to_dict(self) -> Json:
        """Return the value of ``content_block`` on the wire."""
        return {
            "type": "component",
            "name": self.name,
            "position": self.position,
            "attributes": dict(self.attributes),
            "parent": self.parent,
        }


@_value
class TextBlock:
    """A run of text between components."""

    def to_dict(self) -> Json:
        """Return the value of ``content_block`` on the wire."""
        return {"type": "text", "text": ""}


@_value
class ContentBlockStart:
    """A block begins. ``index`` counts all blocks of a stream from 0 and names this one from here on.

    ``span`` is that of the START line, None for a text block; it stays in the process and is not sent.
    """

    type: ClassVar[Literal["content_block_start"]] = "content_block_start"

    index: int
    block: ComponentBlock | TextBlock
    span: Span | None = None

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "index": self.index, "content_block": self.block.to_dict()}


@_value
class ContentBlockDelta:
    """More text of block ``index``; never empty. The texts of a block, joined, are its content."""

    type: ClassVar[Literal["content_block_delta"]] = "content_block_delta"

    index: int
    text: str

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "index": self.index, "delta": {"type": "text_delta", "text": self.text}}


@_value
class ContentBlockStop:
    """Block ``index`` is over.

    ``chars`` is the number of code points delivered for it, ``trimmed`` the number dropped by
    ``Limits.max_component_chars``. ``span`` is that of the marker line that closed it, None where the end
    of the stream, a fatal error or the caller did, and for text blocks.
    """

    type: ClassVar[Literal["content_block_stop"]] = "content_block_stop"

    index: int
    reason: StopReason
    chars: int
    trimmed: int = 0
    span: Span | None = None

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {
            "type": self.type,
            "index": self.index,
            "reason": self.reason,
            "chars": self.chars,
            "trimmed": self.trimmed,
        }


@_value
class ErrorEvent:
    """Something went wrong that is not the caller's fault.

    ``code`` is stable and meant for programs, ``message`` for people. After a ``fatal`` error only the
    stops of open blocks (and the end of the message) follow. ``retryable`` says that the same request may
    well succeed. ``line`` counts from 1; ``index`` is the component concerned.
    """

    type: ClassVar[Literal["error"]] = "error"

    code: str
    message: str
    fatal: bool = False
    retryable: bool = False
    line: int | None = None
    index: int | None = None
    span: Span | None = None

    def to_dict(self) -> Json:
        """Return the JSON value of the event; the code is called ``type`` inside ``error``."""
        return {
            "type": self.type,
            "error": {
                "type": self.code,
                "message": self.message,
                "fatal": self.fatal,
                "retryable": self.retryable,
                "line": self.line,
                "index": self.index,
            },
        }


@_value
class StatusEvent:
    """How far a generation is: ``phase`` (started, progress, finishing), seconds since its start, counts."""

    type: ClassVar[Literal["status"]] = "status"

    phase: str
    elapsed: float
    components_started: int
    components_completed: int
    chars: int

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {
            "type": self.type,
            "phase": self.phase,
            "elapsed": self.elapsed,
            "components_started": self.components_started,
            "components_completed": self.components_completed,
            "chars": self.chars,
        }


@_value
class MessageStop:
    """The generation is over; the last event of every session."""

    type: ClassVar[Literal["message_stop"]] = "message_stop"

    reason: MessageStopReason
    stats: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "reason": self.reason, "stats": dict(self.stats)}


@_value
class DebugEvent:
    """The state of a session for its developer; sent only where the server was told to."""

    type: ClassVar[Literal["debug"]] = "debug"

    state: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "state": dict(self.state)}


Event: TypeAlias = (
    ContentBlockStart
    | ContentBlockDelta
    | ContentBlockStop
    | ErrorEvent
    | StatusEvent
    | MessageStop
    | DebugEvent
)
"""Everything that may come out; end a ``match`` over it with ``assert_never``."""


def event_from_dict(data: Mapping[str, object]) -> Event | None:
    """Return the event that ``to_dict`` made ``data`` from, without its span.

    Unknown types give None and unknown fields are passed over, so that a newer sender does not break an
    older receiver.

    Raises:
        WireError: a type of ours lacks a field, or a field has a value of the wrong kind.
    """
    kind = data.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    return None if reader is None else reader(data)


_T = TypeVar("_T")


def _field(data: Mapping[str, object], key: str, kind: type[_T]) -> _T:
    value = data.get(key)
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    try:
        shown = f"{value!r:.80}"
    except ValueError:
        # Python writes out no whole number of more than some thousand digits.
        shown = "this number"
    raise WireError(f"{key!r} must be {kind.__name__}, not {shown}")


def _maybe(data: Mapping[str, object], key: str, kind: type[_T]) -> _T | None:
    return None if data.get(key) is None else _field(data, key, kind)


def _seconds(data: Mapping[str, object], key: str) -> float:
    if not isinstance(data.get(key), int):
        return _field(data, key, float)
    try:
        return float(_field(data, key, int))
    except OverflowError as error:
        raise WireError(f"{key!r} is a number without end") from error


def _block(data: Json) -> ComponentBlock | TextBlock | None:
    kind = _field(data, "type", str)
    if kind == "text":
        return TextBlock()
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
    return ContentBlockStop(
        index=_field(data, "index", int),
        reason=cast("StopReason", _field(data, "reason", str)),
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
    )


def _status(data: Mapping[str, object]) -> StatusEvent:
    return StatusEvent(
        phase=_field(data, "phase", str),
        elapsed=_seconds(data, "elapsed"),
        components_started=_field(data, "components_started", int),
        components_completed=_field(data, "components_completed", int),
        chars=_field(data, "chars", int),
    )


def _message_stop(data: Mapping[str, object]) -> MessageStop:
    reason = cast("MessageStopReason", _field(data, "reason", str))
    return MessageStop(reason, _maybe(data, "stats", dict) or {})


def _debug(data: Mapping[str, object]) -> DebugEvent:
    return DebugEvent(_field(data, "state", dict))


_READERS: dict[str, Callable[[Mapping[str, object]], Event | None]] = {
    ContentBlockStart.type: _start,
    ContentBlockDelta.type: _delta,
    ContentBlockStop.type: _stop,
    ErrorEvent.type: _error,
    StatusEvent.type: _status,
    MessageStop.type: _message_stop,
    DebugEvent.type: _debug,
}
