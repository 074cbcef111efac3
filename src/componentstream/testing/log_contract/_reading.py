"""Reading a stream: replay, following it live, and its ends."""

import asyncio
import random
from contextlib import aclosing
from time import monotonic
from typing import Any

from componentstream.core.errors import UsageError
from componentstream.log import (
    Entry,
    EventLog,
    GapError,
    Lease,
    LogError,
    ProducerLostError,
    SequenceError,
    StreamUnknownError,
)
from componentstream.testing.log_contract._scenario import (
    LogScenarios,
    error_of,
    numbered,
    read_all,
    read_payloads,
    seconds_until,
    settled,
    started,
    status_of,
    until_lost,
    waiting_client,
    with_log,
)


class ReadingContract(LogScenarios):
    """Reading."""

    @with_log()
    async def test_reading_starts_after_a_number_and_ends_with_the_stream(self, log: EventLog) -> None:
        """The entry with the number itself is not repeated."""
        lease = await started(log, count=5)
        await log.finish(lease)
        assert await read_all(log, "s", 3) == [Entry(seq=4, payload=b"4"), Entry(seq=5, payload=b"5")]
        assert await read_all(log, "s", 5) == []

    @with_log()
    async def test_a_long_stream_is_read_in_pages(self, log: EventLog) -> None:
        """Pages are full, none is longer than ``page_size``, and each entry has its own payload."""
        lease = await started(log, count=1000)
        await log.finish(lease)
        pages = [page async for page in log.read("s")]
        assert [entry for page in pages for entry in page] == [
            Entry(seq=seq, payload=b"%d" % seq) for seq in range(1, 1001)
        ]
        assert max(map(len, pages)) == self.page_size

    @with_log()
    async def test_a_waiting_client_is_notified_of_entries_at_once(self, log: EventLog) -> None:
        """It does not poll slowly, and does not wait for the end of the stream."""

        async def attempt(stream: str) -> float:
            lease = await started(log, stream, count=1)
            async with aclosing(log.read(stream, 1)) as pages:
                delay, page = await seconds_until(anext(pages), lambda: log.append(lease, 2, [b"2"]))
                assert page == [Entry(seq=2, payload=b"2")]
            return delay

        await self.noticed_at_once(attempt)

    @with_log()
    async def test_a_waiting_client_is_notified_of_the_end_at_once(self, log: EventLog) -> None:
        """Even if no entry comes with it."""

        async def attempt(stream: str) -> float:
            lease = await started(log, stream, count=1)
            delay, entries = await seconds_until(read_payloads(log, stream), lambda: log.finish(lease))
            assert entries == [b"1"]
            return delay

        await self.noticed_at_once(attempt)

    @with_log()
    async def test_replay_continues_live_without_gap_or_duplicate(self, log: EventLog) -> None:
        """Clients that join at random moments of random producers get every entry exactly once."""
        for seed in range(15):
            chance = random.Random(seed)  # noqa: S311 - repeatable
            lease, total = await started(log, f"s{seed}"), chance.randint(1, 40)
            producer = _produce(log, lease, total, chance)
            clients = (_join(log, lease.stream, chance) for _ in range(8))
            seen, _ = await asyncio.gather(asyncio.gather(*clients), producer)
            for after, seqs in seen:
                assert seqs == list(range(after + 1, total + 1))

    @with_log()
    async def test_a_hundred_clients_get_every_entry(self, log: EventLog) -> None:
        """One notification wakes all of them."""
        lease = await started(log)
        clients = [asyncio.create_task(read_payloads(log, "s")) for _ in range(100)]
        for first in range(1, 31, 3):
            await log.append(lease, first, numbered(first, 3))
            await asyncio.sleep(0)
        await log.finish(lease)
        assert await asyncio.gather(*clients) == [numbered(1, 30)] * 100

    @with_log(max_entries=5)
    async def test_a_client_gets_an_error_for_trimmed_entries(self, log: EventLog) -> None:
        """Whether they were trimmed before it came or while it was slow."""
        lease = await started(log, count=10)
        error = await error_of(GapError, read_all(log, "s", 2))
        assert (error.after, error.first) == (2, 6)
        async with aclosing(log.read("s", 5)) as pages:
            assert [entry.seq for entry in await anext(pages)] == [6, 7, 8, 9, 10]
            await log.append(lease, 11, numbered(11, 6))
            await error_of(GapError, anext(pages))

    @with_log()
    async def test_a_client_of_a_lost_producer_gets_the_entries_and_then_the_error(
        self, log: EventLog
    ) -> None:
        """The expiry of the lease wakes it, without a notification."""

        async def attempt(stream: str) -> float:
            lease = await started(log, stream, ttl=0.5, count=2)
            got: list[Entry] = []
            before = monotonic()
            await error_of(ProducerLostError, _read_into(got, log, stream))
            delay = monotonic() - before - lease.ttl
            assert [entry.payload for entry in got] == [b"1", b"2"]
            return delay

        await self.noticed_at_once(attempt)

    @with_log()
    async def test_a_lost_stream_is_replayed_before_the_error(self, log: EventLog) -> None:
        """A client that comes late gets every entry after its number, on several pages too."""
        count = self.page_size + 2
        await started(log, ttl=self.short_ttl, count=count)
        await until_lost(log)
        for after in (0, 1, count):
            got: list[Entry] = []
            await error_of(ProducerLostError, _read_into(got, log, "s", after))
            assert [entry.payload for entry in got] == numbered(after + 1, count - after)

    @with_log()
    async def test_reading_an_unknown_stream_or_number_fails(self, log: EventLog) -> None:
        """Numbers that were never written, and values that are not numbers."""
        await error_of(StreamUnknownError, read_all(log, "s"))
        await started(log, count=2)
        for after in (3, 2**53, 2**70, int("9" * 400)):
            error = await error_of(SequenceError, read_all(log, "s", after))
            assert error.last == 2  # noqa: PLR2004 - the count above
        wrong: Any
        for wrong in (-1, 1.0, "1", None, True):
            await error_of(UsageError, read_all(log, "s", wrong))

    @with_log()
    async def test_clients_that_leave_do_not_leave_a_task(self, log: EventLog) -> None:
        """Whether they are cancelled, close early or never started."""
        lease = await started(log, count=1)
        clients = [await waiting_client(log, after=after) for after in (0, 1)]
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        assert all(client.cancelled() for client in clients)
        await settled()
        async with aclosing(log.read("s")) as pages:
            await anext(pages)
        await settled()
        unread = log.read("s")
        await unread.aclose()
        await log.finish(lease)
        assert await read_payloads(log, "s") == [b"1"]

    def test_closing_the_log_ends_its_clients(self) -> None:
        """A waiting client gets an error at once; closing again is harmless."""
        delays: list[float] = []

        async def scenario(log: EventLog) -> None:
            stream = f"s{len(delays)}"
            await started(log, stream, count=1)
            waiting = error_of(LogError, read_all(log, stream))
            delay, _ = await seconds_until(waiting, log.aclose)
            delays.append(delay)
            await log.aclose()

        while self.is_late(delays):
            self.run_scenario(scenario)


async def _read_into(entries: list[Entry], log: EventLog, stream: str, after: int = 0) -> None:
    async for page in log.read(stream, after):
        entries += page


async def _produce(log: EventLog, lease: Lease, total: int, chance: random.Random) -> None:
    seq = 1
    while seq <= total:
        count = min(chance.randint(1, 8), total + 1 - seq)
        await log.append(lease, seq, numbered(seq, count))
        seq += count
        await asyncio.sleep(chance.choice([0, 0, 0.001]))
    await log.finish(lease)


async def _join(log: EventLog, stream: str, chance: random.Random) -> tuple[int, list[int]]:
    await asyncio.sleep(chance.random() * 0.01)
    after = chance.randint(0, (await status_of(log, stream)).last)
    return after, [entry.seq for entry in await read_all(log, stream, after)]
