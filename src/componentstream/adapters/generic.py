"""The response as plain values, for every framework without an adapter here.

A framework that takes a status, headers and an asynchronous iterator of bytes needs two lines::

    reply = await astart_response(source, method=request.method)
    return Response(reply.body, status=reply.status, headers=reply.headers)

:func:`astart_response` reads the source until the status is known: until the first event after ``status
started``, the first heartbeat, or an error before both.
"""

from collections.abc import AsyncIterable, Iterable
from contextlib import AsyncExitStack, ExitStack
from typing import Final, TypedDict

import attrs
from typing_extensions import Unpack

from componentstream.adapters._bodies import AsyncBody, Body
from componentstream.adapters.response_start import Headers, ResponseStart, StreamEncoder, report_reconnect
from componentstream.core.errors import UsageError
from componentstream.drive import astream_bytes, stream_bytes
from componentstream.drive.closing import close_on_exit, closing
from componentstream.drive.generation import Decoder
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession

SEND_TIMEOUT: Final = 20.0
"""Seconds. A phone that changes its network is silent for less, and nobody should hold a model's connection
for longer without reading."""

_OK: Final = 200


class StreamOptions(TypedDict, total=False):
    """How a stream is made; what is left out is as ``stream_bytes`` has it.

    Attributes:
        session: the session that the stream goes through; it makes one stream, so make one per request.
        decoder: makes text of the source's chunks.
        batcher: merges deltas; None merges none.
        heartbeat: seconds of silence after which a heartbeat is sent; None sends none.
    """

    session: GenerationSession | None
    decoder: Decoder | None
    batcher: DeltaBatcher | None
    heartbeat: float | None


class Options(StreamOptions, total=False):
    """What every adapter takes beside the source and ``send_timeout``: :class:`StreamOptions`, and these.

    Attributes:
        encoder: an ``SSEEncoder`` by default; a ``JSONLinesEncoder`` makes JSON lines of the stream.
        headers: more headers of the response. One that is named like a header of the stream takes its place.
    """

    encoder: StreamEncoder | None
    headers: Headers


@attrs.frozen
class StreamingReply:
    """What is to be sent; ``body`` is an iterator of bytes that must be closed."""

    status: int
    headers: list[tuple[str, str]]
    body: Body


@attrs.frozen
class AsyncStreamingReply:
    """What is to be sent; ``body`` is an asynchronous iterator of bytes.

    Close ``body`` when you stop reading it. It closes itself when the task that reads it ends.
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
    """Read the source until it is known how the response begins.

    Args:
        source: chunks of a model's answer, as ``stream_bytes`` takes them.
        method: of the request. HEAD gets the headers, and the source is closed unread.
        last_event_id: the header ``Last-Event-ID`` of the request; the session's hooks hear of it.
        send_timeout: seconds that the server may take for a chunk. If it takes longer, because the reader
            takes nothing, the source is closed, and a server that comes back gets a ``TimeoutError``.
        encoder: see :class:`Options`.
        headers: see :class:`Options`.
        options: see :class:`StreamOptions`.

    Raises:
        UsageError: what ``stream_bytes`` refuses.
    """
    opening = ResponseStart(encoder, headers)
    chunks = stream_bytes(source, **options, encoder=opening, send_timeout=send_timeout)
    if method == "HEAD":
        chunks.close()
        with ExitStack() as stack:
            stack.push(closing(source))
        return StreamingReply(_OK, opening.headers(), Body(b"", chunks, send_timeout))
    report_reconnect(options.get("session"), last_event_id)
    held = [next(chunks)]
    while not opening.ready(held[-1]):
        held.append(next(chunks))
    if opening.failure is None:
        return StreamingReply(_OK, opening.headers(), Body(b"".join(held), chunks, send_timeout))
    chunks.close()
    status, own, body = opening.error_response(opening.failure)
    return StreamingReply(status, own, Body(body, chunks, send_timeout))


async def astart_response(
    source: AsyncIterable[object] | Iterable[object],
    *,
    method: str = "GET",
    last_event_id: str | None = None,
    send_timeout: float = SEND_TIMEOUT,
    encoder: StreamEncoder | None = None,
    headers: Headers = (),
    **options: Unpack[StreamOptions],
) -> AsyncStreamingReply:
    """Read an asynchronous source until it is known how the response begins.

    Args:
        source: chunks of a model's answer, as ``astream_bytes`` takes them.
        method: of the request. HEAD gets the headers, and the source is closed unread.
        last_event_id: the header ``Last-Event-ID`` of the request; the session's hooks hear of it.
        send_timeout: seconds that the server may take for a chunk. If it takes longer, because the reader
            takes nothing, the source is closed and the task that iterates over ``body`` is cancelled.
        encoder: see :class:`Options`.
        headers: see :class:`Options`.
        options: see :class:`StreamOptions`.

    Raises:
        UsageError: what ``astream_bytes`` refuses, or a ``send_timeout`` that is not above 0.
    """
    if not send_timeout > 0:
        raise UsageError("send_timeout must be a number of seconds above 0.")
    opening = ResponseStart(encoder, headers)
    chunks = astream_bytes(source, **options, encoder=opening, send_timeout=None)
    if method == "HEAD":
        await chunks.aclose()
        async with AsyncExitStack() as stack:
            stack.push_async_exit(close_on_exit(source))
        return AsyncStreamingReply(_OK, opening.headers(), AsyncBody(b"", chunks, send_timeout))
    report_reconnect(options.get("session"), last_event_id)
    held = [await anext(chunks)]
    while not opening.ready(held[-1]):
        held.append(await anext(chunks))
    if opening.failure is None:
        return AsyncStreamingReply(_OK, opening.headers(), AsyncBody(b"".join(held), chunks, send_timeout))
    await chunks.aclose()
    status, own, body = opening.error_response(opening.failure)
    return AsyncStreamingReply(status, own, AsyncBody(body, chunks, send_timeout))
