import asyncio
import math

from componentstream._aio.wakeup import NEVER, RearmedTimer, Wakeup
from tests.drive.virtual import run


def now():
    return asyncio.get_running_loop().time()


def timers():
    return [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]


def rung(**options):
    """Return a timer, and the list of the times at which it calls."""
    calls = []
    return RearmedTimer(lambda: calls.append(now()), **options), calls


def test_a_waiting_task_is_woken():
    async def test():
        wakeup = Wakeup()
        asyncio.get_running_loop().call_later(2.0, wakeup.set)
        waiter = wakeup.wait()
        assert wakeup.waiter is not None
        await waiter
        assert (now(), wakeup.waiter) == (2.0, None)

    run(test())


def test_a_call_that_finds_no_waiter_is_not_remembered():
    async def test():
        wakeup = Wakeup()
        wakeup.set()
        assert wakeup.waiter is None
        assert not wakeup.wait().done()

    run(test())


def test_a_waiter_that_was_cancelled_is_left_alone():
    async def test():
        wakeup = Wakeup()
        waiter = wakeup.wait()
        waiter.cancel()
        wakeup.set()
        assert waiter.cancelled()

    run(test())


def test_a_new_wait_replaces_the_one_before():
    async def test():
        wakeup = Wakeup()
        first, second = wakeup.wait(), wakeup.wait()
        wakeup.set()
        assert (first.done(), second.done()) == (False, True)

    run(test())


def test_a_timer_calls_once_at_its_deadline():
    async def test():
        timer, calls = rung()
        assert timer.armed == NEVER == math.inf
        timer.set(1.5)
        assert timer.armed == 1.5
        await asyncio.sleep(5.0)
        assert (calls, timer.armed, timers()) == ([1.5], NEVER, [])

    run(test())


def test_a_deadline_that_moves_away_keeps_the_timer_and_is_called_in_time():
    async def test():
        timer, calls = rung()
        for due in range(1, 100):
            timer.set(float(due))
        assert len(timers()) == 1
        assert timer.armed == 1.0
        await asyncio.sleep(200.0)
        assert calls == [99.0]

    run(test())


def test_a_deadline_that_comes_nearer_replaces_the_timer():
    async def test():
        timer, calls = rung()
        timer.set(10.0)
        timer.set(3.0)
        assert len(timers()) == 1
        await asyncio.sleep(20.0)
        assert calls == [3.0]

    run(test())


def test_a_deadline_that_was_removed_is_not_called():
    async def test():
        timer, calls = rung()
        timer.set(1.0)
        timer.set(NEVER)
        await asyncio.sleep(5.0)
        assert (calls, timers()) == ([], [])
        timer.set(6.0)
        await asyncio.sleep(5.0)
        assert calls == [6.0]

    run(test())


def test_a_deadline_in_the_past_is_called_at_once():
    async def test():
        timer, calls = rung()
        await asyncio.sleep(3.0)
        timer.set(1.0)
        await asyncio.sleep(1.0)
        assert calls == [3.0]

    run(test())


def test_the_callback_may_set_the_next_deadline():
    async def test():
        calls = []

        def again():
            calls.append(now())
            timer.set(now() + 1.0)

        timer = RearmedTimer(again)
        timer.set(1.0)
        await asyncio.sleep(3.5)
        timer.close()
        assert calls == [1.0, 2.0, 3.0]

    run(test())


def test_a_closed_timer_calls_no_more_and_lets_go_of_its_callback():
    async def test():
        timer, calls = rung()
        timer.set(1.0)
        timer.close()
        timer.close()
        timer.set(2.0)
        assert timers() == []
        await asyncio.sleep(5.0)
        assert (calls, timer._callback) == ([], None)

    run(test())


def test_a_timer_follows_the_clock_it_was_given():
    async def test():
        timer, calls = rung(clock=lambda: 1000.0 + now())
        timer.set(1002.0)
        await asyncio.sleep(5.0)
        assert calls == [2.0]

    run(test())


def test_the_call_comes_some_iterations_after_the_deadline():
    async def test():
        iterations = []
        timer = RearmedTimer(lambda: iterations.append("called"), grace=2)
        timer.set(1.0)
        await asyncio.sleep(1.0)  # its timer is set later, and so fires after the other
        for _ in range(3):
            iterations.append(timer.armed)
            await asyncio.sleep(0)
        assert iterations == [1.0, "called", NEVER, NEVER]  # the first look is one iteration late

    run(test())


def test_a_timer_closed_between_its_deadline_and_the_call_does_not_call():
    async def test():
        timer, calls = rung(grace=2)
        timer.set(1.0)
        await asyncio.sleep(1.0)
        timer.close()
        await asyncio.sleep(1.0)
        assert calls == []

    run(test())
