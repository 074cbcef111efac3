"""How a response begins: as a stream, or as the plain answer to an error that came before all else."""

import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final, Protocol, TypeAlias

from componentstream.core import codes
from componentstream.core.events import ErrorEvent, Event, StatusEvent
from componentstream.drive.generation import Encoder
from componentstream.session.session import GenerationSession
from componentstream.wire import JSONLinesEncoder, SSEEncoder

Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
"""Response headers, as a mapping or as pairs."""

_RETRY_AFTER: Final = "1"
"""Seconds. What is worth another try was slow or cut off, and that says nothing about the next second."""


class StreamEncoder(Encoder, Protocol):
    """What makes bytes of events, for HTTP; the encoders of ``componentstream.wire`` do."""

    @property
    def headers(self) -> dict[str, str]:
        """The response headers of such a stream."""


class ResponseStart:
    """The encoder of one stream, which notes how the stream begins.

    It stands between a driver and the encoder that was asked for, because that is where an event and its
    bytes pass together.

    Args:
        encoder: writes the stream, by default an ``SSEEncoder()``.
        headers: of the response, beside those of the encoder.

    Attributes:
        failure: the fatal error that came before all else, if one did.
    """

    def __init__(self, encoder: StreamEncoder | None, headers: Headers) -> None:
        encoder = encoder or SSEEncoder()
        self.failure: ErrorEvent | None = None
        self._encoder = encoder
        self._beat = encoder.heartbeat()
        self._begun = False
        self._headers = list(headers.items() if isinstance(headers, Mapping) else headers)

    def encode(self, event: Event, /) -> bytes:
        """Return the event as bytes."""
        if not self._begun and not (isinstance(event, StatusEvent) and event.phase == "started"):
            self._begun = True
            if isinstance(event, ErrorEvent) and event.fatal:
                self.failure = event
        return self._encoder.encode(event)

    def heartbeat(self) -> bytes:
        """Return what is sent in silence."""
        return self._beat

    def ready(self, chunk: bytes) -> bool:
        """Whether this chunk, the latest of the driver's, says how the response begins."""
        return self._begun or chunk == self._beat

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers of the response that is a stream."""
        given = {name.lower() for name, _ in self._headers}
        own = [pair for pair in self._encoder.headers.items() if pair[0].lower() not in given]
        return own + self._headers

    def error_response(self, failure: ErrorEvent) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
        """Return status, headers and body of the response that is nothing but an error."""
        body = JSONLinesEncoder().encode(failure)
        own = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
        }
        if failure.retryable:
            own["Retry-After"] = _RETRY_AFTER
        about_the_stream = {name.lower() for name in (*self._encoder.headers, *own)}
        others = [pair for pair in self._headers if pair[0].lower() not in about_the_stream]
        return _status_of(failure.code), [*own.items(), *others], body


def _status_of(code: str) -> HTTPStatus:
    known = codes.CODES.get(code)
    if known is not None and known.status is not None:
        return HTTPStatus(known.status)
    # Codes of the application follow the naming of the library's own.
    if code.startswith("source_"):
        return HTTPStatus.BAD_GATEWAY
    if code.endswith("_timeout"):
        return HTTPStatus.GATEWAY_TIMEOUT
    return HTTPStatus.INTERNAL_SERVER_ERROR


def report_reconnect(session: GenerationSession | None, last_event_id: str | None) -> None:
    """Tell the hooks of a session that its reader has come back; nothing happens if it has not."""
    if session is not None and last_event_id:
        session.reconnected(last_event_id, time.monotonic())
