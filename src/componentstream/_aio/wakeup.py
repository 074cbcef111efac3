"""Waiting to be woken: a future that is made anew for each wait, and a timer that is re-armed in place.

Both exist because a stream lives long and waits often. An ``asyncio.Event`` keeps a set of waiters and stays
set until it is cleared. An ``asyncio.timeout`` sets and cancels a timer for each wait, and a cancelled timer
stays in the loop's heap until its time would have come.
"""

import asyncio
import math
from collections.abc import Callable
from typing import Final

NEVER: Final = math.inf
"""The time of a deadline that does not exist."""


class Wakeup:
    """Lets one task wait until it is woken.

    A call of :meth:`set` that finds no waiter is not remembered. So look at the state that you wait for
    before each wait, and change the state before you call :meth:`set`; both run in the thread of the loop.
    """

    __slots__ = ("waiter",)

    def __init__(self) -> None:
        # An attribute and no property: the drivers look at it for each chunk.
        self.waiter: asyncio.Future[None] | None = None
        """The future of a wait that :meth:`set` has not ended, or None."""

    def wait(self) -> asyncio.Future[None]:
        """Return a future that the next call of :meth:`set` completes; an earlier one is dropped."""
        self.waiter = asyncio.get_running_loop().create_future()
        return self.waiter

    def set(self) -> None:
        """Wake the task that waits, if there is one."""
        waiter, self.waiter = self.waiter, None
        # The task may have been cancelled, and its future with it.
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class RearmedTimer:
    """One timer of the running loop for a deadline that moves.

    A deadline that moves away costs an assignment: the timer fires at the old time, sees that it is too
    early, and is armed again. Only a deadline that comes nearer replaces the timer.

    Args:
        callback: called once when the deadline has passed; set a new deadline to be called again.
        clock: time in seconds, of which deadlines are values; by default that of the loop.
        grace: iterations of the event loop between the deadline and the call, so that input which had
            arrived by the deadline is handled first.
    """

    __slots__ = ("_callback", "_clock", "_due", "_grace", "_handle", "_loop", "armed")

    def __init__(
        self, callback: Callable[[], None], clock: Callable[[], float] | None = None, *, grace: int = 0
    ) -> None:
        self.armed = NEVER
        """When the timer fires, infinity if it is not armed. A deadline before that has to be set."""
        self._callback: Callable[[], None] | None = callback
        self._loop = asyncio.get_running_loop()
        # None for the loop's own, and no arguments below: a bound method and a tuple less for each stream.
        self._clock = clock
        self._grace = grace
        self._due = NEVER
        self._handle: asyncio.Handle | None = None

    def set(self, due: float) -> None:
        """Move the deadline to `due`; infinity removes it."""
        self._due = due
        if due < self.armed and self._callback is not None:
            if self._handle is not None:
                self._handle.cancel()
            self._arm(due)

    def close(self) -> None:
        """Stop the timer for good."""
        # The owner of the callback holds the timer: without this the two would wait for the collector.
        self._callback = None
        self.armed = NEVER
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self, due: float) -> None:
        self.armed = due
        self._handle = self._loop.call_later(max(0.0, due - self._now()), self._fire)

    def _now(self) -> float:
        return self._loop.time() if self._clock is None else self._clock()

    def _fire(self, grace: int | None = None) -> None:
        grace = self._grace if grace is None else grace
        if grace:
            # `armed` keeps its value, so that no second timer is set for a deadline that has passed.
            self._handle = self._loop.call_soon(self._fire, grace - 1)
            return
        self._handle = None
        self.armed = NEVER
        due = self._due
        if self._now() < due:
            if due < NEVER:
                self._arm(due)
            return
        self._due = NEVER
        callback = self._callback
        assert callback is not None  # noqa: S101 - a timer that was closed does not fire
        callback()
