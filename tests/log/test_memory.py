import tracemalloc
from contextlib import aclosing

import pytest

from componentstream.core.errors import UsageError
from componentstream.log import MemoryEventLog, StoreError, StreamUnknownError, memory
from componentstream.testing.log_contract import LogContract
from componentstream.testing.log_contract._scenario import read_payloads, started
from tests.log.running import run


class TestContract(LogContract):
    def open_log(self, **options):
        return aclosing(MemoryEventLog(**options))


@pytest.fixture
def with_log():
    def with_log(scenario, **options):
        run(lambda: aclosing(MemoryEventLog(**options)), scenario)

    return with_log


def test_the_oldest_ended_stream_is_removed_when_there_are_too_many(with_log):
    async def scenario(log):
        first = await started(log, "first")
        await log.finish(await started(log, "second", count=1))
        await log.finish(await started(log, "third"))
        await started(log, "fourth")
        assert await log.status("second") is None
        assert [await log.status(stream) for stream in ("first", "third", "fourth")].count(None) == 0
        await log.renew(first)

    with_log(scenario, max_streams=3)


def test_a_log_full_of_open_streams_refuses_another(with_log, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(memory, "monotonic", lambda: now[0])

    async def scenario(log):
        await started(log, "open")
        await started(log, "lost", ttl=5.0)
        with pytest.raises(StoreError, match="The log is full"):
            await started(log, "third")
        now[0] += 5.0
        await started(log, "third")
        assert await log.status("lost") is None

    with_log(scenario, max_streams=2)


def test_ended_streams_are_removed_when_there_are_too_many_bytes_and_their_clients_get_an_error(with_log):
    async def scenario(log):
        old = await started(log, "old")
        await log.append(old, 1, [bytes(40_000)])
        async with aclosing(log.read("old")) as pages:
            await anext(pages)
            await log.finish(old)
            new = await started(log, "new")
            await log.append(new, 1, [bytes(70_000)])
            with pytest.raises(StreamUnknownError):
                await anext(pages)
        with pytest.raises(StoreError):
            await log.append(new, 2, [b"2", bytes(40_000)])
        await log.append(new, 2, [b"2"])
        await log.finish(new)
        assert [len(payload) for payload in await read_payloads(log, "new")] == [70_000, 1]

    with_log(scenario, max_bytes=100_000)


def test_trimming_makes_room(with_log):
    async def scenario(log):
        lease = await started(log)
        for seq in range(1, 101):
            await log.append(lease, seq, [bytes(20_000)])
        assert (await log.status("s")).first == 98

    with_log(scenario, max_bytes=100_000, max_entries=3)


def test_a_log_stays_within_its_memory_bound(with_log):
    async def scenario(log):
        tracemalloc.start()
        try:
            for n in range(1500):
                lease = await log.acquire(f"stream-{n}", owner=f"owner-{n}" * 10)
                await log.append(lease, 1, [b"%d" % (n * seq) for seq in range(n % 40 + 1)])
                await log.finish(lease)
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert 250_000 < taken < 1_000_000

    with_log(scenario, max_bytes=1_000_000)


def test_expired_streams_are_purged_when_a_stream_is_started(with_log, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(memory, "monotonic", lambda: now[0])

    async def scenario(log):
        await log.finish(await started(log, "old"))
        now[0] += 5
        await log.finish(await started(log, "young"))
        now[0] += 6
        await started(log, "new")
        assert list(log._streams) == ["young", "new"]

    with_log(scenario, keep=10)


def test_a_bound_of_streams_or_bytes_is_checked(with_log):
    for options in ({"max_streams": 0}, {"max_bytes": 0.5}):
        with pytest.raises(UsageError, match="must be an integer >= 1"):
            with_log(None, **options)
