"""A response for Flask."""

from collections.abc import Iterable

from typing_extensions import Unpack

from componentstream.adapters.generic import SEND_TIMEOUT, Options, start_response
from componentstream.adapters.wsgi import timed
from componentstream.core.errors import MissingExtraError

try:
    from flask import Response, request
except ImportError as error:
    raise MissingExtraError("This adapter needs Flask: pip install 'componentstream[flask]'.") from error


def stream_response(
    source: Iterable[object], *, send_timeout: float = SEND_TIMEOUT, **options: Unpack[Options]
) -> Response:
    """Return the response to the current request.

    For example::

        @app.get("/page")
        def page():
            return stream_response(source)

    Call it in a view: it reads the source until it is known how the response begins. The source is read in
    a thread of its own, in the context of the view, so that ``request`` is what it was there. A stream holds
    a thread of the server as well; Flask learns of a reader who leaves when it sends, and closes the source
    then.

    Args:
        source: chunks of a model's answer, as ``stream_bytes`` takes them.
        send_timeout: seconds that the server may take for a chunk; see
            :class:`~componentstream.adapters.wsgi.WSGIStream` for what happens then.
        options: see :class:`~componentstream.adapters.generic.Options`.
    """
    reply = start_response(
        source,
        method=request.method,
        last_event_id=request.headers.get("Last-Event-ID"),
        send_timeout=send_timeout,
        **options,
    )
    return Response(timed(reply.body, request.environ, send_timeout), reply.status, reply.headers)
