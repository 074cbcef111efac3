"""A real log whose calls fail, hang, are slow, or take effect without an answer, as a test demands.

Real stores do not fail on demand, so this wraps a real one.
"""

import asyncio
import math
from collections import defaultdict, deque
from contextlib import aclosing

import attrs

from componentstream.log import StoreError


@attrs.define
class Trouble:
    """The fate of some calls.

    Attributes:
        calls: Number of calls.
        error: Error that they raise.
        seconds: Duration in seconds, infinity to hang.
        gets_through: True if the store executes them before they fail.
        turns: Event loop iterations that they take.
        closing: Seconds that closing a read takes.
    """

    calls: float = 1
    error: Exception | None = attrs.field(factory=lambda: StoreError("no"))
    seconds: float = 0.0
    gets_through: bool = False
    turns: int = 0
    closing: float = 0.0


class FailingLog:
    """A log that wraps another.

    Attributes:
        log: The wrapped log.
        calls: Name and time of each call.
        batches: First number and payloads of each append.
    """

    def __init__(self, log):
        self.log = log
        self.calls = []
        self.batches = []
        self._troubles = defaultdict(deque)
        self._loop = asyncio.get_running_loop()

    def trouble(self, name, calls=1, **how):
        """Let the next calls of a method fail, after those that were set up before."""
        self._troubles[name].append(Trouble(calls, **how))

    def works(self, *names):
        """Let the methods work again."""
        for name in names or list(self._troubles):
            self._troubles[name].clear()

    def times(self, name):
        """Return the times of the calls of a method."""
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
