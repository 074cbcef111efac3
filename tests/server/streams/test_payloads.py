"""Events as payloads of log entries."""

import pytest

from componentstream.core.events import ContentBlockDelta, ContentBlockStop, DebugEvent, StatusEvent
from componentstream.server.streams.payloads import decode_payload, renderer
from componentstream.session.session import GenerationSession
from componentstream.wire import event_to_json

EVENTS = [StatusEvent("progress", 1.0, 1, 1, 9), ContentBlockDelta(0, "Hi")]


def test_events_are_rendered_as_json():
    session = GenerationSession()
    assert list(renderer(session, debug=False)(EVENTS)) == [event_to_json(event) for event in EVENTS]


def test_the_state_of_the_session_follows_each_status_with_debug():
    session = GenerationSession()
    status, delta = (event_to_json(event) for event in EVENTS)
    debug = event_to_json(DebugEvent(session.debug_state()))
    assert list(renderer(session, debug=True)(EVENTS)) == [status, debug, delta]


def test_streams_without_debug_share_one_function():
    one, other = (renderer(GenerationSession(), debug=False) for _ in range(2))
    assert one is other


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000, b"{}", b'{"type":"content_block_delta"}']
)
def test_a_damaged_payload_is_not_an_event(payload):
    assert decode_payload(payload) is None


def test_an_event_survives_the_round_trip():
    stop = ContentBlockStop(index=1, reason="end", chars=2)
    assert decode_payload(event_to_json(stop)) == stop
