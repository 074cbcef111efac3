"""Tasks that are left when nobody waits for them any more, whatever becomes of their cancellation.

A client library may lose a cancellation: ``asyncio.wait_for`` of Python 3.11 does, when what it waits for is
done in the same turn of the loop. So a task is cancelled until it ends, and nobody waits for that but
:meth:`Tasks.aclose`.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

_CANCEL_AGAIN: Final = 0.05


class Tasks:
    """The tasks of one owner."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Return a task that runs a coroutine; give it to :meth:`end` in the end."""
        task = asyncio.create_task(coroutine, name="componentstream log")
        self._tasks.add(task)
        task.add_done_callback(self._is_done)
        return task

    def end(self, task: asyncio.Task[Any]) -> None:
        """Cancel a task until it ends, if it has not."""
        if not task.done():
            task.cancel()
            task.get_loop().call_later(_CANCEL_AGAIN, self.end, task)

    async def run(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
        """Return what a coroutine returns, or leave it.

        Raises:
            TimeoutError: it took longer than so many seconds.
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
        """Wait until no task is left."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _is_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # it was raised to whoever waited, or nobody wants to know
