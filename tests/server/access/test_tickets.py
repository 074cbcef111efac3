import asyncio
import time
import uuid
from contextlib import asynccontextmanager

import pytest

from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.log import LeaseLostError, MemoryEventLog, SQLiteEventLog, StoreError
from tests import parts
from tests.log.redis_server import RedisServer
from tests.timing import STORE_WAIT, WAIT

parts.module("starlette")

from componentstream.server.access.tickets import Tickets  # noqa: E402 - checked above

SHORT = 0.05
STREAM = "s-00112233445566778899aabbccddeeff"


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "redis"])
def opened(request, tmp_path):
    """Return a function that opens a log."""
    if request.param == "redis":
        port = request.getfixturevalue("redis_server").port
        redis = parts.module("redis.asyncio")
        module = parts.module("componentstream.log.redis")

    @asynccontextmanager
    async def opened():
        if request.param == "redis":
            async with redis.Redis(port=port) as client:
                log = module.RedisEventLog(client, prefix=uuid.uuid4().hex, call_timeout=10.0)
                yield log
                await log.aclose()
        else:
            log = (
                MemoryEventLog()
                if request.param == "memory"
                else SQLiteEventLog(tmp_path / "log.db", call_timeout=STORE_WAIT)
            )
            yield log
            await log.aclose()

    return opened


async def until_lost(log, stream):
    async with asyncio.timeout(WAIT):
        while (await log.status(stream)).state == "open":  # noqa: ASYNC110 - time alone changes it
            await asyncio.sleep(SHORT / 5)


class Between:
    """A log on which another worker acts just before one of its calls."""

    def __init__(self, log, name, before):
        self._log, self._name, self._before = log, name, before

    def __getattr__(self, name):
        method = getattr(self._log, name)
        if name != self._name:
            return method

        async def call(*arguments, **options):
            before, self._before = self._before, None
            if before is not None:
                await before()
            return await method(*arguments, **options)

        return call


def test_ticket_gives_its_stream_and_subject_once(opened):
    async def main():
        async with opened() as log:
            tickets = Tickets(log)
            ticket = await tickets.issue(STREAM, "ada")
            assert len(ticket) == 34
            assert ticket.startswith("t-")
            assert await tickets.redeem(ticket) == (STREAM, "ada")
            assert await tickets.redeem(ticket) is None
            assert await log.status(ticket) is None

    asyncio.run(main())


@pytest.mark.parametrize(
    "subject",
    ["", "a" * 256, "\U0001f600" * 256, "Ada Lovelace", " ada ", "ticket s-1 bob", "auth0|7", '"\\'],
)
@pytest.mark.parametrize("stream", ["s", "k-" + "f" * 64, "a" * 128, "._-"])
def test_any_stream_id_and_subject_are_returned_unchanged(opened, stream, subject):
    async def main():
        async with opened() as log:
            tickets = Tickets(log)
            assert await tickets.redeem(await tickets.issue(stream, subject)) == (stream, subject)

    asyncio.run(main())


def test_ticket_can_be_redeemed_at_another_worker(tmp_path):
    async def main():
        log, other = (SQLiteEventLog(tmp_path / "log.db", call_timeout=STORE_WAIT) for _ in range(2))
        ticket = await Tickets(log).issue(STREAM, "ada")
        assert await Tickets(other).redeem(ticket) == (STREAM, "ada")
        assert await Tickets(log).redeem(ticket) is None
        await log.aclose()
        await other.aclose()

    asyncio.run(main())


def test_one_of_two_hundred_concurrent_redemptions_succeeds(opened):
    async def main():
        async with opened() as log:
            tickets = [Tickets(log), Tickets(log)]
            ticket = await tickets[0].issue(STREAM, "ada")
            got = await asyncio.gather(*(tickets[n % 2].redeem(ticket) for n in range(200)))
            assert sorted(got, key=bool) == [None] * 199 + [(STREAM, "ada")]
            assert await tickets[0].redeem(ticket) is None

    asyncio.run(main())


def test_one_of_two_workers_that_redeem_concurrently_succeeds(tmp_path):
    async def main():
        log, other = (SQLiteEventLog(tmp_path / "log.db", call_timeout=STORE_WAIT) for _ in range(2))
        for _ in range(20):
            ticket = await Tickets(log).issue(STREAM, "ada")
            workers = (Tickets(log), Tickets(other), Tickets(log), Tickets(other))
            got = await asyncio.gather(*(worker.redeem(ticket) for worker in workers))
            assert sorted(got, key=bool) == [None, None, None, (STREAM, "ada")]
        await log.aclose()
        await other.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("step", ["status", "acquire", "finish", "delete"])
def test_redemption_overtaken_at_any_step_fails_unless_it_had_already_won(opened, step):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log).issue(STREAM, "ada")
            got = []

            async def overtake():
                got.append(await Tickets(log).redeem(ticket))

            got.append(await Tickets(Between(log, step, overtake)).redeem(ticket))
            assert got == ([None, (STREAM, "ada")] if step == "delete" else [(STREAM, "ada"), None])
            assert await Tickets(log).redeem(ticket) is None
            assert await log.status(ticket) is None

    asyncio.run(main())


def test_expired_ticket_is_rejected(opened):
    async def main():
        async with opened() as log:
            tickets = Tickets(log, SHORT)
            ticket = await tickets.issue(STREAM, "ada")
            await until_lost(log, ticket)
            assert await tickets.redeem(ticket) is None

    asyncio.run(main())


def test_ticket_is_valid_for_the_configured_seconds(opened):
    async def main():
        async with opened() as log:
            for seconds in (30, 7.5):
                before = time.monotonic()
                status = await log.status(await Tickets(log, seconds).issue(STREAM, "ada"))
                passed = time.monotonic() - before
                assert seconds - 1 - passed < status.lease_left <= seconds

    asyncio.run(main())


