"""One generation from start to end: lifecycle, deadlines, error window, statistics.

:class:`GenerationSession` puts a parser and a buffer under a clock that its caller owns. It is still a
machine without I/O: every call takes ``now`` and returns events. The states, and what leads from one to the
next, are in :mod:`componentstream.session.lifecycle`.
"""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Final

import attrs

from componentstream.core import codes
from componentstream.core.buffer import Component, ComponentBuffer
from componentstream.core.codes import SessionErrorCode
from componentstream.core.errors import UsageError
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    Json,
    MessageStop,
    StatusEvent,
)
from componentstream.core.parser import ComponentParser
from componentstream.session.hooks import CallResult, Hook, Reconnected, hook_events_of
from componentstream.session.lifecycle import (
    LIFECYCLE,
    REASONS,
    ErrorWindow,
    SessionState,
    Timeouts,
)
from componentstream.session.statistics import SessionStats, StatsRecorder

__all__ = ["ErrorWindow", "GenerationSession", "SessionErrorCode", "SessionState", "SessionStats", "Timeouts"]

_IDLE, _STREAMING, _DONE = SessionState.IDLE, SessionState.STREAMING, SessionState.DONE
_COUNTED: Final = frozenset({codes.INVALID_CHUNK, codes.MALFORMED_MARKER})
_OF_THE_PARSER: Final = codes.codes_of("parser")
_NEVER: Final = math.inf


