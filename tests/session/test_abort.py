import pytest

from componentstream.core.events import DebugEvent, ErrorEvent, MessageStop, StatusEvent
from componentstream.session._abort import stops_without, with_fatal_error
from tests.shorthand import WITHOUT_BLOCK, component, delta, stop, text

FATAL = ErrorEvent("error_threshold", "Too many.", fatal=True)
TOO_LARGE = ErrorEvent("component_too_large", "Too large.", index=0)


def test_a_block_that_was_open_is_aborted_without_the_text_of_the_undone_events():
    assert stops_without([delta(0, "abc"), stop(0, 10)]) == [stop(0, 7, reason="aborted")]


def test_blocks_that_started_in_the_undone_events_leave_nothing():
    undone = [stop(0, 2), component(1, "A", (0, 5)), delta(1, "x"), stop(1, 1), text(2), stop(2, 0)]
    assert stops_without(undone) == [stop(0, 2, reason="aborted")]


def test_open_blocks_stop_in_the_order_of_their_stops():
    stops = stops_without([stop(1, 1), stop(0, 2)])
    assert stops == [stop(1, 1, reason="aborted"), stop(0, 2, reason="aborted")]


def test_a_component_that_became_too_large_in_the_undone_events_is_not_trimmed():
    assert stops_without([TOO_LARGE, stop(0, 5, trimmed=3)]) == [stop(0, 5, reason="aborted")]


def test_a_component_that_was_too_large_before_stays_trimmed():
    assert stops_without([stop(0, 5, trimmed=3)]) == [stop(0, 5, reason="aborted", trimmed=3)]


def test_other_events_are_dropped():
    others = [ErrorEvent("invalid_name", "m"), StatusEvent("progress", 0.0, 0, 0, 0), DebugEvent({})]
    assert stops_without([*others, *WITHOUT_BLOCK, MessageStop("complete", {})]) == []


def test_an_unknown_event_is_a_mistake_of_the_code():
    with pytest.raises(AssertionError, match="Expected code to be unreachable"):
        stops_without(["an event of a new type"])


def test_a_fatal_error_comes_between_held_text_and_stops():
    held = [text(0), delta(0, "/// STA"), stop(0, 7, reason="aborted")]
    assert with_fatal_error(FATAL, held) == [*held[:2], FATAL, held[2]]


def test_of_two_fatal_errors_the_one_of_the_parser_is_dropped():
    total = ErrorEvent("stream_too_large", "Too long.", fatal=True)
    mild = ErrorEvent("component_too_large", "Too large.", index=0)
    assert with_fatal_error(FATAL, [mild, total, stop(0, 0)]) == [mild, FATAL, stop(0, 0)]
