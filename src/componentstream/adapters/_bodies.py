"""The bytes of a response, as servers iterate over them."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from typing import Final

from componentstream._aio.deadlines import SendTimer

_STALLED: Final = "The reader took nothing for longer than send_timeout."


class Body:
    """The bytes of a response. Whoever iterates over it must close it, as every WSGI server does.

    Args:
        first: what comes first.
        chunks: what follows.
        send_timeout: seconds that the server may take for a chunk. When it comes after that, it must not take
            the end of what it gets for the end of the response.
    """

    def __init__(self, first: bytes, chunks: Generator[bytes, None, None], send_timeout: float) -> None:
        self._first = first
        self._chunks = chunks
        self._send_timeout = send_timeout
        self._given = time.monotonic()

    def __iter__(self) -> "Body":
        return self

    def __next__(self) -> bytes:
        if time.monotonic() - self._given > self._send_timeout:
            self.close()
            raise TimeoutError(_STALLED)
        if self._first:
            chunk, self._first = self._first, b""
        else:
            chunk = next(self._chunks)
        self._given = time.monotonic()
        return chunk

    def close(self) -> None:
        """Close the source, wherever the stream is."""
        self._first = b""
        self._chunks.close()


class AsyncBody:
    """The bytes of a response, for a server that may forget them.

    Between two chunks the server sends, and while it does its task may be cancelled, or held up by a reader
    who takes nothing. Few servers close what they iterate over then, so the body sees to that: it closes
    itself when the task that iterates over it ends, and when the next chunk has not been asked for in time.
    In the latter case it cancels the task too, for nothing else would.

    Args:
        first: what comes first.
        chunks: what follows.
        send_timeout: seconds that the server may take for a chunk.

    Attributes:
        stalled: the server took longer.
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
        self.stalled = False
        self._first = first
        self._chunks = chunks
        self._task: asyncio.Task[object] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._timer = SendTimer(send_timeout, self._drop)
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
        """Take the current task for the one that sends; the first asking for a chunk does it too."""
        task = asyncio.current_task()
        if task is not self._task and task is not None:
            self._task = task
            task.add_done_callback(self._left)

    async def aclose(self) -> None:
        """Close the source, wherever the stream is, and wait until it is closed."""
        self._first = b""
        await asyncio.shield(self._close())

    def _drop(self) -> None:
        self.stalled = True
        task = self._task
        self._close()
        if task is not None:
            task.cancel()

    def _left(self, _task: asyncio.Task[object]) -> None:
        self._close()

    def _close(self) -> asyncio.Task[None]:
        if self._closing is None:
            self._timer.close()
            if self._task is not None:
                self._task.remove_done_callback(self._left)
            self._closing = asyncio.get_running_loop().create_task(self._chunks.aclose())
        return self._closing
