"""The events that the library emits, and their JSON form.

``content_block_start``, ``content_block_delta`` and ``content_block_stop`` have the form that they have in
Anthropic's Messages stream, so its users know them. Every event has ``type``, its name on the wire, and
``to_dict()``, which returns its JSON value; :func:`event_from_dict` is the inverse.

Events are hashable, and immutable to the type checker. At run time they are not protected, because that makes
creating one more than twice as slow; treat them as values.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, TypeVar

import attrs

from componentstream.core.errors import WireError

# Type checkers see frozen classes; at run time they are not, because a frozen class sets its fields through
# object.__setattr__. Nothing has weak references to events, so the slot for them is left out.
if TYPE_CHECKING:
    from attrs import frozen as _value
else:
    _value = partial(attrs.define, unsafe_hash=True, weakref_slot=False)

Json: TypeAlias = dict[str, object]
"""A JSON object."""

Span: TypeAlias = tuple[int, int]
"""Code point offsets ``(from, to)`` of a line in the input, including its line end."""

StopReason: TypeAlias = Literal["end", "implied", "truncated", "aborted", "blocked"]
"""Why a block ended.

``end``: by its END marker; for text, by the next component or the end of the stream. ``implied``: by another
marker. ``truncated``: by the end of the stream. ``aborted``: by a fatal error or by the caller. ``blocked``:
by a content policy. The field of the event is a ``str``, because a newer sender may use another reason.
"""

MessageStopReason: TypeAlias = Literal["complete", "failed", "timeout", "cancelled"]
"""The outcome of a whole generation. The field of the event is a ``str``, as for :data:`StopReason`."""


@_value
class ComponentBlock:
    """The description of a component: its name, its position on the page, its other attributes.

    ``parent`` is the index of the component that contains it, None at the top level. ``attributes`` does not
    include ``position``.
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
    """A block begins. ``index`` identifies it from now on: blocks of a stream are numbered from 0.

    ``span`` is that of the START line, None for a text block. It is not part of the JSON value.
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
    """More text of block ``index``; never empty. The deltas of a block, joined, are its content."""

    type: ClassVar[Literal["content_block_delta"]] = "content_block_delta"

    index: int
    text: str

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "index": self.index, "delta": {"type": "text_delta", "text": self.text}}


@_value
class ContentBlockStop:
    """Block ``index`` has ended.

    ``chars`` is the number of its code points delivered, ``trimmed`` the number dropped because of
    ``Limits.max_component_chars``. ``span`` is that of the marker line that closed it. It is None for text
    blocks, and if the end of the stream, a fatal error or the caller closed it.
    """

    type: ClassVar[Literal["content_block_stop"]] = "content_block_stop"

    index: int
    reason: str
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
    """An error that the caller did not cause.

    ``code`` is stable and meant for programs, ``message`` for people; see :mod:`componentstream.core.codes`.
    After a ``fatal`` error only the stops of open blocks (and the end of the message) follow. ``retryable``
    means that the same request may succeed. ``line`` counts from 1; ``index`` is that of the component
    concerned.
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
    """Progress of a generation.

    ``phase`` is started, progress or finishing, ``elapsed`` the number of seconds since the start, and the
    others are counts since then.
    """

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
    """The generation has ended; this is the last event of every session."""

    type: ClassVar[Literal["message_stop"]] = "message_stop"

    reason: str
    stats: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "reason": self.reason, "stats": dict(self.stats)}


@_value
class DebugEvent:
    """The state of a session for developers; emitted only where that is enabled."""

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
"""Any event; end a ``match`` over it with ``assert_never``."""


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
    try:
        shown = f"{value!r:.80}"
    except ValueError:
        # Python refuses to format integers of more than some thousand digits.
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
    return MessageStop(_field(data, "reason", str), _maybe(data, "stats", dict) or {})


def _debug(data: Mapping[str, object]) -> DebugEvent:
    return DebugEvent(_field(data, "state", dict))


_FROM_DICT: dict[str, Callable[[Mapping[str, object]], Event | None]] = {
    ContentBlockStart.type: _start,
    ContentBlockDelta.type: _delta,
    ContentBlockStop.type: _stop,
    ErrorEvent.type: _error,
    StatusEvent.type: _status,
    MessageStop.type: _message_stop,
    DebugEvent.type: _debug,
}