class GenerationSession:
    """The events of one generation, with status, deadlines and exactly one ``message_stop``, the last event.

    Call :meth:`start`; then :meth:`feed` with each piece of text, :meth:`report_error` with each mistake of
    the source, and :meth:`tick` when :meth:`next_deadline` has come; in the end :meth:`finish`, or
    :meth:`cancel`. Pass on the events that each call returns. When :attr:`ended` is true, stop reading
    the source. One session is one generation; make another for the next.

    ``now`` is in seconds, of one monotonic clock of the caller's choice. Nothing happens by itself: a
    deadline that has passed ends the session at the next ``tick``, and a chunk that is fed before that is
    taken.

    A component that the buffer's catalog calls critical and that ends other than with ``end`` is lost: the
    error that tells of it, or the fatal error that ended it, becomes retryable, and the session ends as
    ``failed`` even if the source ends well.

    Args:
        parser: a parser that has read nothing yet.
        buffer: a buffer that has seen nothing yet; it is applied to each event.
        timeouts: how long to wait.
        error_window: how many errors to bear.
        hooks: called, in order, with each record of :mod:`componentstream.session.hooks`.
        id: what hooks are told as ``stream``.

    Raises:
        UsageError: `parser` has ended already, or `id` is no str.
    """

    def __init__(
        self,
        *,
        parser: ComponentParser | None = None,
        buffer: ComponentBuffer | None = None,
        timeouts: Timeouts = Timeouts(),
        error_window: ErrorWindow = ErrorWindow(),
        hooks: Iterable[Hook] = (),
        id: str = "",  # noqa: A002 - the name that users read
    ) -> None:
        self._parser = ComponentParser() if parser is None else parser
        if self._parser.closed or self._parser.failed:
            raise UsageError("The parser's stream has ended; give each session a new ComponentParser.")
        if not isinstance(id, str):
            raise UsageError(f"The id of a session must be a str, not {type(id).__name__}.")
        self._buffer = ComponentBuffer() if buffer is None else buffer
        self._hooks = tuple(hooks)
        self._id = id
        self._state = _IDLE
        self._now = self._heard = -_NEVER
        self._generation = _NEVER if timeouts.generation is None else timeouts.generation
        self._chunk = _NEVER if timeouts.chunk is None else timeouts.chunk
        self._generation_due = _NEVER
        self._timeouts = timeouts
        self._window = error_window
        self._stamps: list[float] = []
        self._statistics = StatsRecorder()
        self._lost_critical = False

    @property
    def id(self) -> str:
        """What hooks are told as ``stream``."""
        return self._id

    @property
    def state(self) -> SessionState:
        """Where the session is in its life."""
        return self._state

    @property
    def ended(self) -> bool:
        """Whether ``message_stop`` has left; the source need not be read any further."""
        return self._state is not _STREAMING and self._state in REASONS

    @property
    def buffer(self) -> ComponentBuffer:
        """The components so far."""
        return self._buffer

    @property
    def stats(self) -> SessionStats:
        """The figures at the latest call."""
        return self._statistics.snapshot(self._now)

    def start(self, now: float) -> list[Event]:
        """Begin; return the status ``started``. Call it when the request goes out to the model.

        Raises:
            UsageError: the session has been started or has ended, or `now` is no finite number.
        """
        state = self._next("start")
        self._advance(now)
        self._state = state
        self._heard = self._now
        self._generation_due = self._now + self._generation
        self._statistics.start(now)
        return self._notify_hooks(CallResult([self._status("started")]))

    def feed(self, text: str, now: float, *, chunks: int = 1) -> list[Event]:
        """Take the next chunk of text, and return the events that it decides.

        A status ``progress`` follows each component that the model completed. A chunk without text says
        no more than that the source lives.

        Args:
            text: the text, cut anywhere.
            now: when it came.
            chunks: how many chunks it came in, for the statistics, if they were joined beforehand.

        Raises:
            UsageError: `text` is no str, the clock went back, or the session has not started or is done.
        """
        if self._state is not _STREAMING or not self._now <= now < _NEVER:
            return self._refuse("feed", now)
        events = self._parser.feed(text)
        statistics = self._statistics
        gap = now - self._heard
        self._now = self._heard = now
        if gap > statistics.longest_gap:
            statistics.waited(gap, now)
        if text:
            statistics.chunks += chunks
            statistics.chars += len(text)
        # A stream is mostly this: one delta, and nothing to look for in it.
        if len(events) == 1 and type(events[0]) is ContentBlockDelta:
            self._buffer.apply(events[0])
            return events
        if not events:
            return events
        turn = CallResult()
        self._take_parsed(turn, events)
        return self._notify_hooks(turn)

    def report_error(
        self,
        code: str,
        message: str,
        now: float,
        *,
        fatal: bool = False,
        retryable: bool = False,
        cause: BaseException | None = None,
    ) -> list[Event]:
        """Tell of a mistake of the source; return its error event, and the end if it is fatal.

        Args:
            code: stable, for programs, such as ``invalid_chunk`` (which also is a chunk: the source lives).
            message: for people on the other side; put nothing in it that they may not read.
            now: the time.
            fatal: nothing more can come. Open blocks are aborted, the session ends as ``failed``.
            retryable: the same request may well succeed.
            cause: the exception behind it, for hooks alone.

        Raises:
            UsageError: `code` or `message` is no str with something in it, or `code` is one of the parser's;
                or else as for :meth:`feed`.
        """
        if self._next("report_error") is not _STREAMING:
            return []
        if not (_says_something(code) and _says_something(message)):
            raise UsageError("report_error takes a code and a message, both of them str and not empty.")
        if code in _OF_THE_PARSER:
            raise UsageError(f"{code} is the parser's to report; give report_error a code of the source.")
        self._advance(now)
        if code == codes.INVALID_CHUNK:
            gap = now - self._heard
            self._heard = now
            if gap > self._statistics.longest_gap:
                self._statistics.waited(gap, now)
        error = ErrorEvent(code, message, fatal=fatal, retryable=retryable)
        if not fatal and self._trips(code):
            error = self._threshold(error)
        turn = CallResult(cause=cause)
        if error.fatal:
            self._break_off(turn, error)
            self._end(turn, "fail")
        else:
            self._take(turn, [error])
        return self._notify_hooks(turn)

    def tick(self, now: float) -> list[Event]:
        """Look at the clock: a deadline that has passed ends the session, otherwise nothing happens.

        Call it when :meth:`next_deadline` has come, after feeding what had arrived by then.

        Raises:
            UsageError: the clock went back, or the session has not started.
        """
        if self._next("tick") is not _STREAMING:
            return []
        self._advance(now)
        chunk_due = self._heard + self._chunk
        if now < self._generation_due and now < chunk_due:
            return []
        code: SessionErrorCode
        if self._generation_due <= chunk_due:
            code = codes.GENERATION_TIMEOUT
            message = f"The generation took longer than {self._generation:g} seconds."
        else:
            code = codes.CHUNK_TIMEOUT
            message = f"The source sent nothing for {self._chunk:g} seconds."
        turn = CallResult()
        self._break_off(turn, ErrorEvent(code, message, fatal=True, retryable=True))
        self._end(turn, "expire")
        return self._notify_hooks(turn)

    def finish(self, now: float) -> list[Event]:
        """End the generation because the source has ended; return the last events.

        They are the status ``finishing``, what the parser still held, the stops of what is open, and
        ``message_stop``.

        Raises:
            UsageError: the clock went back, or the session has not started or is done.
        """
        if self._next("finish") is not _DONE:
            return []
        self._advance(now)
        turn = CallResult([self._status("finishing")])
        self._take_parsed(turn, self._parser.close())
        if not self.ended:
            self._end(turn, "fail" if self._lost_critical else "finish")
        return self._notify_hooks(turn)

    def cancel(self, now: float) -> list[Event]:
        """End the generation because nobody wants it any more; return the last events.

        It may come at any time. Open blocks are aborted; after an end it returns nothing.

        Raises:
            UsageError: the clock went back.
        """
        if self._next("cancel") is self._state:
            return []
        self._advance(now)
        turn = CallResult()
        if self._state is _STREAMING:
            self._take(turn, self._parser.abort())
        self._end(turn, "cancel")
        return self._notify_hooks(turn)

    def reconnected(self, last_event_id: str, now: float) -> None:
        """Tell the hooks that a reader has come back; whoever serves the stream calls it, at any time.

        Args:
            last_event_id: the event that the reader had last, in its own words.
            now: the time; it need not follow that of other calls.
        """
        record = Reconnected(stream=self._id, at=now, last_event_id=last_event_id)
        for hook in self._hooks:
            hook(record)

    def next_deadline(self) -> float | None:
        """Return when :meth:`tick` is due, by the caller's clock; None when nothing is waited for."""
        if self._state is not _STREAMING:
            return None
        due = min(self._generation_due, self._heard + self._chunk)
        return None if due == _NEVER else due

    def debug_state(self) -> Json:
        """Return the session's state as JSON values, for its developer. No component's text is in it."""
        return {
            "id": self._id,
            "state": self._state.value,
            "seconds_left": None if (due := self.next_deadline()) is None else due - self._now,
            "timeouts": attrs.asdict(self._timeouts),
            "error_window": {**attrs.asdict(self._window), "errors": self._errors_in_window()},
            "held_chars": len(self._parser.pending),
            "open_components": [
                {
                    "index": component.index,
                    "name": component.name,
                    "position": component.position,
                    "parent": component.parent,
                    "chars": len(component.text),
                }
                for component in self._buffer.open_components
            ],
            "lost_critical": self._lost_critical,
            "stats": self.stats.to_dict(),
        }

    def _next(self, call: str) -> SessionState:
        """Return the state that `call` leads to if nothing else comes of it."""
        state = LIFECYCLE.get((self._state, call))
        if state is not None:
            return state
        if self._state is _IDLE:
            raise UsageError(f"{call}() came before start(); call start(now) first.")
        raise UsageError(
            f"{call}() cannot come when the session is {self._state.value}; make a new GenerationSession for "
            "each generation."
        )

    def _advance(self, now: float) -> None:
        if not (math.isfinite(now) and now >= self._now):
            raise UsageError(
                f"The time {now!r} does not follow {self._now!r}; take now from one monotonic clock."
            )
        self._now = now

    def _refuse(self, call: str, now: float) -> list[Event]:
        """Answer a call that comes in the wrong state or at the wrong time."""
        if self._next(call) is _STREAMING:
            self._advance(now)
        return []

    def _trips(self, code: str) -> bool:
        """Count an error; return whether it is one too many."""
        stamps = self._stamps
        if code not in _COUNTED:
            return False
        stamps.append(self._now)
        del stamps[: -self._window.max_errors - 1]
        return len(stamps) > self._window.max_errors and self._now - stamps[0] <= self._window.seconds

    def _errors_in_window(self) -> int:
        return sum(self._now - stamp <= self._window.seconds for stamp in self._stamps)

    def _threshold(self, error: ErrorEvent) -> ErrorEvent:
        window = self._window
        code: SessionErrorCode = codes.ERROR_THRESHOLD
        message = f"There were more than {window.max_errors} errors within {window.seconds:g} seconds."
        return attrs.evolve(error, code=code, message=message, fatal=True)

    def _take_parsed(self, turn: CallResult, events: list[Event]) -> None:
        """Take events of the parser, which may be the end."""
        for at, event in enumerate(events):
            if type(event) is ErrorEvent and self._trips(event.code):
                undone = [*events[at + 1 :], *self._parser.abort()]
                events = [*events[:at], self._threshold(event), *_stops_without(undone)]
                break
        self._take(turn, events)
        if turn.fatal:
            self._end(turn, "fail")

    def _break_off(self, turn: CallResult, error: ErrorEvent) -> None:
        """Abort what is open because of a fatal error, which comes behind the text that was held."""
        texts: list[Event] = []
        stops: list[Event] = []
        for event in self._parser.abort():
            if isinstance(event, ContentBlockStop):
                stops.append(event)
            elif not (isinstance(event, ErrorEvent) and event.fatal):
                texts.append(event)
        self._take(turn, [*texts, error, *stops])

    def _take(self, turn: CallResult, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ErrorEvent):
                self._statistics.error(event.code)
                turn.last_error_index = len(turn.events)
                turn.fatal = turn.fatal or event.fatal
            elif isinstance(event, ContentBlockStart) and isinstance(event.block, ComponentBlock):
                self._statistics.component_started(event.index, self._now)
            component = self._buffer.apply(event)
            turn.events.append(event)
            if component is not None:
                self._complete(turn, component)

    def _complete(self, turn: CallResult, component: Component) -> None:
        seconds = self._statistics.component_finished(
            component.index, component.name, component.reason, self._now
        )
        turn.finished[component.index] = component, seconds
        if component.critical and component.reason != "end":
            self._lost_critical = True
            error = turn.events[turn.last_error_index] if turn.last_error_index >= 0 else None
            if isinstance(error, ErrorEvent) and (error.fatal or error.index == component.index):
                turn.events[turn.last_error_index] = attrs.evolve(error, retryable=True)
        # Behind a fatal error there is no progress, and for one who cancels there is none to hear of.
        if component.reason != "aborted":
            turn.events.append(self._status("progress"))

    def _status(self, phase: str) -> StatusEvent:
        statistics = self._statistics
        return StatusEvent(
            phase=phase,
            elapsed=statistics.elapsed(self._now),
            components_started=statistics.components_started,
            components_completed=statistics.components_completed,
            chars=statistics.chars,
        )

    def _end(self, turn: CallResult, how: str) -> None:
        self._state = LIFECYCLE[self._state, how]
        turn.events.append(MessageStop(REASONS[self._state], self.stats.to_dict()))

    def _notify_hooks(self, turn: CallResult) -> list[Event]:
        """Tell the hooks, last of all, because they may raise; return the events."""
        if self._hooks:
            records = hook_events_of(
                turn, stream=self._id, at=self._now, started=self._statistics.started, stats=self.stats
            )
            for record in records:
                for hook in self._hooks:
                    hook(record)
        return turn.events


def _says_something(words: object) -> bool:
    return isinstance(words, str) and words != ""


def _stops_without(undone: list[Event]) -> list[Event]:
    """Return the stops of the blocks that were open before the events `undone`, as if those had not come.

    `undone` must go on until everything is stopped. What the parser dropped meanwhile of a component that
    was too large already stays counted as dropped.
    """
    began: set[int] = set()
    fitted: set[int | None] = set()
    chars: Counter[int] = Counter()
    stops: list[Event] = []
    for event in undone:
        match event:
            case ContentBlockStart(index=index):
                began.add(index)
            case ContentBlockDelta(index=index, text=text):
                chars[index] += len(text)
            case ErrorEvent(code=codes.COMPONENT_TOO_LARGE, index=about):
                fitted.add(about)
            case ContentBlockStop(index=index) if index not in began:
                trimmed = 0 if index in fitted else event.trimmed
                stops.append(ContentBlockStop(index, "aborted", event.chars - chars[index], trimmed))
    return stops
