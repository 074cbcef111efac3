"""A store that several processes share, seen through two logs."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from functools import partial
from time import monotonic
from typing import Any, Final, TypeVar
from unittest.mock import patch

from componentstream.log import EventLog, LeaseLostError, StreamUnknownError, base
from componentstream.testing.log_contract._scenario import (
    LogScenarios,
    error_of,
    numbered,
    read_payloads,
    seconds_until,
    settled,
    started,
    waiting_client,
)

C = TypeVar("C", bound="SharingContract")

_RECHECK: Final = 0.5
"""``base.RECHECK`` while a test waits for it, in seconds."""


def _with_logs(
    scenario: Callable[[C, EventLog, EventLog], Coroutine[Any, Any, None]],
) -> Callable[[C], None]:
    def test(self: C) -> None:
        async def with_other(log: EventLog) -> None:
            async with self.open_log() as other:
                await scenario(self, log, other)

        self.run_scenario(with_other)

    test.__name__, test.__qualname__ = scenario.__name__, scenario.__qualname__
    test.__doc__ = scenario.__doc__
    return test


class SharingContract(LogScenarios):
    """Two logs on one store."""

    @_with_logs
    async def test_only_one_of_two_logs_gives_the_lease(self, log: EventLog, other: EventLog) -> None:
        """The store decides, not the log."""
        calls = (one.acquire(f"s{n}", owner="ada") for n in range(50) for one in (log, other))
        leases = await asyncio.gather(*calls)
        winners = [lease.stream for lease in leases if lease is not None]
        assert winners == [f"s{n}" for n in range(50)]

    @_with_logs
    async def test_a_client_of_the_other_log_is_notified_at_once(
        self, log: EventLog, other: EventLog
    ) -> None:
        """It follows the first write, the later ones and the end."""

        async def attempt(stream: str) -> float:
            lease = await started(log, stream, count=1)
            delays, got = [], []
            async with aclosing(other.read(stream, 1)) as pages:
                for first in (2, 5):
                    append = partial(log.append, lease, first, numbered(first, 3))
                    delay, page = await seconds_until(anext(pages), append)
                    delays.append(delay)
                    got += page
                end = error_of(StopAsyncIteration, anext(pages))
                delay, _ = await seconds_until(end, lambda: log.finish(lease))
            assert [entry.payload for entry in got] == numbered(2, 6)
            return max(delay, *delays)

        await self.noticed_at_once(attempt)

    @_with_logs
    async def test_a_hundred_streams_are_read_from_the_other_log(
        self, log: EventLog, other: EventLog
    ) -> None:
        """Concurrent producers and clients do not disturb each other."""
        leases = [await started(log, f"s{n}") for n in range(100)]
        clients = [asyncio.create_task(read_payloads(other, f"s{n}")) for n in range(100)]
        for first in (1, 3, 5):
            await asyncio.gather(*(log.append(lease, first, numbered(first, 2)) for lease in leases))
        await asyncio.gather(*(log.finish(lease) for lease in leases))
        assert await asyncio.gather(*clients) == [numbered(1, 6)] * 100

    @_with_logs
    async def test_both_logs_accept_a_lease_and_know_that_it_was_lost(
        self, log: EventLog, other: EventLog
    ) -> None:
        """A lease belongs to the stream, not to the log that returned it."""
        lease = await started(log, count=1)
        await other.append(lease, 2, [b"2"])
        await other.delete("s")
        await error_of(LeaseLostError, log.append(lease, 3, [b"3"]))

    def test_a_client_notices_that_the_other_log_deleted_its_stream(self) -> None:
        """At the latest when it loads the stream again, ``RECHECK`` seconds later."""

        async def scenario(log: EventLog) -> None:
            async with self.open_log() as other:

                async def attempt(stream: str) -> float:
                    await started(log, stream, count=1)
                    client = await waiting_client(log, stream)
                    before = monotonic()
                    await other.delete(stream)
                    await error_of(StreamUnknownError, client)
                    return monotonic() - before

                await self.noticed_at_once(attempt)
            await settled()

        with patch.object(base, "RECHECK", _RECHECK):
            self.run_scenario(scenario)
