"""A log in an SQLite file, for the processes of one machine; nothing to install and nothing to run."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Final, TypeVar

from componentstream.core.errors import UsageError
from componentstream.log._checks import check_acquire, check_append, check_bounds, is_stream_id
from componentstream.log._notify import StoreNotifier
from componentstream.log._sqlite_thread import Job, SQLiteThread
from componentstream.log._tables import (
    READING,
    WRITING,
    Acquire,
    Append,
    BrokenEntriesError,
    Changes,
    Delete,
    Finish,
    GiveUp,
    Look,
    Renew,
    connect,
)
from componentstream.log.base import PAGE, LogPage, follow
from componentstream.log.protocol import LEASE_SECONDS, Entry, Lease, StoreError, StreamStatus, TakeOver

T = TypeVar("T")

_SHORTEST_POLL: Final = 0.005
_LONGEST_POLL: Final = 0.05
"""Seconds between two questions for what other processes wrote, while anyone here reads."""

_GROUP: Final = 0.01
"""Seconds between two commits while many write: nobody sees so short a wait, and at 5,000 appends a second
fifty of them share what a commit costs."""


class SQLiteEventLog:
    """Resumable streams in an SQLite file, shared by any number of processes on one machine.

    What was appended survives the death of the process. Appends that come together are committed together;
    readers in this process are woken by each commit, readers in others ask every 5 to 50 ms. A deletion by
    another process is noticed within 4 seconds. Put the file on a local disk: a network file system
    does not lock as SQLite needs it.

    Where the file is damaged, the calls that come upon that raise ``StoreError``; streams that lie elsewhere
    in it go on. SQLite keeps no checksums: a bit that flips inside a payload goes unnoticed.

    Args:
        path: the file; it is made when it is first used.
        durable: wait for the disk at each commit, so that a power cut loses nothing that was acknowledged
            either; otherwise the last commits before it may go, and the file stays sound.
        max_entries: most entries of one stream; its oldest are dropped then, and a reader that needs them
            gets ``GapError``. Ten times what a long answer has, sent by the character.
        keep: seconds that a stream is kept after it has ended.

    Raises:
        UsageError: a bound is not above 0, or there is no path.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durable: bool = False,
        max_entries: int = 1_000_000,
        keep: float = 3600.0,
    ) -> None:
        check_bounds(keep, max_entries)
        name = os.fspath(path)
        if not name or name == ":memory:":
            raise UsageError("An SQLiteEventLog needs a file; use MemoryEventLog to keep nothing.")
        self._max_entries = max_entries
        self._keep = keep
        opened = partial(connect, name, durable=durable)
        self._writer = SQLiteThread(opened, WRITING, group=_GROUP)
        self._reader = SQLiteThread(opened, READING)
        self._poll = _SHORTEST_POLL
        self._bells = StoreNotifier(self._changes)

    async def acquire(
        self, stream: str, *, owner: str, ttl: float = LEASE_SECONDS, take_over: TakeOver = "never"
    ) -> Lease | None:
        """Start a stream; see :meth:`EventLog.acquire`."""
        check_acquire(stream, owner, ttl, take_over)
        token = secrets.token_hex(16)
        return await self._run(Acquire(stream, owner, token, ttl, take_over, self._keep))

    async def append(self, lease: Lease, first_seq: int, payloads: Sequence[bytes]) -> None:
        """Add entries to the end of a stream; see :meth:`EventLog.append`."""
        check_append(first_seq, payloads)
        await self._writer.run(Append(lease, first_seq, payloads, self._max_entries))
        self._bells.ring(lease.stream)

    async def renew(self, lease: Lease) -> None:
        """Make the lease last on; see :meth:`EventLog.renew`."""
        await self._writer.run(Renew(lease))

    async def finish(self, lease: Lease) -> None:
        """End a stream for good; see :meth:`EventLog.finish`."""
        await self._writer.run(Finish(lease))
        self._bells.ring(lease.stream)

    def read(self, stream: str, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        """Yield the entries after a number; see :meth:`EventLog.read`."""
        return follow(self._bells, self._look, stream, after)

    async def status(self, stream: str) -> StreamStatus | None:
        """Return what is known of a stream; see :meth:`EventLog.status`."""
        if not is_stream_id(stream):
            return None
        view = await self._reader.run(Look(stream, 0, 0, self._keep))
        return None if view is None else view.status

    async def delete(self, stream: str) -> None:
        """Forget a stream; see :meth:`EventLog.delete`."""
        if is_stream_id(stream):
            await self._run(Delete(stream))
            self._bells.ring(stream)

    async def aclose(self) -> None:
        """End the threads and close the file; readers that are left get ``StoreError``."""
        await self._writer.aclose()
        await self._reader.aclose()
        await self._bells.aclose()

    async def _run(self, job: Job[T]) -> T:
        """Run a job that may forget streams, and give up those that are broken and in its way."""
        while True:
            try:
                return await self._writer.run(job)
            except StoreError as failure:
                if not isinstance(failure.__cause__, BrokenEntriesError):
                    raise
                await self._writer.run(GiveUp(failure.__cause__.id))

    async def _look(self, stream: str, after: int) -> LogPage | None:
        return await self._reader.run(Look(stream, after, PAGE, self._keep))

    async def _changes(self, version: int | None) -> tuple[int | None, list[str]]:
        if version is None:
            return await self._reader.run(Changes(sys.maxsize))
        await asyncio.sleep(self._poll)
        last, streams = await self._reader.run(Changes(version))
        self._poll = _SHORTEST_POLL if streams else min(2 * self._poll, _LONGEST_POLL)
        return last, streams
