"""A stream as a WSGI application: for any WSGI server."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from socket import socket
from typing import Any, TypeAlias

from typing_extensions import Unpack

from componentstream.adapters import generic
from componentstream.adapters._bodies import Body
from componentstream.adapters.generic import SEND_TIMEOUT, Options

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], object]


class WSGIStream:
    """The response to one request.

    For example::

        def app(environ, start_response):
            return WSGIStream(source)(environ, start_response)

    WSGI does not tell of a reader who leaves: the server finds out when it sends, with the second event or
    heartbeat after that at the latest, and closes the source then. A stream holds a thread of the server.

    Args:
        source: chunks of a model's answer, as ``stream_bytes`` takes them.
        send_timeout: seconds that the server may take for a chunk. If it takes longer, because the reader
            takes nothing, the source is closed. The connection is cut as well where the server gives away its
            socket, as Gunicorn and Werkzeug do; others have a setting of their own.
        options: see :class:`~componentstream.adapters.generic.Options`.
    """

    def __init__(
        self, source: Iterable[object], *, send_timeout: float = SEND_TIMEOUT, **options: Unpack[Options]
    ) -> None:
        self._source = source
        self._send_timeout = send_timeout
        self._options = options

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request; the server closes what this returns."""
        reply = generic.start_response(
            self._source,
            method=environ["REQUEST_METHOD"],
            last_event_id=environ.get("HTTP_LAST_EVENT_ID"),
            send_timeout=self._send_timeout,
            **self._options,
        )
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", reply.headers)
        return timed(reply.body, environ, self._send_timeout)


class _TimedBody:
    """A body that leaves by a socket with a time limit, which is put back when it has left."""

    def __init__(self, body: Body, connection: socket, seconds: float) -> None:
        self._body = body
        self._connection = connection
        self._seconds = seconds
        self._before = connection.gettimeout()

    def __iter__(self) -> Iterator[bytes]:
        self._connection.settimeout(self._seconds)
        return self._body

    def close(self) -> None:
        try:
            self._body.close()
        finally:
            with suppress(OSError):  # it may be closed
                self._connection.settimeout(self._before)


def timed(body: Body, environ: Environ, send_timeout: float) -> Iterable[bytes]:
    """Return the body, with a time limit on the socket that it leaves by, if the server gives it away."""
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    return body if connection is None else _TimedBody(body, connection, send_timeout)
