"""Shared by the wire formats: events as JSON, event ids, and a base class for decoders of lines.

All JSON is ASCII and compact. With everything else escaped, line separators and lone surrogates are
harmless, and text can never end a line of the format around it.
"""

import json
import math
import re
from abc import ABC, abstractmethod
from json.encoder import encode_basestring_ascii
from typing import Final, Literal, get_args

from componentstream.core.errors import UsageError, WireError
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import ContentBlockDelta, Event, Json

STREAM_HEADERS: Final = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
"""Response headers that stop caches, compressors and nginx from buffering a stream."""

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""A component of the default ``max_component_chars`` as one delta takes 12 MiB if each of its characters
needs two ``\\uXXXX`` escapes; this is the next power of two."""

# Nearly all events are deltas, so they are formatted without building and encoding a dict, at a tenth of
# the cost. Tests compare the bytes with those of the general path.
DELTA: Final = b'{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":%b}}'
quote = encode_basestring_ascii

_EVENTS: Final[tuple[type, ...]] = get_args(Event)
_ID: Final = re.compile(r"[0-9A-Za-z.-]{1,64}")
_NOT_IN_IDS: Final = frozenset("\0\r\n")
_ID_NUMBERS: Final = range(10**64)
_write = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def event_to_json(event: Event) -> bytes:
    """Return the event as one line of ASCII JSON, without a line end.

    Raises:
        UsageError: It is not an event, or it contains a value that JSON cannot represent, such as NaN.
    """
    if type(event) is ContentBlockDelta:
        return DELTA % (event.index, quote(event.text).encode())
    if type(event) not in _EVENTS:
        raise UsageError(f"encode() needs an event of componentstream, not {type(event).__name__}.")
    try:
        return _write(event.to_dict()).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"The {event.type} event contains a value that JSON cannot represent: {error}"
        ) from error


def id_to_text(value: str | int) -> bytes:
    """Return an event id as bytes on the wire.

    Raises:
        UsageError: It is not 1 to 64 characters that are safe in every wire format.
    """
    if isinstance(value, str):
        text = value
    elif type(value) is int and value in _ID_NUMBERS:
        text = str(value)
    else:
        text = ""
    if _ID.fullmatch(text) is None:
        raise UsageError(
            "An event id must be 1 to 64 of the characters 0-9 A-Z a-z '.' '-'; pass the number of the event."
        )
    return text.encode()


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


_parse = json.JSONDecoder(parse_float=_finite, parse_constant=_finite).decode


def json_object(data: bytes, errors: Literal["strict", "replace"]) -> Json:
    """Return ``data`` as a JSON object.

    Args:
        data: JSON text in UTF-8.
        errors: Whether bytes that are not valid UTF-8 are an error, or become U+FFFD.

    Raises:
        WireError: It is not a JSON object.
    """
    try:
        value = _parse(str(data, "utf-8", errors))
    except (ValueError, RecursionError) as error:
        raise WireError(f"An event must be a JSON object, not {data[:80]!r}: {error}.") from error
    if isinstance(value, dict):
        return value
    raise WireError(f"An event must be a JSON object, not {data[:80]!r}.")


def event_from_json(data: Json) -> Event | None:
    """Return the event of a JSON object, None for an unknown event type.

    Raises:
        WireError: A known type has a missing or wrong field.
    """
    try:
        return event_from_dict(data)
    except WireError as error:
        raise WireError(f"A {data['type']} event has a missing or wrong field: {error}.") from error


def _check_last_event_id(value: object) -> None:
    if not isinstance(value, str) or not _NOT_IN_IDS.isdisjoint(value):
        raise UsageError(
            f"last_event_id must be the id of an event, a string without line ends, not {value!r:.80}."
        )


class LineDecoder(ABC):
    """A decoder from bytes to events that reads lines; a subclass interprets each line.

    Every byte is examined once: a chunk is split at its line ends, and only the unfinished last line is
    kept, to be joined with the next chunk. Memory is bounded by ``max_event_bytes``.

    The first invalid event ends the decoding, because a block that lacks one of its deltas has the wrong
    text. The events before it are returned first; that call or the next one raises, and so does every later
    ``feed``. ``last_event_id`` is then the id of the last valid event: resume after it, with a new decoder
    that begins with this id, since its stream may break before the first id.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES, last_event_id: str = "") -> None:
        if type(max_event_bytes) is not int or max_event_bytes < 1:
            raise UsageError("max_event_bytes must be an integer >= 1.")
        _check_last_event_id(last_event_id)
        self.last_event_id = last_event_id
        self._max_event_bytes = max_event_bytes
        self._kept = 0  # bytes of complete lines that belong to the unfinished event
        self._tail = bytearray()  # the unfinished line
        self._failure: str | None = None
        self._closed = False

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that ``data`` completes.

        Raises:
            WireError: The data is not a valid event, or is larger than ``max_event_bytes``.
            UsageError: ``data`` is not bytes, or the decoder is closed.
        """
        if not isinstance(data, bytes):
            raise UsageError(f"feed() needs the received bytes, not {type(data).__name__}.")
        if self._closed:
            raise UsageError("feed() was called after close(); create a new decoder for each stream.")
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
            # The events before the invalid one must not be lost, so the error is raised by the next call.
            self._failure = str(error)
            if not events:
                raise
        return events

    def close(self) -> list[Event]:
        """Return the events that the end of the stream completes; call it once all bytes were fed.

        Raises:
            WireError: As for :meth:`feed`.
        """
        if self._closed:
            return []
        self._closed = True
        self._raise_failure()
        return self._end(bytes(self._tail))

    @abstractmethod
    def _split(self, data: bytes) -> list[bytes]:
        """Return ``data`` split at its line ends: one more part than it has line ends."""

    @abstractmethod
    def _read(self, line: bytes) -> Event | None:
        """Process a complete line, without its end; return the event that it completes, if any."""

    @abstractmethod
    def _end(self, line: bytes) -> list[Event]:
        """Process the unfinished last line; return the events that it completes."""

    def _lines(self, parts: list[bytes]) -> list[bytes]:
        self._tail += parts[0]
        if len(parts) == 1:
            return []
        first = bytes(self._tail)
        self._tail = bytearray(parts[-1])
        return [first, *parts[1:-1]]

    def _check_size(self, line: bytes | bytearray) -> None:
        if self._kept + len(line) > self._max_event_bytes:
            raise WireError(f"An event is longer than max_event_bytes = {self._max_event_bytes}.")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise WireError(self._failure)
