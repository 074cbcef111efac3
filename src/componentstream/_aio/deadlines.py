"""Waits of one length that share a timer.

To set and cancel a timer for each wait leaves it in the loop's heap until its time would have come. With some
thousand short waits a second these are most of what the loop sorts and the garbage collector looks at.

Time is counted in turns of that timer. So a loop that stands still, because the garbage collector looks at
all there is or the machine has other things to do, is not taken for something that does not answer.
"""

import asyncio
from types import TracebackType
from typing import Final

_TURNS: Final = 5
"""Turns of the timer in the length of a wait."""


class SharedTimeout:
    """Ends waits that take too long, on one event loop at a time.

    Args:
        seconds: how long a wait may take; one that begins between two turns of the timer has up to a fifth
            less.
    """

    __slots__ = ("_loop", "_timer", "_turn", "_waits", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._turn = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waits: dict[Wait, int] = {}  # with the turn in which each ends, the first to end first

    def wait(self) -> "Wait":
        """Return a block to be entered at once, which raises ``TimeoutError`` when its time is over."""
        return Wait(self)

    def begin(self, wait: "Wait") -> None:
        """Count the time of a wait from now on."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # the one before was closed, and its waits with it
            self._loop, self._timer = loop, None
            self._waits.clear()
        self._waits[wait] = self._turn + _TURNS
        if self._timer is None:
            self._timer = loop.call_later(self.seconds / _TURNS, self._take_turn, loop)

    def end(self, wait: "Wait") -> None:
        """Forget a wait."""
        self._waits.pop(wait, None)

    def _take_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cut off the waits whose time is over."""
        self._turn += 1
        over = [wait for wait, turn in self._waits.items() if turn <= self._turn]
        for wait in over:
            del self._waits[wait]
            wait.cut_off()
        waiting = bool(self._waits)
        self._timer = loop.call_later(self.seconds / _TURNS, self._take_turn, loop) if waiting else None


class Wait:
    """A block that lasts no longer than its patience; it cancels its task as ``asyncio.timeout`` does."""

    __slots__ = ("_cancellations", "_cut", "_patience", "_task")

    def __init__(self, patience: SharedTimeout) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - what awaits is a task
        self._patience = patience
        self._task = task
        self._cancellations = task.cancelling()
        self._cut = False

    def __enter__(self) -> None:
        self._patience.begin(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._patience.end(self)
        cut = self._cut and self._task.uncancel() <= self._cancellations
        if cut and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def cut_off(self) -> None:
        """Cancel what the block waits for."""
        self._cut = True
        self._task.cancel()
