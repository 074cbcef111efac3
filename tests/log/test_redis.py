import asyncio
import importlib
import random
import sys
import uuid
from contextlib import aclosing, suppress
from time import monotonic

import pytest
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

import componentstream.log.redis
from componentstream._aio.tasks import Tasks
from componentstream.core.errors import MissingExtraError, UsageError
from componentstream.log import GapError, LeaseLostError, SequenceError, StoreError
from componentstream.log.redis import RedisEventLog
from componentstream.testing.log_contract import SharedLogContract
from componentstream.testing.log_contract._scenario import numbered, read_payloads, started, waiting_client
from componentstream.testing.log_contract._shared import SharingContract
from tests.log.redis_server import RedisServer, on_redis, opened

NEVER_AGAIN = Retry(NoBackoff(), 0)
SOON = 3.0
"""Call timeout in seconds of the logs whose Redis fails."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


class TestContract(SharedLogContract):
    @pytest.fixture(autouse=True)
    def store(self, server):
        self.store = {"port": server.port, "prefix": uuid.uuid4().hex, "protocol": 3}

    def open_log(self, **options):
        return opened(**self.store, **options)


class TestSharingWithRESP2(SharingContract):
    @pytest.fixture(autouse=True)
    def store(self, server):
        self.store = {"port": server.port, "prefix": uuid.uuid4().hex, "protocol": 2}

    def open_log(self, **options):
        return opened(**self.store, **options)


async def until_refused(log, lease, seq):
    """Append one entry after the other until the store fails; return the last number acknowledged."""
    with suppress(StoreError):
        while True:
            await log.append(lease, seq + 1, [b"%d" % (seq + 1)])
            seq += 1
    return seq


@pytest.fixture
def own_server(tmp_path):
    with RedisServer(tmp_path, "--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.mark.parametrize("retry", [None, NEVER_AGAIN], ids=["retrying", "not retrying"])
def test_acknowledged_entries_survive_a_crash_of_redis_and_every_caller_gets_an_error(own_server, retry):
    async def scenario(log, _):
        lease = await started(log, count=1)
        reader = await waiting_client(log, after=1)
        asyncio.get_running_loop().call_later(0.02, own_server.kill)
        before = monotonic()
        seq = await until_refused(log, lease, 1)
        calls = (reader, log.renew(lease), log.status("s"), log.acquire("t", owner="ada"))
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreError}
        assert monotonic() - before < 10 * SOON
        own_server.start()
        assert (await log.status("s")).last in {seq, seq + 1}
        await log.append(lease, seq + 1, [b"%d" % (seq + 1)])
        await log.finish(lease)
        assert await read_payloads(log, "s") == numbered(1, seq + 1)

    on_redis(own_server, scenario, retry=retry, call_timeout=SOON)


def test_calls_time_out_while_redis_hangs(own_server):
    async def scenario(log, _):
        lease = await started(log, count=1)
        own_server.hang()
        before = monotonic()
        calls = [log.append(lease, 2, [b"2"]) for _ in range(40)] + [read_payloads(log, "s")]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreError}
        assert monotonic() - before < 10 * SOON, "the calls waited for each other"
        own_server.go_on()
        await log.append(lease, 2, [b"2"])
        await log.finish(lease)
        assert await read_payloads(log, "s") == [b"1", b"2"]

    on_redis(own_server, scenario, call_timeout=SOON)


class Proxy:
    """Passes on to a Redis.

    While ``mute`` is true, answers are dropped and the connection with them; while ``open`` is not set,
    questions wait.
    """

    def __init__(self, port):
        self.target = port
        self.mute = False
        self.open = asyncio.Event()
        self.open.set()
        self.dropped = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.tasks = set()
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        asked = asyncio.create_task(self.copy(reader, back))
        try:
            while answer := await there.read(65536):
                if self.mute:
                    self.dropped += 1
                    break
                writer.write(answer)
        finally:
            asked.cancel()
            writer.close()
            back.close()

    async def copy(self, reader, writer):
        while data := await reader.read(65536):
            await self.open.wait()
            writer.write(data)


def test_an_append_whose_reply_was_lost_can_be_repeated(server):
    async def scenario(log, proxy):
        lease = await started(log)
        for seq in range(1, 8):
            proxy.mute = seq % 3 == 0
            if proxy.mute:
                with pytest.raises(StoreError):
                    await log.append(lease, seq, [b"%d" % seq])
                proxy.mute = False
            await log.append(lease, seq, [b"%d" % seq])
        assert proxy.dropped >= 2
        await log.finish(lease)
        assert await read_payloads(log, "s") == numbered(1, 7)

    async def main():
        async with Proxy(server.port) as proxy, opened(proxy.port, retry=NEVER_AGAIN) as log:
            await scenario(log, proxy)

    asyncio.run(main())


def test_an_append_delayed_past_a_take_over_is_refused(server):
    async def main():
        prefix = uuid.uuid4().hex
        async with (
            Proxy(server.port) as proxy,
            opened(proxy.port, prefix=prefix) as far,
            opened(server.port, prefix=prefix) as log,
        ):
            old = await started(far, count=1)
            proxy.open.clear()
            late = [asyncio.create_task(call) for call in (far.append(old, 2, [b"late"]), far.finish(old))]
            await asyncio.sleep(0.1)
            new = await log.acquire("s", owner="ada", take_over="open")
            proxy.open.set()
            outcomes = await asyncio.gather(*late, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [LeaseLostError, LeaseLostError]
            await log.append(new, 2, [b"2"])
            await log.finish(new)
            assert await read_payloads(log, "s") == [b"1", b"2"]

    asyncio.run(main())


def test_a_cancelled_call_does_not_mix_up_the_replies_of_others(server):
    chance = random.Random(3)

    async def scenario(log, _):
        for name in ("ada", "eve"):
            lease = await started(log, name, owner=name)
            await log.append(lease, 1, [name.encode() * 1000] * 20)
            await log.finish(lease)
        cancelled = 0
        for _ in range(120):
            name, other = chance.sample(["ada", "eve"], 2)
            task = asyncio.create_task(read_payloads(log, name))
            for _ in range(chance.randrange(40)):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            cancelled += task.cancelled()
            assert task.cancelled() or task.result() == [name.encode() * 1000] * 20
            assert await read_payloads(log, other) == [other.encode() * 1000] * 20
        assert cancelled > 30

    on_redis(server, scenario)


def test_a_call_that_swallows_its_cancellation_is_cancelled_again():
    lost = []

    async def stubborn():
        for _ in range(3):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost.append(monotonic())
        raise ValueError

    async def main():
        tasks = Tasks()
        before = monotonic()
        with pytest.raises(TimeoutError):
            await tasks.run(stubborn(), 0.1)
        assert monotonic() - before < 30.0
        assert lost == []
        await tasks.aclose()
        assert len(lost) == 3
        await tasks.aclose()

    asyncio.run(main())


def test_many_clients_wait_on_one_connection(server):
    async def scenario(log, client):
        lease = await started(log)
        readers = [asyncio.create_task(read_payloads(log, "s")) for _ in range(200)]
        await asyncio.sleep(0.5)
        assert len(await client.client_list()) < 30
        await log.append(lease, 1, [b"1"])
        await log.finish(lease)
        assert await asyncio.gather(*readers) == [[b"1"]] * 200

    on_redis(server, scenario)


def test_entries_lost_by_redis_are_a_gap(server):
    async def scenario(log, client):
        lease = await started(log, count=6)
        await client.hdel("p:s", "4")
        async with aclosing(log.read("s")) as pages:
            assert [entry.seq for entry in await anext(pages)] == [1, 2, 3]
            with pytest.raises(GapError) as caught:
                await anext(pages)
        assert (caught.value.after, caught.value.first) == (3, 5)
        await client.hdel("p:s", *"12356")
        with pytest.raises(GapError) as caught:
            await read_payloads(log, "s")
        assert (caught.value.after, caught.value.first) == (0, None)
        await log.append(lease, 7, [b"7"])
        await log.finish(lease)
        assert await read_payloads(log, "s", 6) == [b"7"]

    on_redis(server, scenario)


def test_a_redis_that_lost_its_data_revokes_the_lease(server):
    async def scenario(log, client):
        lease = await started(log, count=2)
        await client.flushall()
        await client.script_flush()
        with pytest.raises(LeaseLostError):
            await log.append(lease, 3, [b"3"])
        lease = await started(log, count=1)
        with pytest.raises(SequenceError):
            await log.append(lease, 3, [b"3"])

    on_redis(server, scenario)


def test_changes_are_found_again_after_redis_lost_their_key(server, monkeypatch):
    monkeypatch.setattr(componentstream.log.redis, "RECHECK", 0.2)

    async def scenario(log, client):
        lease = await started(log, count=1)
        reader = await waiting_client(log)
        await client.delete("p::changes")
        await client.xadd("p::changes", {"s": "other"}, id="5-0")
        await asyncio.sleep(0.5)
        await client.delete("p::changes")
        await log.append(lease, 2, [b"2"])
        await log.finish(lease)
        assert [entry.payload for entry in await reader] == [b"1", b"2"]

    on_redis(server, scenario)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"decode_responses": True}, "with a pool and without decode_responses"),
        ({"single_connection_client": True}, "with a pool and without decode_responses"),
        ({"max_connections": 16}, "with max_connections above 16"),
        ({"socket_timeout": 4.0}, "with a socket_timeout above 4 seconds"),
    ],
)
def test_an_unsuitable_client_is_rejected(options, why):
    with pytest.raises(UsageError, match=f"^A RedisEventLog needs a client {why}\\.$"):
        RedisEventLog(redis.asyncio.Redis(**options))


def test_a_client_with_a_long_enough_timeout_is_accepted():
    for timeout in (4.1, None):
        assert RedisEventLog(redis.asyncio.Redis(socket_timeout=timeout, max_connections=17))


def test_call_timeout_must_be_positive():
    with pytest.raises(UsageError, match="call_timeout must be a number of seconds > 0"):
        RedisEventLog(redis.asyncio.Redis(), call_timeout=0)


def test_a_log_from_a_url_closes_its_client(server):
    async def main():
        async with aclosing(RedisEventLog.from_url(f"redis://localhost:{server.port}/4")) as log:
            await log.finish(await started(log, count=2))
            assert await read_payloads(log, "s") == [b"1", b"2"]
        await log.aclose()
        async with redis.asyncio.Redis(port=server.port, db=4) as client:
            assert await client.exists("componentstream:s") == 1
            assert len(await client.client_list()) == 1
            await client.flushdb()

    asyncio.run(main())


def test_a_log_from_a_url_of_rediss_begins_with_a_tls_handshake():
    heard = []

    async def listen(reader, writer):
        heard.append(await reader.readexactly(3))
        writer.close()

    async def main():
        server = await asyncio.start_server(listen, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, aclosing(RedisEventLog.from_url(f"rediss://localhost:{port}")) as log:
            with pytest.raises(StoreError):
                await log.status("s")

    asyncio.run(main())
    assert heard[0] == b"\x16\x03\x01"


@pytest.mark.parametrize(
    "url",
    ["redis://", "redis://:secret@localhost/x", "redis://:secret@[", "redis://:secret@localhost?x=1",
     "unix://", "unix://:secret@host/x", "redis://:secret@localhost:secret"],
)  # fmt: skip
def test_an_invalid_redis_url_is_rejected_without_quoting_its_password(url):
    with pytest.raises(UsageError, match=r"^The URL of a Redis must be redis://\[") as caught:
        RedisEventLog.from_url(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("option", ["decode_responses=1", "max_connections=9", "socket_timeout=1"])
def test_an_unsuitable_option_in_a_url_is_rejected(option):
    with pytest.raises(UsageError, match=r"^A RedisEventLog needs a client with"):
        RedisEventLog.from_url(f"unix:///redis.sock?{option}")


def test_without_redis_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    monkeypatch.delitem(sys.modules, "componentstream.log.redis")
    with pytest.raises(MissingExtraError) as caught:
        importlib.import_module("componentstream.log.redis")
    assert str(caught.value) == "RedisEventLog needs redis-py: pip install 'componentstream[redis]'."
