import pytest

from componentstream.core.buffer import ComponentBuffer
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.events import ErrorEvent, StatusEvent
from componentstream.session._progress import Progress
from componentstream.session.hooks import CallResult
from componentstream.session.statistics import StatsRecorder
from tests.shorthand import component, delta, stop, text


def taken(*events, critical=(), progress=None):
    """Return the progress, and the result of a call that takes `events` at second 2."""
    recorder = StatsRecorder()
    recorder.start(0.0)
    catalog = Catalog([ComponentSpec(name, critical=True) for name in critical])
    progress = progress or Progress(ComponentBuffer(catalog=catalog), recorder)
    result = CallResult()
    progress.take(result, list(events), 2.0)
    return progress, result, recorder


def test_text_and_its_block_are_only_passed_on():
    events = [text(0), delta(0, "x"), stop(0, 1)]
    progress, result, recorder = taken(*events)
    assert result.events == events
    assert (progress.lost_critical, result.fatal, result.last_error_index) == (False, False, -1)
    assert recorder.components_started == 0


def test_a_completed_component_is_followed_by_a_status():
    events = [component(0, "A", (0, 12)), delta(0, "x"), stop(0, 1)]
    _, result, recorder = taken(*events)
    assert result.events == [*events, StatusEvent("progress", 2.0, 1, 1, 0)]
    [(index, (finished, seconds))] = result.finished.items()
    assert (index, finished.name, seconds) == (0, "A", 0.0)
    assert (recorder.components_started, recorder.components_completed) == (1, 1)


def test_an_aborted_component_is_not_progress():
    events = [component(0, "A", (0, 12)), stop(0, 0, reason="aborted")]
    _, result, _ = taken(*events)
    assert result.events == events
    assert result.finished.keys() == {0}


def test_errors_are_counted_and_the_latest_is_remembered():
    fatal = ErrorEvent("stream_too_large", "b", fatal=True)
    _, result, recorder = taken(ErrorEvent("mine", "a"), fatal)
    assert (result.last_error_index, result.fatal) == (1, True)
    assert recorder.snapshot(2.0).errors_by_code == {"mine": 1, "stream_too_large": 1}


@pytest.mark.parametrize(
    "reported", [ErrorEvent("unclosed_component", "a", index=0), ErrorEvent("source_failed", "a", fatal=True)]
)
def test_the_error_that_lost_a_critical_component_becomes_retryable(reported):
    progress, result, _ = taken(
        component(0, "A", (0, 12)), reported, stop(0, 0, reason="truncated"), critical=["A"]
    )
    assert progress.lost_critical
    assert result.events[1].retryable


@pytest.mark.parametrize("reported", [[], [ErrorEvent("invalid_position", "a", index=7)]])
def test_an_error_about_something_else_does_not(reported):
    progress, result, _ = taken(
        component(0, "A", (0, 12)), *reported, stop(0, 0, reason="blocked"), critical=["A"]
    )
    assert progress.lost_critical
    assert [event.retryable for event in result.events if isinstance(event, ErrorEvent)] == [False] * len(
        reported
    )


def test_a_critical_component_that_its_end_closed_is_not_lost():
    progress, _, _ = taken(component(0, "A", (0, 12)), stop(0, 0), critical=["A"])
    assert not progress.lost_critical
