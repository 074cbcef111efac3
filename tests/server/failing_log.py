"""A real log whose calls fail, hang, take long, or get through without an answer, as a test has it.

No real store fails on demand. So the store behind it is real, and this stands in front of it.
"""

import asyncio
import math
from collections import defaultdict, deque
from contextlib import aclosing

import attrs

from componentstream.log import StoreError


@attrs.define
class Trouble:
    """What befalls some calls.

    Attributes:
        calls: how many.
        error: what they raise.
        seconds: how long they take, infinity for ever.
        gets_through: the store does what was asked, before all that.
        turns: how many turns of the loop they take.
        closing: seconds that it takes to leave a read.
    """

    calls: float = 1
    error: Exception | None = attrs.field(factory=lambda: StoreError("no"))
    seconds: float = 0.0
    gets_through: bool = False
    turns: int = 0
    closing: float = 0.0


class FailingLog:
    """A log in front of another.

    Attributes:
        log: the other.
        calls: name and time of each call that came.
        batches: first number and payloads of each append that came.
    """

    def __init__(self, log):
        self.log = log
        self.calls = []
        self.batches = []
        self._troubles = defaultdict(deque)
        self._loop = asyncio.get_running_loop()

    def trouble(self, name, calls=1, **how):
        """Have the next calls of a method in trouble, after those that are to be already."""
        self._troubles[name].append(Trouble(calls, **how))

    def works(self, *names):
        """Have the methods work again."""
        for name in names or list(self._troubles):
            self._troubles[name].clear()

    def times(self, name):
        """Return when a method was called."""
        return [at for called, at in self.calls if called == name]

    async def acquire(self, *given, **named):
        return await self._call("acquire", *given, **named)

    async def append(self, lease, first_seq, payloads):
        self.batches.append((first_seq, list(payloads)))
        await self._call("append", lease, first_seq, payloads)

    async def renew(self, lease):
        await self._call("renew", lease)

    async def finish(self, lease):
        await self._call("finish", lease)

    async def status(self, stream):
        return await self._call("status", stream)

    async def delete(self, stream):
        await self._call("delete", stream)

    async def aclose(self):
        await self.log.aclose()

    async def read(self, stream, after=0):
        trouble = self._trouble("read")
        try:
            async with aclosing(self.log.read(stream, after)) as pages:
                if trouble.gets_through:
                    async for page in pages:
                        yield page
                        break
                await self._suffer(trouble)
                async for page in pages:
                    yield page
        finally:
            if trouble.closing:
                await asyncio.sleep(trouble.closing)

    async def _call(self, name, *given, **named):
        trouble = self._trouble(name)
        call = getattr(self.log, name)
        if trouble.gets_through:
            await call(*given, **named)
        await self._suffer(trouble)
        return await call(*given, **named)

    def _trouble(self, name):
        self.calls.append((name, self._loop.time()))
        troubles = self._troubles[name]
        while troubles and not troubles[0].calls:
            troubles.popleft()
        if not troubles:
            return Trouble(error=None)
        troubles[0].calls -= 1
        return troubles[0]

    async def _suffer(self, trouble):
        for _ in range(trouble.turns):
            await asyncio.sleep(0)
        if trouble.seconds == math.inf:
            await asyncio.Event().wait()
        elif trouble.seconds:
            await asyncio.sleep(trouble.seconds)
        if trouble.error is not None:
            raise trouble.error
