"""Closing the parts of a source: once, in order, and without losing an exception."""

import asyncio

import pytest

from componentstream.drive.closing import AsyncCloser, aclose_on_exit, close_on_exit, note_failed_close
from tests.drive.kinds import Aclosable, AsyncClosable, Closable, ClosingError, SourceError


def close_by(how, thing, error=None):
    if how is close_on_exit:
        close_on_exit(thing)(None, error, None)
    else:
        asyncio.run(aclose_on_exit(thing)(None, error, None))


both = pytest.mark.parametrize("how", [close_on_exit, aclose_on_exit])


@both
@pytest.mark.parametrize("error", [None, GeneratorExit()])
def test_a_failed_close_is_raised_if_no_other_error_is_being_raised(how, error):
    with pytest.raises(ClosingError):
        close_by(how, Closable(on_close=ClosingError()), error)


@both
def test_a_failed_close_becomes_a_note_of_the_error_that_is_being_raised(how):
    error = SourceError()
    close_by(how, Closable(on_close=ClosingError("no")), error)
    assert error.__notes__ == ["Closing the source failed too: ClosingError('no')"]


def test_a_note_names_the_failure():
    error = SourceError()
    note_failed_close(ClosingError("no"), error)
    assert error.__notes__ == ["Closing the source failed too: ClosingError('no')"]


@both
def test_an_object_that_cannot_be_closed_is_left_alone(how):
    close_by(how, object())


@pytest.mark.parametrize("kind", [Closable, AsyncClosable, Aclosable])
def test_an_asynchronous_exit_closes_every_kind(kind):
    source = kind("a")
    close_by(aclose_on_exit, source)
    assert source.closed == 1


def test_a_closer_closes_the_objects_that_are_in_its_list_at_the_end_the_last_first():
    closed = []

    class Noting(Closable):
        def close(self):
            closed.append(self)

    async def test():
        things = []
        async with AsyncCloser(things):
            things += [first, second]
        assert closed == [second, first]

    first, second = Noting(), Noting()
    asyncio.run(test())


def test_a_closer_lets_an_error_pass_and_notes_in_it_a_failed_close():
    async def test():
        with pytest.raises(SourceError) as raised:
            async with AsyncCloser([Closable(on_close=ClosingError("no"))]):
                raise SourceError
        assert raised.value.__notes__ == ["Closing the source failed too: ClosingError('no')"]

    asyncio.run(test())


def test_an_asynchronous_exit_cancels_a_future_that_was_to_become_the_source():
    async def test():
        task = asyncio.create_task(asyncio.sleep(10.0))
        await aclose_on_exit(task)(None, None, None)
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(test())
