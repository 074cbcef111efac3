"""A response for Flask."""

from collections.abc import Iterable

from typing_extensions import Unpack

from componentstream.adapters.generic import start_response
from componentstream.adapters.options import SEND_TIMEOUT, Options, check_arguments
from componentstream.adapters.wsgi import limit_socket
from componentstream.core.errors import MissingExtraError

try:
    from flask import Response, request
except ImportError as _error:
    raise MissingExtraError("This adapter needs Flask: pip install 'componentstream[flask]'.") from _error


def stream_response(
    source: Iterable[object], *, send_timeout: float = SEND_TIMEOUT, **options: Unpack[Options]
) -> Response:
    """Return the response to the current request.

    For example::

        @app.get("/page")
        def page():
            return stream_response(source)

    Call it in a view: it reads the source until the status of the response is known. The source runs in a
    thread of its own, in the context of the view, so that ``request`` works there too. A stream also occupies
    a thread of the server. Flask notices a disconnect on the next write, and then closes the source.

    Args:
        source: Chunks of a model's answer, as ``stream_bytes`` takes them.
        send_timeout: Timeout for sending one chunk, in seconds; see
            :class:`~componentstream.adapters.wsgi.WSGIStream` for the consequences.
        options: See :class:`~componentstream.adapters.options.Options`.

    Raises:
        UsageError: The source, an option or ``send_timeout`` is not valid.
    """
    check_arguments("stream_response", source, send_timeout, options, twin="an ASGI framework")
    reply = start_response(
        source,
        method=request.method,
        last_event_id=request.headers.get("Last-Event-ID"),
        send_timeout=send_timeout,
        **options,
    )
    return Response(limit_socket(reply.body, request.environ, send_timeout), reply.status, reply.headers)
