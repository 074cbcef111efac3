"""Sources of all kinds are opened, in time, and with the lease kept alive."""

import asyncio

import pytest

from componentstream.core.errors import UsageError
from componentstream.log import StoreError
from tests import parts

for name in ("starlette", "limits", "prometheus_client"):
    parts.module(name)

from componentstream.server import GenerationRequest, RefusedRequestError  # noqa: E402 - needs the above
from componentstream.server.streams.source_opener import SourceOpener, shutting_down  # noqa: E402
from tests.server.stream_helpers import OWNER, STREAM, TTL, new_log, run, settle, state  # noqa: E402

REQUEST = GenerationRequest("a page")
CHUNKS = ["Here ", "it is."]


async def chunks(_request=None):
    for chunk in CHUNKS:
        yield chunk


async def coroutine(_request, seconds=0.0):
    await asyncio.sleep(seconds)
    return chunks()


async def coroutine_of_a_list(_request):
    return CHUNKS


class Both:
    """An object that can be awaited, for one that can be iterated, and be iterated itself."""

    awaited = False

    def __await__(self):
        self.awaited = True
        yield from ()
        return self

    def __aiter__(self):
        return chunks()


class Closable:
    """A source that notes when it is closed."""

    closed = 0

    def __aiter__(self):
        raise AssertionError("it must not be read")

    async def aclose(self):
        self.closed += 1


def future(_request):
    found = asyncio.get_running_loop().create_future()
    found.set_result(chunks())
    return found


async def opened(generate, *, log=None, limit=5.0, ttl=TTL):
    """Open a source with a lease of its own; return it."""
    log = log or new_log()
    lease = await log.acquire(STREAM, owner=OWNER, ttl=ttl)
    opener = SourceOpener(generate, log, limit)
    try:
        return await opener.open(REQUEST, lease)
    finally:
        await opener.aclose()


async def read(source):
    return [chunk async for chunk in source] if hasattr(source, "__aiter__") else list(source)


@pytest.mark.parametrize(
    "generate",
    [
        chunks,  # an async generator function
        coroutine,  # an async def that returns a stream
        coroutine_of_a_list,
        lambda _request: chunks(),
        lambda _request: CHUNKS,
        future,
        lambda request: asyncio.ensure_future(coroutine(request)),
    ],
)
def test_a_source_may_be_returned_or_awaited(generate):
    async def main():
        assert await read(await opened(generate)) == CHUNKS

    run(main())


def test_an_object_that_is_both_is_iterated():
    async def main():
        source = await opened(lambda _request: Both())
        assert (await read(source), source.awaited) == (CHUNKS, False)

    run(main())


@pytest.mark.parametrize("value", [None, 7, "text", b"text"])
def test_a_value_that_is_not_a_source_is_rejected_even_if_awaited(value):
    async def late(_request):
        return value

    async def main():
        for generate in (late, lambda _request: value):
            with pytest.raises(UsageError, match="generate"):
                await opened(generate)

    run(main())


@pytest.mark.parametrize(
    "error", [RuntimeError("no"), RefusedRequestError(409, "conflict", "No."), TimeoutError()]
)
def test_an_error_of_the_coroutine_is_raised_as_it_is(error):
    async def failing(_request):
        await asyncio.sleep(1.0)
        raise error

    async def main():
        with pytest.raises(type(error)) as caught:
            await opened(failing)
        assert caught.value is error

    run(main())


def test_the_lease_is_renewed_while_the_source_opens():
    async def main():
        log = new_log()
        await opened(lambda request: coroutine(request, 20.0), log=log, limit=None)
        assert log.times("renew") == [3.0, 6.0, 9.0, 12.0, 15.0, 18.0]
        assert await state(log) == "open"
        await asyncio.sleep(30.0)
        assert len(log.times("renew")) == 6
        assert await state(log) == "lost"

    run(main())


def test_a_renewal_that_fails_is_tried_again_at_the_next_one():
    async def main():
        log = new_log()
        log.trouble("renew", 1, error=StoreError("no"))
        await opened(lambda request: coroutine(request, 20.0), log=log, limit=None)
        assert len(log.times("renew")) == 6
        assert await state(log) == "open"

    run(main())


def test_renewals_end_when_the_lease_is_lost_and_the_source_still_opens():
    async def main():
        log = new_log()

        async def deleted(request):
            await log.delete(STREAM)
            return await coroutine(request, 20.0)

        assert await read(await opened(deleted, log=log, limit=None)) == CHUNKS
        assert log.times("renew") == [3.0]

    run(main())


def test_a_source_that_does_not_open_in_time_is_a_timeout():
    closed = []

    async def hanging(_request):
        try:
            await asyncio.Event().wait()
        finally:
            closed.append(asyncio.get_running_loop().time())

    async def main():
        with pytest.raises(RefusedRequestError) as caught:
            await opened(hanging, limit=5.0)
        assert (caught.value.status, caught.value.code) == (504, "chunk_timeout")
        assert str(caught.value) == "The model did not start to answer within 5.0 seconds."
        assert caught.value.body["error"]["retryable"] is True
        assert closed == [5.0]

    run(main())


def test_a_request_that_is_cancelled_cancels_the_coroutine():
    cancelled = []

    async def hanging(_request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def main():
        task = asyncio.create_task(opened(hanging))
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert cancelled == [True]

    run(main())


def rejection(error):
    return error.status, error.code, str(error), error.headers


def test_a_shutdown_rejects_sources_that_are_opening_and_later_ones():
    async def main():
        log = new_log()
        lease = await log.acquire(STREAM, owner=OWNER, ttl=TTL)
        calls = []

        def generate(request):
            calls.append(request)
            return coroutine(request, 60.0)

        opener = SourceOpener(generate, log, None)
        task = asyncio.create_task(opener.open(REQUEST, lease))
        await asyncio.sleep(1.0)
        opener.stop()
        for opening in (task, opener.open(REQUEST, lease)):
            with pytest.raises(RefusedRequestError) as caught:
                await opening
            assert rejection(caught.value) == rejection(shutting_down())
        await opener.aclose()
        assert asyncio.get_running_loop().time() == 1.0
        assert calls == [REQUEST]
        assert rejection(shutting_down()) == (
            503, "server_stopping", "The server is shutting down; retry.", {"Retry-After": "1"},
        )  # fmt: skip

    run(main())


def test_a_source_that_opens_at_the_moment_of_the_shutdown_is_closed():
    async def main():
        log = new_log()
        lease = await log.acquire(STREAM, owner=OWNER, ttl=TTL)
        source = Closable()

        async def generate(_request):
            opener.stop()
            return source

        opener = SourceOpener(generate, log, None)
        with pytest.raises(RefusedRequestError, match="shutting down"):
            await opener.open(REQUEST, lease)
        await opener.aclose()
        assert source.closed == 1

    run(main())
