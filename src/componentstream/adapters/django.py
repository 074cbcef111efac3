"""Two functions for Django: one for WSGI and one for ASGI.

Django serves a plain iterator badly under ASGI and an asynchronous one badly under WSGI: it reads it to the
end before it sends anything. So each function accepts the requests of its own kind of server only.

Do not apply ``GZipMiddleware`` to a view that streams: it buffers data to compress it.
"""

from collections.abc import Iterable

from typing_extensions import Unpack

from componentstream.adapters.generic import astart_response, start_response
from componentstream.adapters.options import (
    SEND_TIMEOUT,
    Options,
    check_arguments,
    check_async_arguments,
)
from componentstream.adapters.wsgi import limit_socket
from componentstream.core.errors import MissingExtraError, UsageError
from componentstream.drive.opening import AsyncSource

try:
    from django.http import HttpRequest, StreamingHttpResponse
except ImportError as _error:
    raise MissingExtraError("This adapter needs Django: pip install 'componentstream[django]'.") from _error


def stream_response(
    request: HttpRequest,
    source: Iterable[object],
    *,
    send_timeout: float = SEND_TIMEOUT,
    **options: Unpack[Options],
) -> StreamingHttpResponse:
    """Return the response of a synchronous view, under WSGI.

    It reads the source until the status of the response is known. A stream occupies a thread of the server;
    Django notices a disconnect on the next write, and then closes the source.

    Args:
        request: Request of the view.
        source: Chunks of a model's answer, as ``stream_bytes`` takes them.
        send_timeout: Timeout for sending one chunk, in seconds; see
            :class:`~componentstream.adapters.wsgi.WSGIStream` for the consequences.
        options: See :class:`~componentstream.adapters.options.Options`.

    Raises:
        UsageError: The request came over ASGI, or the source, an option or ``send_timeout`` is not valid.
    """
    if not hasattr(request, "environ"):
        raise UsageError("This request came over ASGI: await astream_response() in an asynchronous view.")
    check_arguments("stream_response", source, send_timeout, options, twin="astream_response() under ASGI")
    reply = start_response(
        source,
        method=request.method or "GET",
        last_event_id=request.headers.get("Last-Event-ID"),
        send_timeout=send_timeout,
        **options,
    )
    body = limit_socket(reply.body, request.environ, send_timeout)
    return StreamingHttpResponse(body, status=reply.status, headers=dict(reply.headers))


async def astream_response(
    request: HttpRequest,
    source: AsyncSource,
    *,
    send_timeout: float = SEND_TIMEOUT,
    **options: Unpack[Options],
) -> StreamingHttpResponse:
    """Return the response of an asynchronous view, under ASGI.

    It reads the source until the status of the response is known; a disconnect closes the source.

    Args:
        request: Request of the view.
        source: Chunks of a model's answer, as ``astream_bytes`` takes them.
        send_timeout: Timeout for sending one chunk, in seconds.
        options: See :class:`~componentstream.adapters.options.Options`.

    Raises:
        UsageError: The request came over WSGI, or the source, an option or ``send_timeout`` is not valid.
    """
    if hasattr(request, "environ"):
        raise UsageError("This request came over WSGI: call stream_response() in a synchronous view.")
    check_async_arguments("astream_response", source, send_timeout, options)
    reply = await astart_response(
        source,
        method=request.method or "GET",
        last_event_id=request.headers.get("Last-Event-ID"),
        send_timeout=send_timeout,
        **options,
    )
    return StreamingHttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))
