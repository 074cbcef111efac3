import attrs
import pytest

from componentstream.core.buffer import Component
from componentstream.core.events import DebugEvent, ErrorEvent, MessageStop, StatusEvent
from componentstream.session.hooks import (
    CallResult,
    ComponentFinished,
    ErrorReported,
    Reconnected,
    StreamFinished,
    StreamStarted,
    records_of,
)
from componentstream.session.statistics import SessionStats
from tests.shorthand import component, delta, stop, text

STATS = SessionStats(chunks=3)
CODE = "export default function Hero"


def records(*events, **besides):
    return list(records_of(CallResult(list(events), **besides), stream="s", at=4.0, started=1.0, stats=STATS))


def reported(error, cause=None):
    return ErrorReported(
        stream="s",
        at=4.0,
        code=error.code,
        message=error.message,
        fatal=error.fatal,
        retryable=error.retryable,
        line=error.line,
        index=error.index,
        cause=cause,
    )


def test_only_the_started_status_is_a_start():
    status = StatusEvent("started", 0.0, 0, 0, 0)
    assert records(status) == [StreamStarted(stream="s", at=4.0)]
    assert records(attrs.evolve(status, phase="progress"), attrs.evolve(status, phase="finishing")) == []


def test_text_blocks_starts_deltas_and_debug_events_are_no_records():
    assert records(text(0), delta(0, CODE), stop(0, 1), component(1, "A", (0, 1)), DebugEvent({})) == []


def test_an_error_is_told_with_its_fields():
    error = ErrorEvent("a", "b", fatal=True, retryable=True, line=3, index=5)
    assert records(error) == [reported(error)]


def test_the_cause_belongs_to_the_latest_error():
    cause = ValueError("deep")
    first, last = ErrorEvent("first", "x"), ErrorEvent("last", "y")
    assert records(first, last, fault=1, cause=cause) == [reported(first), reported(last, cause)]


def test_a_component_is_told_when_it_stops_without_its_text():
    done = Component(2, "Hero", "header", {}, None, CODE, "implied", critical=True)
    told = records(stop(2, 28, reason="implied", trimmed=4), finished={2: (done, 1.5)})
    assert told == [
        ComponentFinished(
            stream="s",
            at=4.0,
            index=2,
            name="Hero",
            position="header",
            reason="implied",
            chars=28,
            trimmed=4,
            seconds=1.5,
            critical=True,
        )
    ]
    assert CODE not in repr(told)


def test_the_end_is_told_with_the_figures():
    assert records(MessageStop("timeout", {})) == [
        StreamFinished(stream="s", at=4.0, started=1.0, reason="timeout", stats=STATS)
    ]


def test_records_come_in_the_order_of_their_events():
    error = ErrorEvent("a", "b", fatal=True)
    assert [type(record) for record in records(error, stop(0, 0), MessageStop("failed", {}))] == [
        ErrorReported,
        StreamFinished,
    ]


def test_records_are_values():
    record = Reconnected(stream="s", at=1.0, last_event_id="17")
    assert record == Reconnected(stream="s", at=1.0, last_event_id="17")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        record.at = 2.0
