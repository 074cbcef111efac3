"""One generation from start to end: lifecycle, deadlines, error window, statistics.

:class:`GenerationSession` puts a parser and a buffer under a clock that its caller owns. It does no I/O:
every call takes ``now`` and returns events. States and transitions are in
:mod:`componentstream.session.lifecycle`.

Invariants: exactly one ``message_stop`` is emitted, and it is the last event on every path. The buffer has
seen every event that was returned. Hooks are called after the state has changed, so that a hook that raises
cannot leave the session in between.
"""

import math
from collections.abc import Iterable
from typing import Final

import attrs

from componentstream.core import codes
from componentstream.core.buffer import ComponentBuffer
from componentstream.core.errors import UsageError
from componentstream.core.events import (
    ContentBlockDelta,
    ErrorEvent,
    Event,
    FindingEvent,
    Json,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    UsageEvent,
)
from componentstream.core.grammar import Grammar
from componentstream.core.parser import ComponentParser
from componentstream.session._abort import stops_without, with_fatal_error
from componentstream.session._arguments import check_id, check_parts, checked_hooks
from componentstream.session._deadlines import Deadlines
from componentstream.session._debug import described
from componentstream.session._error_rate import ErrorRate
from componentstream.session._progress import Progress
from componentstream.session.hooks import CallResult, Hook, Reconnected, hook_events_of
from componentstream.session.lifecycle import (
    LIFECYCLE,
    REASONS,
    ErrorWindow,
    SessionState,
    Timeouts,
    next_state,
)
from componentstream.session.statistics import SessionStats, StatsRecorder

__all__ = ["ErrorWindow", "GenerationSession", "SessionState", "SessionStats", "Timeouts"]

_IDLE, _STREAMING, _DONE = SessionState.IDLE, SessionState.STREAMING, SessionState.DONE
_PARSER_CODES: Final = codes.codes_of("parser")
_NEVER: Final = math.inf


