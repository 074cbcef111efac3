"""A function for the handlers of aiohttp."""

import asyncio
from collections.abc import AsyncIterable, Iterable
from contextlib import aclosing
from typing import Final

from typing_extensions import Unpack

from componentstream._aio.scopes import cancel_on_disconnect
from componentstream.adapters.generic import SEND_TIMEOUT, Options, astart_response
from componentstream.core.errors import MissingExtraError

try:
    from aiohttp import web
except ImportError as error:
    raise MissingExtraError("This adapter needs aiohttp: pip install 'componentstream[aiohttp]'.") from error

_LOOK: Final = 0.25
"""Seconds between two looks at the connection, of whose end aiohttp does not tell a handler."""


async def stream_response(
    request: web.Request,
    source: AsyncIterable[object] | Iterable[object],
    *,
    send_timeout: float = SEND_TIMEOUT,
    **options: Unpack[Options],
) -> web.StreamResponse:
    """Send a stream as the response to a request, and return the response when it has ended.

    For example::

        async def page(request):
            return await stream_response(request, source)

    It returns as well when the reader has left or was dropped. A dropped reader's connection is cut.

    Args:
        request: the request of the handler.
        source: chunks of a model's answer, as ``astream_bytes`` takes them.
        send_timeout: seconds that one write may take.
        options: see :class:`~componentstream.adapters.generic.Options`.
    """
    response = web.StreamResponse()
    await cancel_on_disconnect(_send(request, response, source, send_timeout, options), _gone(request))
    return response


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    source: AsyncIterable[object] | Iterable[object],
    send_timeout: float,
    options: Options,
) -> None:
    reply = await astart_response(
        source,
        method=request.method,
        last_event_id=request.headers.get("Last-Event-ID"),
        send_timeout=send_timeout,
        **options,
    )
    async with aclosing(reply.body) as body:
        body.attach()
        response.set_status(reply.status)
        response.headers.extend(reply.headers)
        try:
            await response.prepare(request)
            async for chunk in body:
                await response.write(chunk)
        except ConnectionError:  # the reader has left, and a write was the first to notice
            return
        finally:
            if body.stalled and request.transport is not None:
                request.transport.abort()


async def _gone(request: web.Request) -> None:
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - see _LOOK
        await asyncio.sleep(_LOOK)
