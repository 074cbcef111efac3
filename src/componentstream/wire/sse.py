"""Server-sent events (the ``text/event-stream`` of the HTML standard).

A block is ``data: {json}``, an optional ``id:``, an optional ``retry:`` and a blank line. The id follows
the data because many clients store an id as soon as they read it: if it came first and the connection broke
within the data, such a client would resume after an event that it never received.
"""

from typing import ClassVar, Final, get_args

from typing_extensions import override

from componentstream.core.errors import UsageError
from componentstream.core.events import ContentBlockDelta, ErrorEvent, Event
from componentstream.wire._json import (
    DELTA,
    MAX_EVENT_BYTES,
    STREAM_HEADERS,
    LineDecoder,
    event_from_json,
    event_to_json,
    id_to_text,
    json_object,
    quote,
)

_MEDIA_TYPE: Final = "text/event-stream"
_MAX_RETRY: Final = 2**31 - 1
"""Milliseconds. Timers of browsers are 32 bits wide and fire at once for a longer delay."""

_RETRY_DIGITS: Final = 18
_BOM: Final = b"\xef\xbb\xbf"


def _event_name(kind: type[Event]) -> str:
    # EventSource dispatches `error` itself, for a broken connection, so this type needs another name.
    return "stream_error" if kind is ErrorEvent else kind.type


_NAMES: Final = {kind: _event_name(kind).encode() for kind in get_args(Event)}
_NAMES_READ: Final = frozenset({b"", b"message", ErrorEvent.type.encode(), *_NAMES.values()})


class SSEEncoder:
    """Encoder for server-sent events.

    Send the bytes of :meth:`encode` unchanged, with :attr:`headers`, and :meth:`heartbeat` after every 15
    seconds or so of silence, so that proxies keep the connection open.

    Args:
        named: Whether to write ``event:`` with the event's type. A browser then dispatches each event to the
            listeners of its type, and errors to those of ``stream_error``. By default all events go to the
            listeners of ``message``.
    """

    media_type: ClassVar[str] = _MEDIA_TYPE

    def __init__(self, *, named: bool = False) -> None:
        self._heads = {
            kind: b"event: %b\ndata: " % name if named else b"data: " for kind, name in _NAMES.items()
        }
        self._delta = self._heads[ContentBlockDelta] + DELTA + b"\n\n"

    @property
    def headers(self) -> dict[str, str]:
        """Response headers for the stream, as a new dict."""
        return {"Content-Type": f"{_MEDIA_TYPE}; charset=utf-8", **STREAM_HEADERS}

    def encode(
        self,
        event: Event,
        *,
        id: str | int | None = None,  # noqa: A002 - the name of the field
        retry: int | None = None,
    ) -> bytes:
        """Return the event as one block.

        Args:
            event: The event.
            id: Id that a client sends as ``Last-Event-ID`` to resume after this event; its number in the
                stream.
            retry: Reconnect delay for browsers in milliseconds, from now on.

        Raises:
            UsageError: ``event`` is not an event of this library or contains a value that JSON cannot
            represent,
                ``id`` is not 1 to 64 of ``0-9 A-Z a-z . -``, or ``retry`` is not an integer from 0 to
                2147483647.
        """
        if type(event) is ContentBlockDelta and id is None and retry is None:
            return self._delta % (event.index, quote(event.text).encode())
        data = event_to_json(event)
        lines = [self._heads[type(event)], data, b"\n"]
        if id is not None:
            lines.append(b"id: %b\n" % id_to_text(id))
        if retry is not None:
            lines.append(b"retry: %d\n" % _checked_retry(retry))
        lines.append(b"\n")
        return b"".join(lines)

    def heartbeat(self) -> bytes:
        """Return a comment, which every client ignores.

        It has no blank line after it, because some clients dispatch an empty event for a block without data.
        """
        return b": keep-alive\n"


def _checked_retry(retry: int) -> int:
    if type(retry) is not int or not 0 <= retry <= _MAX_RETRY:
        raise UsageError(f"retry must be an integer from 0 to {_MAX_RETRY}, in milliseconds.")
    return retry


class SSEDecoder(LineDecoder):
    """Decoder for server-sent events, by the rules of the HTML standard.

    Lines end with CR, LF or CRLF; a byte order mark at the start, comments and unknown fields are ignored;
    an unfinished block at the end of the stream is dropped. Blocks without data, with an unknown ``event:``
    name or with an unknown event type are ignored.

    Attributes:
        last_event_id: Id of the last complete block; an id holds until the next one. Send it as
            ``Last-Event-ID`` to resume.
        retry: Reconnect delay in milliseconds, None if the sender did not set it.

    Args:
        max_event_bytes: Maximum number of bytes in the data of one event, and in each line. The default, 16
            MiB, fits the largest component of the default ``Limits`` as one delta.
        last_event_id: Id that the stream was requested with, if it is resumed.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES, last_event_id: str = "") -> None:
        super().__init__(max_event_bytes=max_event_bytes, last_event_id=last_event_id)
        self.retry: int | None = None
        self._after_cr = False  # an LF at the start of the next chunk belongs to that CR
        self._first_line = True
        self._id = last_event_id
        self._name = b""
        self._data = bytearray()  # the value of each `data` field, followed by LF

    @override
    def _split(self, data: bytes) -> list[bytes]:
        if not data:
            return [data]
        if self._after_cr:
            data = data.removeprefix(b"\n")
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")

    @override
    def _read(self, line: bytes) -> Event | None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data += value + b"\n"
            self._kept = len(self._data)
        elif name == b"event":
            self._name = value
        elif name == b"id" and b"\0" not in value:
            self._id = str(value, "utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _RETRY_DIGITS:
            self.retry = int(value)
        return None

    def _dispatch(self) -> Event | None:
        data = bytes(self._data[:-1])
        wanted = self._name in _NAMES_READ
        self._data.clear()
        self._name = b""
        self._kept = 0
        event = event_from_json(json_object(data, "replace")) if data and wanted else None
        self.last_event_id: str = self._id
        return event

    @override
    def _end(self, line: bytes) -> list[Event]:
        return []
