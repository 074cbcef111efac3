"""Who may write a stream, its status, and invalid arguments."""

import asyncio
from contextlib import AsyncExitStack
from itertools import count
from time import monotonic
from typing import Any, Final

from componentstream.core.errors import UsageError
from componentstream.log import EventLog, LeaseLostError, StreamStatus, StreamUnknownError
from componentstream.testing.log_contract._scenario import (
    LogScenarios,
    acquired,
    assert_extended,
    error_of,
    numbered,
    read_all,
    read_payloads,
    refused,
    started,
    status_of,
    until_lost,
    with_log,
)

INVALID_IDS: Final[list[Any]] = [
    "", "a" * 129, "a b", "a\n", "a\0", "é", "\ud800", "*", "$", "../x", "a:b", "{a}", "%s", "a'--", "٤",
    "a" * 1_000_000, None, 7, b"a",
]  # fmt: skip


OWNERS: Final = [
    "", " ", "ada", " ada", "ada ", "Ada", "ada\0", "ada\n", "\u00e4", "a\u0308", "%", "_da", "1", "1.0",
    "a" * 64, "a" * 65, "a" * 255, "a" * 256, "a" * 1023, "a" * 1024, "a" * 1023 + "b", "\N{BALLOON}" * 1024,
]  # fmt: skip
"""Owners that a store may mistake for each other: it may cut, trim, fold or normalise text, or use it as a
pattern or number."""


class LeaseContract(LogScenarios):
    """Leases, status and arguments."""

    @with_log()
    async def test_only_one_of_many_callers_acquires_a_new_stream(self, log: EventLog) -> None:
        """Of a hundred concurrent callers one gets the lease, and its owner is stored."""
        leases = await asyncio.gather(*(log.acquire("s", owner=str(n)) for n in range(100)))
        (lease,) = [lease for lease in leases if lease is not None]
        assert (lease.stream, lease.ttl, lease.last) == ("s", 10.0, 0)
        assert (await status_of(log)).owner == str(leases.index(lease))

    @with_log()
    async def test_an_existing_stream_is_not_acquired_again(self, log: EventLog) -> None:
        """Neither an open nor a finished stream is handed out a second time."""
        lease = await started(log)
        assert await log.acquire("s", owner="ada") is None
        await log.finish(lease)
        assert await log.acquire("s", owner="ada") is None

    @with_log()
    async def test_an_expired_lease_is_refused(self, log: EventLog) -> None:
        """A producer that was too slow may not write, even if no other took over."""
        lease = await started(log, ttl=self.short_ttl, count=1)
        await until_lost(log)
        await refused(log, lease, 2)
        assert (await status_of(log)).last == 1

    @with_log()
    async def test_using_or_renewing_a_lease_extends_it(self, log: EventLog) -> None:
        """Both calls restart the TTL."""
        lease = await started(log)
        await assert_extended(log, lease, lambda: log.renew(lease))
        seqs = count(1)
        await assert_extended(log, lease, lambda: log.append(lease, next(seqs), [b"1"]))

    @with_log()
    async def test_owners_are_stored_and_compared_in_full(self, log: EventLog) -> None:
        """Owners that differ in a single character are different owners."""
        for n, owner in enumerate(OWNERS):
            lease = await started(log, f"s{n}", owner=owner)
            assert (await status_of(log, lease.stream)).owner == owner
            for other in OWNERS:
                if other != owner:
                    assert await log.acquire(lease.stream, owner=other, take_over="open") is None
            await acquired(log, lease.stream, owner=owner, take_over="open")

    @with_log()
    async def test_finish_is_idempotent_and_ends_the_lease(self, log: EventLog) -> None:
        """A producer may repeat ``finish``, and may not write after it."""
        lease = await started(log, count=2)
        await log.finish(lease)
        await log.finish(lease)
        await error_of(LeaseLostError, log.append(lease, 3, [b"x"]))
        await error_of(LeaseLostError, log.renew(lease))
        assert await read_payloads(log, "s") == numbered(1, 2)

    @with_log(max_entries=3)
    async def test_status_describes_the_stream(self, log: EventLog) -> None:
        """Every field is right for a new, a trimmed, a finished and a lost stream."""
        assert await log.status("s") is None
        before = monotonic()
        lease = await started(log, owner="Ådä 'x' \0")
        status = await status_of(log)
        assert lease.ttl - 10.0 - (monotonic() - before) < status.lease_left <= lease.ttl
        assert status == StreamStatus(
            stream="s", owner="Ådä 'x' \0", state="open", first=1, last=0, lease_left=status.lease_left
        )
        await log.append(lease, 1, numbered(1, 5))
        await log.finish(lease)
        assert await log.status("s") == StreamStatus(
            stream="s", owner="Ådä 'x' \0", state="finished", first=3, last=5, lease_left=0.0
        )
        await started(log, "lost", ttl=self.short_ttl)
        await until_lost(log, "lost")
        assert await log.status("lost") == StreamStatus(
            stream="lost", owner="ada", state="lost", first=1, last=0, lease_left=0.0
        )

    @with_log()
    async def test_invalid_stream_ids_are_rejected_or_unknown(self, log: EventLog) -> None:
        """A stream cannot be started under such an id; every other call treats it as unknown."""
        for stream in INVALID_IDS:
            await error_of(UsageError, log.acquire(stream, owner="ada"))
            assert await log.status(stream) is None
            await error_of(StreamUnknownError, read_all(log, stream))
            await log.delete(stream)
        for stream in ("a", "A-Z_0.9", "." * 128):
            await acquired(log, stream, owner="")

    @with_log()
    async def test_invalid_arguments_are_rejected(self, log: EventLog) -> None:
        """They raise ``UsageError`` and change nothing."""
        wrong: Any
        for wrong in (None, 7, "a" * 1025, "\ud800"):
            await error_of(UsageError, log.acquire("s", owner=wrong))
        for wrong in (0, -1.0, float("nan"), float("inf"), 1e300, "1", None):
            await error_of(UsageError, log.acquire("s", owner="ada", ttl=wrong))
        for wrong in (True, False, None, "", "OPEN", ["open"]):
            await error_of(UsageError, log.acquire("s", owner="ada", take_over=wrong))
        lease = await started(log)
        for wrong in (0, -1, 1.0, True, None):
            await error_of(UsageError, log.append(lease, wrong, [b"1"]))
        for wrong in ([], b"1", ["1"], [bytearray(b"1")]):
            await error_of(UsageError, log.append(lease, 1, wrong))
        assert (await status_of(log)).last == 0

    @with_log()
    async def test_invalid_bounds_are_rejected(self, log: EventLog) -> None:
        """A log does not open with them."""
        assert await log.status("s") is None  # with the default bounds it works
        for max_entries in (0, 1.5, True):
            await error_of(UsageError, self._opened(max_entries=max_entries))
        for keep in (0, -1.0, float("nan"), 1e300, None):
            await error_of(UsageError, self._opened(keep=keep))

    async def _opened(self, **options: Any) -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.open_log(**options))
