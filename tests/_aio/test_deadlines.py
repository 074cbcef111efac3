import asyncio

import pytest

from componentstream._aio.deadlines import SendTimer, SharedTimeout
from tests.drive.virtual import run


def now():
    return asyncio.get_running_loop().time()


def timers():
    return [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]


async def wait(patience, seconds):
    """Wait for so many seconds; return when it ended, and how."""
    try:
        with patience.wait():
            await asyncio.sleep(seconds)
    except TimeoutError:
        return now(), "cut off"
    return now(), "done"


def test_a_wait_that_is_short_enough_ends_by_itself():
    assert run(wait(SharedTimeout(1.0), 0.5)) == (0.5, "done")


def test_a_wait_is_cut_off_when_its_time_is_over():
    assert run(wait(SharedTimeout(1.0), 9.0)) == (1.0, "cut off")


def test_each_wait_has_its_own_time_of_at_least_four_fifths():
    async def test():
        patience = SharedTimeout(1.0)

        async def later(delay, seconds):
            await asyncio.sleep(delay)
            return await wait(patience, seconds)

        waits = [later(0.0, 9.0), later(0.25, 0.5), later(0.5, 9.0), later(4.0, 9.0)]
        assert await asyncio.gather(*waits) == [
            (1.0, "cut off"),
            (0.75, "done"),
            (pytest.approx(1.4), "cut off"),
            (pytest.approx(5.0), "cut off"),
        ]

    run(test())


def test_many_short_waits_take_one_timer():
    async def test():
        patience = SharedTimeout(1.0)
        for _ in range(100):
            with patience.wait():
                await asyncio.sleep(0)
        assert len(timers()) == 1
        await asyncio.sleep(2.0)
        assert timers() == []

    run(test())


def test_time_in_which_the_loop_stands_still_counts_little():
    async def test():
        patience = SharedTimeout(1.0)

        async def answered():
            with patience.wait():
                await asyncio.sleep(0.1)
                asyncio.get_running_loop().now += 30.0
                await asyncio.sleep(0.5)
            return "done"

        assert await answered() == "done"

    run(test())


def test_what_ends_otherwise_raises_as_it_did():
    async def test():
        with pytest.raises(KeyError), SharedTimeout(1.0).wait():
            raise KeyError
        with pytest.raises(TimeoutError, match="mine"), SharedTimeout(1.0).wait():
            raise TimeoutError("mine")

    run(test())


def test_a_task_that_is_cancelled_by_others_is_cancelled():
    async def test():
        task = asyncio.create_task(wait(SharedTimeout(1.0), 9.0))
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    run(test())


def test_a_task_that_is_cancelled_by_others_as_well_is_cancelled():
    async def test():
        task = asyncio.create_task(wait(SharedTimeout(1.0), 9.0))
        asyncio.get_running_loop().call_at(1.0, task.cancel)
        await asyncio.wait([task])
        assert task.cancelled()

    run(test())


def test_a_task_goes_on_behind_a_wait_that_was_cut_off():
    async def test():
        await wait(SharedTimeout(1.0), 9.0)
        assert asyncio.current_task().cancelling() == 0
        await asyncio.sleep(1.0)

    run(test())


def test_what_a_cut_makes_the_block_raise_is_raised():
    async def awkward():
        try:
            await asyncio.sleep(9.0)
        except asyncio.CancelledError:
            raise KeyError from None

    async def test():
        with pytest.raises(KeyError), SharedTimeout(1.0).wait():
            await awkward()
        assert asyncio.current_task().cancelling() == 0

    run(test())


def test_it_serves_one_loop_after_another():
    patience = SharedTimeout(1.0)

    async def left_open():
        patience.wait().__enter__()

    run(left_open())
    assert run(wait(patience, 9.0)) == (1.0, "cut off")


# SendTimer


def sends(seconds):
    """Return a timer of sends, and the list of the times at which it found one to be stalled."""
    stalls = []
    return SendTimer(seconds, lambda: stalls.append(now())), stalls


def test_a_send_that_ends_in_time_is_left_alone():
    async def test():
        timer, stalls = sends(2.0)
        for _ in range(100):
            timer.send_begins()
            await asyncio.sleep(0.1)
            timer.send_ends()
        assert len(timers()) <= 1
        await asyncio.sleep(9.0)
        assert (stalls, timers()) == ([], [])

    run(test())


def test_a_send_that_takes_too_long_is_noticed_and_logged(caplog):
    async def test():
        timer, stalls = sends(2.0)
        timer.send_begins()
        await asyncio.sleep(1.5)
        timer.send_begins()
        await asyncio.sleep(9.0)
        assert stalls == [3.5]

    with caplog.at_level("INFO"):
        run(test())
    assert caplog.messages == ["A client took nothing for 2.0 seconds; its stream is dropped."]


def test_a_closed_timer_of_sends_notices_nothing_and_holds_nothing():
    async def test():
        timer, stalls = sends(2.0)
        timer.send_begins()
        timer.close()
        await asyncio.sleep(9.0)
        assert (stalls, timer._stalled, timer._callback) == ([], None, None)

    run(test())
