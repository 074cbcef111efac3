"""What a session tells those who watch it: frozen records, handed to callables.

A hook is any callable that takes a record. Give hooks to a
:class:`~componentstream.GenerationSession`; it calls each of them, in order, with every record::

    def log(record: Record) -> None:
        if isinstance(record, ComponentFinished):
            print(record.name, record.seconds)

    session = GenerationSession(hooks=[log])

No record holds text of a component, so that watching a stream does not copy what is in it.
"""

from collections.abc import Iterator
from typing import Protocol, TypeAlias

import attrs

from componentstream.core.buffer import Component
from componentstream.core.events import (
    ContentBlockStop,
    ErrorEvent,
    Event,
    MessageStop,
    MessageStopReason,
    StatusEvent,
    StopReason,
)
from componentstream.session.statistics import SessionStats


@attrs.frozen(kw_only=True)
class StreamStarted:
    """A session has started.

    Attributes:
        stream: the ``id`` of the session, here and in all records.
        at: the ``now`` of the call that caused it, in seconds of the caller's clock, here and in all records.
    """

    stream: str
    at: float


@attrs.frozen(kw_only=True)
class ComponentFinished:
    """A component has ended.

    Attributes:
        index: the index of its block.
        name: as in its START marker; a model may write any name there.
        position: where on the page it belongs.
        reason: why it ended; anything but ``end`` means that it may be incomplete.
        chars: code points delivered for it.
        trimmed: code points dropped because it was too large.
        seconds: from its start event to its stop event.
        critical: the catalog says that the page is no good without it.
    """

    stream: str
    at: float
    index: int
    name: str
    position: str
    reason: StopReason
    chars: int
    trimmed: int
    seconds: float
    critical: bool


@attrs.frozen(kw_only=True)
class ErrorReported:
    """An error event has left; the fields are those of :class:`~componentstream.ErrorEvent`.

    ``cause`` is the exception behind it where there is one. It stays in the process, and may hold what
    nobody outside may see.
    """

    stream: str
    at: float
    code: str
    message: str
    fatal: bool
    retryable: bool
    line: int | None
    index: int | None
    cause: BaseException | None


@attrs.frozen(kw_only=True)
class StreamFinished:
    """A session has ended, with its final figures; the last record of the session itself.

    It also comes for a session that was cancelled before it started. Where ids are used twice, a stream is
    known by its id and the moment of its start.

    Attributes:
        started: ``at`` of its :class:`StreamStarted`, None if it has never started.
        reason: how it ended.
        stats: its final figures.
    """

    stream: str
    at: float
    started: float | None
    reason: MessageStopReason
    stats: SessionStats


@attrs.frozen(kw_only=True)
class Reconnected:
    """A reader of the stream has come back and asked for what follows ``last_event_id``.

    Sent by what serves the stream, not by the session.
    """

    stream: str
    at: float
    last_event_id: str


HookEvent: TypeAlias = StreamStarted | ComponentFinished | ErrorReported | StreamFinished | Reconnected
"""Everything that a hook may be called with; end a ``match`` over it with ``assert_never``."""


class Hook(Protocol):
    """A callable that is told of what happens in a session.

    It is called synchronously, when the session's state has changed and before the call that changed it
    returns. It must be quick, must not call the session, and must not raise: what it raises reaches the
    caller of the session, who then lacks the events of that call, and the hooks behind it are not called.
    """

    def __call__(self, record: HookEvent, /) -> None:
        """Take the next record."""


@attrs.define(eq=False)
class CallResult:
    """The events that one call of a session returns, and what the records need besides.

    Attributes:
        events: the events, in order.
        finished: the components that they complete, by index, and the seconds that each took.
        fault: where in ``events`` the latest error is, -1 if there is none.
        fatal: whether one of the errors is fatal.
        cause: the exception behind the latest error.
    """

    events: list[Event] = attrs.field(factory=list)
    finished: dict[int, tuple[Component, float]] = attrs.field(factory=dict)
    fault: int = -1
    fatal: bool = False
    cause: BaseException | None = None


def records_of(
    told: CallResult, *, stream: str, at: float, started: float | None, stats: SessionStats
) -> Iterator[HookEvent]:
    """Yield the records of the events of one call, in their order."""
    for place, event in enumerate(told.events):
        match event:
            case StatusEvent(phase="started"):
                yield StreamStarted(stream=stream, at=at)
            case ErrorEvent():
                yield ErrorReported(
                    stream=stream,
                    at=at,
                    code=event.code,
                    message=event.message,
                    fatal=event.fatal,
                    retryable=event.retryable,
                    line=event.line,
                    index=event.index,
                    cause=told.cause if place == told.fault else None,
                )
            case ContentBlockStop(index=index) if index in told.finished:
                component, seconds = told.finished[index]
                yield ComponentFinished(
                    stream=stream,
                    at=at,
                    index=index,
                    name=component.name,
                    position=component.position,
                    reason=component.reason,
                    chars=event.chars,
                    trimmed=event.trimmed,
                    seconds=seconds,
                    critical=component.critical,
                )
            case MessageStop(reason=reason):
                yield StreamFinished(stream=stream, at=at, started=started, reason=reason, stats=stats)
            case _:
                pass
