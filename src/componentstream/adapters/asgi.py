"""A stream as an ASGI application: for any ASGI server, and any framework that mounts one."""

import asyncio
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, MutableMapping
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any, TypeAlias

from typing_extensions import Unpack

from componentstream._aio.scopes import cancel_on_disconnect
from componentstream.adapters.generic import SEND_TIMEOUT, AsyncStreamingReply, Options, astart_response
from componentstream.drive.closing import close_on_exit

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class ASGIStream:
    """The response to one request.

    For example::

        async def app(scope, receive, send):
            await ASGIStream(source)(scope, receive, send)

    It listens for the reader's leaving while it sends, because a server neither blocks nor raises when it
    sends into nothing. It needs all of ``receive`` for that: read the body of the request before.

    A server that is shut down may wait for the end of all streams; tell it how long (uvicorn:
    ``--timeout-graceful-shutdown``).

    A reader who takes nothing is dropped after ``send_timeout``: the source is closed and the call returns
    without the end of the response, so that the server breaks the connection. ASGI has no way to cut it at
    once; what the server has buffered, 64 KiB as a rule, it may hold until the operating system gives up.

    Args:
        source: chunks of a model's answer, as ``astream_bytes`` takes them.
        send_timeout: seconds that one ``send`` may take.
        options: see :class:`~componentstream.adapters.generic.Options`.
    """

    def __init__(
        self,
        source: AsyncIterable[object] | Iterable[object],
        *,
        send_timeout: float = SEND_TIMEOUT,
        **options: Unpack[Options],
    ) -> None:
        self._source = source
        self._send_timeout = send_timeout
        self._options = options
        self._begun = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer the request."""
        try:
            await cancel_on_disconnect(self._answer(scope, send), disconnect(receive))
        finally:
            if not self._begun:
                await self._leave()

    async def _leave(self) -> None:
        """Close the source of a request that was given up before anything was done for it."""
        session = self._options.get("session")
        if session is not None:
            session.cancel(time.monotonic())
        async with AsyncExitStack() as stack:
            stack.push_async_exit(close_on_exit(self._source))

    async def _answer(self, scope: Message, send: Send) -> None:
        self._begun = True
        reply = await astart_response(
            self._source,
            method=scope["method"],
            last_event_id=dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1"),
            send_timeout=self._send_timeout,
            **self._options,
        )
        await send_reply(reply, send, self._send_timeout)


async def send_reply(reply: AsyncStreamingReply, send: Send, send_timeout: float) -> None:
    """Send an answer and close its body; run it with ``cancel_on_disconnect`` and :func:`disconnect`."""
    with suppress(OSError):  # some servers raise it when the reader has left
        async with aclosing(reply.body) as body:
            body.attach()
            await send(_start(reply))
            async for chunk in body:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        async with asyncio.timeout(send_timeout):
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def disconnect(receive: Receive) -> None:
    """Return when the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(reply: AsyncStreamingReply) -> Message:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    return {"type": "http.response.start", "status": reply.status, "headers": headers}
