"""The take-over of a stream by another producer."""

import asyncio
from contextlib import aclosing
from time import monotonic
from typing import Literal

from componentstream.log import EventLog, LeaseLostError, ProducerLostError
from componentstream.testing.log_contract._scenario import (
    LogScenarios,
    acquired,
    error_of,
    numbered,
    read_payloads,
    refused,
    started,
    status_of,
    until_lost,
    waiting_client,
    with_log,
)

BOTH: tuple[Literal["lost"], Literal["open"]] = ("lost", "open")
ALL: tuple[Literal["never"], Literal["lost"], Literal["open"]] = ("never", "lost", "open")


class TakeOverContract(LogScenarios):
    """Take-over, and the fence against the old producer."""

    @with_log()
    async def test_a_lost_stream_is_handed_over_to_its_owner_on_request(self, log: EventLog) -> None:
        """The new producer continues after the last entry, and the old one is refused."""
        for take_over in BOTH:
            old = await started(log, take_over, ttl=self.short_ttl, count=3)
            await until_lost(log, take_over)
            assert await log.acquire(take_over, owner="ada") is None
            assert await log.acquire(take_over, owner="ada", take_over="never") is None
            assert await log.acquire(take_over, owner="eve", take_over=take_over) is None
            new = await acquired(log, take_over, take_over=take_over)
            assert (new.stream, new.ttl, new.last) == (take_over, 600.0, 3)
            await refused(log, old, 4)
            await log.append(new, 4, [b"4"])
            await log.finish(new)
            assert await read_payloads(log, take_over) == numbered(1, 4)

    @with_log()
    async def test_an_open_stream_is_handed_over_only_to_its_owner_on_request(self, log: EventLog) -> None:
        """From then on the old producer is refused, and status shows the new lease."""
        old = await started(log, ttl=300.0, count=3)
        assert await log.acquire("s", owner="ada", take_over="never") is None
        assert await log.acquire("s", owner="ada", take_over="lost") is None
        for stranger in ("eve", ""):
            assert await log.acquire("s", owner=stranger, take_over="open") is None
        await log.append(old, 4, [b"4"])
        before = monotonic()
        new = await acquired(log, take_over="open")
        assert (new.stream, new.ttl, new.last) == ("s", 600.0, 4)
        status = await status_of(log)
        assert (status.state, status.owner, status.last) == ("open", "ada", 4)
        assert new.ttl - 10.0 - (monotonic() - before) < status.lease_left <= new.ttl
        await refused(log, old, 5)
        assert (await status_of(log)).last == 4  # noqa: PLR2004 - as above
        await log.append(new, 5, [b"5"])
        await log.finish(new)
        await refused(log, old, 6)
        assert await read_payloads(log, "s") == numbered(1, 5)

    @with_log()
    async def test_a_finished_stream_is_never_handed_over(self, log: EventLog) -> None:
        """Its end is final."""
        lease = await started(log, count=1)
        await log.finish(lease)
        for take_over in ALL:
            assert await log.acquire("s", owner="ada", take_over=take_over) is None
        await log.finish(lease)
        assert await read_payloads(log, "s") == [b"1"]

    @with_log()
    async def test_an_unknown_stream_is_started_with_every_take_over(self, log: EventLog) -> None:
        """``take_over`` concerns existing streams only."""
        for take_over in ALL:
            lease = await acquired(log, take_over, take_over=take_over)
            assert lease.last == 0
            await log.append(lease, 1, [b"1"])

    @with_log()
    async def test_only_one_of_many_callers_takes_over_a_lost_stream(self, log: EventLog) -> None:
        """The first take-over makes the stream open, so the others get None."""
        await started(log, ttl=self.short_ttl)
        await until_lost(log)
        leases = await asyncio.gather(*(log.acquire("s", owner="ada", take_over="lost") for _ in range(20)))
        assert len([lease for lease in leases if lease is not None]) == 1

    @with_log()
    async def test_of_many_callers_that_take_over_an_open_stream_only_the_last_may_write(
        self, log: EventLog
    ) -> None:
        """Each take-over invalidates the lease before it."""
        await started(log, count=2)
        leases = await asyncio.gather(*(acquired(log, take_over="open") for _ in range(20)))
        assert [lease.last for lease in leases] == [2] * 20
        outcomes = await asyncio.gather(
            *(log.append(lease, 3, [b"%d" % n]) for n, lease in enumerate(leases)), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes].count(LeaseLostError) == len(leases) - 1
        writer = outcomes.index(None)
        await log.finish(leases[writer])
        assert await read_payloads(log, "s", 2) == [b"%d" % writer]

    @with_log()
    async def test_an_append_under_way_is_in_the_stream_taken_over_or_is_refused(self, log: EventLog) -> None:
        """The new producer knows the last entry for certain: nothing is added after it."""
        for n in range(20):
            old = await started(log, f"s{n}", count=1)
            append = asyncio.create_task(log.append(old, 2, [b"2", b"3"]))
            for _ in range(n % 5):
                await asyncio.sleep(0)
            new = await acquired(log, f"s{n}", take_over="open")
            (outcome,) = await asyncio.gather(append, return_exceptions=True)
            assert (new.last, type(outcome)) in {(3, type(None)), (1, LeaseLostError)}
            await log.append(new, new.last + 1, [b"end"])
            await log.finish(new)
            assert await read_payloads(log, f"s{n}") == [*numbered(1, new.last), b"end"]

    @with_log()
    async def test_clients_continue_when_a_stream_is_taken_over(self, log: EventLog) -> None:
        """They get the entries of both producers, in order."""
        old = await started(log, count=2)
        clients = [await waiting_client(log, after=after) for after in (0, 2)]
        async with aclosing(log.read("s")) as pages:
            await anext(pages)
            new = await acquired(log, take_over="open")
            await error_of(LeaseLostError, log.append(old, 3, [b"late"]))
            await log.append(new, 3, [b"3"])
            assert [entry.payload for entry in await anext(pages)] == [b"3"]
        await log.finish(new)
        seen = [[entry.payload for entry in await client] for client in clients]
        assert seen == [[b"1", b"2", b"3"], [b"3"]]

    @with_log()
    async def test_a_stream_that_was_taken_over_can_be_lost_again(self, log: EventLog) -> None:
        """The lease of the second producer expires like the first."""
        old = await started(log, count=1)
        await acquired(log, ttl=self.short_ttl, take_over="open")
        await error_of(ProducerLostError, read_payloads(log, "s"))
        await refused(log, old, 2)
        await log.finish(await acquired(log, take_over="lost"))
        assert await read_payloads(log, "s") == [b"1"]
