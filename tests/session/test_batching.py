import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.core.errors import UsageError
from componentstream.core.events import ContentBlockDelta, StatusEvent
from componentstream.session.batching import DeltaBatcher
from componentstream.testing import EventVerifier, merge_deltas, strategies
from tests.shorthand import component, delta, stop, text

STATUS = StatusEvent("progress", 1.0, 1, 1, 10)


def begun(**settings):
    """Return a batcher through which the first text of block 0 has gone, at 0 seconds."""
    batcher = DeltaBatcher(**settings)
    first = [text(0), delta(0, "first")]
    assert batcher.feed(first, 0.0) == first
    return batcher


def test_the_first_text_of_a_block_leaves_at_once_and_later_text_is_held():
    batcher = begun()
    assert batcher.feed([delta(0, "a")], 0.0) == []
    assert batcher.feed([delta(0, "b")], 0.01) == []
    assert batcher.close() == [delta(0, "ab")]


def test_the_first_text_leaves_at_once_even_without_its_start():
    batcher = DeltaBatcher()
    assert batcher.feed([delta(0, "a")], 0.0) == [delta(0, "a")]


def test_held_text_leaves_when_its_time_since_the_delta_before_has_come():
    batcher = begun(max_delay=0.5)
    batcher.feed([delta(0, "a")], 0.125)
    batcher.feed([delta(0, "b")], 0.25)
    assert batcher.next_deadline() == 0.5
    assert batcher.tick(0.25) == []
    assert batcher.tick(0.75) == [delta(0, "ab")]
    assert batcher.next_deadline() is None
    assert batcher.tick(0.75) == []
    batcher.feed([delta(0, "c")], 1.0)
    assert batcher.next_deadline() == 1.25


def test_text_that_comes_when_the_time_has_come_leaves_with_what_was_held():
    batcher = begun(max_delay=0.5)
    batcher.feed([delta(0, "a")], 0.25)
    assert batcher.feed([delta(0, "b")], 0.5) == [delta(0, "ab")]
    assert batcher.feed([delta(0, "c")], 0.75) == []
    assert batcher.next_deadline() == 1.0


def test_text_of_a_slow_source_leaves_at_once():
    batcher = begun(max_delay=0.5)
    assert batcher.feed([delta(0, "a")], 0.5) == [delta(0, "a")]
    assert batcher.feed([delta(0, "b")], 7.0) == [delta(0, "b")]
    assert batcher.next_deadline() is None


def test_the_first_text_of_a_block_begins_its_time():
    batcher = begun(max_delay=0.5)
    assert batcher.feed([text(1), delta(1, "a")], 7.0) == [text(1), delta(1, "a")]
    assert batcher.feed([delta(1, "b")], 7.25) == []
    assert batcher.next_deadline() == 7.5


def test_a_step_without_events_lets_text_leave_whose_time_has_come():
    batcher = begun(max_delay=0.5)
    batcher.feed([delta(0, "a")], 0.25)
    assert batcher.feed([], 0.5) == [delta(0, "a")]


def test_text_leaves_when_max_chars_are_there():
    batcher = begun(max_chars=4)
    assert batcher.feed([delta(0, "abc")], 0.0) == []
    assert batcher.feed([delta(0, "d")], 0.0) == [delta(0, "abcd")]
    assert batcher.next_deadline() is None


def test_text_that_does_not_fit_leaves_what_was_held_first_and_is_held_itself():
    batcher = begun(max_chars=4, max_delay=0.5)
    batcher.feed([delta(0, "abc")], 0.0)
    assert batcher.feed([delta(0, "de")], 0.25) == [delta(0, "abc")]
    assert batcher.next_deadline() == 0.75
    assert batcher.close() == [delta(0, "de")]


def test_a_delta_that_comes_longer_than_max_chars_leaves_as_it_is():
    batcher = begun(max_chars=4)
    batcher.feed([delta(0, "a")], 0.0)
    assert batcher.feed([delta(0, "bcdefg")], 0.0) == [delta(0, "a"), delta(0, "bcdefg")]


@pytest.mark.parametrize("event", [stop(0, 6), STATUS, component(1, "A", (0, 12))])
def test_any_other_event_leaves_behind_the_text(event):
    batcher = begun()
    batcher.feed([delta(0, "a")], 0.0)
    assert batcher.feed([event], 0.0) == [delta(0, "a"), event]


