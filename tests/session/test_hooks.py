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
    hook_events_of,
)
from componentstream.session.statistics import SessionStats
from tests.shorthand import WITHOUT_BLOCK, component, delta, stop, text

STATS = SessionStats(chunks=3)
CODE = "export default function Hero"


def hook_events(*events, **besides):
    result = CallResult(list(events), **besides)
    return list(hook_events_of(result, stream="s", at=4.0, started=1.0, stats=STATS))


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


def test_only_the_status_started_gives_stream_started():
    status = StatusEvent("started", 0.0, 0, 0, 0)
    assert hook_events(status) == [StreamStarted(stream="s", at=4.0)]
    assert hook_events(attrs.evolve(status, phase="progress"), attrs.evolve(status, phase="finishing")) == []


def test_starts_deltas_text_blocks_and_debug_events_give_no_hook_event():
    assert hook_events(text(0), delta(0, CODE), stop(0, 1), component(1, "A", (0, 1)), DebugEvent({})) == []


def test_an_error_is_reported_with_its_fields():
    error = ErrorEvent("a", "b", fatal=True, retryable=True, line=3, index=5)
    assert hook_events(error) == [reported(error)]


def test_the_cause_belongs_to_the_latest_error():
    cause = ValueError("deep")
    first, last = ErrorEvent("first", "x"), ErrorEvent("last", "y")
    assert hook_events(first, last, last_error_index=1, cause=cause) == [
        reported(first),
        reported(last, cause),
    ]


def test_a_component_is_reported_when_it_stops_without_its_text():
    done = Component(2, "Hero", "header", {}, None, CODE, "implied", critical=True)
    reports = hook_events(stop(2, 28, reason="implied", trimmed=4), finished={2: (done, 1.5)})
    assert reports == [
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
    assert CODE not in repr(reports)


def test_the_end_is_reported_with_the_statistics():
    assert hook_events(MessageStop("timeout", {})) == [
        StreamFinished(stream="s", at=4.0, started=1.0, reason="timeout", stats=STATS)
    ]


def test_hook_events_keep_the_order_of_their_events():
    error = ErrorEvent("a", "b", fatal=True)
    assert [type(event) for event in hook_events(error, stop(0, 0), MessageStop("failed", {}))] == [
        ErrorReported,
        StreamFinished,
    ]


def test_hook_events_are_values():
    event = Reconnected(stream="s", at=1.0, last_event_id="17")
    assert event == Reconnected(stream="s", at=1.0, last_event_id="17")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.at = 2.0


def test_an_unknown_event_is_a_mistake_of_the_code():
    with pytest.raises(AssertionError, match="Expected code to be unreachable"):
        hook_events("an event of a new type")


def test_events_outside_blocks_are_not_reported():
    assert hook_events(*WITHOUT_BLOCK) == []
