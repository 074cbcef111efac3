"""Sources of every kind that a driver may meet, which say when they were read and closed."""

import asyncio
import threading
import time

from componentstream.core.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    ReasoningEvent,
    TextBlock,
    UsageEvent,
)
from componentstream.sources import Reasoning, Usage
from componentstream.sources import SourceError as PieceError

LONG = 30.0
"""Seconds that nothing in these tests takes."""


def soon(condition):
    """Wait until a thread has made something true; return whether it has."""
    until = time.monotonic() + LONG
    while not condition() and time.monotonic() < until:
        time.sleep(0.001)
    return bool(condition())


def gone():
    """Wait until the threads of the drivers have ended."""
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        if not threads():
            return True
        time.sleep(0.001)
    return False


def threads():
    """The threads of the drivers that are there."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("componentstream")]


class SourceError(Exception):
    """What a source raises."""


class ClosingError(Exception):
    """What closing a source raises."""


class Source:
    """A generator over chunks that says when it was read and closed; an exception among them is raised."""

    def __init__(self, *chunks, on_close=None):
        self.chunks = chunks
        self.on_close = on_close
        self.read = 0
        self.closed = 0
        self.waiting = asyncio.Event()

    def items(self):
        try:
            for chunk in self.chunks:
                self.read += 1
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk
        finally:
            self.leave()

    async def aitems(self):
        try:
            for chunk in self.chunks:
                self.read += 1
                await asyncio.sleep(0)
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk
        finally:
            try:
                await asyncio.sleep(0)
            finally:  # a cancellation may come while the generator ends by itself
                self.leave()

    def leave(self):
        self.closed += 1
        if self.on_close is not None:
            raise self.on_close


class Closable(Source):
    """A plain iterator with a `close` beside it, as provider streams have."""

    def __init__(self, *chunks, on_close=None):
        super().__init__(*chunks, on_close=on_close)
        self.iterator = iter(chunks)

    def __iter__(self):
        return self

    def __next__(self):
        self.read += 1
        chunk = next(self.iterator)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def close(self):
        self.leave()


class AsyncClosable(Closable):
    """The same for `async for`; its `close` is a coroutine."""

    __iter__ = None

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return self.__next__()
        except StopIteration:
            raise StopAsyncIteration from None

    async def close(self):
        await asyncio.sleep(0)
        self.leave()


class Aclosable(AsyncClosable):
    """With both; the one for `async` is wanted."""

    async def aclose(self):
        await asyncio.sleep(0)
        self.leave()

    def close(self):
        raise AssertionError("aclose() is there")


class Response:
    """Iterating it gives an iterator that must be closed too; the connection is its own."""

    def __init__(self, iterator):
        self.iterator = iterator
        self.closed = 0

    def __iter__(self):
        return self.iterator

    def close(self):
        self.closed += 1


class AsyncResponse(Response):
    __iter__ = None

    def __aiter__(self):
        return self.iterator


class Refusing:
    """A source that cannot be iterated after all."""

    closed = 0

    def __iter__(self):
        raise SourceError("used up")

    def __aiter__(self):
        raise SourceError("used up")

    def close(self):
        self.closed += 1


class Stalled(Source):
    """Waits for ever after its chunks; remembers what ended the wait, and cleans up slowly."""

    ended_by = None

    async def aitems(self):
        try:
            for chunk in self.chunks:
                yield chunk
            self.waiting.set()
            await asyncio.Event().wait()
        except BaseException as error:
            self.ended_by = type(error)
            raise
        finally:
            await asyncio.sleep(0)
            self.leave()


class StalledStream(AsyncClosable):
    """A stalled iterator that has to be closed from outside."""

    async def __anext__(self):
        self.waiting.set()
        await asyncio.Event().wait()


TRUNCATED = PieceError("source_truncated", "Cut.")
PIECES = [Reasoning("so"), Reasoning(""), "a", Usage(8), Usage(), TRUNCATED, "b", Usage(8), Usage(None, 2)]
"""Pieces of every kind, some without a meaning."""

EVENTS_OF_PIECES = [
    ReasoningEvent("so"),
    ContentBlockStart(0, TextBlock()),
    ContentBlockDelta(0, "a"),
    UsageEvent(8),
    ErrorEvent("source_truncated", "Cut."),
    ContentBlockDelta(0, "b"),
    UsageEvent(8, 2),
    ContentBlockStop(0, "end", 2),
]
