"""A plain source on an event loop that it may not block."""

import asyncio
import threading
import time
from contextvars import ContextVar

import pytest

from componentstream.drive import threaded_source as threaded
from componentstream.drive.source_thread import LEFT_BEHIND
from componentstream.drive.threaded_source import ThreadedSource
from tests.drive.kinds import LONG, Closable, ClosingError, Source, SourceError, gone
from tests.drive.virtual import run
from tests.timing import MS


def on_a_loop(coroutine):
    return run(coroutine, loop_factory=asyncio.SelectorEventLoop)


async def whole(source):
    chunks = ThreadedSource(source)
    try:
        return [chunk async for chunk in chunks]
    finally:
        await chunks.aclose()


def test_all_chunks_arrive_in_order_and_the_source_is_closed():
    source = Source(*(str(number) for number in range(300)))
    assert on_a_loop(whole(source.items())) == [str(number) for number in range(300)]
    assert source.closed == 1
    assert gone()


def test_the_loop_turns_while_the_source_blocks():
    turns = 0
    turning = threading.Event()

    def items():
        assert turning.wait(LONG)
        yield "a"

    async def watch():
        nonlocal turns
        task = asyncio.create_task(whole(items()))
        while not task.done():
            turns += 1
            if turns > 5:
                turning.set()
            await asyncio.sleep(0.001)
        return await task

    assert on_a_loop(watch()) == ["a"]
    assert turns > 5


def test_what_the_source_raises_comes_behind_the_chunks():
    async def read():
        chunks = ThreadedSource(Source("a", SourceError("no")).items())
        assert await anext(chunks) == "a"
        with pytest.raises(SourceError, match="no"):
            await anext(chunks)
        await chunks.aclose()

    on_a_loop(read())
    assert gone()


def test_what_closing_raises_is_raised_by_aclose():
    async def read():
        chunks = ThreadedSource(Closable("a", on_close=ClosingError("no")))
        assert await anext(chunks) == "a"
        with pytest.raises(ClosingError, match="no"):
            await chunks.aclose()

    on_a_loop(read())


def test_a_cancelled_wait_leaves_a_source_that_can_be_closed():
    freed = threading.Event()
    source = Closable()

    class Blocking(Closable):
        def __next__(self):
            assert freed.wait(LONG)
            raise StopIteration

        def close(self):
            freed.set()
            source.leave()

    async def read():
        chunks = ThreadedSource(Blocking())
        task = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(10 * MS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await chunks.aclose()
        assert source.closed == 1

    on_a_loop(read())
    assert gone()


class Stuck:
    """A generator in a thread that does not come back until it is freed."""

    def __init__(self):
        self.begun = threading.Event()
        self.freed = threading.Event()
        self.source = Source()

    def items(self):
        try:
            self.begun.set()
            assert self.freed.wait(LONG)
            yield "late"
        finally:
            self.source.leave()


def test_a_source_that_does_not_come_back_is_left_behind(monkeypatch, caplog):
    monkeypatch.setattr(threaded, "CLOSE_WAIT", 20 * MS)
    stuck = Stuck()

    async def leave():
        chunks = ThreadedSource(stuck.items())
        assert await asyncio.to_thread(stuck.begun.wait, LONG)
        begun = time.monotonic()
        await chunks.aclose()
        return time.monotonic() - begun

    assert 20 * MS <= on_a_loop(leave()) < LONG
    assert [record.message for record in caplog.records] == [LEFT_BEHIND]
    assert stuck.source.closed == 0
    stuck.freed.set()
    assert gone()
    assert stuck.source.closed == 1


def test_a_cancelled_close_does_not_wait_for_the_thread():
    stuck = Stuck()

    async def leave():
        chunks = ThreadedSource(stuck.items())
        task = asyncio.ensure_future(chunks.aclose())
        await asyncio.sleep(10 * MS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    on_a_loop(leave())
    stuck.freed.set()
    assert gone()
    assert stuck.source.closed == 1


def test_the_thread_sees_the_context_of_the_caller():
    name = ContextVar("name", default="")

    def items():
        yield name.get()

    async def read():
        name.set("mine")
        return await whole(items())

    assert on_a_loop(read()) == ["mine"]
