"""What every log must do. A store's test file imports all of this and gives the fixture ``with_log``.

``with_log(scenario, **options)`` runs ``scenario(log)`` with a log of its own, by way of :func:`run`.
"""

import asyncio
import random
from contextlib import aclosing
from time import monotonic

import pytest

from componentstream.core.errors import UsageError
from componentstream.log import (
    Entry,
    GapError,
    LeaseLostError,
    LogError,
    ProducerLostError,
    SequenceError,
    StreamStatus,
    StreamUnknownError,
)

SHORT = 0.05
"""Seconds that a lease lasts which is to run out."""

HOSTILE = [
    "", "a" * 129, "a b", "a\n", "a\0", "é", "\ud800", "*", "$", "../x", "a:b", "{a}", "%s", "a'--", "٤",
    "a" * 1_000_000, None, 7, b"a",
]  # fmt: skip


def on_each_log(**options):
    """Make a test of a scenario, with a log of these options."""

    def decorate(scenario):
        def test(with_log):
            with_log(scenario, **options)

        test.__name__ = scenario.__name__
        return test

    return decorate


def run(open_log, scenario):
    """Run a scenario with what an asynchronous context manager opens; nothing may be left running."""

    async def main():
        async with open_log() as log:
            await scenario(log)
        await settled()

    asyncio.run(main())


async def settled():
    """Wait until no task is left but this one."""
    end = monotonic() + 2
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        assert monotonic() < end, others
        await asyncio.sleep(0)


async def read(log, stream, after=0):
    entries = []
    await read_into(entries, log, stream, after)
    return entries


async def read_into(entries, log, stream, after=0):
    async for page in log.read(stream, after):
        entries += page


async def payloads(log, stream, after=0):
    return [entry.payload for entry in await read(log, stream, after)]


async def started(log, stream="s", *, owner="ada", ttl=60.0, count=0):
    """Return the lease of a stream with so many entries."""
    lease = await log.acquire(stream, owner=owner, ttl=ttl)
    if count:
        await log.append(lease, 1, numbered(1, count))
    return lease


def numbered(first, count):
    return [b"%d" % seq for seq in range(first, first + count)]


async def until_lost(log, stream="s"):
    await asyncio.sleep((await log.status(stream)).lease_left)
    if (await log.status(stream)).state == "open":
        await until_lost(log, stream)


async def waiting_reader(log, stream="s", after=0):
    """Return a task that reads a stream, and has come to wait for more."""
    task = asyncio.create_task(read(log, stream, after))
    await asyncio.sleep(0.1)
    assert not task.done()
    return task


# Who writes


@on_each_log()
async def test_of_a_hundred_who_ask_at_once_one_gets_the_lease(log):
    leases = await asyncio.gather(*(log.acquire("s", owner=str(n)) for n in range(100)))
    (lease,) = [lease for lease in leases if lease is not None]
    assert (lease.stream, lease.ttl, lease.last) == ("s", 10.0, 0)
    assert (await log.status("s")).owner == str(leases.index(lease))


@on_each_log()
async def test_a_stream_that_exists_is_not_started_again(log):
    lease = await started(log)
    assert await log.acquire("s", owner="ada") is None
    await log.finish(lease)
    assert await log.acquire("s", owner="ada") is None


@on_each_log()
async def test_a_lease_that_ran_out_may_not_write(log):
    lease = await started(log, ttl=SHORT, count=1)
    await until_lost(log)
    for late in (log.append(lease, 2, [b"x"]), log.renew(lease), log.finish(lease)):
        with pytest.raises(LeaseLostError):
            await late
    assert (await log.status("s")).last == 1


@on_each_log()
async def test_using_and_renewing_a_lease_make_it_last(log):
    lease = await started(log, ttl=30.0)
    left = []
    for use in (log.renew, lambda lease: log.append(lease, 1, [b"1"])):
        await asyncio.sleep(0.02)
        left.append((await log.status("s")).lease_left)
        await use(lease)
        left.append((await log.status("s")).lease_left)
    assert left[0] < left[1] > left[2] < left[3] <= 30.0


