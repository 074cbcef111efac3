"""A stream as an ASGI application: for any ASGI server, and any framework that mounts one."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing, suppress
from typing import Any, TypeAlias

from typing_extensions import Unpack

from componentstream._aio.scopes import cancel_on_disconnect
from componentstream.adapters.generic import astart_response
from componentstream.adapters.options import SEND_TIMEOUT, Options, check_async_arguments
from componentstream.adapters.replies import AsyncStreamingReply
from componentstream.adapters.response_start import close_unread
from componentstream.drive.opening import AsyncSource

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class ASGIStream:
    """The response to one request.

    For example::

        async def app(scope, receive, send):
            await ASGIStream(source)(scope, receive, send)

    It watches for ``http.disconnect`` while it sends, because ``send`` to a closed connection neither blocks
    nor raises. It consumes ``receive`` for that: read the request body before.

    On shutdown a server may wait for all streams to end; set a limit (uvicorn:
    ``--timeout-graceful-shutdown``).

    A client that does not read is dropped after ``send_timeout``: the source is closed, and the call returns
    without completing the response, so the server closes the connection. ASGI cannot abort a connection:
    data in the server's write buffer, usually 64 KiB, may keep it open until the operating system gives up.

    Args:
        source: Chunks of a model's answer, as ``astream_bytes`` takes them.
        send_timeout: Timeout for one ``send``, in seconds.
        options: See :class:`~componentstream.adapters.options.Options`.

    Raises:
        UsageError: The source, an option or ``send_timeout`` is not valid.
    """

    def __init__(
        self, source: AsyncSource, *, send_timeout: float = SEND_TIMEOUT, **options: Unpack[Options]
    ) -> None:
        check_async_arguments("ASGIStream", source, send_timeout, options)
        self._source = source
        self._send_timeout = send_timeout
        self._options = options
        self._started = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer the request."""
        try:
            await cancel_on_disconnect(self._respond(scope, send), disconnect(receive))
        finally:
            # A task that is cancelled before its first step runs no code, not even a `finally`.
            if not self._started:
                await close_unread(self._source, self._options.get("session"))

    async def _respond(self, scope: Message, send: Send) -> None:
        self._started = True
        reply = await astart_response(
            self._source,
            method=scope["method"],
            last_event_id=dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1"),
            send_timeout=self._send_timeout,
            **self._options,
        )
        await send_reply(reply, send, self._send_timeout)


async def send_reply(reply: AsyncStreamingReply, send: Send, send_timeout: float) -> None:
    """Send a reply and close its body; run it with ``cancel_on_disconnect`` and :func:`disconnect`."""
    with suppress(OSError):  # some servers raise it from send() after a disconnect
        async with aclosing(reply.body) as body:
            body.attach()
            await send(_start(reply))
            async for chunk in body:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        # The body, which has closed its timer, does not watch this send.
        async with asyncio.timeout(send_timeout):
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def disconnect(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(reply: AsyncStreamingReply) -> Message:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    return {"type": "http.response.start", "status": reply.status, "headers": headers}
