"""Blocks that a callback can cancel, and work that ends when its client disconnects."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Self


class CancelScope:
    """Cancels the task that made it, and takes that back at the end, as ``asyncio.timeout`` does.

    The task counts its cancellations. If the scope's own is the only one since the scope was made, it has
    served its purpose when the scope ends; if there is another, somebody else wants the task to end as well.
    """

    __slots__ = ("_before", "_closed", "_task", "cancelled")

    def __init__(self) -> None:
        # A callback of the loop has no task, so the scope must be made in the task that it is to cancel.
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that is awaited runs in a task
        self._task = task
        self._before = task.cancelling()
        self._closed = False
        self.cancelled: bool = False
        """Whether the scope has cancelled its task."""

    def cancel(self, _done: object = None) -> None:
        """Cancel the task, once and only before the end of the scope; fit to be called by a future."""
        if not (self.cancelled or self._closed):
            self.cancelled = True
            self._task.cancel()

    def close(self) -> bool:
        """End the scope; return whether the scope alone has cancelled the task."""
        self._closed = True
        return self.cancelled and self._task.uncancel() <= self._before


class DisconnectScope(CancelScope):
    """Ends its block, without an error, when the client disconnects.

    The block runs in the task that enters it: one task less for each stream than a race of two. An
    ``OSError`` ends the block without an error too, since some servers raise it from a send after the client
    has disconnected.

    Args:
        disconnected: returns when the client has disconnected. It runs in a task of its own, which the end of
            the block cancels and awaits; its exception is raised there.
    """

    __slots__ = ("_watch",)

    def __init__(self, disconnected: Coroutine[object, object, None]) -> None:
        super().__init__()
        self._watch = asyncio.create_task(disconnected, name="componentstream disconnect")
        self._watch.add_done_callback(self.cancel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        # First of all: the callback of the watch may be scheduled already.
        disconnected = self.close()
        self._watch.cancel()
        (result,) = await asyncio.gather(self._watch, return_exceptions=True)
        refused = kind is not None and issubclass(kind, OSError)
        if isinstance(result, Exception) and (disconnected or refused or kind is None):
            raise result
        return refused or (disconnected and kind is asyncio.CancelledError)


async def cancel_on_disconnect(
    work: Coroutine[object, object, None], disconnected: Coroutine[object, object, None]
) -> None:
    """Run `work` in a task of its own, and cancel it when `disconnected` returns; await the end of both.

    Work that was cancelled by others, such as a timeout of its own, was given up on purpose: no error.
    """
    # The caller's task cannot run the work: work that others cancel would cancel the caller with it.
    task = asyncio.create_task(work)
    try:
        async with DisconnectScope(disconnected):
            await asyncio.wait([task])
    finally:
        task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(result, Exception):
        raise result
