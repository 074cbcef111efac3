"""Tickets, issued and redeemed in logs of every kind."""

import asyncio
import uuid
from contextlib import asynccontextmanager

import pytest

from componentstream.core.errors import UsageError
from componentstream.log import LeaseLostError, MemoryEventLog, SQLiteEventLog, StoreError
from tests import parts
from tests.log.redis_server import RedisServer

parts.module("starlette")

from componentstream.server.access.tickets import Tickets  # noqa: E402 - it needs what is asked for above

SHORT = 0.05
STREAM = "s-00112233445566778899aabbccddeeff"


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "redis"])
def opened(request, tmp_path):
    """Return what opens a log."""
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
            log = MemoryEventLog() if request.param == "memory" else SQLiteEventLog(tmp_path / "log.db")
            yield log
            await log.aclose()

    return opened


async def until_lost(log, stream):
    async with asyncio.timeout(5):
        while (await log.status(stream)).state == "open":  # noqa: ASYNC110 - time alone changes it
            await asyncio.sleep(SHORT / 5)


class Between:
    """A log that does something else before one of its calls, as another worker may."""

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


def test_a_ticket_gives_its_stream_and_its_subject_once(opened):
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
def test_any_stream_and_any_subject_come_back_as_they_were(opened, stream, subject):
    async def main():
        async with opened() as log:
            tickets = Tickets(log)
            assert await tickets.redeem(await tickets.issue(stream, subject)) == (stream, subject)

    asyncio.run(main())


def test_another_worker_redeems_a_ticket_as_well(tmp_path):
    async def main():
        log, other = (SQLiteEventLog(tmp_path / "log.db") for _ in range(2))
        ticket = await Tickets(log).issue(STREAM, "ada")
        assert await Tickets(other).redeem(ticket) == (STREAM, "ada")
        assert await Tickets(log).redeem(ticket) is None
        await log.aclose()
        await other.aclose()

    asyncio.run(main())


def test_of_two_hundred_who_redeem_one_ticket_at_once_one_gets_the_stream(opened):
    async def main():
        async with opened() as log:
            tickets = [Tickets(log), Tickets(log)]
            ticket = await tickets[0].issue(STREAM, "ada")
            got = await asyncio.gather(*(tickets[n % 2].redeem(ticket) for n in range(200)))
            assert sorted(got, key=bool) == [None] * 199 + [(STREAM, "ada")]
            assert await tickets[0].redeem(ticket) is None

    asyncio.run(main())


def test_of_two_workers_that_redeem_at_once_one_gets_the_stream(tmp_path):
    async def main():
        log, other = (SQLiteEventLog(tmp_path / "log.db") for _ in range(2))
        for _ in range(20):
            ticket = await Tickets(log).issue(STREAM, "ada")
            workers = (Tickets(log), Tickets(other), Tickets(log), Tickets(other))
            got = await asyncio.gather(*(worker.redeem(ticket) for worker in workers))
            assert sorted(got, key=bool) == [None, None, None, (STREAM, "ada")]
        await log.aclose()
        await other.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("step", ["status", "acquire", "finish", "delete"])
def test_who_is_overtaken_at_any_step_gets_nothing_unless_it_was_the_first(opened, step):
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


def test_a_ticket_that_has_run_out_is_none(opened):
    async def main():
        async with opened() as log:
            tickets = Tickets(log, SHORT)
            ticket = await tickets.issue(STREAM, "ada")
            await until_lost(log, ticket)
            assert await tickets.redeem(ticket) is None

    asyncio.run(main())


def test_a_ticket_is_good_for_the_seconds_that_were_asked_for(opened):
    async def main():
        async with opened() as log:
            for seconds in (30, 7.5):
                status = await log.status(await Tickets(log, seconds).issue(STREAM, "ada"))
                assert seconds - 1 < status.lease_left <= seconds

    asyncio.run(main())


