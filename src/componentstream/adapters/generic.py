"""The response as plain values, for every framework without an adapter here.

A framework that takes a status, headers and an asynchronous iterator of bytes needs two lines::

    reply = await astart_response(source, method=request.method)
    return Response(reply.body, status=reply.status, headers=reply.headers)

:func:`astart_response` reads the source until the status is known: until the first event after ``status
started``, the first heartbeat, or an error before both.
"""

from collections.abc import Iterable

from typing_extensions import Unpack

from componentstream.adapters.bodies import AsyncBody, Body
from componentstream.adapters.options import SEND_TIMEOUT, Options, check_arguments, check_async_arguments
from componentstream.adapters.replies import AsyncStreamingReply, StreamingReply, begin
from componentstream.adapters.response_start import report_reconnect
from componentstream.drive import astream_bytes, stream_bytes
from componentstream.drive.closing import aclose_on_exit, close_on_exit
from componentstream.drive.opening import AsyncSource


def start_response(
    source: Iterable[object],
    *,
    method: str = "GET",
    last_event_id: str | None = None,
    send_timeout: float = SEND_TIMEOUT,
    **options: Unpack[Options],
) -> StreamingReply:
    """Read a source until the status of the response is known.

    Args:
        source: Chunks of a model's answer, as ``stream_bytes`` takes them.
        method: Method of the request. HEAD gets the headers only, and the source is closed unread.
        last_event_id: Header ``Last-Event-ID`` of the request; reported to the hooks of the session.
        send_timeout: Timeout for sending one chunk, in seconds. If it passes because the client does not
            read, the source is closed, and a server that asks for the next chunk gets a ``TimeoutError``.
        options: See :class:`~componentstream.adapters.options.Options`.

    Raises:
        UsageError: The source, an option or ``send_timeout`` is not valid.
    """
    check_arguments("start_response", source, send_timeout, options, twin="astart_response()")
    start, rest = begin(options)
    chunks = stream_bytes(source, **rest, encoder=start, send_timeout=send_timeout)
    held: list[bytes] = []
    if method == "HEAD":
        chunks.close()
        # A generator that was closed before its first step has not opened its source, and does not close it.
        close_on_exit(source)(None, None, None)
    else:
        report_reconnect(options.get("session"), last_event_id)
        held = start.hold(chunks)
        if start.failure is not None:
            chunks.close()
    status, fields, first = start.response(held)
    return StreamingReply(status, fields, Body(first, chunks, send_timeout))


async def astart_response(
    source: AsyncSource,
    *,
    method: str = "GET",
    last_event_id: str | None = None,
    send_timeout: float = SEND_TIMEOUT,
    **options: Unpack[Options],
) -> AsyncStreamingReply:
    """Read an asynchronous source until the status of the response is known.

    Args:
        source: Chunks of a model's answer, as ``astream_bytes`` takes them.
        method: Method of the request. HEAD gets the headers only, and the source is closed unread.
        last_event_id: Header ``Last-Event-ID`` of the request; reported to the hooks of the session.
        send_timeout: Timeout for sending one chunk, in seconds. If it passes because the client does not
            read, the source is closed and the task that iterates over ``body`` is cancelled.
        options: See :class:`~componentstream.adapters.options.Options`.

    Raises:
        UsageError: The source, an option or ``send_timeout`` is not valid.
    """
    check_async_arguments("astart_response", source, send_timeout, options)
    start, rest = begin(options)
    chunks = astream_bytes(source, **rest, encoder=start, send_timeout=None)
    held: list[bytes] = []
    if method == "HEAD":
        await chunks.aclose()
        await aclose_on_exit(source)(None, None, None)  # as above
    else:
        report_reconnect(options.get("session"), last_event_id)
        held = await start.ahold(chunks)
        if start.failure is not None:
            await chunks.aclose()
    status, fields, first = start.response(held)
    return AsyncStreamingReply(status, fields, AsyncBody(first, chunks, send_timeout))
