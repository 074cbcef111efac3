"""Events as payloads of log entries: JSON without framing, so that a stored stream fits every wire format."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from componentstream.core.errors import WireError
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import DebugEvent, Event, StatusEvent
from componentstream.session.session import GenerationSession
from componentstream.wire import event_to_json

# One object for all streams: each of them holds a reference for as long as it runs.
_encode_all: Final = partial(map, event_to_json)


def renderer(session: GenerationSession, *, debug: bool) -> Callable[[list[Event]], Iterator[bytes]]:
    """Return a function that turns the events of a session into payloads.

    Args:
        session: Session that creates the events.
        debug: Add a debug event with the session's state after each status event.
    """
    if not debug:
        return _encode_all

    def render(events: list[Event]) -> Iterator[bytes]:
        for event in events:
            yield event_to_json(event)
            if isinstance(event, StatusEvent):
                yield event_to_json(DebugEvent(session.debug_state()))

    return render


def decode_payload(payload: bytes) -> Event | None:
    """Return the event of a payload, or None if it is not one.

    Stores get damaged, and newer releases write event types that this one does not know: neither may fail
    the whole stream.
    """
    try:
        value = json.loads(payload)
        return event_from_dict(value) if isinstance(value, dict) else None
    except (ValueError, RecursionError, WireError):
        return None
