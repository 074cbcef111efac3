"""How a source is opened, and that what was opened is closed, once and in order."""

import asyncio
import logging
from contextlib import AsyncExitStack, ExitStack

import pytest

from componentstream.core.errors import UsageError
from componentstream.drive.closing import (
    OneByOne,
    aopen_source,
    check_any_iterable,
    check_iterable,
    check_source,
    close_on_exit,
    closing,
    log_failure,
    log_warning,
    note_failed_close,
    open_source,
)
from tests.drive.kinds import (
    Aclosable,
    AsyncClosable,
    AsyncResponse,
    Closable,
    ClosingError,
    Response,
    Source,
    SourceError,
)


async def drained(source):
    async with AsyncExitStack() as stack:
        return [chunk async for chunk in aopen_source(source, stack)]


@pytest.mark.parametrize("chunk", ["text", b"text", bytearray(b"text"), memoryview(b"text")])
def test_a_single_chunk_is_no_source(chunk):
    with pytest.raises(UsageError) as raised:
        check_source(chunk, "name")
    assert str(raised.value) == (
        "name() takes an iterable of chunks; wrap a single one in a list: name([text])."
    )


def test_an_iterable_is_a_source():
    check_iterable(["text"], "name", "aname")
    check_any_iterable(["text"], "name")
    check_any_iterable(AsyncClosable("text"), "name")


def test_what_is_no_iterable_is_refused():
    with pytest.raises(UsageError, match=r"^name\(\) takes an iterable of chunks, not int\.$"):
        check_iterable(7, "name", "aname")
    with pytest.raises(
        UsageError, match=r"chunks, not AsyncClosable; read an asynchronous source with aname\(\)\.$"
    ):
        check_iterable(AsyncClosable(), "name", "aname")
    with pytest.raises(
        UsageError, match=r"^name\(\) takes an asynchronous iterable of chunks, not int; await a"
    ):
        check_any_iterable(7, "name")


def test_the_iterator_is_closed_before_what_made_it():
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
        return closing(part)

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


def test_what_cannot_be_closed_is_left_alone():
    with ExitStack() as stack:
        assert list(open_source(["a"], stack)) == ["a"]
    assert asyncio.run(drained(["a"])) == ["a"]


def test_one_by_one_is_an_asynchronous_iterator():
    async def read():
        return [chunk async for chunk in OneByOne(iter("ab"))]

    assert asyncio.run(read()) == ["a", "b"]


def close_by(how, thing, error=None):
    if how is closing:
        closing(thing)(None, error, None)
    else:
        asyncio.run(close_on_exit(thing)(None, error, None))


both = pytest.mark.parametrize("how", [closing, close_on_exit])


@both
@pytest.mark.parametrize("error", [None, GeneratorExit()])
def test_a_failed_close_is_raised_when_nothing_else_is_on_its_way(how, error):
    with pytest.raises(ClosingError):
        close_by(how, Closable(on_close=ClosingError()), error)


@both
def test_a_failed_close_is_noted_in_what_is_on_its_way(how):
    error = SourceError()
    close_by(how, Closable(on_close=ClosingError("no")), error)
    assert error.__notes__ == ["Closing the source failed too: ClosingError('no')"]


def test_a_note_names_the_failure():
    error = SourceError()
    note_failed_close(ClosingError("no"), error)
    assert error.__notes__ == ["Closing the source failed too: ClosingError('no')"]


def test_a_generator_is_a_source_that_is_closed():
    source = Source("a", "b")
    with ExitStack() as stack:
        assert next(open_source(source.items(), stack)) == "a"
    assert source.closed == 1


def test_what_nobody_is_there_for_is_logged(caplog):
    error = SourceError()
    log_failure("It failed.", error)
    log_warning("Look at it.")
    assert caplog.record_tuples == [
        ("componentstream", logging.ERROR, "It failed."),
        ("componentstream", logging.WARNING, "Look at it."),
    ]
    assert caplog.records[0].exc_info[1] is error
