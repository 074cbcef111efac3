"""JSON lines (``application/x-ndjson``): one event per line, for files, queues and clients without SSE.

Each line is the same JSON as the ``data:`` of a server-sent event. An id is added to the object as its last
field, ``id``.
"""

from typing import ClassVar

from typing_extensions import override

from componentstream.core.errors import WireError
from componentstream.core.events import ContentBlockDelta, Event, Json
from componentstream.wire._json import (
    DELTA,
    STREAM_HEADERS,
    LineDecoder,
    event_from_json,
    event_to_json,
    id_to_text,
    json_object,
    quote,
)

_DELTA_LINE = DELTA + b"\n"
_MEDIA_TYPE = "application/x-ndjson"
_WHITE_SPACE = b" \t\r"


class JSONLinesEncoder:
    """Encoder for JSON lines.

    Send the bytes of :meth:`encode` unchanged, with :attr:`headers`, and :meth:`heartbeat` after every 15
    seconds or so of silence, so that proxies keep the connection open.
    """

    media_type: ClassVar[str] = _MEDIA_TYPE

    @property
    def headers(self) -> dict[str, str]:
        """Response headers for the stream, as a new dict."""
        return {"Content-Type": _MEDIA_TYPE, **STREAM_HEADERS}

    def encode(
        self,
        event: Event,
        *,
        id: str | int | None = None,  # noqa: A002 - the name of the field
    ) -> bytes:
        """Return the event as one line.

        Args:
            event: The event.
            id: Id of the event, such as its number in the stream; a string in the JSON.

        Raises:
            UsageError: ``event`` is not an event of this library or contains a value that JSON cannot
            represent,
                or ``id`` is not 1 to 64 of ``0-9 A-Z a-z . -``.
        """
        if id is None:
            if type(event) is ContentBlockDelta:
                return _DELTA_LINE % (event.index, quote(event.text).encode())
            return event_to_json(event) + b"\n"
        return b'%b,"id":"%b"}\n' % (event_to_json(event)[:-1], id_to_text(id))

    def heartbeat(self) -> bytes:
        """Return an empty line, which decoders ignore."""
        return b"\n"


class JSONLinesDecoder(LineDecoder):
    """Decoder for JSON lines.

    Only LF ends a line. Blank lines, unknown event types and unknown fields are ignored. A last line
    without LF is decoded if it is complete, and dropped if it was cut off.

    Attributes:
        last_event_id: The ``id`` of the last object that had one.

    Args:
        max_event_bytes: Maximum number of bytes in a line. The default, 16 MiB, fits the largest component
            of the default ``Limits`` as one delta.
        last_event_id: Id that the stream was requested with, if it is resumed.
    """

    @override
    def _split(self, data: bytes) -> list[bytes]:
        return data.split(b"\n")

    @override
    def _read(self, line: bytes) -> Event | None:
        return None if not line.strip(_WHITE_SPACE) else self._event(json_object(line, "strict"))

    @override
    def _end(self, line: bytes) -> list[Event]:
        try:
            data = json_object(line, "strict")
        except WireError:
            return []  # cut off: a proper prefix of a JSON object is never a JSON object
        event = self._event(data)
        return [] if event is None else [event]

    def _event(self, data: Json) -> Event | None:
        event = event_from_json(data)
        name = data.get("id")
        if isinstance(name, str):
            self.last_event_id = name
        return event