def test_worker_that_dies_while_redeeming_does_not_extend_the_lifetime_of_a_ticket(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log, 20).issue(STREAM, "ada")

            async def die():
                raise StoreError("gone")

            with pytest.raises(StoreError):
                await Tickets(Between(log, "finish", die), 30).redeem(ticket)
            assert (await log.status(ticket)).lease_left <= 20

    asyncio.run(main())


def test_ticket_that_cannot_be_deleted_is_used_up_all_the_same(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log).issue(STREAM, "ada")

            async def fail():
                raise StoreError("gone")

            assert await Tickets(Between(log, "delete", fail)).redeem(ticket) == (STREAM, "ada")
            assert (await log.status(ticket)).state == "finished"
            assert await Tickets(log).redeem(ticket) is None

    asyncio.run(main())


def test_ticket_used_up_between_two_steps_is_rejected(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log).issue(STREAM, "ada")

            async def fail():
                raise StoreError("gone")

            async def overtake():
                assert await Tickets(Between(log, "delete", fail)).redeem(ticket) == (STREAM, "ada")

            assert await Tickets(Between(log, "acquire", overtake)).redeem(ticket) is None

    asyncio.run(main())


def test_failure_of_the_log_is_raised_instead_of_rejecting_the_ticket(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log).issue(STREAM, "ada")

            async def fail():
                raise StoreError("gone")

            for step in ("status", "acquire", "finish"):
                with pytest.raises(StoreError):
                    await Tickets(Between(log, step, fail)).redeem(ticket)
            for step in ("acquire", "append"):
                with pytest.raises(StoreError):
                    await Tickets(Between(log, step, fail)).issue(STREAM, "ada")

    asyncio.run(main())


def test_incomplete_ticket_is_rejected_and_left_alone(opened):
    async def main():
        async with opened() as log:
            ticket = "t-" + "a" * 32
            lease = await log.acquire(ticket, owner=f"ticket {STREAM} ada")
            assert await Tickets(log).redeem(ticket) is None
            await log.renew(lease)

    asyncio.run(main())


@pytest.mark.parametrize("stream", [STREAM, "k-" + "0" * 64, "t-" + "a" * 32])
def test_stream_cannot_be_redeemed_and_is_left_alone(opened, stream):
    async def main():
        async with opened() as log:
            lease = await log.acquire(stream, owner="user ada")
            await log.append(lease, 1, [b"1"])
            assert await Tickets(log).redeem(stream) is None
            await log.append(lease, 2, [b"2"])
            await log.finish(lease)
            assert (await log.status(stream)).last == 2

    asyncio.run(main())


def test_ticket_cannot_be_used_as_a_stream(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log).issue(STREAM, "ada")
            assert (await log.status(ticket)).owner == f"ticket {STREAM} ada"
            assert await log.acquire(ticket, owner="user ada", take_over="open") is None
            assert await Tickets(log).redeem(ticket) == (STREAM, "ada")

    asyncio.run(main())


def test_malformed_ticket_is_rejected_without_asking_the_log(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log).issue(STREAM, "ada")

            async def fail():
                raise LeaseLostError

            tickets = Tickets(Between(log, "status", fail))
            for hostile in (
                "", "t-", "t", ticket[2:], ticket[:-1], ticket + "a", ticket + "\n", ticket + "\0",
                " " + ticket,
                ticket[:-1] + "\0", ticket[:-1] + "\u0664", ticket[:-1] + "\uff41", ticket[:-1] + "\ud800",
                ticket[:-1] + ".", ticket[:-1] + "*", ticket[:-1] + "/", ticket[:-1] + "'", "T" + ticket[1:],
                ticket + "," + ticket, "s-" + ticket[2:], STREAM, "*", "$", "../" + ticket, "t-{" + "a" * 31,
                "t-" + "a" * 1_000_000, "t-" + "%41" * 11,
            ):  # fmt: skip
                assert await tickets.redeem(hostile) is None
            assert await Tickets(log).redeem(ticket) == (STREAM, "ada")

    asyncio.run(main())


def test_unknown_ticket_is_rejected(opened):
    async def main():
        async with opened() as log:
            assert await Tickets(log).redeem("t-" + "a" * 32) is None
            assert await log.status("t-" + "a" * 32) is None

    asyncio.run(main())


def test_tickets_are_unique(opened):
    async def main():
        async with opened() as log:
            issued = [await Tickets(log).issue(STREAM, "ada") for _ in range(50)]
            assert len(set(issued)) == 50

    asyncio.run(main())


@pytest.mark.parametrize("seconds", [0, -1, 30.001, 3600, float("nan"), float("inf")])
def test_lifetime_of_a_ticket_is_at_most_30_seconds(seconds):
    with pytest.raises(ConfigurationError, match="seconds must be a number > 0 and <= 30"):
        Tickets(MemoryEventLog(), seconds)


@pytest.mark.parametrize("stream", ["", "a b", "a" * 129, "é", "a\n"])
def test_ticket_for_an_invalid_stream_id_is_refused(stream):
    with pytest.raises(UsageError, match="A stream id must consist of 1 to 128 of"):
        asyncio.run(Tickets(MemoryEventLog()).issue(stream, "ada"))


@pytest.mark.parametrize("subject", ["a" * 257, "a\nb", "\ud800"])
def test_ticket_for_an_invalid_subject_is_refused(subject):
    with pytest.raises(UsageError, match="The subject of a Principal"):
        asyncio.run(Tickets(MemoryEventLog()).issue(STREAM, subject))
