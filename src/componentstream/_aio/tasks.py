"""Tasks that nothing else holds: kept until they are done, and cancelled until they end.

The event loop holds its tasks weakly. And one cancellation may not be enough: before Python 3.12
``asyncio.wait_for`` loses it when the result arrives in the same iteration (python/cpython#86296), and client
libraries use that. So :meth:`Tasks.end` repeats it, and only :meth:`Tasks.aclose` waits for the end.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

_CANCEL_AGAIN: Final = 0.05
"""Seconds between two cancellations of a task that does not end."""


class Tasks:
    """The tasks of one owner.

    Args:
        name: name of the tasks that :meth:`start` makes, for debuggers.
    """

    def __init__(self, name: str = "componentstream task") -> None:
        self._name = name
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Return a task that runs a coroutine; call :meth:`end` when its result is not needed."""
        task = asyncio.create_task(coroutine, name=self._name)
        self.keep(task)
        return task

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold a task until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._is_done)

    def end(self, task: asyncio.Task[Any]) -> None:
        """Cancel a task, again and again until it is done."""
        # Not a loop that waits: a caller that is cancelled itself must not be held up by this.
        if not task.done():
            task.cancel()
            task.get_loop().call_later(_CANCEL_AGAIN, self.end, task)

    async def run(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
        """Return the result of a coroutine; leave it behind if that takes longer than `seconds`.

        Raises:
            TimeoutError: the coroutine did not finish in time.
        """
        task = self.start(coroutine)
        try:
            await asyncio.wait([task], timeout=seconds)
            if task.done():
                return task.result()
            raise TimeoutError(f"It took longer than {seconds:g} s.")
        finally:
            self.end(task)

    async def aclose(self) -> None:
        """Wait until every task is done."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _is_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Mark the exception as seen: it was raised where the result was awaited, or is not wanted.
            task.exception()