@on_each_log()
async def test_finishing_again_is_harmless_and_writing_after_it_refused(log):
    lease = await started(log, count=2)
    await log.finish(lease)
    await log.finish(lease)
    for late in (log.append(lease, 3, [b"x"]), log.renew(lease)):
        with pytest.raises(LeaseLostError):
            await late
    assert await payloads(log, "s") == numbered(1, 2)


# Status


@on_each_log(max_entries=3)
async def test_the_status_says_how_a_stream_stands(log):
    assert await log.status("s") is None
    lease = await started(log, owner="Ådä 'x' \0")
    status = await log.status("s")
    assert 50.0 < status.lease_left <= 60.0
    assert status == StreamStatus(
        stream="s", owner="Ådä 'x' \0", state="open", first=1, last=0, lease_left=status.lease_left
    )
    await log.append(lease, 1, numbered(1, 5))
    await log.finish(lease)
    assert await log.status("s") == StreamStatus(
        stream="s", owner="Ådä 'x' \0", state="finished", first=3, last=5, lease_left=0.0
    )
    await started(log, "lost", ttl=SHORT)
    await until_lost(log, "lost")
    assert await log.status("lost") == StreamStatus(
        stream="lost", owner="ada", state="lost", first=1, last=0, lease_left=0.0
    )


# Appending


@on_each_log()
async def test_an_append_that_is_repeated_is_there_once(log):
    lease = await started(log, count=3)
    await log.append(lease, 1, numbered(1, 3))
    await log.append(lease, 2, numbered(2, 4))
    await asyncio.gather(*(log.append(lease, 6, numbered(6, 2)) for _ in range(20)))
    await log.append(lease, 3, numbered(3, 1))
    await log.finish(lease)
    assert await payloads(log, "s") == numbered(1, 7)


@on_each_log()
async def test_an_append_that_does_not_fit_changes_nothing(log):
    lease = await started(log, count=3)
    with pytest.raises(
        SequenceError, match=r"^The last entry is 3; appending 5 would leave a gap\.$"
    ) as caught:
        await log.append(lease, 5, [b"5"])
    assert caught.value.last == 3
    with pytest.raises(
        SequenceError, match=r"^Entry 3 is already in the log with another payload\.$"
    ) as caught:
        await log.append(lease, 2, [b"2", b"x", b"4"])
    assert caught.value.last == 3
    await log.finish(lease)
    assert await payloads(log, "s") == numbered(1, 3)


@on_each_log(max_entries=3)
async def test_what_is_repeated_may_have_been_trimmed(log):
    lease = await started(log, count=5)
    await log.append(lease, 1, numbered(1, 6))
    await log.finish(lease)
    assert await payloads(log, "s", after=3) == numbered(4, 3)


@on_each_log()
async def test_a_payload_is_any_bytes(log):
    given = [b"", bytes(range(256)), b"\r\n\r\n", "🎈".encode(), bytes(1_000_000)]
    lease = await started(log)
    await log.append(lease, 1, given)
    await log.finish(lease)
    assert await payloads(log, "s") == given


# Reading


@on_each_log()
async def test_reading_starts_strictly_after_a_number_and_ends_with_the_stream(log):
    lease = await started(log, count=5)
    await log.finish(lease)
    assert await read(log, "s", 3) == [Entry(seq=4, payload=b"4"), Entry(seq=5, payload=b"5")]
    assert await read(log, "s", 5) == []


@on_each_log()
async def test_a_long_stream_comes_in_pages(log):
    lease = await started(log, count=1000)
    await log.finish(lease)
    pages = [page async for page in log.read("s")]
    assert [entry.seq for page in pages for entry in page] == list(range(1, 1001))
    assert max(map(len, pages)) == 256


