"""The bodies of responses, read as servers read them: late, from several tasks, or not at all."""

import asyncio
import time

import pytest

from componentstream.adapters.bodies import AsyncBody, Body
from tests.timing import WAIT

LONG = 30.0


def numbers():
    """A generator of two chunks, closed with the body."""
    yield b"2"
    yield b"3"


class Chunks:
    """An asynchronous generator of endless chunks that records whether it is closed."""

    def __init__(self, *, pause=0.0, error=None):
        self.closed = 0
        self.pause = pause
        self.error = error
        self.generator = self.generate()

    async def generate(self):
        try:
            while True:
                await asyncio.sleep(self.pause)
                if self.error is not None:
                    raise self.error
                yield b"x"
        finally:
            self.closed += 1


def test_a_body_yields_its_first_bytes_and_then_the_chunks():
    assert list(Body(b"1", numbers(), 1.0)) == [b"1", b"2", b"3"]
    assert list(Body(b"", numbers(), 1.0)) == [b"2", b"3"]


def test_a_closed_body_yields_nothing():
    chunks = numbers()
    body = Body(b"1", chunks, 1.0)
    body.close()
    assert list(body) == []
    assert chunks.gi_frame is None


def test_a_server_that_returns_late_gets_a_timeout_and_the_source_is_closed():
    chunks = numbers()
    body = Body(b"1", chunks, 0.01)
    next(body)
    time.sleep(0.02)
    with pytest.raises(TimeoutError, match="The client read nothing for longer than send_timeout"):
        next(body)
    assert chunks.gi_frame is None


def run(test):
    asyncio.run(asyncio.wait_for(test(), WAIT), debug=True)


def test_an_asynchronous_body_yields_its_first_bytes_and_then_the_chunks():
    async def test():
        body = AsyncBody(b"1", Chunks().generator, 1.0)
        assert aiter(body) is body
        assert [await anext(body), await anext(body)] == [b"1", b"x"]
        await body.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(body)

    run(test)


def test_an_asynchronous_body_can_be_closed_twice_and_unread():
    async def test():
        chunks = Chunks()
        body = AsyncBody(b"", chunks.generator, 1.0)
        await body.aclose()
        await body.aclose()
        assert chunks.generator.ag_frame is None

    run(test)


def test_an_error_of_the_chunks_closes_the_body():
    async def test():
        chunks = Chunks(error=ValueError())
        body = AsyncBody(b"", chunks.generator, 1.0)
        with pytest.raises(ValueError):
            await anext(body)
        await body.aclose()
        assert chunks.closed == 1

    run(test)


def test_the_end_of_the_task_that_reads_closes_the_body():
    async def test():
        chunks = Chunks()
        body = AsyncBody(b"", chunks.generator, LONG)
        await asyncio.create_task(read_one(body))
        while not chunks.closed:  # noqa: ASYNC110 - closing takes some iterations of the loop
            await asyncio.sleep(0)

    run(test)


def test_the_task_that_attached_last_is_the_one_that_counts():
    async def test():
        chunks = Chunks()
        body = AsyncBody(b"", chunks.generator, LONG)
        body.attach()
        body.attach()
        assert await read_one(body) == b"x"
        await body.aclose()
        assert chunks.closed == 1

    run(test)


def test_a_task_that_is_blocked_by_its_client_is_cancelled():
    async def test():
        chunks = Chunks()
        body = AsyncBody(b"", chunks.generator, 0.01)

        async def send():
            await anext(body)
            await asyncio.sleep(LONG)

        task = asyncio.create_task(send())
        await asyncio.wait([task])
        assert task.cancelled()
        assert body.stalled
        with pytest.raises(TimeoutError, match="longer than send_timeout"):
            await anext(body)
        await body.aclose()
        assert chunks.closed == 1

    run(test)


def test_a_body_that_is_never_read_closes_itself_in_time():
    async def test():
        chunks = Chunks()
        body = AsyncBody(b"1", chunks.generator, 0.01)
        while not body.stalled:  # noqa: ASYNC110 - a timer sets it
            await asyncio.sleep(0.005)
        await body.aclose()
        assert chunks.generator.ag_frame is None

    run(test)


def test_waiting_for_a_chunk_does_not_count_as_sending():
    async def test():
        body = AsyncBody(b"", Chunks(pause=0.05).generator, 0.01)
        assert await anext(body) == b"x"
        assert not body.stalled
        await body.aclose()

    run(test)


async def read_one(body):
    return await anext(body)
