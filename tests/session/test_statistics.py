import json

import attrs
import pytest

from componentstream.core.events import Finding, FindingEvent, ReasoningEvent, StatusEvent, UsageEvent
from componentstream.session.statistics import ComponentTime, SessionStats, StatsRecorder, merged_usage


def started(now=10.0):
    statistics = StatsRecorder()
    statistics.start(now)
    return statistics


def test_without_a_start_all_figures_are_empty():
    assert StatsRecorder().snapshot(99.0) == SessionStats()


def test_time_is_counted_from_the_start():
    assert started(10).elapsed(12.5) == 2.5
    assert started().snapshot(11.0).elapsed == 1.0


def test_the_wait_for_the_first_chunk_is_kept_apart_from_the_gaps():
    statistics = started()
    statistics.waited(2.0, 12.0)
    assert statistics.snapshot(12.0).seconds_to_first_chunk is None
    statistics.chunks, statistics.chars = 1, 5
    stats = statistics.snapshot(12.0)
    assert (stats.chunks, stats.chars, stats.seconds_to_first_chunk, stats.longest_gap) == (1, 5, 2.0, None)
    statistics.waited(0.0, 12.0)
    assert statistics.snapshot(12.0).longest_gap == 0.0
    statistics.waited(0.5, 12.5)
    stats = statistics.snapshot(12.5)
    assert (stats.seconds_to_first_chunk, stats.longest_gap) == (2.0, 0.5)


def test_components_are_counted_and_timed_by_index():
    statistics = started()
    statistics.component_started(1, 11.0)
    statistics.component_started(2, 12.0)
    assert statistics.component_finished(2, "Inner", "implied", 12.5) == 0.5
    assert statistics.component_finished(1, "Outer", "end", 15.0) == 4.0
    stats = statistics.snapshot(15.0)
    assert (stats.components_started, stats.components_completed) == (2, 2)
    assert stats.components_by_reason == {"implied": 1, "end": 1}
    assert stats.component_times == (ComponentTime(2, "Inner", 0.5), ComponentTime(1, "Outer", 4.0))
    assert stats.seconds_to_first_component == 1.0


def test_a_component_that_was_open_before_the_start_is_timed_from_there():
    assert started().component_finished(7, "Early", "end", 13.0) == 3.0


def test_usage_replaces_the_counts_that_it_has():
    assert merged_usage(None, UsageEvent(8, 1)) == UsageEvent(8, 1)
    assert merged_usage(UsageEvent(8, 1, cached_tokens=3), UsageEvent(None, 9, 4)) == UsageEvent(8, 9, 4, 3)
    assert merged_usage(UsageEvent(8), UsageEvent(0)) == UsageEvent(0)
    assert merged_usage(UsageEvent(8), UsageEvent()) == UsageEvent(8)
    assert merged_usage(None, UsageEvent()) is None


def test_only_usage_with_news_is_emitted_and_it_has_all_counts():
    statistics = started()
    assert statistics.snapshot(11.0).usage is None
    assert statistics.reported(UsageEvent(8), 11.0) == [UsageEvent(8)]
    assert statistics.reported(UsageEvent(), 11.0) == []
    assert statistics.reported(UsageEvent(8), 11.0) == []
    assert statistics.reported(UsageEvent(output_tokens=5), 12.0) == [UsageEvent(8, 5)]
    assert statistics.snapshot(12.0).usage == UsageEvent(8, 5)


def test_usage_without_counts_is_no_usage():
    statistics = started()
    assert statistics.reported(UsageEvent(), 11.0) == []
    assert statistics.snapshot(11.0).usage is None


def test_the_first_reasoning_after_text_follows_a_status():
    statistics = started()
    thinking = StatusEvent("thinking", 1.0, 0, 0, 0)
    assert statistics.reported(ReasoningEvent("a"), 11.0) == [thinking, ReasoningEvent("a")]
    assert statistics.reported(ReasoningEvent("b"), 12.0) == [ReasoningEvent("b")]
    statistics.chars = 3
    again = StatusEvent("thinking", 3.0, 0, 0, 3)
    assert statistics.reported(ReasoningEvent("c"), 13.0) == [again, ReasoningEvent("c")]


def test_reasoning_without_text_gives_the_status_alone():
    statistics = started()
    assert statistics.reported(ReasoningEvent(""), 11.0) == [StatusEvent("thinking", 1.0, 0, 0, 0)]
    assert statistics.reported(ReasoningEvent(""), 12.0) == []


def test_a_finding_is_emitted_as_it_is():
    finding = FindingEvent(Finding("near-miss", "info", "Look."))
    assert started().reported(finding, 11.0) == [finding]


def test_ignored_events_are_in_the_snapshot():
    statistics = started()
    statistics.ignored = 3
    assert statistics.snapshot(11.0).ignored == 3


def test_errors_are_counted_by_code():
    statistics = started()
    for code in ("a", "b", "a"):
        statistics.error(code)
    assert statistics.snapshot(10.0).errors_by_code == {"a": 2, "b": 1}


def test_a_snapshot_does_not_change():
    statistics = started()
    stats = statistics.snapshot(10.0)
    statistics.error("a")
    statistics.component_started(0, 10.0)
    statistics.component_finished(0, "A", "end", 10.0)
    assert stats == SessionStats()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        stats.chunks = 1


def test_snapshots_can_be_hashed():
    assert hash(SessionStats(chunks=1)) == hash(SessionStats(chunks=1))


def test_the_figures_are_json_values():
    statistics = started()
    statistics.waited(0.25, 10.25)
    statistics.chunks, statistics.chars = 2, 9
    statistics.waited(0.5, 10.75)
    statistics.component_started(1, 10.5)
    statistics.component_finished(1, "A", "end", 11.0)
    statistics.error("late")
    figures = statistics.snapshot(12.0).to_dict()
    assert figures == {
        "chunks": 2,
        "chars": 9,
        "components_started": 1,
        "components_completed": 1,
        "components_by_reason": {"end": 1},
        "errors_by_code": {"late": 1},
        "seconds_to_first_chunk": 0.25,
        "seconds_to_first_component": 0.5,
        "component_times": [{"index": 1, "name": "A", "seconds": 0.5}],
        "longest_gap": 0.5,
        "elapsed": 2.0,
        "usage": None,
        "ignored": 0,
    }
    assert json.loads(json.dumps(figures)) == figures


def test_a_status_event_has_the_counts_and_the_time_since_the_start():
    recorder = StatsRecorder()
    recorder.start(10.0)
    recorder.chars = 7
    recorder.component_started(0, 10.5)
    assert recorder.status("progress", 12.0) == StatusEvent("progress", 2.0, 1, 0, 7)
