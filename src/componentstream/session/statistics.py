"""Counts and durations of a session.

:class:`SessionStats` is an immutable snapshot for users. :class:`StatsRecorder` is updated by the session.
It never sees text, only lengths, and has no clock: every time is the ``now`` of the session's caller, every
duration is in seconds.
"""

from collections.abc import Mapping

import attrs

from componentstream.core.events import Event, FindingEvent, Json, ReasoningEvent, StatusEvent, UsageEvent


@attrs.frozen
class ComponentTime:
    """Duration of one component in seconds, from its start event to its stop event."""

    index: int
    name: str
    seconds: float


@attrs.frozen(kw_only=True)
class SessionStats:
    """Statistics of one session at one moment.

    Attributes:
        chunks: Number of chunks with text.
        chars: Number of code points in those chunks, markers included.
        components_started: Number of start events of components.
        components_completed: Number of stop events of components, for any reason.
        components_by_reason: Number of stop events of components, by reason.
        errors_by_code: Number of error events, by code.
        seconds_to_first_chunk: Seconds from the start to the first chunk with text, None before it.
        seconds_to_first_component: Seconds from the start to the first start event of a component, None
            before it.
        component_times: Duration of each completed component, in the order of completion.
        longest_gap: Longest time in seconds between two chunks after the first one with text, None before the
            second. An empty or unreadable chunk counts as a chunk here.
        elapsed: Seconds from the start to the latest call, 0.0 for a session that never started.
        usage: Tokens that the provider reported; None if it reported none.
        ignored: Number of unknown events of the source that its decoder skipped.
    """

    chunks: int = 0
    chars: int = 0
    components_started: int = 0
    components_completed: int = 0
    components_by_reason: Mapping[str, int] = attrs.field(factory=dict[str, int], hash=False)
    errors_by_code: Mapping[str, int] = attrs.field(factory=dict[str, int], hash=False)
    seconds_to_first_chunk: float | None = None
    seconds_to_first_component: float | None = None
    component_times: tuple[ComponentTime, ...] = ()
    longest_gap: float | None = None
    elapsed: float = 0.0
    usage: UsageEvent | None = None
    ignored: int = 0

    def to_dict(self) -> Json:
        """Return the statistics as JSON values; ``message_stop`` has them under the same names."""
        values: Json = {field.name: getattr(self, field.name) for field in attrs.fields(SessionStats)}
        values["components_by_reason"] = dict(self.components_by_reason)
        values["errors_by_code"] = dict(self.errors_by_code)
        values["component_times"] = [
            {"index": time.index, "name": time.name, "seconds": time.seconds} for time in self.component_times
        ]
        values["usage"] = None if self.usage is None else self.usage.counts()
        return values


def merged_usage(known: UsageEvent | None, reported: UsageEvent) -> UsageEvent | None:
    """Return all counts that are known after a report: its own, and the earlier ones that it lacks."""
    counts = {name: count for name, count in reported.counts().items() if count is not None}
    return attrs.evolve(known or UsageEvent(), **counts) if counts else known


class StatsRecorder:
    """Statistics of a running session.

    A session calls :meth:`start` once, then the other methods in the order of events, with a clock that
    never goes backwards; :meth:`snapshot` may be called at any time. Because chunks are frequent, the
    session itself updates the attributes for them. Memory grows only with the number of components and of
    distinct error codes.

    Attributes:
        chunks: Number of chunks with text.
        chars: Number of code points in those chunks.
        started: Time of the start, None before it.
        longest_gap: Longest gap in seconds, negative before the first; call :meth:`waited` for a longer one.
        components_started: Number of start events of components.
        components_completed: Number of stop events of components.
        ignored: Number of unknown events that the decoder skipped.
    """

    __slots__ = (
        "_errors",
        "_first_chunk",
        "_first_component",
        "_open",
        "_reasons",
        "_thought_at",
        "_times",
        "_usage",
        "chars",
        "chunks",
        "components_completed",
        "components_started",
        "ignored",
        "longest_gap",
        "started",
    )

    def __init__(self) -> None:
        self.chunks: int = 0
        self.chars: int = 0
        self.longest_gap: float = -1.0
        self.components_started: int = 0
        self.components_completed: int = 0
        self.ignored: int = 0
        self.started: float | None = None
        self._first_chunk: float | None = None
        self._first_component: float | None = None
        self._open: dict[int, float] = {}
        self._times: list[ComponentTime] = []
        self._reasons: dict[str, int] = {}
        self._errors: dict[str, int] = {}
        self._usage: UsageEvent | None = None
        self._thought_at = -1  # characters before the latest reasoning

    def start(self, now: float) -> None:
        """Set the time from which all durations are measured."""
        self.started = float(now)

    def elapsed(self, now: float) -> float:
        """Return the seconds from the start to `now`, 0.0 without a start."""
        return 0.0 if self.started is None else now - self.started

    def waited(self, gap: float, now: float) -> None:
        """Record a new longest gap, of `gap` seconds, before a chunk that arrived at `now`.

        Call it before the chunk is counted: the wait for the first chunk with text is not a gap, but the time
        to the first chunk.
        """
        if self.chunks:
            self.longest_gap = gap
        else:
            self._first_chunk = self.elapsed(now)

    def component_started(self, index: int, now: float) -> None:
        """Count the start of component `index`."""
        started = self.elapsed(now)
        if self._first_component is None:
            self._first_component = started
        self.components_started += 1
        self._open[index] = started

    def component_finished(self, index: int, name: str, reason: str, now: float) -> float:
        """Count the stop of component `index`; return its duration in seconds.

        A component of a restored parser, open before the session, is measured from the session's start.
        """
        seconds = self.elapsed(now) - self._open.pop(index, 0.0)
        self.components_completed += 1
        self._times.append(ComponentTime(index, name, seconds))
        self._reasons[reason] = self._reasons.get(reason, 0) + 1
        return seconds

    def error(self, code: str) -> None:
        """Count an error event."""
        self._errors[code] = self._errors.get(code, 0) + 1

    def reported(self, event: ReasoningEvent | UsageEvent | FindingEvent, now: float) -> list[Event]:
        """Record an event that is neither text nor an error; return the events to emit for it."""
        if isinstance(event, UsageEvent):
            known, self._usage = self._usage, merged_usage(self._usage, event)
            return [] if self._usage is None or self._usage == known else [self._usage]
        if isinstance(event, FindingEvent):
            return [event]
        # The first reasoning after text, or after the start.
        begins = self._thought_at != self.chars
        self._thought_at = self.chars
        status: list[Event] = [self.status("thinking", now)] if begins else []
        return [*status, event] if event.text else status

    def status(self, phase: str, now: float) -> StatusEvent:
        """Return the status event for `phase` at `now`."""
        return StatusEvent(
            phase=phase,
            elapsed=self.elapsed(now),
            components_started=self.components_started,
            components_completed=self.components_completed,
            chars=self.chars,
        )

    def snapshot(self, now: float) -> SessionStats:
        """Return the statistics at `now`; later changes do not affect them."""
        return SessionStats(
            chunks=self.chunks,
            chars=self.chars,
            components_started=self.components_started,
            components_completed=self.components_completed,
            components_by_reason=dict(self._reasons),
            errors_by_code=dict(self._errors),
            seconds_to_first_chunk=self._first_chunk if self.chunks else None,
            seconds_to_first_component=self._first_component,
            component_times=tuple(self._times),
            longest_gap=None if self.longest_gap < 0 else self.longest_gap,
            elapsed=self.elapsed(now),
            usage=self._usage,
            ignored=self.ignored,
        )
