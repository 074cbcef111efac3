"""No bytes make the SSE decoder raise anything but WireError, and where they are cut makes no difference.

The input begins with a byte that chooses the largest event and with the lengths of the chunks; the rest is
the input of the decoder. Decoded events must survive encoding and decoding.
"""

import attrs

from componentstream.core.errors import WireError
from componentstream.core.events import Event
from componentstream.wire.sse import SSEDecoder, SSEEncoder
from tests.fuzz.cutting import cut, read_lengths, write_lengths

MAX_EVENT_BYTES = (16 * 1024 * 1024, 1, 40, 150)


@attrs.frozen
class Outcome:
    """All that a decoder tells about a stream; ``error`` is the WireError that ended it, if one did."""

    events: list[Event]
    error: str | None
    last_event_id: str
    retry: int | None


def check(data: bytes) -> None:
    size = MAX_EVENT_BYTES[data[0] % len(MAX_EVENT_BYTES)] if data else 1
    lengths, body = read_lengths(data[1:])
    whole = outcome_of([body], size)
    assert whole == outcome_of(cut(body, lengths), size)
    written = b"".join(map(SSEEncoder().encode, whole.events))
    assert whole.events == outcome_of([written], MAX_EVENT_BYTES[0]).events


def header(*, size: int = 0, lengths: tuple[int, ...] = ()) -> bytes:
    """Return the header of an input: the number of the largest event's size, the lengths of the chunks."""
    return bytes([size]) + write_lengths(lengths)


def outcome_of(chunks: list[bytes], size: int) -> Outcome:
    decoder = SSEDecoder(max_event_bytes=size)
    events: list[Event] = []
    error = None
    try:
        for chunk in chunks:
            events += decoder.feed(chunk)
        events += decoder.close()
    except WireError as raised:
        error = str(raised)
    return Outcome(events, error, decoder.last_event_id, decoder.retry)