@on_each_log()
async def test_a_reader_that_waits_gets_what_comes_at_once(log):
    lease = await started(log, count=1)
    reader = await waiting_reader(log)
    before = monotonic()
    await log.append(lease, 2, [b"2"])
    await log.finish(lease)
    assert [entry.payload for entry in await reader] == [b"1", b"2"]
    assert monotonic() - before < 2.0


@on_each_log()
async def test_no_entry_is_missed_or_doubled_where_replay_meets_what_is_live(log):
    for seed in range(15):
        chance = random.Random(seed)
        stream = f"s{seed}"
        total = chance.randint(1, 40)
        lease = await started(log, stream)

        async def produce(chance=chance, total=total, lease=lease):
            seq = 1
            while seq <= total:
                count = min(chance.randint(1, 8), total + 1 - seq)
                await log.append(lease, seq, numbered(seq, count))
                seq += count
                await asyncio.sleep(chance.choice([0, 0, 0.001]))
            await log.finish(lease)

        async def follow(chance=chance, stream=stream):
            await asyncio.sleep(chance.random() * 0.01)
            last = (await log.status(stream)).last
            after = chance.randint(0, last)
            return after, [entry.seq for entry in await read(log, stream, after)]

        _, *seen = await asyncio.gather(produce(), *(follow() for _ in range(8)))
        for after, seqs in seen:
            assert seqs == list(range(after + 1, total + 1))


@on_each_log()
async def test_a_hundred_readers_each_see_all(log):
    lease = await started(log)
    readers = [asyncio.create_task(payloads(log, "s")) for _ in range(100)]
    for first in range(1, 31, 3):
        await log.append(lease, first, numbered(first, 3))
        await asyncio.sleep(0)
    await log.finish(lease)
    assert await asyncio.gather(*readers) == [numbered(1, 30)] * 100


@on_each_log(max_entries=5)
async def test_a_reader_is_told_of_what_was_trimmed(log):
    lease = await started(log, count=10)
    with pytest.raises(
        GapError, match=r"^Entry 3 is no longer kept; the next one that is: entry 6\.$"
    ) as caught:
        await read(log, "s", 2)
    assert (caught.value.after, caught.value.first) == (2, 6)
    async with aclosing(log.read("s", 5)) as pages:
        assert [entry.seq for entry in await anext(pages)] == [6, 7, 8, 9, 10]
        await log.append(lease, 11, numbered(11, 6))
        with pytest.raises(GapError):
            await anext(pages)


@on_each_log()
async def test_a_reader_of_a_lost_producer_gets_what_is_there_and_is_told(log):
    await started(log, ttl=0.5, count=2)
    got = []
    before = monotonic()
    with pytest.raises(ProducerLostError):
        await read_into(got, log, "s")
    assert [entry.payload for entry in got] == [b"1", b"2"]
    assert monotonic() - before < 2.5
    with pytest.raises(ProducerLostError):
        await read(log, "s", 2)


@on_each_log()
async def test_there_is_nothing_to_read_of_what_is_not_there(log):
    with pytest.raises(StreamUnknownError):
        await read(log, "s")
    await started(log, count=2)
    for after in (3, 2**53, 2**70, int("9" * 400)):
        with pytest.raises(
            SequenceError, match=r"^The last entry is 2; nothing can be read after a higher number\.$"
        ):
            await read(log, "s", after)
    for after in (-1, 1.0, "1", None, True):
        with pytest.raises(UsageError, match="after must be an integer >= 0"):
            await read(log, "s", after)


@on_each_log()
async def test_leaving_a_reader_leaves_nothing_running(log):
    lease = await started(log, count=1)
    readers = [await waiting_reader(log, after=after) for after in (0, 1)]
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    assert all(reader.cancelled() for reader in readers)
    await settled()
    async with aclosing(log.read("s")) as pages:
        await anext(pages)
    await settled()
    unread = log.read("s")
    await unread.aclose()
    await log.finish(lease)
    assert await payloads(log, "s") == [b"1"]


# Going away


@on_each_log()
async def test_closing_the_log_ends_its_readers(log):
    await started(log, count=1)
    reader = await waiting_reader(log)
    await log.aclose()
    with pytest.raises(LogError):
        await reader
    await log.aclose()


