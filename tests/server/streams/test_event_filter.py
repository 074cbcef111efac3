"""The events that one client selects."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.tail import TailEntry
from tests.server.stream_helpers import PAYLOADS
from tests.shorthand import WITHOUT_BLOCK


def shown(after=0, **selection):
    """Return the numbers of the events that a filter shows."""
    event_filter = EventFilter(after, **selection)
    return [
        seq
        for seq, payload in enumerate(PAYLOADS, 1)
        if seq > event_filter.after and event_filter.shows(TailEntry(seq, payload))
    ]


def test_debug_events_are_hidden_by_default():
    assert shown() == [1, *range(3, 16)]
    assert shown(debug=True) == list(range(1, 16))
    assert shown(1) == list(range(3, 16))


def test_reading_begins_where_the_client_is_unless_blocks_are_selected():
    filters = EventFilter(7), EventFilter(7, components_only=True), EventFilter(7, from_index=1)
    assert [one.after for one in filters] == [7, 0, 0]


def test_text_blocks_can_be_hidden():
    assert shown(components_only=True) == [1, 6, 7, 8, 9, 10, 11, 15]


def test_blocks_before_an_index_can_be_hidden():
    assert shown(from_index=0) == shown()
    assert shown(from_index=2) == [1, 8, 9, 10, 12, 13, 14, 15]
    assert shown(from_index=2, components_only=True) == [1, 8, 9, 10, 15]
    assert shown(from_index=9) == [1, 9, 15]


@settings(deadline=None)
@given(st.integers(0, 15), st.booleans(), st.integers(0, 5), st.booleans())
def test_a_client_that_resumes_sees_the_rest_of_the_same_selection(after, components_only, from_index, debug):
    selection = {"components_only": components_only, "from_index": from_index, "debug": debug}
    assert shown(after, **selection) == [seq for seq in shown(**selection) if seq > after]


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"type":"of a newer release"}'])
def test_an_unknown_payload_is_shown(payload):
    assert EventFilter(components_only=True).shows(TailEntry(1, payload))


def test_events_outside_blocks_are_shown_whatever_is_selected():
    event_filter = EventFilter(0, components_only=True, from_index=5)
    payloads = [json.dumps(event.to_dict()).encode() for event in WITHOUT_BLOCK]
    assert all(event_filter.shows(TailEntry(seq, payload)) for seq, payload in enumerate(payloads, 1))
