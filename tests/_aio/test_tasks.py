import asyncio
import contextlib

import pytest

from componentstream._aio.tasks import Tasks
from tests.drive.virtual import run


def now():
    return asyncio.get_running_loop().time()


async def stubborn(times):
    """End at the cancellation that comes after so many others."""
    for _ in range(times):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(100.0)
    await asyncio.sleep(100.0)


def test_a_task_has_the_name_of_its_owner_and_is_held_until_it_is_done():
    async def test():
        tasks = Tasks("name of the owner")
        task = tasks.start(asyncio.sleep(1.0, "result"))
        assert (task.get_name(), len(tasks)) == ("name of the owner", 1)
        assert await task == "result"
        await asyncio.sleep(0)
        assert len(tasks) == 0

    run(test())


def test_a_task_made_elsewhere_is_held_until_it_is_done():
    async def test():
        tasks = Tasks()
        tasks.keep(asyncio.create_task(asyncio.sleep(1.0)))
        assert len(tasks) == 1
        await tasks.aclose()
        assert (now(), len(tasks)) == (1.0, 0)

    run(test())


def test_a_task_is_cancelled_until_it_ends():
    async def test():
        tasks = Tasks()
        task = tasks.start(stubborn(2))
        await asyncio.sleep(0)
        tasks.end(task)
        await tasks.aclose()
        assert task.cancelled()
        assert now() == pytest.approx(0.1)
        tasks.end(task)
        assert asyncio.get_running_loop()._scheduled == [] or now() < 1.0

    run(test())


def test_the_result_of_a_coroutine_is_returned():
    assert run(Tasks().run(asyncio.sleep(1.0, "result"), 2.0)) == "result"


def test_the_exception_of_a_coroutine_is_raised():
    async def fail():
        raise KeyError

    with pytest.raises(KeyError):
        run(Tasks().run(fail(), 2.0))


def test_a_coroutine_that_takes_too_long_is_left_behind():
    async def test():
        tasks = Tasks()
        with pytest.raises(TimeoutError, match=r"^It took longer than 2 s\.$"):
            await tasks.run(stubborn(1), 2.0)
        assert (now(), len(tasks)) == (2.0, 1)
        await tasks.aclose()
        assert len(tasks) == 0

    run(test())


def test_closing_without_tasks_waits_for_nothing():
    run(Tasks().aclose())
