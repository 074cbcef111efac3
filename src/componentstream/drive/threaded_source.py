"""A plain source as an asynchronous one, read by a thread so that it cannot block the event loop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

from typing_extensions import override

from componentstream._aio.wakeup import Wakeup
from componentstream.drive.generation import CLOSE_WAIT
from componentstream.drive.logger import log_warning
from componentstream.drive.source_thread import LEFT_BEHIND, SourceThread


class ThreadedSource(AsyncIterator[object]):
    """An asynchronous iterator over the chunks of a plain iterable; make it on the event loop that reads it.

    Args:
        source: Iterable to read.
    """

    def __init__(self, source: Iterable[object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._wakeup = Wakeup()
        self._chunks: deque[object] = deque()
        self._late = False
        self._thread = SourceThread(source, self._notify)
        self._thread.start()

    @override
    async def __anext__(self) -> object:
        while not self._chunks:
            # `ended` first: a thread that ends between the two reads has put its last chunk before.
            ended = self._thread.ended
            self._chunks.extend(self._thread.take())
            if ended and not self._chunks:
                raise self._thread.failure or StopAsyncIteration
            if not self._chunks:
                # Not lost if it comes now: it is called on this loop, which runs nothing until we wait.
                await self._wakeup.wait()
        return self._chunks.popleft()

    async def aclose(self) -> None:
        """Have the thread close the source; wait for that for ``CLOSE_WAIT`` seconds at most."""
        self._thread.stop()
        timer = self._loop.call_later(CLOSE_WAIT, self._give_up)
        try:
            while not (self._thread.closed or self._late):
                await self._wakeup.wait()
        finally:
            timer.cancel()
            if not self._thread.closed:
                self._thread.detach()
        if self._thread.close_failure is not None:
            raise self._thread.close_failure

    def _notify(self) -> None:
        # Called by the thread. The loop may be closed by the time that the source returns, and nothing waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._wakeup.set)

    def _give_up(self) -> None:
        self._late = True
        log_warning(LEFT_BEHIND)
        self._wakeup.set()
