"""The base of the contract classes: how a scenario is run with a log, and the helpers of the scenarios."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any, ClassVar, Final, TypeVar

from componentstream.log import Entry, EventLog, Lease, LeaseLostError, StreamStatus
from componentstream.log.base import PAGE

C = TypeVar("C", bound="LogScenarios")
E = TypeVar("E", bound=Exception)
T = TypeVar("T")

_SETTLE_SECONDS: Final = 20.0
"""Seconds in which every task must have ended after the log was closed."""

_ATTEMPTS: Final = 5
"""Number of attempts in one of which a client must notice a change at once: a busy machine or disk may delay
some of them, a log that polls or waits for a timeout is late in all."""

_CLOCK: Final = 0.02
"""Seconds by which clocks of a coarse resolution may disagree about a duration."""


class LogScenarios:
    """Runs scenarios with the log of a subclass.

    Attributes:
        short_ttl: TTL in seconds of a lease that is meant to expire.
        notice_seconds: seconds in which a waiting client must notice a change of its stream, in at least one
            of several attempts.
        page_size: number of entries in a full page; a log that uses ``follow`` has the default.
        time_limit: seconds after which a scenario fails.
    """

    short_ttl: ClassVar[float] = 0.05
    notice_seconds: ClassVar[float] = 2.0
    page_size: ClassVar[int] = PAGE
    time_limit: ClassVar[float] = 240.0

    def open_log(self, **options: Any) -> AbstractAsyncContextManager[EventLog]:
        """Return a context manager that opens an empty log and closes it.

        Args:
            options: the bounds of the log, ``max_entries`` and ``keep``, or none.
        """
        raise NotImplementedError

    def run_scenario(self, scenario: Callable[[EventLog], Coroutine[Any, Any, None]], **options: Any) -> None:
        """Run a scenario with a log; fail if a task is still running after the log was closed."""
        if not __debug__:
            raise RuntimeError("The contract consists of assert statements; run Python without -O.")

        async def main() -> None:
            async with asyncio.timeout(self.time_limit):
                async with self.open_log(**options) as log:
                    await scenario(log)
                await settled()

        asyncio.run(main())

    async def noticed_at_once(self, attempt: Callable[[str], Awaitable[float]]) -> None:
        """Assert that a client notices a change of its stream at once.

        Args:
            attempt: changes the stream that is its argument; returns the seconds until the client noticed.
        """
        delays: list[float] = []
        while self.is_late(delays):
            delays.append(await attempt(f"s{len(delays)}"))

    def is_late(self, delays: list[float]) -> bool:
        """Return whether another attempt is needed, as a client was late in all; fail after several."""
        if delays and delays[-1] < self.notice_seconds:
            return False
        assert len(delays) < _ATTEMPTS, f"a client noticed a change late every time, after {delays} seconds"
        return True


def with_log(
    **options: Any,
) -> Callable[[Callable[[C, EventLog], Coroutine[Any, Any, None]]], Callable[[C], None]]:
    """Turn an asynchronous scenario into a test that runs it with a log of these options."""

    def decorate(scenario: Callable[[C, EventLog], Coroutine[Any, Any, None]]) -> Callable[[C], None]:
        def test(self: C) -> None:
            self.run_scenario(lambda log: scenario(self, log), **options)

        # Not functools.wraps: pytest would follow __wrapped__ and look for a fixture called `log`.
        test.__name__, test.__qualname__ = scenario.__name__, scenario.__qualname__
        test.__doc__ = scenario.__doc__
        return test

    return decorate


async def settled() -> None:
    """Wait until every other task has ended."""
    end = monotonic() + _SETTLE_SECONDS
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        assert monotonic() < end, f"still running: {others}"
        await asyncio.sleep(0)


async def error_of(kind: type[E], call: Awaitable[object]) -> E:
    """Return the error that a call raises; fail if it raises another, or none."""
    # A task of its own: an exception thrown into this coroutine by its awaitable would hide the lines after
    # the call from coverage on Python 3.11.
    task = asyncio.ensure_future(call)
    await asyncio.wait([task])
    error = task.exception()
    if isinstance(error, kind):
        return error
    if error is not None:
        raise AssertionError(f"expected {kind.__name__}, got {error!r}") from error
    raise AssertionError(f"expected {kind.__name__}, got {task.result()!r}")


async def refused(log: EventLog, lease: Lease, seq: int) -> None:
    """Assert that no call accepts a lease."""
    await error_of(LeaseLostError, log.append(lease, seq, [b"late"]))
    await error_of(LeaseLostError, log.renew(lease))
    await error_of(LeaseLostError, log.finish(lease))


async def read_all(log: EventLog, stream: str, after: int = 0) -> list[Entry]:
    """Return the entries of a stream after a number, when it has ended."""
    return [entry async for page in log.read(stream, after) for entry in page]


async def read_payloads(log: EventLog, stream: str, after: int = 0) -> list[bytes]:
    """Return the payloads of a stream after a number, when it has ended."""
    return [entry.payload for entry in await read_all(log, stream, after)]


async def acquired(
    log: EventLog, stream: str = "s", *, owner: str = "ada", ttl: float = 600.0, take_over: Any = "never"
) -> Lease:
    """Return the lease of a stream that can be acquired."""
    lease = await log.acquire(stream, owner=owner, ttl=ttl, take_over=take_over)
    assert lease is not None, f"stream {stream!r} was not handed out"
    return lease


async def started(
    log: EventLog, stream: str = "s", *, owner: str = "ada", ttl: float = 600.0, count: int = 0
) -> Lease:
    """Return the lease of a new stream with ``count`` numbered entries.

    If the machine is so busy that the lease expires first, start again with a longer one.
    """
    before = monotonic()
    lease = await acquired(log, stream, owner=owner, ttl=ttl)
    if count:
        try:
            await log.append(lease, 1, numbered(1, count))
        except LeaseLostError:
            if monotonic() - before < ttl - _CLOCK:
                raise
            await log.delete(stream)
            return await started(log, stream, owner=owner, ttl=2 * ttl, count=count)
    return lease


async def assert_extended(log: EventLog, lease: Lease, use: Callable[[], Awaitable[object]]) -> None:
    """Assert that a call restarts the TTL of a lease, at some moment between its start and its end."""
    pause = 0.1
    while True:
        await asyncio.sleep(pause)
        before = monotonic()
        await use()
        left = (await status_of(log, lease.stream)).lease_left
        passed = monotonic() - before
        assert lease.ttl - passed - _CLOCK <= left <= lease.ttl
        if passed < pause - 2 * _CLOCK:
            return
        # The calls took longer than the pause before them: the lease might have had that much left without
        # the call. Pause for longer than they take.
        pause *= 2


def numbered(first: int, count: int) -> list[bytes]:
    """Return payloads that are the numbers of their entries."""
    return [b"%d" % seq for seq in range(first, first + count)]


async def status_of(log: EventLog, stream: str = "s") -> StreamStatus:
    """Return the status of a stream that exists."""
    status = await log.status(stream)
    assert status is not None, f"stream {stream!r} is unknown"
    return status


async def until_lost(log: EventLog, stream: str = "s") -> None:
    """Wait until the lease of a stream has expired."""
    # Look again after the wait: the clocks of client and store differ a little.
    while (status := await status_of(log, stream)).state == "open":  # noqa: ASYNC110 - the clock tells, not an event
        await asyncio.sleep(status.lease_left)


async def seconds_until(waiting: Awaitable[T], change: Callable[[], Awaitable[object]]) -> tuple[float, T]:
    """Change a stream while a client waits; return how long it had to wait for the change, and its result."""
    client = asyncio.ensure_future(waiting)
    await asyncio.sleep(0.1)
    if client.done():
        raise AssertionError("a client did not wait for the next change") from client.exception()
    before = monotonic()
    await change()
    result = await client
    return monotonic() - before, result


async def waiting_client(log: EventLog, stream: str = "s", after: int = 0) -> asyncio.Task[list[Entry]]:
    """Return a task that reads a stream and has had time to wait for more entries."""
    task = asyncio.create_task(read_all(log, stream, after))
    await asyncio.sleep(0.1)
    assert not task.done(), "a client of an open stream stopped reading"
    return task
