"""What a log must do whose store several processes use. A store's test file imports all of this.

The fixture ``with_logs(scenario, **options)`` runs ``scenario(log, other)`` with two logs on one store.
"""

import asyncio
from time import monotonic

import pytest

from componentstream.log import LeaseLostError, StreamUnknownError
from tests.log.contract import numbered, payloads, settled, started, waiting_reader


def on_shared_logs(**options):
    """Make a test of a scenario with two logs of these options."""

    def decorate(scenario):
        def test(with_logs):
            with_logs(scenario, **options)

        test.__name__ = scenario.__name__
        return test

    return decorate


@on_shared_logs()
async def test_one_of_two_logs_gives_the_lease(log, other):
    asked = (one.acquire(f"s{n}", owner="ada") for n in range(50) for one in (log, other))
    leases = await asyncio.gather(*asked)
    winners = [lease.stream for lease in leases if lease is not None]
    assert winners == [f"s{n}" for n in range(50)]


@on_shared_logs()
async def test_what_one_log_writes_is_read_at_once_from_the_other(log, other):
    lease = await started(log, count=1)
    reader = await waiting_reader(other)
    before = monotonic()
    await log.append(lease, 2, numbered(2, 3))
    await asyncio.sleep(0.3)
    await log.append(lease, 5, numbered(5, 3))
    await log.finish(lease)
    assert [entry.payload for entry in await reader] == numbered(1, 7)
    assert monotonic() - before < 2.5


@on_shared_logs()
async def test_a_hundred_streams_cross_over(log, other):
    leases = [await started(log, f"s{n}") for n in range(100)]
    readers = [asyncio.create_task(payloads(other, f"s{n}")) for n in range(100)]
    for first in (1, 3, 5):
        await asyncio.gather(*(log.append(lease, first, numbered(first, 2)) for lease in leases))
    await asyncio.gather(*(log.finish(lease) for lease in leases))
    assert await asyncio.gather(*readers) == [numbered(1, 6)] * 100


@on_shared_logs()
async def test_a_lease_is_known_to_both_logs(log, other):
    lease = await started(log, count=1)
    await other.append(lease, 2, [b"2"])
    await other.delete("s")
    with pytest.raises(LeaseLostError):
        await log.append(lease, 3, [b"3"])


def test_a_reader_hears_in_time_that_the_other_log_deleted_its_stream(with_logs, monkeypatch):
    monkeypatch.setattr("componentstream.log.base.RECHECK", 0.5)

    async def scenario(log, other):
        await started(log, count=1)
        reader = await waiting_reader(log)
        before = monotonic()
        await other.delete("s")
        with pytest.raises(StreamUnknownError):
            await reader
        assert monotonic() - before < 2.0
        await settled()

    with_logs(scenario)


__all__ = [name for name in globals() if name.startswith("test_")]
