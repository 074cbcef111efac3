"""Opening a source, and that all that was opened is closed."""

import asyncio
from contextlib import AsyncExitStack, ExitStack

import pytest

from componentstream.core.errors import UsageError
from componentstream.drive.closing import close_on_exit
from componentstream.drive.opening import AsyncAdapter, aopen_source, open_source, resolve
from tests.drive.kinds import Aclosable, AsyncClosable, AsyncResponse, Closable, Response, Source


async def drained(source):
    async with AsyncExitStack() as stack:
        return [chunk async for chunk in await aopen_source(source, stack, "name")]


async def returning(value):
    await asyncio.sleep(0)
    return value


def test_the_iterator_is_closed_before_the_iterable():
    closed = []

    class Noting(Closable):
        def close(self):
            closed.append("iterator")

    class NotingResponse(Response):
        def close(self):
            closed.append("response")

    with ExitStack() as stack:
        assert list(open_source(NotingResponse(Noting("a", "b")), stack)) == ["a", "b"]
        assert closed == []
    assert closed == ["iterator", "response"]


def test_a_source_that_is_its_own_iterator_is_closed_once():
    source = Closable("a")
    with ExitStack() as stack:
        assert list(open_source(source, stack)) == ["a"]
    assert source.closed == 1


def test_the_caller_may_say_how_the_parts_are_closed():
    parts = []

    def exit_of(part):
        parts.append(part)
        return close_on_exit(part)

    response = Response(Closable("a"))
    with ExitStack() as stack:
        open_source(response, stack, exit_of)
    assert parts == [response, response.iterator]
    assert (response.closed, response.iterator.closed) == (1, 1)


@pytest.mark.parametrize("kind", [Closable, AsyncClosable, Aclosable])
def test_an_asynchronous_driver_opens_and_closes_every_kind(kind):
    source = kind("a", "b")
    assert asyncio.run(drained(source)) == ["a", "b"]
    assert source.closed == 1


@pytest.mark.parametrize(("kind", "iterator"), [(Response, Closable), (AsyncResponse, AsyncClosable)])
def test_an_asynchronous_driver_closes_a_response_and_its_iterator(kind, iterator):
    response = kind(iterator("a"))
    assert asyncio.run(drained(response)) == ["a"]
    assert (response.closed, response.iterator.closed) == (1, 1)


def test_a_source_that_cannot_be_closed_is_left_alone():
    with ExitStack() as stack:
        assert list(open_source(["a"], stack)) == ["a"]
    assert asyncio.run(drained(["a"])) == ["a"]


def test_a_plain_iterator_is_adapted_to_an_asynchronous_one():
    async def read():
        return [chunk async for chunk in AsyncAdapter(iter("ab"))]

    assert asyncio.run(read()) == ["a", "b"]


def test_a_generator_is_a_source_that_is_closed():
    source = Source("a", "b")
    with ExitStack() as stack:
        assert next(open_source(source.items(), stack)) == "a"
    assert source.closed == 1


@pytest.mark.parametrize("kind", [Closable, AsyncClosable, Aclosable])
def test_an_awaitable_is_awaited_and_its_result_read_and_closed(kind):
    source = kind("a", "b")
    assert asyncio.run(drained(returning(source))) == ["a", "b"]
    assert source.closed == 1


def test_a_future_is_awaited_though_it_is_an_iterable_as_well():
    async def test():
        return await drained(asyncio.ensure_future(returning(["a"])))

    assert asyncio.run(test()) == ["a"]


def test_a_source_that_could_be_awaited_as_well_is_read():
    class Both(AsyncClosable):
        def __await__(self):
            raise AssertionError

    assert asyncio.run(drained(Both("a"))) == ["a"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, r"^name\(\) takes an asynchronous iterable of chunks, not int; pass a list"),
        ("text", r"^name\(\) takes an iterable of chunks; wrap a single one in a list"),
    ],
)
def test_an_awaitable_that_returns_something_else_is_refused(value, message):
    with pytest.raises(UsageError, match=message):
        asyncio.run(resolve(returning(value), "name"))


def test_an_awaitable_that_returns_an_awaitable_is_refused():
    inner = returning(["a"])
    with pytest.raises(
        UsageError, match=r"^The source that name\(\) awaited is an awaitable again; await it until"
    ):
        asyncio.run(resolve(returning(inner), "name"))
    assert inner.cr_frame is None
