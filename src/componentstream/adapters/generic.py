"""The response as plain values, for every framework without an adapter here.

A framework that takes a status, headers and an asynchronous iterator of bytes needs two lines::

    reply = await astart_response(source, method=request.method)
    return Response(reply.body, status=reply.status, headers=reply.headers)

:func:`astart_response` reads the source until the status is known: until the first event after ``status
started``, the first heartbeat, or an error before both.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import attrs
from typing_extensions import Unpack

from componentstream.adapters.bodies import AsyncBody, Body
from componentstream.adapters.options import (
    SEND_TIMEOUT,
    StreamOptions,
    check_arguments,
    check_async_arguments,
)
from componentstream.adapters.response_start import Headers, ResponseStart, StreamEncoder, report_reconnect
from componentstream.drive import astream_bytes, stream_bytes
from componentstream.drive.closing import aclose_on_exit, close_on_exit
from componentstream.drive.opening import AsyncSource

_OK: Final = 200


@attrs.frozen
class StreamingReply:
    """A response to send; ``body`` is an iterator of bytes that must be closed."""

    status: int
    headers: list[tuple[str, str]]
    body: Body


@attrs.frozen
class AsyncStreamingReply:
    """A response to send; ``body`` is an asynchronous iterator of bytes.

    Close ``body`` when you stop reading it early. It closes itself when the task that reads it ends.
    """

    status: int
    headers: list[tuple[str, str]]
    body: AsyncBody


def start_response(
    source: Iterable[object],
    *,
    method: str = "GET",
    last_event_id: str | None = None,
    send_timeout: float = SEND_TIMEOUT,
    encoder: StreamEncoder | None = None,
    headers: Headers = (),
    **options: Unpack[StreamOptions],
) -> StreamingReply:
    """Read a source until the status of the response is known.

    Args:
        source: Chunks of a model's answer, as ``stream_bytes`` takes them.
        method: Method of the request. HEAD gets the headers only, and the source is closed unread.
        last_event_id: Header ``Last-Event-ID`` of the request; reported to the hooks of the session.
        send_timeout: Timeout for sending one chunk, in seconds. If it passes because the client does not
            read, the source is closed, and a server that asks for the next chunk gets a ``TimeoutError``.
        encoder: See :class:`~componentstream.adapters.options.Options`.
        headers: See :class:`~componentstream.adapters.options.Options`.
        options: See :class:`~componentstream.adapters.options.StreamOptions`.

    Raises:
        UsageError: The source, an option or ``send_timeout`` is not valid.
    """
    given = {**options, "encoder": encoder, "headers": headers}
    check_arguments("start_response", source, send_timeout, given, twin="astart_response()")
    start = ResponseStart(encoder, headers)
    chunks = stream_bytes(source, **options, encoder=start, send_timeout=send_timeout)
    if method == "HEAD":
        chunks.close()
        # A generator that was closed before its first step has not opened its source, and does not close it.
        close_on_exit(source)(None, None, None)
        return StreamingReply(_OK, start.headers(), Body(b"", chunks, send_timeout))
    report_reconnect(options.get("session"), last_event_id)
    held = [next(chunks)]
    while not start.ready(held[-1]):
        held.append(next(chunks))
    if start.failure is None:
        return StreamingReply(_OK, start.headers(), Body(b"".join(held), chunks, send_timeout))
    chunks.close()
    status, error_headers, body = start.error_response(start.failure)
    return StreamingReply(status, error_headers, Body(body, chunks, send_timeout))


async def astart_response(
    source: AsyncSource,
    *,
    method: str = "GET",
    last_event_id: str | None = None,
    send_timeout: float = SEND_TIMEOUT,
    encoder: StreamEncoder | None = None,
    headers: Headers = (),
    **options: Unpack[StreamOptions],
) -> AsyncStreamingReply:
    """Read an asynchronous source until the status of the response is known.

    Args:
        source: Chunks of a model's answer, as ``astream_bytes`` takes them.
        method: Method of the request. HEAD gets the headers only, and the source is closed unread.
        last_event_id: Header ``Last-Event-ID`` of the request; reported to the hooks of the session.
        send_timeout: Timeout for sending one chunk, in seconds. If it passes because the client does not
            read, the source is closed and the task that iterates over ``body`` is cancelled.
        encoder: See :class:`~componentstream.adapters.options.Options`.
        headers: See :class:`~componentstream.adapters.options.Options`.
        options: See :class:`~componentstream.adapters.options.StreamOptions`.

    Raises:
        UsageError: The source, an option or ``send_timeout`` is not valid.
    """
    given = {**options, "encoder": encoder, "headers": headers}
    check_async_arguments("astart_response", source, send_timeout, given)
    start = ResponseStart(encoder, headers)
    chunks = astream_bytes(source, **options, encoder=start, send_timeout=None)
    if method == "HEAD":
        await chunks.aclose()
        # A generator that was closed before its first step has not opened its source, and does not close it.
        await close_unread(source)
        return AsyncStreamingReply(_OK, start.headers(), AsyncBody(b"", chunks, send_timeout))
    report_reconnect(options.get("session"), last_event_id)
    held = [await anext(chunks)]
    while not start.ready(held[-1]):
        held.append(await anext(chunks))
    if start.failure is None:
        return AsyncStreamingReply(_OK, start.headers(), AsyncBody(b"".join(held), chunks, send_timeout))
    await chunks.aclose()
    status, error_headers, body = start.error_response(start.failure)
    return AsyncStreamingReply(status, error_headers, AsyncBody(body, chunks, send_timeout))


async def close_unread(source: AsyncSource) -> None:
    """Close a source that is not going to be read, or cancel the task or future that would return it."""
    if isinstance(source, asyncio.Future):
        source.cancel()
    await aclose_on_exit(source)(None, None, None)
