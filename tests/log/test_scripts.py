import asyncio
import os
import shutil

import pytest

from componentstream.testing.log_contract._scenario import numbered, read_payloads, started
from tests.log.redis_server import RedisServer, on_redis, opened
from tests.log.running import SHORT, run


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


LATE = {
    "start": lambda log, _: log.acquire("late", owner="ada"),
    "append": lambda log, lease: log.append(lease, 4, [b"late"] * 3),
    "end": lambda log, lease: log.finish(lease),
    "take-over": lambda log, _: log.acquire("s", owner="ada", take_over="open"),
    "deletion": lambda log, _: log.delete("s"),
}


def test_an_acquire_whose_reply_was_lost_gets_its_lease_when_it_is_repeated(server):
    async def scenario(log, _):
        token = "7" * 32
        last = [await log._run(log._acquire, "s", b"ada", token, 60_000, 60_000, 0) for _ in range(2)]
        assert last == [0, 0]
        assert await log._run(log._acquire, "s", b"ada", "8" * 32, 60_000, 60_000, 0) is None

    on_redis(server, scenario)


@pytest.mark.parametrize("late", LATE)
def test_a_script_that_redis_replays_late_does_no_harm(tmp_path, late):
    always = ("--appendonly", "yes", "--appendfsync", "always")

    def with_redis(folder, scenario):
        with RedisServer(folder, *always) as server:
            run(lambda: opened(server.port, prefix="p"), scenario)

    def written(folder):
        (file,) = folder.glob("appendonlydir/*.incr.aof")
        return file

    whole = tmp_path / "whole"
    whole.mkdir()
    sizes = []

    async def before(log):
        lease = await started(log, count=3)
        sizes.append(written(whole).stat().st_size)
        await LATE[late](log, lease)
        sizes.append(written(whole).stat().st_size)

    async def after(log):
        lease = await log.acquire("s", owner="ada", take_over="open")
        assert lease.last == 3
        await log.append(lease, 4, [b"4"])

    async def later(log):
        lease = await log.acquire("s", owner="ada", take_over="open")
        assert lease.last == 4
        await log.finish(lease)
        assert await read_payloads(log, "s") == numbered(1, 4)
        assert (await log.acquire("late", owner="ada", take_over="open")).last == 0

    with_redis(whole, before)
    begin, end = sizes
    for part in (0.04, 0.1) if late == "deletion" else (0.3, 0.6, 0.97):
        folder = tmp_path / str(part)
        shutil.copytree(whole, folder)
        os.truncate(written(folder), begin + int((end - begin) * part))
        with_redis(folder, after)
        with_redis(folder, later)


@pytest.mark.parametrize("kept", [True, False])
def test_redis_deletes_expired_streams_itself(server, kept):
    async def scenario(log, client):
        await log.finish(await started(log, count=1))
        lost = await started(log, "lost", ttl=SHORT, count=1)
        await asyncio.sleep(lost.ttl + 0.5)
        assert sorted(await client.keys("p:*")) == ([b"p::changes", b"p:lost", b"p:s"] if kept else [])

    on_redis(server, scenario, keep=600.0 if kept else 0.3)
