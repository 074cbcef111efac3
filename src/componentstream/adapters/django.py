"""Two functions for Django: one for each of its two kinds of server.

The choice is yours to make, because Django does not make it well: under ASGI it reads a plain iterator to
its end before it sends anything, and under WSGI an asynchronous one. So each function refuses the other's
kind of request.

Leave ``GZipMiddleware`` out where a view streams: it holds back what it compresses.
"""

from collections.abc import AsyncIterable, Iterable

from typing_extensions import Unpack

from componentstream.adapters.generic import SEND_TIMEOUT, Options, astart_response, start_response
from componentstream.adapters.wsgi import timed
from componentstream.core.errors import MissingExtraError, UsageError

try:
    from django.http import HttpRequest, StreamingHttpResponse  # type: ignore[import-untyped]
except ImportError as error:
    raise MissingExtraError("This adapter needs Django: pip install 'componentstream[django]'.") from error


def stream_response(
    request: HttpRequest,
    source: Iterable[object],
    *,
    send_timeout: float = SEND_TIMEOUT,
    **options: Unpack[Options],
) -> StreamingHttpResponse:
    """Return the response of a plain view, under WSGI.

    It reads the source until it is known how the response begins. A stream holds a thread of the server;
    Django learns of a reader who leaves when it sends, and closes the source then.

    Args:
        request: the request of the view.
        source: chunks of a model's answer, as ``stream_bytes`` takes them.
        send_timeout: seconds that the server may take for a chunk; see
            :class:`~componentstream.adapters.wsgi.WSGIStream` for what happens then.
        options: see :class:`~componentstream.adapters.generic.Options`.

    Raises:
        UsageError: the request came by ASGI.
    """
    if not hasattr(request, "environ"):
        raise UsageError("This request came by ASGI: await astream_response() in an asynchronous view.")
    reply = start_response(
        source,
        method=request.method,
        last_event_id=request.headers.get("Last-Event-ID"),
        send_timeout=send_timeout,
        **options,
    )
    body = timed(reply.body, request.environ, send_timeout)
    return StreamingHttpResponse(body, status=reply.status, headers=dict(reply.headers))


async def astream_response(
    request: HttpRequest,
    source: AsyncIterable[object] | Iterable[object],
    *,
    send_timeout: float = SEND_TIMEOUT,
    **options: Unpack[Options],
) -> StreamingHttpResponse:
    """Return the response of an asynchronous view, under ASGI.

    It reads the source until it is known how the response begins; a reader who leaves closes it.

    Args:
        request: the request of the view.
        source: chunks of a model's answer, as ``astream_bytes`` takes them.
        send_timeout: seconds that the server may take for a chunk.
        options: see :class:`~componentstream.adapters.generic.Options`.

    Raises:
        UsageError: the request came by WSGI.
    """
    if hasattr(request, "environ"):
        raise UsageError("This request came by WSGI: call stream_response() in a plain view.")
    reply = await astart_response(
        source,
        method=request.method,
        last_event_id=request.headers.get("Last-Event-ID"),
        send_timeout=send_timeout,
        **options,
    )
    return StreamingHttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))
