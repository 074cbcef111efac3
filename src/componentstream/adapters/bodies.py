"""The bytes of a response, as servers iterate over them."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from typing import Final

from componentstream._aio.deadlines import SendTimer

_STALLED: Final = "The client read nothing for longer than send_timeout."


class Body:
    """The body of a response from a synchronous server, which must close it, as every WSGI server does.

    Args:
        first: Bytes that come first.
        chunks: Generator of the remaining chunks.
        send_timeout: Timeout for sending one chunk, in seconds. A server that asks for the next chunk later
            gets a ``TimeoutError``, so that it does not end the response as if it were complete.
    """

    def __init__(self, first: bytes, chunks: Generator[bytes, None, None], send_timeout: float) -> None:
        self._first = first
        self._chunks = chunks
        self._send_timeout = send_timeout
        self._yielded_at = time.monotonic()

    def __iter__(self) -> "Body":
        return self

    def __next__(self) -> bytes:
        if time.monotonic() - self._yielded_at > self._send_timeout:
            self.close()
            raise TimeoutError(_STALLED)
        if self._first:
            chunk, self._first = self._first, b""
        else:
            chunk = next(self._chunks)
        self._yielded_at = time.monotonic()
        return chunk

    def close(self) -> None:
        """Close the source, at any point of the stream."""
        self._first = b""
        self._chunks.close()


class AsyncBody:
    """The body of a response from an asynchronous server, which may abandon it.

    Between two chunks the server sends, and in that time its task may be cancelled, or blocked by a client
    that does not read. Few servers close their iterator then, so the body closes itself: when the task that
    iterates over it ends, and when the next chunk is not requested in time. In the second case it cancels
    that task too, which would otherwise stay blocked.

    Args:
        first: Bytes that come first.
        chunks: Generator of the remaining chunks.
        send_timeout: Timeout for sending one chunk, in seconds.

    Attributes:
        stalled: Whether the timeout has passed.
    """

    __slots__ = (
        "__weakref__",
        "_chunks",
        "_closing",
        "_first",
        "_task",
        "_timer",
        "stalled",
    )

    def __init__(self, first: bytes, chunks: AsyncGenerator[bytes, None], send_timeout: float) -> None:
        self.stalled: bool = False
        self._first = first
        self._chunks = chunks
        self._task: asyncio.Task[object] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._timer = SendTimer(send_timeout, self._on_stall)
        self._timer.send_begins()

    def __aiter__(self) -> "AsyncBody":
        return self

    async def __anext__(self) -> bytes:
        self._timer.send_ends()
        if self.stalled:
            raise TimeoutError(_STALLED)
        self.attach()
        if self._first:
            chunk, self._first = self._first, b""
        else:
            try:
                chunk = await anext(self._chunks)
            except BaseException:
                self._close()
                raise
        self._timer.send_begins()
        return chunk

    def attach(self) -> None:
        """Make the current task the one that sends; requesting a chunk does so as well."""
        task = asyncio.current_task()
        if task is not self._task and task is not None:
            self._task = task
            task.add_done_callback(self._task_ended)

    async def aclose(self) -> None:
        """Close the source, at any point of the stream, and wait until it is closed."""
        self._first = b""
        # The server may be cancelled while it closes the body; the source is closed all the same.
        await asyncio.shield(self._close())

    def _on_stall(self) -> None:
        self.stalled = True
        task = self._task
        self._close()
        if task is not None:
            task.cancel()

    def _task_ended(self, _task: asyncio.Task[object]) -> None:
        self._close()

    def _close(self) -> asyncio.Task[None]:
        if self._closing is None:
            self._timer.close()
            if self._task is not None:
                self._task.remove_done_callback(self._task_ended)
            # A task of its own, since callbacks cannot await. The body holds it until it is done.
            self._closing = asyncio.get_running_loop().create_task(self._chunks.aclose())
        return self._closing
