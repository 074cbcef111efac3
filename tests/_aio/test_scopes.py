import asyncio

import pytest

from componentstream._aio.scopes import CancelScope, DisconnectScope, cancel_on_disconnect
from tests.drive.virtual import run


def now():
    return asyncio.get_running_loop().time()


async def never():
    await asyncio.sleep(1000.0)


async def fail(error, seconds=0.0):
    await asyncio.sleep(seconds)
    raise error


async def stay_in(scope, seconds):
    """Stay in a scope for so long, and return when it ended."""
    async with scope:
        await asyncio.sleep(seconds)
    return now()


async def cancelled_from_outside(work, seconds):
    """Run a coroutine in a task, cancel that, and return whether it ended as cancelled."""
    task = asyncio.create_task(work)
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


# CancelScope


def test_a_scope_cancels_its_task_once_and_takes_that_back():
    async def test():
        scope = CancelScope()
        asyncio.get_running_loop().call_later(1.0, scope.cancel)
        asyncio.get_running_loop().call_later(1.0, scope.cancel)
        with pytest.raises(asyncio.CancelledError):
            await never()
        assert asyncio.current_task().cancelling() == 1
        assert (scope.cancelled, scope.close()) == (True, True)
        assert asyncio.current_task().cancelling() == 0

    run(test())


def test_a_scope_that_did_not_cancel_takes_nothing_back():
    async def test():
        scope = CancelScope()
        assert not scope.close()
        scope.cancel()
        await asyncio.sleep(0)
        assert not scope.cancelled

    run(test())


def test_a_scope_knows_a_cancellation_by_others_besides_its_own():
    async def test():
        scope = CancelScope()
        scope.cancel()
        asyncio.current_task().cancel()
        with pytest.raises(asyncio.CancelledError):
            await never()
        assert not scope.close()
        assert asyncio.current_task().uncancel() == 0

    run(test())


# DisconnectScope


def test_a_block_that_ends_by_itself_ends_the_watch():
    assert run(stay_in_with(never(), 2.0)) == 2.0


async def stay_in_with(gone, seconds):
    return await stay_in(DisconnectScope(gone), seconds)


def test_a_disconnect_ends_the_block_without_an_error():
    async def test():
        assert await stay_in_with(asyncio.sleep(1.0), 9.0) == 1.0
        assert asyncio.current_task().cancelling() == 0

    run(test())


def test_a_callback_can_end_the_block_as_well():
    async def test():
        async with DisconnectScope(never()) as scope:
            asyncio.get_running_loop().call_later(3.0, scope.cancel)
            await never()
        assert now() == 3.0

    run(test())


def test_an_os_error_ends_the_block_without_an_error():
    async def test():
        async with DisconnectScope(never()):
            raise ConnectionResetError

    run(test())


def test_another_error_of_the_block_is_raised():
    async def test():
        async with DisconnectScope(never()):
            raise KeyError

    with pytest.raises(KeyError):
        run(test())


def test_an_error_of_the_watch_precedes_one_that_its_cancellation_caused():
    async def test():
        async with DisconnectScope(fail(LookupError())):
            try:
                await never()
            finally:
                raise KeyError

    with pytest.raises(LookupError):
        run(test())


def test_an_error_of_the_watch_is_raised():
    with pytest.raises(LookupError):
        run(stay_in_with(fail(LookupError(), 1.0), 9.0))


def test_an_error_of_the_watch_that_comes_too_late_is_raised_at_a_good_end():
    async def late():
        try:
            await never()
        finally:
            raise LookupError

    with pytest.raises(LookupError):
        run(stay_in_with(late(), 2.0))


def test_a_cancellation_from_outside_goes_through_the_block():
    async def test():
        assert await cancelled_from_outside(stay_in_with(never(), 9.0), 1.0)
        assert await cancelled_from_outside(stay_in_with(asyncio.sleep(1.0), 9.0), 1.0)

    run(test())


# cancel_on_disconnect


def test_work_is_awaited_and_the_watch_cancelled():
    async def test():
        await cancel_on_disconnect(asyncio.sleep(2.0), never())
        assert now() == 2.0

    run(test())


def test_work_is_cancelled_by_the_disconnect_and_its_end_awaited():
    async def work():
        try:
            await never()
        finally:
            await asyncio.sleep(3.0)

    async def test():
        await cancel_on_disconnect(work(), asyncio.sleep(1.0))
        assert now() == 4.0

    run(test())


@pytest.mark.parametrize(("work", "gone"), [(fail, asyncio.sleep), (never, fail)])
def test_what_either_raises_is_raised(work, gone):
    def make(function):
        return function(KeyError()) if function is fail else never()

    with pytest.raises(KeyError):
        run(cancel_on_disconnect(make(work), make(gone)))


def test_an_os_error_of_the_work_is_raised():
    with pytest.raises(ConnectionResetError):
        run(cancel_on_disconnect(fail(ConnectionResetError()), never()))


def test_work_that_others_cancelled_is_not_an_error():
    async def work():
        asyncio.get_running_loop().call_later(1.0, asyncio.current_task().cancel)
        await never()

    run(cancel_on_disconnect(work(), never()))


def test_a_cancellation_from_outside_ends_both():
    async def test():
        assert await cancelled_from_outside(cancel_on_disconnect(never(), never()), 1.0)

    run(test())
