"""Appending entries, and how streams end, expire and are deleted."""

import asyncio
from contextlib import aclosing
from time import monotonic

from componentstream.log import EventLog, LeaseLostError, SequenceError, StreamUnknownError
from componentstream.testing.log_contract._scenario import (
    LogScenarios,
    acquired,
    error_of,
    numbered,
    read_all,
    read_payloads,
    refused,
    started,
    status_of,
    waiting_client,
    with_log,
)


class EntryContract(LogScenarios):
    """Entries, and the life of a stream."""

    @with_log()
    async def test_a_repeated_append_is_stored_once(self, log: EventLog) -> None:
        """Whether it repeats all, some or none of its entries, and however many callers repeat it."""
        lease = await started(log, count=3)
        await log.append(lease, 1, numbered(1, 3))
        await log.append(lease, 2, numbered(2, 4))
        await asyncio.gather(*(log.append(lease, 6, numbered(6, 2)) for _ in range(20)))
        await log.append(lease, 3, numbered(3, 1))
        await log.finish(lease)
        assert await read_payloads(log, "s") == numbered(1, 7)

    @with_log()
    async def test_an_append_that_does_not_fit_changes_nothing(self, log: EventLog) -> None:
        """An append that leaves a gap, or contradicts an entry, writes none of its entries."""
        lease = await started(log, count=3)
        gap = await error_of(SequenceError, log.append(lease, 5, [b"5"]))
        conflict = await error_of(SequenceError, log.append(lease, 2, [b"2", b"x", b"4"]))
        assert (gap.last, conflict.last) == (3, 3)
        await log.finish(lease)
        assert await read_payloads(log, "s") == numbered(1, 3)

    @with_log(max_entries=3)
    async def test_an_append_that_repeats_trimmed_entries_is_accepted(self, log: EventLog) -> None:
        """They cannot be compared, and are not stored again."""
        lease = await started(log, count=5)
        await log.append(lease, 1, numbered(1, 6))
        await log.finish(lease)
        assert await read_payloads(log, "s", after=3) == numbered(4, 3)

    @with_log()
    async def test_payloads_are_arbitrary_bytes(self, log: EventLog) -> None:
        """Empty, binary, with line ends, and large ones come back unchanged."""
        given = [b"", bytes(range(256)), b"\r\n\r\n", "🎈".encode(), bytes(1_000_000)]
        lease = await started(log)
        await log.append(lease, 1, given)
        await log.finish(lease)
        assert await read_payloads(log, "s") == given

    @with_log(keep=600.0)
    async def test_a_stream_is_kept_after_its_end(self, log: EventLog) -> None:
        """Finished and lost streams can be read for ``keep`` seconds."""
        await log.finish(await started(log, "finished", count=1))
        lost = await started(log, "lost", ttl=self.short_ttl, count=1)
        await asyncio.sleep(lost.ttl + 0.25)
        assert await read_payloads(log, "finished") == [b"1"]
        assert (await status_of(log, "lost")).last == 1

    @with_log(keep=0.3)
    async def test_a_stream_expires_after_its_end(self, log: EventLog) -> None:
        """Finished and lost streams are deleted ``keep`` seconds after their end; open ones stay."""
        await log.finish(await started(log, "finished", count=1))
        lost = await started(log, "lost", ttl=self.short_ttl, count=1)
        await started(log, "open", count=1)
        await asyncio.sleep(lost.ttl + 0.3 + 0.25)
        for stream in ("finished", "lost"):
            assert await log.status(stream) is None
            await error_of(StreamUnknownError, read_all(log, stream))
            assert (await acquired(log, stream, owner="bob")).last == 0
        assert (await status_of(log, "open")).last == 1

    @with_log()
    async def test_a_deleted_stream_is_unknown_to_its_producer_and_its_clients(self, log: EventLog) -> None:
        """Both get an error, a waiting client at once; deleting again is harmless."""

        async def attempt(stream: str) -> float:
            lease = await started(log, stream, count=1)
            client = await waiting_client(log, stream)
            before = monotonic()
            await log.delete(stream)
            await error_of(StreamUnknownError, client)
            delay = monotonic() - before
            await refused(log, lease, 2)
            assert await log.status(stream) is None
            await log.delete(stream)
            return delay

        await self.noticed_at_once(attempt)

    @with_log()
    async def test_a_stream_that_was_started_again_is_a_different_one(self, log: EventLog) -> None:
        """Neither a client nor a producer of the old one continues in the new one."""
        old = await started(log, count=1)
        async with aclosing(log.read("s")) as pages:
            await anext(pages)
            await log.delete("s")
            new = await started(log, count=3)
            await error_of(StreamUnknownError, anext(pages))
        await error_of(LeaseLostError, log.append(old, 4, [b"x"]))
        await log.finish(new)
        assert await read_payloads(log, "s") == numbered(1, 3)