def test_text_of_a_block_that_goes_on_behind_another_event_is_held_again():
    batcher = begun()
    assert batcher.feed([delta(0, "a"), STATUS, delta(0, "b")], 0.0) == [delta(0, "a"), STATUS]
    assert batcher.close() == [delta(0, "b")]


def test_text_of_another_block_leaves_behind_the_text_that_was_held():
    batcher = begun()
    batcher.feed([delta(0, "a")], 0.0)
    assert batcher.feed([delta(1, "b")], 0.0) == [delta(0, "a"), delta(1, "b")]
    assert batcher.feed([delta(1, "c")], 0.0) == []


def test_a_closed_batcher_takes_nothing_and_returns_nothing():
    batcher = begun()
    batcher.feed([delta(0, "a")], 0.0)
    assert batcher.close() == [delta(0, "a")]
    assert batcher.close() == []
    assert batcher.tick(1.0) == []
    assert batcher.next_deadline() is None
    with pytest.raises(UsageError) as caught:
        batcher.feed([delta(0, "b")], 1.0)
    assert str(caught.value) == "The batcher was closed; create a new DeltaBatcher for each stream."


@pytest.mark.parametrize("now", [0.0, -math.inf, math.nan, math.inf])
def test_a_clock_that_goes_back_is_refused(now):
    batcher = begun()
    batcher.feed([delta(0, "a")], 0.01)
    wanted = f"The time {now!r} does not follow 0.01; pass the time of one monotonic clock."
    for call in (lambda: batcher.feed([delta(0, "b")], now), lambda: batcher.tick(now)):
        with pytest.raises(UsageError) as caught:
            call()
        assert str(caught.value) == wanted
    assert batcher.close() == [delta(0, "a")]


@pytest.mark.parametrize("value", [0, -1, 1.5, True, None, "9"])
def test_max_chars_is_a_positive_integer(value):
    with pytest.raises(UsageError) as caught:
        DeltaBatcher(max_chars=value)
    assert str(caught.value) == "DeltaBatcher: max_chars must be an integer >= 1."


@pytest.mark.parametrize("value", [True, None, "1"])
def test_max_delay_is_a_number(value):
    with pytest.raises(UsageError) as caught:
        DeltaBatcher(max_delay=value)
    assert str(caught.value) == "DeltaBatcher: max_delay must be a number of seconds."


@pytest.mark.parametrize("value", [0, -0.5, math.inf, math.nan])
def test_max_delay_is_above_0_and_finite(value):
    with pytest.raises(UsageError) as caught:
        DeltaBatcher(max_delay=value)
    assert str(caught.value) == "DeltaBatcher: max_delay must be above 0 and finite; for 0, use no batcher."


def test_single_characters_leave_256_at_a_time_by_default():
    batcher = begun()
    out = [event for _ in range(2560) for event in batcher.feed([delta(0, "x")], 0.0)]
    assert out == [delta(0, "x" * 256)] * 10


PAUSES = st.sampled_from([0.0, 0.0, 0.01, 0.02, 0.05, 1.0])


@given(strategies.event_streams(session=True), st.integers(1, 20), st.data())
def test_no_schedule_changes_the_text_or_makes_it_late_or_long(events, max_chars, data):
    batcher = DeltaBatcher(max_chars=max_chars)
    out, now, rest = [], 0.0, events
    while rest:
        size = data.draw(st.integers(1, 4))
        now += data.draw(PAUSES)
        due = batcher.next_deadline()
        if due is not None and data.draw(st.booleans()):
            out += batcher.tick(now)
            assert (batcher.next_deadline() is None) == (now >= due)
        out += batcher.feed(rest[:size], now)
        rest = rest[size:]
        due = batcher.next_deadline()
        assert due is None or now < due <= now + 0.05
    out += batcher.close()
    assert merge_deltas(out) == merge_deltas(events)
    EventVerifier().check_all(out)
    came = {event.text for event in events if isinstance(event, ContentBlockDelta)}
    texts = [event.text for event in out if isinstance(event, ContentBlockDelta)]
    assert all(len(made) <= max_chars or made in came for made in texts)


def test_there_is_room_beside_what_is_held_and_none_beside_nothing():
    batcher = DeltaBatcher(max_chars=10)
    assert batcher.room == 0
    batcher.feed([ContentBlockDelta(0, "abc")], 0.0)
    assert batcher.room == 0
    batcher.feed([ContentBlockDelta(0, "abc")], 0.0)
    assert batcher.room == 7
    batcher.tick(1.0)
    assert batcher.room == 0
