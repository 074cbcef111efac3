"""A plain source as an asynchronous one, read by a thread so that it cannot block the event loop."""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from componentstream.drive.closing import log_warning
from componentstream.drive.generation import CLOSE_WAIT
from componentstream.drive.source_thread import LEFT_BEHIND, SourceThread


class ThreadedSource:
    """An asynchronous iterator over the chunks of a plain iterable; make it where the event loop runs."""

    def __init__(self, source: Iterable[object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._chunks: deque[object] = deque()
        self._late = False
        self._reader = SourceThread(source, self._knock)
        self._reader.start()

    def __aiter__(self) -> "ThreadedSource":
        return self

    async def __anext__(self) -> object:
        while not self._chunks:
            ended = self._reader.ended
            self._chunks.extend(self._reader.take())
            if ended and not self._chunks:
                raise self._reader.failure or StopAsyncIteration
            if not self._chunks:
                await self._news()
        return self._chunks.popleft()

    async def aclose(self) -> None:
        """Have the thread close the source; wait for that for ``CLOSE_WAIT`` seconds at most."""
        self._reader.stop()
        timer = self._loop.call_later(CLOSE_WAIT, self._give_up)
        try:
            while not (self._reader.closed or self._late):
                await self._news()
        finally:
            timer.cancel()
            if not self._reader.closed:
                self._reader.forsake()
        if self._reader.close_failure is not None:
            raise self._reader.close_failure

    async def _news(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _knock(self) -> None:
        # The loop may be closed by the time that the source comes back; then nobody is waiting.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._open)

    def _open(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _give_up(self) -> None:
        self._late = True
        log_warning(LEFT_BEHIND)
        self._open()
