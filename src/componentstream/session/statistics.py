"""What a session counts and times.

:class:`SessionStats` is what users see: a snapshot that does not change. :class:`StatsRecorder` is what
a session keeps up to date. It never sees a text, only lengths, and knows no clock: every moment is the
``now`` of the session's caller, every duration is in seconds.
"""

from collections.abc import Mapping

import attrs

from componentstream.core.events import Json


@attrs.frozen
class ComponentTime:
    """How long one component took, in seconds, from its start event to its stop event."""

    index: int
    name: str
    seconds: float


@attrs.frozen(kw_only=True)
class SessionStats:
    """The figures of one session at one moment.

    Attributes:
        chunks: chunks with text in them.
        chars: code points in those chunks, markers included.
        components_started: components whose start event has left.
        components_completed: components whose stop event has left, for whatever reason.
        components_by_reason: those, by the reason of their stop.
        errors_by_code: error events, by code.
        seconds_to_first_chunk: from the start to the first chunk with text, None as long as there is none.
        seconds_to_first_component: from the start to the first component's start event, None as long as
            there is none.
        component_times: how long each completed component took, in the order of completion.
        longest_gap: the longest time that the source was silent after its first chunk with text, None as
            long as nothing has come after that. A chunk that is empty or cannot be read ends a silence.
        elapsed: from the start to the latest call, 0.0 for a session that never started.
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

    def to_dict(self) -> Json:
        """Return the figures as JSON values; ``message_stop`` carries them under these names."""
        figures: Json = {field.name: getattr(self, field.name) for field in attrs.fields(SessionStats)}
        figures["components_by_reason"] = dict(self.components_by_reason)
        figures["errors_by_code"] = dict(self.errors_by_code)
        figures["component_times"] = [
            {"index": time.index, "name": time.name, "seconds": time.seconds} for time in self.component_times
        ]
        return figures


class StatsRecorder:
    """The figures of one session while it runs.

    A session calls :meth:`start` once, then tells what happens, in order and with a clock that does not go
    back; :meth:`snapshot` may be taken at any time. What must be quick, because it happens with every
    chunk, the session counts itself, in the attributes. The memory grows with the number of components and
    of different error codes, and with nothing else.

    Attributes:
        chunks: chunks with text in them.
        chars: code points in those.
        started: the moment of the start, None before it.
        longest_gap: below 0 before there is one; call :meth:`waited` when a longer one has come.
        components_started: start events of components.
        components_completed: stop events of components.
    """

    __slots__ = (
        "_errors",
        "_first_chunk",
        "_first_component",
        "_open",
        "_reasons",
        "_times",
        "chars",
        "chunks",
        "components_completed",
        "components_started",
        "longest_gap",
        "started",
    )

    def __init__(self) -> None:
        self.chunks = self.chars = 0
        self.longest_gap = -1.0
        self.components_started = self.components_completed = 0
        self.started: float | None = None
        self._first_chunk: float | None = None
        self._first_component: float | None = None
        self._open: dict[int, float] = {}
        self._times: list[ComponentTime] = []
        self._reasons: dict[str, int] = {}
        self._errors: dict[str, int] = {}

    def start(self, now: float) -> None:
        """Take `now` as the moment from which everything is timed."""
        self.started = float(now)

    def elapsed(self, now: float) -> float:
        """Return the seconds from the start to `now`, 0.0 without a start."""
        return 0.0 if self.started is None else now - self.started

    def waited(self, gap: float, now: float) -> None:
        """Note that the source was silent for `gap` seconds, longer than ever, until a chunk came at `now`.

        Call it before the chunk is counted: the wait for the first one with text is no gap.
        """
        if self.chunks:
            self.longest_gap = gap
        else:
            self._first_chunk = self.elapsed(now)

    def component_started(self, index: int, now: float) -> None:
        """Count the start of component `index`."""
        began = self.elapsed(now)
        if self._first_component is None:
            self._first_component = began
        self.components_started += 1
        self._open[index] = began

    def component_finished(self, index: int, name: str, reason: str, now: float) -> float:
        """Count the stop of component `index`; return how long it took.

        A component that was open before the session, in a restored parser, counts from the session's start.
        """
        seconds = self.elapsed(now) - self._open.pop(index, 0.0)
        self.components_completed += 1
        self._times.append(ComponentTime(index, name, seconds))
        self._reasons[reason] = self._reasons.get(reason, 0) + 1
        return seconds

    def error(self, code: str) -> None:
        """Count an error event."""
        self._errors[code] = self._errors.get(code, 0) + 1

    def snapshot(self, now: float) -> SessionStats:
        """Return the figures as they are at `now`; what is counted later does not change them."""
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
        )
