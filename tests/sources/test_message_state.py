"""The state of a provider's message: the pieces that readings add, one after the other."""

import pytest

from componentstream.sources import SourceError
from componentstream.sources._message_state import ProviderMessageState
from componentstream.sources.pieces import INCOMPLETE
from componentstream.sources.providers.reading import Reading

OPENS = Reading(opens=True)
ENDS = Reading(ends=True)
TRUNCATED = SourceError("source_truncated", "Too long.")
FAILED = SourceError("source_failed", "Overloaded.", fatal=True)


def pieces(*readings):
    state = ProviderMessageState()
    return [piece for reading in readings for piece in state.add(reading)] + state.close()


def test_text_is_passed_on():
    assert pieces(Reading("a"), Reading(""), Reading(), Reading("b")) == ["a", "b"]


def test_text_of_an_echo_counts_only_before_other_text():
    echo = Reading("a", echo=True)
    assert pieces(echo, echo) == ["a", "a"]
    assert pieces(Reading("a"), echo) == ["a"]
    assert pieces(echo, Reading("b"), echo) == ["a", "b"]


@pytest.mark.parametrize(
    "readings", [[OPENS], [OPENS, OPENS], [OPENS, ENDS, OPENS], [Reading(ends=True), OPENS]]
)
def test_a_message_that_is_not_ended_is_incomplete(readings):
    assert pieces(*readings) == [INCOMPLETE]


@pytest.mark.parametrize("readings", [[], [ENDS], [OPENS, ENDS], [OPENS, Reading(opens=True, ends=True)]])
def test_a_message_that_is_ended_or_was_never_opened_is_complete(readings):
    assert pieces(*readings) == []


def test_a_message_may_be_ended_by_something_other_than_an_event():
    state = ProviderMessageState()
    state.add(OPENS)
    state.message_ended()
    assert state.close() == []


def test_a_stop_reason_is_reported_once_for_each_message():
    truncated = Reading(error=TRUNCATED, ends=True)
    assert pieces(OPENS, truncated, Reading(error=TRUNCATED)) == [TRUNCATED]
    assert pieces(OPENS, truncated, OPENS, truncated) == [TRUNCATED, TRUNCATED]


def test_nothing_follows_a_fatal_error():
    state = ProviderMessageState()
    state.add(OPENS)
    assert state.add(Reading("text", error=TRUNCATED)) == ["text", TRUNCATED]
    assert not state.failed
    assert state.add(Reading("more", error=FAILED)) == ["more", FAILED]
    assert state.failed
    assert state.add(Reading("late", error=FAILED)) == []
    assert state.add(None) == []
    assert state.ignored == 0
    assert state.close() == []


def test_unknown_events_are_counted():
    state = ProviderMessageState()
    assert (state.recognized, state.add(None), state.ignored) == (False, [], 1)
    assert not state.recognized
    state.add(Reading())
    assert (state.recognized, state.ignored) == (True, 1)
