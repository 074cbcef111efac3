"""The start of a response: a stream, or an error response if an error comes before everything else."""

import re
import time
from collections.abc import AsyncIterable, Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Final, Protocol, TypeAlias

from componentstream.core import codes
from componentstream.core.arguments import shown
from componentstream.core.errors import UsageError
from componentstream.core.events import ErrorEvent, Event, StatusEvent
from componentstream.drive.checks import discard_on_error
from componentstream.drive.closing import aclose_on_exit
from componentstream.drive.generation import Encoder
from componentstream.session.session import GenerationSession
from componentstream.wire import JSONLinesEncoder, SSEEncoder

Headers: TypeAlias = Mapping[str, str] | Collection[tuple[str, str]]
"""Response headers, as a mapping or as pairs."""

_RETRY_AFTER: Final = "1"
"""Seconds. A retryable failure was slow or cut off, which does not predict the next second."""


_WITH_BODY: Final = frozenset(range(200, 600)) - {
    HTTPStatus.NO_CONTENT,
    HTTPStatus.RESET_CONTENT,
    HTTPStatus.NOT_MODIFIED,
}
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""A field name and a field value of HTTP (RFC 9110, section 5). A line end in a value would begin a header of
its own, or the body."""
_ENDED_EARLY: Final = ErrorEvent(
    codes.INTERNAL_ERROR, "The stream ended before its first event; it was cancelled.", fatal=True
)
"""The end of a stream whose session was cancelled by something else than its driver."""


def check_headers(headers: object) -> None:
    """Reject headers that HTTP cannot carry, before a server sends them or fails to.

    Raises:
        UsageError: ``headers`` is neither a mapping nor pairs of strings, or one of them is malformed.
    """
    # Not an iterator, which could be read only once: the response reads the headers later.
    if isinstance(headers, str) or not isinstance(headers, Collection):
        raise UsageError(f"headers must be a mapping or a list of pairs, not {headers!r:.80}.")
    for pair in headers.items() if isinstance(headers, Mapping) else headers:
        match pair:
            case (str(name), str(value)) if _NAME.fullmatch(name) and _VALUE.fullmatch(value):
                pass
            case _:
                raise UsageError(
                    f"{pair!r:.80} is not a header: a name of letters, digits and '-' and a value of Latin-1 "
                    "characters without line ends are needed."
                )


def check_status(status: object, source: object) -> None:
    """Reject a status whose response has no body, and so no stream.

    Raises:
        UsageError: ``status`` is not an integer from 200 to 599, or is 204, 205 or 304.
    """
    if isinstance(status, int) and type(status) is not bool and status in _WITH_BODY:
        return
    with discard_on_error(source):
        raise UsageError(
            f"status_code must be a status from 200 to 599 whose response has a body, not {shown(status)}; "
            "answer with an empty response of the framework instead of a stream."
        )


async def acheck_status(status: object, source: object, session: GenerationSession | None) -> None:
    """Reject such a status when the response is sent, and close the source, which will not be read."""
    try:
        check_status(status, None)
    except UsageError:
        await close_unread(source, session)
        raise


class StreamEncoder(Encoder, Protocol):
    """An encoder with HTTP headers, such as those of ``componentstream.wire``."""

    @property
    def headers(self) -> dict[str, str]:
        """The response headers of a stream in this format."""


class ResponseStart:
    """An encoder of one stream that records how the stream starts.

    It wraps the encoder that was asked for, because only there an event is seen together with its bytes: a
    driver yields bytes, and the status of the response depends on the event.

    Args:
        encoder: Encoder of the stream, by default an ``SSEEncoder()``.
        headers: Response headers in addition to those of the encoder.

    Attributes:
        failure: The fatal error that came before all other events, if any.
    """

    def __init__(self, encoder: StreamEncoder | None, headers: Headers) -> None:
        encoder = SSEEncoder() if encoder is None else encoder
        self.failure: ErrorEvent | None = None
        self._encoder = encoder
        self._heartbeat = encoder.heartbeat()
        self._started = False
        self._headers = list(headers.items() if isinstance(headers, Mapping) else headers)

    def encode(self, event: Event, /) -> bytes:
        """Return the event as bytes."""
        if not self._started and not (isinstance(event, StatusEvent) and event.phase == "started"):
            self._started = True
            if isinstance(event, ErrorEvent) and event.fatal:
                self.failure = event
        return self._encoder.encode(event)

    def heartbeat(self) -> bytes:
        """Return the bytes of a heartbeat."""
        return self._heartbeat

    def ready(self, chunk: bytes) -> bool:
        """Return whether `chunk`, the driver's latest, settles the status of the response."""
        return self._started or chunk == self._heartbeat

    def hold(self, chunks: Iterable[bytes]) -> list[bytes]:
        """Return the first chunks of a driver, until they settle the status of the response."""
        held: list[bytes] = []
        for chunk in chunks:
            held.append(chunk)
            if self.ready(chunk):
                return held
        self.failure = _ENDED_EARLY
        return held

    async def ahold(self, chunks: AsyncIterable[bytes]) -> list[bytes]:
        """Return the first chunks of an asynchronous driver, as :meth:`hold` does."""
        held: list[bytes] = []
        async for chunk in chunks:
            held.append(chunk)
            if self.ready(chunk):
                return held
        self.failure = _ENDED_EARLY
        return held

    def response(self, chunks: list[bytes]) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
        """Return status, headers and first bytes of the response that begins with these chunks."""
        if self.failure is not None:
            return self.error_response(self.failure)
        return HTTPStatus.OK, self.headers(), b"".join(chunks)

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers of a streaming response."""
        given = {name.lower() for name, _ in self._headers}
        own = [pair for pair in self._encoder.headers.items() if pair[0].lower() not in given]
        return own + self._headers

    def error_response(self, failure: ErrorEvent) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
        """Return status, headers and body of an error response."""
        body = JSONLinesEncoder().encode(failure)
        own = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
        }
        if failure.retryable:
            own["Retry-After"] = _RETRY_AFTER
        stream_headers = {name.lower() for name in (*self._encoder.headers, *own)}
        others = [pair for pair in self._headers if pair[0].lower() not in stream_headers]
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
    """Report to the hooks of a session that its client has reconnected, if it has."""
    if session is not None and last_event_id:
        session.reconnected(last_event_id, time.monotonic())


async def close_unread(source: object, session: GenerationSession | None) -> None:
    """Close the source of a request that was cancelled before its work began, and cancel its session."""
    if session is not None:
        session.cancel(time.monotonic())
    await aclose_on_exit(source)(None, None, None)
