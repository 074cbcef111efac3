"""Logs that break the contract, each in one way, and a way to see which tests notice."""

import asyncio
from contextlib import aclosing

import attrs

from componentstream.log import Lease, MemoryEventLog, ProducerLostError
from componentstream.log.base import PAGE, Notifier


def failures(contract, log, names):
    """Return those of the named tests of a contract that a log fails."""

    class Broken(contract):
        time_limit = 1.5
        notice_seconds = 0.5

        def open_log(self, **options):
            return aclosing(log(**options))

    failed = set()
    for name in names:
        try:
            getattr(Broken(), name)()
        except Exception:  # noqa: BLE001 - however it fails
            failed.add(name)
    return failed


class LosesAnEntry(MemoryEventLog):
    async def append(self, lease, first_seq, payloads):
        await super().append(lease, first_seq, payloads[:-1] or payloads)


class DoublesARepetition(MemoryEventLog):
    async def append(self, lease, first_seq, payloads):
        last = self._streams[lease.stream].last if lease.stream in self._streams else 0
        await super().append(
            lease, max(first_seq, last + 1) if type(first_seq) is int else first_seq, payloads
        )


class AcceptsGaps(MemoryEventLog):
    async def append(self, lease, first_seq, payloads):
        last = self._streams[lease.stream].last if lease.stream in self._streams else 0
        await super().append(
            lease, min(first_seq, last + 1) if type(first_seq) is int else first_seq, payloads
        )


class WritesBeforeItCompares(MemoryEventLog):
    async def append(self, lease, first_seq, payloads):
        try:
            await super().append(lease, first_seq, payloads)
        except Exception:
            last = self._streams[lease.stream].last if lease.stream in self._streams else 0
            await super().append(lease, last + 1, payloads)
            raise


class IgnoresTheLease(MemoryEventLog):
    def _check_lease(self, lease, now):
        stream = self._find(lease.stream, now)
        return super()._check_lease(lease, now) if stream is None else stream


class IgnoresTheFence(MemoryEventLog):
    """Checks that the lease has not expired, but not whose it is."""

    def _check_lease(self, lease, now):
        stream = self._find(lease.stream, now)
        token = lease.token if stream is None else stream.token
        return super()._check_lease(attrs.evolve(lease, token=token), now)


class HandsOutTwice(MemoryEventLog):
    async def acquire(self, stream, *, owner, ttl=10.0, take_over="never"):
        lease = await super().acquire(stream, owner=owner, ttl=ttl, take_over=take_over)
        return lease or Lease(stream=stream, token=self._streams[stream].token, ttl=ttl, last=0)


class IgnoresTheOwner(MemoryEventLog):
    async def acquire(self, stream, *, owner, ttl=10.0, take_over="never"):
        stored = self._streams.get(stream) if isinstance(stream, str) else None
        owner = stored.owner if stored else owner
        return await super().acquire(stream, owner=owner, ttl=ttl, take_over=take_over)


class AcceptsEveryId(MemoryEventLog):
    async def acquire(self, stream, *, owner, ttl=10.0, take_over="never"):  # noqa: ARG002 - it is ignored
        return await super().acquire("s", owner=owner, ttl=ttl, take_over=take_over)


class Silent(Notifier):
    def notify(self, stream):
        pass


class NeverNotifies(MemoryEventLog):
    def __init__(self, **options):
        super().__init__(**options)
        self._notifier = Silent()


class DoesNotNotifyOfEntries(MemoryEventLog):
    async def append(self, lease, first_seq, payloads):
        notifier, self._notifier = self._notifier, Silent()
        try:
            await super().append(lease, first_seq, payloads)
        finally:
            self._notifier = notifier


class DoesNotNotifyOfTheEnd(MemoryEventLog):
    async def finish(self, lease):
        notifier, self._notifier = self._notifier, Silent()
        try:
            await super().finish(lease)
        finally:
            self._notifier = notifier


class DoesNotNotifyOfItsClosing(MemoryEventLog):
    async def aclose(self):
        self._notifier = Silent()
        await super().aclose()


class CutsOwners(MemoryEventLog):
    async def acquire(self, stream, *, owner, **options):
        return await super().acquire(stream, owner=owner[:64] if type(owner) is str else owner, **options)


class StripsOwners(MemoryEventLog):
    async def acquire(self, stream, *, owner, **options):
        return await super().acquire(stream, owner=owner.strip() if type(owner) is str else owner, **options)


class ComparesOwnersStripped(MemoryEventLog):
    async def acquire(self, stream, *, owner, **options):
        stored = self._streams.get(stream)
        if stored is not None and stored.owner.strip() == owner.strip():
            owner = stored.owner
        return await super().acquire(stream, owner=owner, **options)


class ConfusesLaterPages(MemoryEventLog):
    async def _load_page(self, stream, after):
        page = await super()._load_page(stream, after)
        if page is not None and after >= PAGE:
            page = attrs.evolve(page, entries=[attrs.evolve(entry, payload=b"1") for entry in page.entries])
        return page


class ForgetsLostEntries(MemoryEventLog):
    async def read(self, stream, after=0):
        status = await self.status(stream)
        if status is not None and status.state == "lost":
            raise ProducerLostError
        async for page in super().read(stream, after):
            yield page


class ForgetsLostEntriesAfterAPage(MemoryEventLog):
    async def read(self, stream, after=0):
        async for page in super().read(stream, after):
            yield page
            if (await self.status(stream)).state == "lost":
                raise ProducerLostError


class NeverExpires(MemoryEventLog):
    def _find(self, stream, now):  # noqa: ARG002 - it does not look at the clock
        return self._streams.get(stream)


class NeverRenews(MemoryEventLog):
    async def renew(self, lease):
        pass


class MixesIncarnations(MemoryEventLog):
    async def _load_page(self, stream, after):
        page = await super()._load_page(stream, after)
        return page and attrs.evolve(page, incarnation=1)


class SkipsGaps(MemoryEventLog):
    def read(self, stream, after=0):
        stored = self._streams.get(stream)
        return super().read(stream, max(after, stored.first - 1) if stored else after)


class RepeatsTheLastEntry(MemoryEventLog):
    def read(self, stream, after=0):
        return super().read(stream, after - 1 if type(after) is int and after > 0 else after)


class LeavesTasks(MemoryEventLog):
    async def read(self, stream, after=0):
        self.task = asyncio.create_task(asyncio.sleep(3.0))
        async for page in super().read(stream, after):
            yield page
