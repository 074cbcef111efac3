import asyncio
import sys

import pytest
import redis.asyncio

from componentstream.core.errors import MissingExtraError, UsageError
from componentstream.log import GapError, MemoryEventLog, SQLiteEventLog, StoreError, open_log
from componentstream.log.redis import RedisEventLog
from componentstream.testing.log_contract._scenario import read_payloads, settled, started, waiting_client
from tests.log.redis_server import RedisServer
from tests.timing import STORE_WAIT

SECRET = "hunter2"  # noqa: S105 - made up
WRONG = [
    "", ":", "memory", "memory://", "memory:x", "Memory:", "sqlite", "sqlite:", "sqlite:///", "sqlite://x",
    "sqlite://host/x.db", "sqlite:x.db?durable=1", "postgres://localhost", "/var/lib/streams.db",
    "streams.db", "C:\\streams.db", f"rediss+x://:{SECRET}@localhost", f"http://:{SECRET}@localhost",
    None, 7, b"memory:",
]  # fmt: skip
WRONG_REDIS = [
    "redis:", "redis://", "redis:localhost", f"redis://:{SECRET}@", f"redis://:{SECRET}@/0",
    f"redis://:{SECRET}@localhost/first", f"redis://u:{SECRET}/x@localhost", f"redis://u:{SECRET}",
    f"redis://u:{SECRET}#x@localhost", f"redis://:{SECRET}@localhost:x", f"redis://:{SECRET}@[::1",
    f"redis://:{SECRET}@localhost:70000", f"redis://:{SECRET}@localhost?nonsense=1",
    f"redis://:{SECRET}@localhost?socket_timeout=x", f"redis://:{SECRET}@localhost?protocol=9",
    f"rediss://:{SECRET}@localhost?ssl_cert_reqs=x", "unix:", "unix://", "unix:///",
    f"unix://u:{SECRET}@host/x",
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("redis")
    with RedisServer(folder, "--unixsocket", str(folder / "redis.sock")) as server:
        yield server


async def written_and_read(url, kind):
    """Write and read a stream with two logs on a URL, the second of which ends before the first does."""
    async with open_log(url, call_timeout=STORE_WAIT) as log:
        assert type(log) is kind
        lease = await started(log, count=2)
        if kind is not MemoryEventLog:
            async with open_log(url, call_timeout=STORE_WAIT) as other:
                await other.append(lease, 3, [b"3"])
                await other.finish(lease)
            with pytest.raises(StoreError):
                await other.status("s")
            assert await read_payloads(log, "s") == [b"1", b"2", b"3"]
            await log.delete("s")
    await settled()


def test_memory_is_that_of_the_process():
    asyncio.run(written_and_read("memory:", MemoryEventLog))


@pytest.mark.parametrize("url", ["sqlite:x y%20.db", "sqlite:./x.db", "sqlite:{}/x.db", "sqlite://{}/x.db"])
def test_sqlite_is_a_file_whose_path_stands_as_it_is(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    asyncio.run(written_and_read(url.format(tmp_path), SQLiteEventLog))
    assert [path.name for path in tmp_path.iterdir()] == ["x y%20.db" if "%" in url else "x.db"]


@pytest.mark.parametrize("url", ["redis://localhost:{port}/3", "unix://{folder}/redis.sock?db=3"])
def test_redis_is_one_of_its_databases_and_its_connections_end_with_the_log(server, url):
    async def main():
        async with redis.asyncio.Redis(port=server.port, db=3) as client:
            await written_and_read(url.format(port=server.port, folder=server.folder), RedisEventLog)
            assert await client.keys("*") == [b"componentstream::changes"]
            assert len(await client.client_list()) == 1
            await client.flushdb()

    asyncio.run(main())


def test_redis_may_be_waited_for_as_long_as_a_log_waits(server):
    async def main():
        async with open_log(f"redis://127.0.0.1:{server.port}", call_timeout=STORE_WAIT) as log:
            lease = await started(log, count=1)
            readers = [await waiting_client(log, after=1) for _ in range(20)]
            await log.append(lease, 2, [b"2"])
            await log.finish(lease)
            assert [len(entries) for entries in await asyncio.gather(*readers)] == [1] * 20
            assert log._client.connection_pool.connection_kwargs["socket_timeout"] > 4

    asyncio.run(main())


def test_bounds_are_those_of_the_log(tmp_path, server):
    async def main(url):
        async with open_log(url, max_entries=3, keep=0.2, call_timeout=STORE_WAIT) as log:
            lease = await started(log, url.partition(":")[0], count=5)
            with pytest.raises(GapError):
                await read_payloads(log, lease.stream)
            await log.finish(lease)
            await asyncio.sleep(0.3)
            assert await log.status(lease.stream) is None

    for url in ("memory:", f"sqlite:{tmp_path}/x.db", f"redis://localhost:{server.port}"):
        asyncio.run(main(url))
        for bounds in ({"max_entries": 0}, {"keep": 0}):
            with pytest.raises(UsageError, match="must be a"):
                open_log(url, **bounds)


@pytest.mark.parametrize("url", WRONG)
def test_an_invalid_url_is_rejected_without_repeating_its_password(url):
    with pytest.raises(UsageError) as caught:
        open_log(url)
    assert str(caught.value) == (
        "The URL of a log must be memory:, sqlite:PATH, redis://HOST, rediss://HOST or unix:///PATH, such as"
        " sqlite:streams.db, sqlite:///var/lib/streams.db or redis://:password@localhost:6379/0."
    )
    assert caught.value.__context__ is None


@pytest.mark.parametrize("url", WRONG_REDIS)
def test_an_invalid_redis_url_is_rejected_without_repeating_its_password(url):
    with pytest.raises(UsageError) as caught:
        open_log(url)
    assert str(caught.value).startswith("The URL of a Redis must be redis://[[user]:password@]host")
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_log_in_sqlite_that_is_in_memory_is_refused():
    with pytest.raises(UsageError, match="for a log in memory use MemoryEventLog"):
        open_log("sqlite::memory:")


def test_without_redis_only_redis_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    monkeypatch.delitem(sys.modules, "componentstream.log.redis")
    assert open_log("memory:")
    with pytest.raises(MissingExtraError, match="RedisEventLog needs redis-py"):
        open_log("redis://localhost")