def test_who_dies_while_redeeming_does_not_make_a_ticket_last(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log, 1).issue(STREAM, "ada")

            async def die():
                raise StoreError("gone")

            with pytest.raises(StoreError):
                await Tickets(Between(log, "finish", die), 30).redeem(ticket)
            assert (await log.status(ticket)).lease_left <= 1

    asyncio.run(main())


def test_a_ticket_that_cannot_be_deleted_is_spent_all_the_same(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log).issue(STREAM, "ada")

            async def fail():
                raise StoreError("gone")

            assert await Tickets(Between(log, "delete", fail)).redeem(ticket) == (STREAM, "ada")
            assert (await log.status(ticket)).state == "finished"
            assert await Tickets(log).redeem(ticket) is None

    asyncio.run(main())


def test_who_finds_a_ticket_spent_between_two_steps_gets_nothing(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log).issue(STREAM, "ada")

            async def fail():
                raise StoreError("gone")

            async def overtake():
                assert await Tickets(Between(log, "delete", fail)).redeem(ticket) == (STREAM, "ada")

            assert await Tickets(Between(log, "acquire", overtake)).redeem(ticket) is None

    asyncio.run(main())


def test_a_log_that_fails_is_no_refusal(opened):
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


def test_a_ticket_that_was_never_handed_out_is_none(opened):
    async def main():
        async with opened() as log:
            ticket = "t-" + "a" * 32
            lease = await log.acquire(ticket, owner=f"ticket {STREAM} ada")
            assert await Tickets(log).redeem(ticket) is None
            await log.renew(lease)

    asyncio.run(main())


@pytest.mark.parametrize("stream", [STREAM, "k-" + "0" * 64, "t-" + "a" * 32])
def test_a_stream_is_no_ticket_and_is_not_disturbed(opened, stream):
    async def main():
        async with opened() as log:
            lease = await log.acquire(stream, owner="user ada")
            await log.append(lease, 1, [b"1"])
            assert await Tickets(log).redeem(stream) is None
            await log.append(lease, 2, [b"2"])
            await log.finish(lease)
            assert (await log.status(stream)).last == 2

    asyncio.run(main())


def test_a_ticket_is_no_stream_of_its_user(opened):
    async def main():
        async with opened() as log:
            ticket = await Tickets(log).issue(STREAM, "ada")
            assert (await log.status(ticket)).owner == f"ticket {STREAM} ada"
            assert await log.acquire(ticket, owner="user ada", take_over="open") is None
            assert await Tickets(log).redeem(ticket) == (STREAM, "ada")

    asyncio.run(main())


def test_what_is_no_ticket_is_none_and_never_reaches_the_log(opened):
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


def test_a_ticket_that_nobody_has_is_none(opened):
    async def main():
        async with opened() as log:
            assert await Tickets(log).redeem("t-" + "a" * 32) is None
            assert await log.status("t-" + "a" * 32) is None

    asyncio.run(main())


def test_no_two_tickets_are_alike(opened):
    async def main():
        async with opened() as log:
            issued = [await Tickets(log).issue(STREAM, "ada") for _ in range(50)]
            assert len(set(issued)) == 50

    asyncio.run(main())


@pytest.mark.parametrize("seconds", [0, -1, 30.001, 3600, float("nan"), float("inf")])
def test_a_ticket_is_good_for_30_seconds_at_most(seconds):
    with pytest.raises(UsageError, match="seconds must be a number above 0, at most 30"):
        Tickets(MemoryEventLog(), seconds)


@pytest.mark.parametrize("stream", ["", "a b", "a" * 129, "é", "a\n"])
def test_a_ticket_is_for_a_stream_that_can_be(stream):
    with pytest.raises(UsageError, match="A stream id must be 1 to 128 of"):
        asyncio.run(Tickets(MemoryEventLog()).issue(stream, "ada"))


@pytest.mark.parametrize("subject", ["a" * 257, "a\nb", "\ud800"])
def test_a_ticket_is_for_a_subject_that_can_be(subject):
    with pytest.raises(UsageError, match="The subject of a Principal"):
        asyncio.run(Tickets(MemoryEventLog()).issue(STREAM, subject))
