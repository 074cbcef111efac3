"""A stream as a WSGI application: for any WSGI server."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from socket import socket
from threading import TIMEOUT_MAX
from typing import Any, TypeAlias

from typing_extensions import Unpack

from componentstream.adapters import generic
from componentstream.adapters.bodies import Body
from componentstream.adapters.options import SEND_TIMEOUT, Options, check_arguments

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], object]


class WSGIStream:
    """The response to one request.

    For example::

        def app(environ, start_response):
            return WSGIStream(source)(environ, start_response)

    WSGI does not report a disconnect: the server notices it when it writes, with the second event or
    heartbeat after that at the latest, and then closes the source. A stream occupies a thread of the server.

    Args:
        source: Chunks of a model's answer, as ``stream_bytes`` takes them.
        send_timeout: Timeout for sending one chunk, in seconds. If it passes because the client does not
            read, the source is closed. The connection is closed as well if the server exposes its socket, as
            Gunicorn and Werkzeug do; other servers have a setting for that.
        options: See :class:`~componentstream.adapters.options.Options`.

    Raises:
        UsageError: The source, an option or ``send_timeout`` is not valid.
    """

    def __init__(
        self, source: Iterable[object], *, send_timeout: float = SEND_TIMEOUT, **options: Unpack[Options]
    ) -> None:
        check_arguments("WSGIStream", source, send_timeout, options, twin="ASGIStream()")
        self._source = source
        self._send_timeout = send_timeout
        self._options = options

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request; the server closes the iterable that is returned."""
        reply = generic.start_response(
            self._source,
            method=environ["REQUEST_METHOD"],
            last_event_id=environ.get("HTTP_LAST_EVENT_ID"),
            send_timeout=self._send_timeout,
            **self._options,
        )
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", reply.headers)
        return limit_socket(reply.body, environ, self._send_timeout)


class _SocketLimitedBody:
    """A body whose socket has a timeout while it is sent; closing restores the timeout of before."""

    def __init__(self, body: Body, connection: socket, seconds: float) -> None:
        self._body = body
        self._connection = connection
        self._seconds = seconds
        self._before = connection.gettimeout()

    def __iter__(self) -> Iterator[bytes]:
        self._connection.settimeout(min(self._seconds, TIMEOUT_MAX))
        return self._body

    def close(self) -> None:
        try:
            self._body.close()
        finally:
            with suppress(OSError):  # the socket may be closed
                self._connection.settimeout(self._before)


def limit_socket(body: Body, environ: Environ, send_timeout: float) -> Iterable[bytes]:
    """Return the body, with a timeout on the socket it is sent through if the server exposes that."""
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    return body if connection is None else _SocketLimitedBody(body, connection, send_timeout)
