"""JSON lines (``application/x-ndjson``): one event a line, for files, queues and clients without SSE.

The lines hold the same JSON as the ``data:`` of server-sent events. An id, which has no place of its own
here, stands in the object as a last field ``id``.
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
    """Writes events as JSON lines.

    Send what :meth:`encode` returns as it is, with :attr:`headers`, and :meth:`heartbeat` whenever nothing
    was sent for about 15 seconds, so that no proxy takes the connection for dead.
    """

    media_type: ClassVar[str] = _MEDIA_TYPE

    @property
    def headers(self) -> dict[str, str]:
        """The response headers of such a stream, in a dict of their own."""
        return {"Content-Type": _MEDIA_TYPE, **STREAM_HEADERS}

    def encode(
        self,
        event: Event,
        *,
        id: str | int | None = None,  # noqa: A002 - the name of the field
    ) -> bytes:
        """Return the event as one line.

        Args:
            event: what to write.
            id: the event's number in its stream, or another name for it; a string in the JSON.

        Raises:
            UsageError: ``event`` is none of ours or holds what JSON cannot carry, or the id is not 1 to 64
                of ``0-9 A-Z a-z . -``.
        """
        if id is None:
            if type(event) is ContentBlockDelta:
                return _DELTA_LINE % (event.index, quote(event.text).encode())
            return event_to_json(event) + b"\n"
        return b'%b,"id":"%b"}\n' % (event_to_json(event)[:-1], id_to_text(id))

    def heartbeat(self) -> bytes:
        """Return an empty line, which readers pass over."""
        return b"\n"


class JSONLinesDecoder(LineDecoder):
    """Reads JSON lines.

    Only LF ends a line. Blank lines, types that are not ours and fields that are not ours are passed over.
    A last line without LF counts when it is whole, and is dropped when it was cut off.

    Attributes:
        last_event_id: the ``id`` of the last object that had one.

    Args:
        max_event_bytes: most bytes in a line. The default, 16 MiB, holds the largest component of the
            default ``Limits`` as one delta.
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
            return []  # no beginning of an object is an object: this one was cut off
        event = self._event(data)
        return [] if event is None else [event]

    def _event(self, data: Json) -> Event | None:
        event = event_from_json(data)
        name = data.get("id")
        if isinstance(name, str):
            self.last_event_id = name
        return event
