"""An event loop whose time leaps, and tasks that are counted at each of their suspensions."""

import asyncio
from collections.abc import Coroutine


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on which waiting takes no time: when nothing is left to run, it leaps to the next timer."""

    def __init__(self):
        self.now = 0.0
        super().__init__()
        self._poll = self._selector.select
        self._selector.select = self._leap

    def time(self):
        return self.now

    def _leap(self, timeout):
        events = self._poll(0)
        if events or timeout == 0:
            return events
        if timeout is None:
            events = self._poll(5)
            if not events:
                raise RuntimeError("Every task waits, and for nothing.")
            return events
        self.now += timeout
        return events


class Counted(Coroutine):
    """A coroutine that says each time that it suspends."""

    def __init__(self, inner, suspended):
        self.inner = inner
        self.suspended = suspended

    def __await__(self):
        return self.inner.__await__()

    def send(self, value):
        result = self.inner.send(value)
        self.suspended()
        return result

    def throw(self, *error):
        result = self.inner.throw(*error)
        self.suspended()
        return result

    def close(self):
        self.inner.close()


def count_suspensions(loop, suspended):
    """Have `suspended` called whenever a task that is created from here on suspends."""

    def make(loop, coroutine, context=None):
        return asyncio.Task(Counted(coroutine, suspended), loop=loop, context=context)

    loop.set_task_factory(make)


def run(coroutine, *, loop_factory=VirtualLoop, debug=True):
    """Run a coroutine on a loop of its own; see that it leaves no task behind."""

    async def whole():
        result = await coroutine
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert left == set(), f"left behind: {left}"
        return result

    with asyncio.Runner(debug=debug, loop_factory=loop_factory) as runner:
        return runner.run(whole())