class GenerationSession:
    """The events of one generation, with status, deadlines and exactly one ``message_stop``, the last event.

    Call :meth:`start`; then :meth:`feed` with each piece of text, :meth:`report_error` with each error of the
    source, :meth:`report` with its reasoning and usage, :meth:`tick` when :meth:`next_deadline` is due; at
    the end :meth:`finish`, or :meth:`cancel`. Send the events that each call returns. Once :attr:`ended` is
    true, stop reading the source. A session serves one generation; create another for the next.

    ``now`` is in seconds of one monotonic clock of the caller's choice. The session never acts by itself: a
    missed deadline ends it at the next ``tick``, and a chunk that is fed before that ``tick`` counts.

    A critical component (see :class:`~componentstream.Catalog`) that stops with another reason than ``end``
    is lost: the error about it, or the fatal error that stopped it, becomes retryable, and the session ends
    as ``failed`` even if the source ends normally.

    Args:
        parser: A new parser.
        buffer: A new buffer; every event is applied to it.
        timeouts: Timeouts of the generation and of each chunk.
        error_window: Error-rate threshold.
        hooks: Callables that receive each hook event, in order; see :mod:`componentstream.session.hooks`.
        id: Identifier of the stream in hook events.

    Raises:
        UsageError: An argument has the wrong type, or `parser` has already ended.
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
        self._buffer = ComponentBuffer() if buffer is None else buffer
        check_parts(self._parser, self._buffer, timeouts, error_window)
        check_id(id)
        self._hooks = checked_hooks(hooks)
        self._id = id
        self._state = _IDLE
        self._now = -_NEVER
        self._deadlines = Deadlines(timeouts)
        self._timeouts = timeouts
        self._window = error_window
        self._error_rate = ErrorRate(error_window)
        self._recorder = StatsRecorder()
        self._progress = Progress(self._buffer, self._recorder)

    @property
    def id(self) -> str:
        """Identifier of the stream in hook events."""
        return self._id

    @property
    def state(self) -> SessionState:
        """The state of the session."""
        return self._state

    @property
    def grammar(self) -> Grammar:
        """The grammar of the parser."""
        return self._parser.grammar

    @property
    def ended(self) -> bool:
        """Whether ``message_stop`` was emitted; stop reading the source."""
        return self._state is not _STREAMING and self._state in REASONS

    @property
    def buffer(self) -> ComponentBuffer:
        """The buffer with the components so far."""
        return self._buffer

    @property
    def stats(self) -> SessionStats:
        """Statistics as of the latest call."""
        return self._recorder.snapshot(self._now)

    def start(self, now: float) -> list[Event]:
        """Start the session; return the status ``started``. Call it when the request is sent to the model.

        Raises:
            UsageError: The session was already started or has ended, or `now` is not finite.
        """
        state = next_state(self._state, "start")
        self._advance(now)
        self._state = state
        self._deadlines.start(now)
        self._recorder.start(now)
        return self._notify_hooks(CallResult([self._status("started")]))

    def feed(self, text: str, now: float, *, chunks: int = 1) -> list[Event]:
        """Process the next chunk of text; return the events that it decides.

        A status ``progress`` follows each component that the model completed. An empty chunk only restarts
        the chunk timeout.

        Args:
            text: The text, cut anywhere.
            now: The time of its arrival.
            chunks: Number of chunks that were joined to `text`, for the statistics.

        Raises:
            UsageError: `text` is not a str, `now` went backwards, or the session has not started or is done.
        """
        if self._state is not _STREAMING or not self._now <= now < _NEVER:
            return self._reject("feed", now)
        events = self._parser.feed(text)
        # The parser comes first: it raises UsageError for other types, and then nothing may change here.
        deadlines, recorder = self._deadlines, self._recorder
        gap = now - deadlines.last_chunk_at
        self._now = deadlines.last_chunk_at = now
        if gap > recorder.longest_gap:
            recorder.waited(gap, now)
        if text:
            recorder.chunks += chunks
            recorder.chars += len(text)
        # Fast path: most chunks give one delta, which neither the error window nor a hook is interested in.
        if len(events) == 1 and type(events[0]) is ContentBlockDelta:
            self._buffer.apply(events[0])
            return events
        if not events:
            return events
        result = CallResult()
        self._take_parsed(result, events)
        return self._notify_hooks(result)

    def report(self, event: ReasoningEvent | UsageEvent | FindingEvent, now: float) -> list[Event]:
        """Emit an event that is neither text nor an error; return it, or nothing if it is not news.

        Reasoning and usage restart the chunk timeout. The first reasoning after text, or after the start,
        follows a status ``thinking``; without text it gives that status alone. Usage gives an event with all
        counts known so far, if one of them has changed.

        Raises:
            UsageError: `event` is of another kind; otherwise as for :meth:`feed`.
        """
        if next_state(self._state, "report") is not _STREAMING:
            return []
        if not isinstance(event, ReasoningEvent | UsageEvent | FindingEvent):
            raise UsageError(f"report() needs reasoning, usage or a finding, not {type(event).__name__}.")
        self._advance(now)
        if not isinstance(event, FindingEvent):
            self._restart_chunk_timeout(now)
        return self._recorder.reported(event, now)

    def ignored(self, count: int) -> None:
        """Set the number of unknown events of the source, which its decoder skipped, for the statistics."""
        self._recorder.ignored = count

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
        """Report an error of the source; return its event, and the end of the stream if it is fatal.

        Args:
            code: Stable code for programs, registered or your own. ``invalid_chunk`` restarts the chunk
                timeout.
            message: Text for people. Clients receive it, so it must not contain secrets.
            now: The time.
            fatal: Whether the source cannot continue. Open blocks are aborted, the session ends as
                ``failed``.
            retryable: Whether the same request may succeed.
            cause: The exception behind it, for hooks only.

        Raises:
            UsageError: `code` or `message` is not a nonempty str, or `code` belongs to the parser; otherwise
                as for :meth:`feed`.
        """
        if next_state(self._state, "report_error") is not _STREAMING:
            return []
        given: tuple[object, ...] = (code, message)
        if not all(isinstance(value, str) and value for value in given):
            raise UsageError("report_error() needs a code and a message, each a nonempty str.")
        if code in _PARSER_CODES:
            raise UsageError(f"Only the parser reports {code}; pass report_error() a code of the source.")
        self._advance(now)
        if code == codes.INVALID_CHUNK:
            self._restart_chunk_timeout(now)
        error = ErrorEvent(code, message, fatal=fatal, retryable=retryable)
        if not fatal and self._error_rate.exceeded_by(code, now):
            error = self._error_rate.threshold_error(error)
        result = CallResult(cause=cause)
        if error.fatal:
            self._fail(result, error)
            self._end(result, "fail")
        else:
            self._progress.take(result, [error], now)
        return self._notify_hooks(result)

    def tick(self, now: float) -> list[Event]:
        """End the session if a deadline has passed, otherwise do nothing.

        Call it when :meth:`next_deadline` is due, after feeding the chunks that arrived before it.

        Raises:
            UsageError: `now` went backwards, or the session has not started.
        """
        if next_state(self._state, "tick") is not _STREAMING:
            return []
        self._advance(now)
        error = self._deadlines.error_at(now)
        if error is None:
            return []
        result = CallResult()
        self._fail(result, error)
        self._end(result, "expire")
        return self._notify_hooks(result)

    def finish(self, now: float) -> list[Event]:
        """End the generation because the source has ended; return the last events.

        They are the status ``finishing``, the text that the parser held, the stops of open blocks, and
        ``message_stop``.

        Raises:
            UsageError: `now` went backwards, or the session has not started or is done.
        """
        if next_state(self._state, "finish") is not _DONE:
            return []
        self._advance(now)
        result = CallResult([self._status("finishing")])
        self._take_parsed(result, self._parser.close())
        if not self.ended:
            self._end(result, "fail" if self._progress.lost_critical else "finish")
        return self._notify_hooks(result)

    def cancel(self, now: float) -> list[Event]:
        """End the generation because it is not needed anymore; return the last events.

        It may be called at any time. Open blocks are aborted; after the end it returns nothing.

        Raises:
            UsageError: `now` went backwards.
        """
        if next_state(self._state, "cancel") is self._state:
            return []
        self._advance(now)
        result = CallResult()
        if self._state is _STREAMING:
            self._progress.take(result, self._parser.abort(), self._now)
        self._end(result, "cancel")
        return self._notify_hooks(result)

    def reconnected(self, last_event_id: str, now: float) -> None:
        """Notify the hooks that a client has reconnected. Call it at any time, while serving the stream.

        Args:
            last_event_id: Id of the last event that the client has, as the client sent it.
            now: The time; it need not follow the time of other calls.
        """
        event = Reconnected(stream=self._id, at=now, last_event_id=last_event_id)
        for hook in self._hooks:
            hook(event)

    def next_deadline(self) -> float | None:
        """Return the time when :meth:`tick` is due, None without a deadline."""
        if self._state is not _STREAMING:
            return None
        deadline = self._deadlines.next()
        return None if deadline == _NEVER else deadline

    def debug_state(self) -> Json:
        """Return the internal state as JSON values, for debugging. It does not contain text of components."""
        return {
            "id": self._id,
            "state": self._state.value,
            "seconds_left": None if (deadline := self.next_deadline()) is None else deadline - self._now,
            "timeouts": attrs.asdict(self._timeouts),
            "error_window": {**attrs.asdict(self._window), "errors": self._error_rate.errors_at(self._now)},
            "held_chars": len(self._parser.pending),
            "open_components": [described(component) for component in self._buffer.open_components],
            "lost_critical": self._progress.lost_critical,
            "stats": self.stats.to_dict(),
        }

    def _advance(self, now: float) -> None:
        if not (math.isfinite(now) and now >= self._now):
            raise UsageError(
                f"The time {now!r} does not follow {self._now!r}; pass the time of one monotonic clock."
            )
        self._now = now

    def _restart_chunk_timeout(self, now: float) -> None:
        gap = now - self._deadlines.last_chunk_at
        self._deadlines.last_chunk_at = now
        if gap > self._recorder.longest_gap:
            self._recorder.waited(gap, now)

    def _reject(self, call: str, now: float) -> list[Event]:
        """Raise for a call in the wrong state or at the wrong time; return nothing if it is merely late."""
        if next_state(self._state, call) is _STREAMING:
            self._advance(now)
        return []

    def _take_parsed(self, result: CallResult, events: list[Event]) -> None:
        """Emit events of the parser; end the session if one of them is fatal or exceeds the error window."""
        for at, event in enumerate(events):
            if type(event) is not ErrorEvent or event.recovered:
                continue
            if self._error_rate.exceeded_by(event.code, self._now):
                # The parser has read on behind this error. Its later events must not be emitted, but the
                # blocks that were open here must be stopped.
                undone = [*events[at + 1 :], *self._parser.abort()]
                events = [*events[:at], self._error_rate.threshold_error(event), *stops_without(undone)]
                break
        self._progress.take(result, events, self._now)
        if result.fatal:
            self._end(result, "fail")

    def _fail(self, result: CallResult, error: ErrorEvent) -> None:
        """Emit a fatal error that the parser did not report, and stop the open blocks."""
        self._progress.take(result, with_fatal_error(error, self._parser.abort()), self._now)

    def _status(self, phase: str) -> StatusEvent:
        return self._recorder.status(phase, self._now)

    def _end(self, result: CallResult, how: str) -> None:
        self._state = LIFECYCLE[self._state, how]
        result.events.append(MessageStop(REASONS[self._state], self.stats.to_dict()))

    def _notify_hooks(self, result: CallResult) -> list[Event]:
        """Notify the hooks, as the last step because they may raise; return the events."""
        if self._hooks:
            hook_events = hook_events_of(
                result, stream=self._id, at=self._now, started=self._recorder.started, stats=self.stats
            )
            for event in hook_events:
                for hook in self._hooks:
                    hook(event)
        return result.events
