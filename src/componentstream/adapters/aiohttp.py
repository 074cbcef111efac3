"""A function for the handlers of aiohttp."""

import asyncio
from contextlib import aclosing
from typing import Final

from typing_extensions import Unpack

from componentstream._aio.scopes import cancel_on_disconnect
from componentstream.adapters.generic import astart_response
from componentstream.adapters.options import SEND_TIMEOUT, Options, check_async_arguments
from componentstream.core.errors import MissingExtraError
from componentstream.drive.opening import AsyncSource

try:
    from aiohttp import web
except ImportError as _error:
    raise MissingExtraError("This adapter needs aiohttp: pip install 'componentstream[aiohttp]'.") from _error

_POLL_INTERVAL: Final = 0.25
"""Seconds between two checks of the connection; aiohttp does not notify a handler of a disconnect."""


async def stream_response(
    request: web.Request,
    source: AsyncSource,
    *,
    send_timeout: float = SEND_TIMEOUT,
    **options: Unpack[Options],
) -> web.StreamResponse:
    """Send a stream as the response to a request, and return the response when it has ended.

    For example::

        async def page(request):
            return await stream_response(request, source)

    It also returns when the client has disconnected or was dropped; the connection of a dropped client is
    aborted.

    Args:
        request: Request of the handler.
        source: Chunks of a model's answer, as ``astream_bytes`` takes them.
        send_timeout: Timeout for one write, in seconds.
        options: See :class:`~componentstream.adapters.options.Options`.

    Raises:
        UsageError: The source, an option or ``send_timeout`` is not valid.
    """
    check_async_arguments("stream_response", source, send_timeout, options)
    response = web.StreamResponse()
    await cancel_on_disconnect(
        _send(request, response, source, send_timeout, options), _disconnected(request)
    )
    return response


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    source: AsyncSource,
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
        except ConnectionError:  # the client has disconnected, and a write was the first to notice
            return
        finally:
            if body.stalled and request.transport is not None:
                request.transport.abort()


async def _disconnected(request: web.Request) -> None:
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - see above
        await asyncio.sleep(_POLL_INTERVAL)
