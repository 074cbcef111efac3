"""What the wire formats share: events as JSON text, ids, and the frame of a decoder over lines.

All JSON is ASCII and compact. Escaping everything else makes line separators and lone surrogates harmless,
and no character of a text can end a line of the frame around it.
"""

import json
import math
import re
from abc import ABC, abstractmethod
from json.encoder import encode_basestring_ascii
from typing import Final, Literal, get_args

from componentstream.core.errors import UsageError, WireError
from componentstream.core.events import ContentBlockDelta, Event, Json, event_from_dict

STREAM_HEADERS: Final = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
"""What keeps caches, compressors and nginx from holding a stream back."""

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""A component of the default ``max_component_chars`` as one delta takes 12 MiB when each of its characters
needs two ``\\uXXXX``; this is the next power of two."""

# A stream is deltas almost entirely, so they are written without building and walking a dict, which costs
# a tenth of the general way. The tests hold both to the same bytes.
DELTA: Final = b'{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":%b}}'
quote = encode_basestring_ascii

_EVENTS: Final[tuple[type, ...]] = get_args(Event)
_ID: Final = re.compile(r"[0-9A-Za-z.-]{1,64}")
_ID_NUMBERS: Final = range(10**64)
_write = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def event_to_json(event: Event) -> bytes:
    """Return the event as one line of ASCII JSON, without a line end.

    Raises:
        UsageError: this is no event, or it holds a value that JSON has no form for, such as a NaN.
    """
    if type(event) is ContentBlockDelta:
        return DELTA % (event.index, quote(event.text).encode())
    if type(event) not in _EVENTS:
        raise UsageError(f"encode() takes an event of componentstream, not {type(event).__name__}.")
    try:
        return _write(event.to_dict()).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"The {event.type} event holds a value that JSON cannot carry: {error}") from error


def id_to_text(value: str | int) -> bytes:
    """Return an event id as it stands on the wire.

    Raises:
        UsageError: it is not 1 to 64 of the characters that no wire format can misread.
    """
    if isinstance(value, str):
        text = value
    elif type(value) is int and value in _ID_NUMBERS:
        text = str(value)
    else:
        text = ""
    if _ID.fullmatch(text) is None:
        raise UsageError(
            "An event id is 1 to 64 of 0-9 A-Z a-z '.' '-'; pass the event's number in its stream."
        )
    return text.encode()


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no finite number")
    return value


_parse = json.JSONDecoder(parse_float=_finite, parse_constant=_finite).decode


def json_object(data: bytes, errors: Literal["strict", "replace"]) -> Json:
    """Return the JSON object that ``data`` is; ``errors`` says what to do with bytes that are no UTF-8.

    Raises:
        WireError: it is none.
    """
    try:
        value = _parse(str(data, "utf-8", errors))
    except (ValueError, RecursionError) as error:
        raise WireError(f"An event must be a JSON object, and {data[:80]!r} is none: {error}.") from error
    if isinstance(value, dict):
        return value
    raise WireError(f"An event must be a JSON object, not {data[:80]!r}.")


def event_from_json(data: Json) -> Event | None:
    """Return the event that the JSON object is, None for a type of event that is not ours.

    Raises:
        WireError: a type of ours with a field missing or wrong.
    """
    try:
        return event_from_dict(data)
    except WireError as error:
        raise WireError(f"A {data['type']} event has a field that is missing or wrong: {error}.") from error


class LineDecoder(ABC):
    """A stage from bytes to events that reads whole lines; a wire format says what a line means.

    Every byte is looked at once: a chunk is cut at its line ends, and only the open end of it is kept, to be
    joined with what comes. What is kept of one event is bounded.

    The first thing that is no event ends the decoding, since the text of a block without one of its deltas
    is another text. The events before it are returned first; that call or the next raises, and so does every
    later ``feed``. ``last_event_id`` then still names the last event that was understood: ask the sender to
    go on from there, with a fresh decoder.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        if type(max_event_bytes) is not int or max_event_bytes < 1:
            raise UsageError("max_event_bytes must be a whole number from 1 up.")
        self.last_event_id = ""
        self._max_event_bytes = max_event_bytes
        self._kept = 0  # bytes of whole lines that the open event still needs
        self._tail = bytearray()  # the line that has not ended
        self._failure: str | None = None
        self._closed = False

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that ``data`` completes.

        Raises:
            WireError: what came is no event of ours, or one larger than ``max_event_bytes``.
            UsageError: ``data`` is not bytes, or the decoder is closed.
        """
        if not isinstance(data, bytes):
            raise UsageError(f"feed() takes the bytes that were received, not {type(data).__name__}.")
        if self._closed:
            raise UsageError("feed() after close(): decode each stream with a decoder of its own.")
        self._raise_failure()
        events: list[Event] = []
        try:
            for line in self._lines(self._split(data)):
                self._check_size(line)
                event = self._read(line)
                if event is not None:
                    events.append(event)
            self._check_size(self._tail)
        except WireError as error:
            self._failure = str(error)
            if not events:
                raise
        return events

    def close(self) -> list[Event]:
        """Return the events that the end of the stream completes; call it when no more bytes come.

        Raises:
            WireError: as ``feed`` does.
        """
        if self._closed:
            return []
        self._closed = True
        self._raise_failure()
        return self._end(bytes(self._tail))

    @abstractmethod
    def _split(self, data: bytes) -> list[bytes]:
        """Return ``data`` cut at its line ends: one piece more than it has of them."""

    @abstractmethod
    def _read(self, line: bytes) -> Event | None:
        """Take one whole line, without its end; return the event that it completes."""

    @abstractmethod
    def _end(self, line: bytes) -> list[Event]:
        """Take the last line, which has no end; return the events that it completes."""

    def _lines(self, pieces: list[bytes]) -> list[bytes]:
        self._tail += pieces[0]
        if len(pieces) == 1:
            return []
        first = bytes(self._tail)
        self._tail = bytearray(pieces[-1])
        return [first, *pieces[1:-1]]

    def _check_size(self, line: bytes | bytearray) -> None:
        if self._kept + len(line) > self._max_event_bytes:
            raise WireError(f"An event is longer than max_event_bytes, which is {self._max_event_bytes}.")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise WireError(self._failure)
