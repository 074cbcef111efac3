"""Deadlines of one length that share a timer.

To set and cancel a timer for each wait leaves it in the loop's heap until its time would have come. With some
thousand short waits a second those would dominate the heap and the garbage collector's work.
"""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Final

from typing_extensions import override

from componentstream._aio.scopes import CancelScope
from componentstream._aio.wakeup import NEVER, RearmedTimer

_TICKS: Final = 5
"""Ticks of the timer in the length of a wait."""


class SharedTimeout:
    """Cuts off waits that take too long, on one event loop at a time.

    Time is counted in ticks of the shared timer. So an event loop that stalls, because of the garbage
    collector or a busy machine, does not count as a service that fails to answer.

    Args:
        seconds: timeout in seconds; a wait that begins between two ticks has up to a fifth less.
    """

    __slots__ = ("_loop", "_tick", "_timer", "_waits", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds: float = seconds
        self._tick = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: RearmedTimer
        # Each wait with the tick that ends it. Of one length, they end in the order in which they begin.
        self._waits: dict[Wait, int] = {}

    def wait(self) -> "Wait":
        """Return a block to be entered at once, which raises ``TimeoutError`` when its time is over."""
        return Wait(self)

    def begin(self, wait: "Wait") -> None:
        """Count the time of a wait from now on."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            # The loop before was closed, and the tasks of its waits with it.
            self._loop, self._timer = loop, RearmedTimer(self._on_tick)
            self._waits.clear()
        self._waits[wait] = self._tick + _TICKS
        if self._timer.armed == NEVER:
            self._timer.set(loop.time() + self.seconds / _TICKS)

    def end(self, wait: "Wait") -> None:
        """Forget a wait."""
        self._waits.pop(wait, None)

    def _on_tick(self) -> None:
        """Cut off the waits whose time is over."""
        self._tick += 1
        over = [wait for wait, tick in self._waits.items() if tick <= self._tick]
        for wait in over:
            del self._waits[wait]
            wait.cancel()
        if self._waits:
            self._timer.set(asyncio.get_running_loop().time() + self.seconds / _TICKS)


class Wait(CancelScope):
    """A block that is cancelled when its shared timeout has passed."""

    __slots__ = ("_timeout",)

    def __init__(self, timeout: SharedTimeout) -> None:
        super().__init__()
        self._timeout = timeout

    def __enter__(self) -> None:
        self._timeout.begin(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timeout.end(self)
        if self.close() and kind is asyncio.CancelledError:
            raise TimeoutError from error


class SendTimer(RearmedTimer):
    """Notices a send that takes too long. Tell it when each begins.

    One timer serves many sends: to set and cancel one for each would cost more than the send itself.

    Args:
        seconds: send timeout in seconds.
        stalled: called when a send takes longer.
    """

    __slots__ = ("_seconds", "_stalled")

    def __init__(self, seconds: float, stalled: Callable[[], None]) -> None:
        super().__init__(self._timed_out)
        self._seconds = seconds
        self._stalled: Callable[[], None] | None = stalled

    def send_begins(self) -> None:
        """Start the timeout of a send."""
        self.set(self._loop.time() + self._seconds)

    def send_ends(self) -> None:
        """Stop the timeout until the next send begins."""
        self.set(NEVER)

    @override
    def close(self) -> None:
        """Stop for good."""
        # Its owner is called by it, and holds it: without this the two would wait for the garbage collector.
        self._stalled = None
        super().close()

    def _timed_out(self) -> None:
        stalled = self._stalled
        assert stalled is not None  # noqa: S101 - a timer that was closed does not fire
        logging.getLogger("componentstream").info(
            "A client took nothing for %s seconds; its stream is dropped.", self._seconds
        )
        stalled()
