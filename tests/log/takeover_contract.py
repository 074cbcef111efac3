"""What every log must do when a stream is taken over. A store's test file imports all of this."""

import asyncio
from contextlib import aclosing

import pytest

from componentstream.log import LeaseLostError, ProducerLostError
from tests.log.contract import SHORT, numbered, on_each_log, payloads, started, until_lost, waiting_reader


async def refused(log, lease, seq):
    """Assert that a lease may do nothing any more."""
    for late in (log.append(lease, seq, [b"late"]), log.renew(lease), log.finish(lease)):
        with pytest.raises(LeaseLostError):
            await late


@on_each_log()
async def test_a_lost_stream_is_handed_over_to_its_owner_who_asks_for_that(log):
    for take_over in ("lost", "open"):
        old = await started(log, take_over, ttl=SHORT, count=3)
        await until_lost(log, take_over)
        assert await log.acquire(take_over, owner="ada") is None
        assert await log.acquire(take_over, owner="ada", take_over="never") is None
        assert await log.acquire(take_over, owner="eve", take_over=take_over) is None
        new = await log.acquire(take_over, owner="ada", ttl=60.0, take_over=take_over)
        assert (new.stream, new.ttl, new.last) == (take_over, 60.0, 3)
        await refused(log, old, 4)
        await log.append(new, 4, [b"4"])
        await log.finish(new)
        assert await payloads(log, take_over) == numbered(1, 4)


@on_each_log()
async def test_an_open_stream_is_handed_over_only_to_its_owner_who_asks_for_that(log):
    old = await started(log, ttl=30.0, count=3)
    for owner, take_over in (("ada", "never"), ("ada", "lost"), ("eve", "open"), ("", "open")):
        assert await log.acquire("s", owner=owner, take_over=take_over) is None
    await log.append(old, 4, [b"4"])
    new = await log.acquire("s", owner="ada", ttl=60.0, take_over="open")
    assert (new.stream, new.ttl, new.last) == ("s", 60.0, 4)
    status = await log.status("s")
    assert (status.state, status.owner, status.last) == ("open", "ada", 4)
    assert 50.0 < status.lease_left <= 60.0
    await refused(log, old, 5)
    assert (await log.status("s")).last == 4
    await log.append(new, 5, [b"5"])
    await log.finish(new)
    await refused(log, old, 6)
    assert await payloads(log, "s") == numbered(1, 5)


@on_each_log()
async def test_a_finished_stream_is_never_handed_over(log):
    lease = await started(log, count=1)
    await log.finish(lease)
    for take_over in ("never", "lost", "open"):
        assert await log.acquire("s", owner="ada", take_over=take_over) is None
    await log.finish(lease)
    assert await payloads(log, "s") == [b"1"]


@on_each_log()
async def test_a_stream_that_is_not_there_is_started_whatever_may_be_taken_over(log):
    for take_over in ("never", "lost", "open"):
        lease = await log.acquire(take_over, owner="ada", take_over=take_over)
        assert lease.last == 0
        await log.append(lease, 1, [b"1"])


@on_each_log()
async def test_of_many_who_take_over_what_was_lost_one_gets_it(log):
    await started(log, ttl=SHORT)
    await until_lost(log)
    leases = await asyncio.gather(*(log.acquire("s", owner="ada", take_over="lost") for _ in range(20)))
    assert len([lease for lease in leases if lease is not None]) == 1


@on_each_log()
async def test_of_many_who_take_over_what_is_open_the_last_may_write(log):
    await started(log, count=2)
    leases = await asyncio.gather(*(log.acquire("s", owner="ada", take_over="open") for _ in range(20)))
    assert [lease.last for lease in leases] == [2] * 20
    wrote = await asyncio.gather(
        *(log.append(lease, 3, [b"%d" % n]) for n, lease in enumerate(leases)), return_exceptions=True
    )
    assert [type(outcome) for outcome in wrote].count(LeaseLostError) == 19
    writer = wrote.index(None)
    await log.finish(leases[writer])
    assert await payloads(log, "s", 2) == [b"%d" % writer]


@on_each_log()
async def test_an_append_under_way_is_in_what_is_taken_over_or_is_refused(log):
    for n in range(20):
        old = await started(log, f"s{n}", count=1)
        append = asyncio.create_task(log.append(old, 2, [b"2", b"3"]))
        for _ in range(n % 5):
            await asyncio.sleep(0)
        new = await log.acquire(f"s{n}", owner="ada", take_over="open")
        (outcome,) = await asyncio.gather(append, return_exceptions=True)
        assert (new.last, type(outcome)) in {(3, type(None)), (1, LeaseLostError)}
        await log.append(new, new.last + 1, [b"end"])
        await log.finish(new)
        assert await payloads(log, f"s{n}") == [*numbered(1, new.last), b"end"]


@on_each_log()
async def test_readers_go_on_when_a_stream_is_taken_over(log):
    old = await started(log, count=2)
    readers = [await waiting_reader(log, after=after) for after in (0, 2)]
    async with aclosing(log.read("s")) as pages:
        await anext(pages)
        new = await log.acquire("s", owner="ada", take_over="open")
        with pytest.raises(LeaseLostError):
            await log.append(old, 3, [b"late"])
        await log.append(new, 3, [b"3"])
        assert [entry.payload for entry in await anext(pages)] == [b"3"]
    await log.finish(new)
    seen = [[entry.payload for entry in await reader] for reader in readers]
    assert seen == [[b"1", b"2", b"3"], [b"3"]]


@on_each_log()
async def test_a_stream_that_was_taken_over_can_be_lost_again(log):
    old = await started(log, count=1)
    await log.acquire("s", owner="ada", ttl=SHORT, take_over="open")
    with pytest.raises(ProducerLostError):
        await payloads(log, "s")
    await refused(log, old, 2)
    new = await log.acquire("s", owner="ada", take_over="lost")
    await log.finish(new)
    assert await payloads(log, "s") == [b"1"]


__all__ = [name for name in globals() if name.startswith("test_")]
