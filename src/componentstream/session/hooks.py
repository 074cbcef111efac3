"""Observability of a session: frozen hook events, passed to callables.

A hook is any callable that takes a hook event. Pass hooks to a
:class:`~componentstream.GenerationSession`; it calls each of them, in order, with every hook event::

    def log(event: HookEvent) -> None:
        if isinstance(event, ComponentFinished):
            print(event.name, event.seconds)

    session = GenerationSession(hooks=[log])

Hook events do not contain text of components, so that observing a stream never copies its content.
"""

from collections.abc import Iterator
from typing import Protocol, TypeAlias, assert_never

import attrs

from componentstream.core.buffer import Component
from componentstream.core.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    FindingEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    UsageEvent,
)
from componentstream.session.statistics import SessionStats


@attrs.frozen(kw_only=True)
class StreamStarted:
    """A session has started.

    Attributes:
        stream: The ``id`` of the session; every hook event has it.
        at: The ``now`` of the call that caused it, in seconds of the caller's clock; every hook event has it.
    """

    stream: str
    at: float


@attrs.frozen(kw_only=True)
class ComponentFinished:
    """A component has ended.

    Attributes:
        index: Index of its block.
        name: Name in its START marker, chosen by the model.
        position: Position on the page.
        reason: Reason of its stop; any other than ``end`` means that it may be incomplete.
        chars: Number of code points delivered.
        trimmed: Number of code points dropped because it was too large.
        seconds: Seconds from its start event to its stop event.
        critical: Whether the catalog calls it critical: the page is useless without it.
    """

    stream: str
    at: float
    index: int
    name: str
    position: str
    reason: str
    chars: int
    trimmed: int
    seconds: float
    critical: bool


@attrs.frozen(kw_only=True)
class ErrorReported:
    """An error event was emitted; the fields are those of :class:`~componentstream.ErrorEvent`.

    ``cause`` is the exception behind it, if any. It stays in the process and may contain secrets: do not send
    it to clients.
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
    """A session has ended; its last hook event.

    It is also emitted for a session that was cancelled before it started. If ids are not unique, id and
    ``started`` together identify a stream.

    Attributes:
        started: ``at`` of its :class:`StreamStarted`, None if it never started.
        reason: Reason of its ``message_stop``.
        stats: Final statistics.
    """

    stream: str
    at: float
    started: float | None
    reason: str
    stats: SessionStats


@attrs.frozen(kw_only=True)
class Reconnected:
    """A client has reconnected and asked for the events after ``last_event_id``.

    The code that serves the stream reports it, through ``GenerationSession.reconnected``.
    """

    stream: str
    at: float
    last_event_id: str


HookEvent: TypeAlias = StreamStarted | ComponentFinished | ErrorReported | StreamFinished | Reconnected
"""Every hook event; end a ``match`` over it with ``assert_never``."""


class Hook(Protocol):
    """A callable that receives the hook events of a session.

    It is called synchronously, after the session's state has changed and before the call that changed it
    returns. It must be fast, must not call the session, and must not raise: its exception would reach the
    caller of the session, who then loses the events of that call, and later hooks would not be called.
    """

    def __call__(self, event: HookEvent, /) -> None:
        """Take the next hook event."""


@attrs.define(eq=False)
class CallResult:
    """Result of one call of a session: its events, and further data for hook events.

    Attributes:
        events: The events, in order.
        finished: The components that they complete, by index, with the duration of each in seconds.
        last_error_index: Index in ``events`` of the latest error, -1 without one.
        fatal: Whether one of the errors is fatal.
        cause: The exception behind the latest error.
    """

    events: list[Event] = attrs.field(factory=list)
    finished: dict[int, tuple[Component, float]] = attrs.field(factory=dict)
    last_error_index: int = -1
    fatal: bool = False
    cause: BaseException | None = None


def hook_events_of(
    result: CallResult, *, stream: str, at: float, started: float | None, stats: SessionStats
) -> Iterator[HookEvent]:
    """Yield the hook events for the events of one call, in their order."""
    for position, event in enumerate(result.events):
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
                    cause=result.cause if position == result.last_error_index else None,
                )
            case ContentBlockStop(index=index) if index in result.finished:
                component, seconds = result.finished[index]
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
            case (
                ContentBlockStart() | ContentBlockDelta() | ContentBlockStop() | StatusEvent() | DebugEvent()
            ):
                pass
            case ReasoningEvent() | UsageEvent() | FindingEvent():
                pass
            case _:
                assert_never(event)