@on_each_log()
async def test_a_deleted_stream_is_gone_for_its_producer_and_its_readers(log):
    lease = await started(log, count=1)
    reader = await waiting_reader(log)
    before = monotonic()
    await log.delete("s")
    with pytest.raises(StreamUnknownError):
        await reader
    assert monotonic() - before < 2.0
    for late in (log.append(lease, 2, [b"x"]), log.renew(lease), log.finish(lease)):
        with pytest.raises(LeaseLostError):
            await late
    assert await log.status("s") is None
    await log.delete("s")


@on_each_log()
async def test_a_stream_that_was_started_again_is_another(log):
    old = await started(log, count=1)
    async with aclosing(log.read("s")) as pages:
        await anext(pages)
        await log.delete("s")
        new = await started(log, count=3)
        with pytest.raises(StreamUnknownError):
            await anext(pages)
    with pytest.raises(LeaseLostError):
        await log.append(old, 4, [b"x"])
    await log.finish(new)
    assert await payloads(log, "s") == numbered(1, 3)


@on_each_log(keep=0.3)
async def test_a_stream_is_forgotten_its_time_after_it_has_ended(log):
    await log.finish(await started(log, "finished", count=1))
    await started(log, "lost", ttl=SHORT, count=1)
    await started(log, "open", count=1)
    assert await payloads(log, "finished") == [b"1"]
    await asyncio.sleep(0.6)
    for stream in ("finished", "lost"):
        assert await log.status(stream) is None
        with pytest.raises(StreamUnknownError):
            await read(log, stream)
        assert (await log.acquire(stream, owner="bob")).last == 0
    assert (await log.status("open")).last == 1


# What is wrong in itself


@on_each_log()
async def test_a_stream_with_an_id_that_none_may_have_is_unknown(log):
    for stream in HOSTILE:
        with pytest.raises(UsageError, match="A stream id must be 1 to 128 of"):
            await log.acquire(stream, owner="ada")
        assert await log.status(stream) is None
        with pytest.raises(StreamUnknownError):
            await read(log, stream)
        await log.delete(stream)
    for stream in ("a", "A-Z_0.9", "." * 128):
        assert await log.acquire(stream, owner="") is not None


@on_each_log()
async def test_what_is_wrong_in_a_call_is_said(log):
    for owner in (None, 7, "a" * 1025, "\ud800"):
        with pytest.raises(UsageError, match="The owner of a stream"):
            await log.acquire("s", owner=owner)
    for ttl in (0, -1.0, float("nan"), float("inf"), 1e300, "1", None):
        with pytest.raises(UsageError, match="ttl must be a number of seconds > 0"):
            await log.acquire("s", owner="ada", ttl=ttl)
    for take_over in (True, False, None, "", "OPEN", ["open"]):
        with pytest.raises(UsageError, match=r'^take_over must be "never", "lost" or "open"\.$'):
            await log.acquire("s", owner="ada", take_over=take_over)
    lease = await started(log)
    for first in (0, -1, 1.0, True, None):
        with pytest.raises(UsageError, match="first_seq must be"):
            await log.append(lease, first, [b"1"])
    for wrong in ([], b"1", ["1"], [bytearray(b"1")]):
        with pytest.raises(UsageError, match="payloads must be"):
            await log.append(lease, 1, wrong)
    assert (await log.status("s")).last == 0


def test_a_bound_that_bounds_nothing_is_refused(with_log):
    async def unused(_):
        raise AssertionError

    for options in ({"max_entries": 0}, {"max_entries": 1.5}, {"max_entries": True}):
        with pytest.raises(UsageError, match="must be an integer >= 1"):
            with_log(unused, **options)
    for keep in (0, -1.0, float("nan"), 1e300, None):
        with pytest.raises(UsageError, match="keep must be a number of seconds"):
            with_log(unused, keep=keep)


__all__ = [name for name in globals() if name.startswith("test_")]
