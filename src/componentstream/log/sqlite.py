"""A log in an SQLite file, for the processes of one machine: nothing to install or to run."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Final, TypeVar

from componentstream.core.errors import ConfigurationError
from componentstream.log._sqlite_thread import CALL_TIMEOUT, Job, SQLiteThread
from componentstream.log._tables import (
    READING,
    WRITING,
    Abandon,
    Acquire,
    Append,
    Changes,
    DamagedEntriesError,
    Delete,
    Finish,
    Load,
    Renew,
    connect,
)
from componentstream.log.base import (
    PAGE,
    LogPage,
    StoreNotifier,
    check_acquire,
    check_append,
    check_bounds,
    check_call_timeout,
    follow,
    is_stream_id,
)
from componentstream.log.protocol import LEASE_SECONDS, Entry, Lease, StoreError, StreamStatus, TakeOver

T = TypeVar("T")

_SHORTEST_POLL: Final = 0.005
_LONGEST_POLL: Final = 0.05
"""Seconds between two queries for the writes of other processes, while a client of this process waits."""

_GROUP: Final = 0.01
"""Seconds between two commits while many producers write: too short to be noticed, and at 5,000 appends a
second fifty of them share the cost of a commit."""


class SQLiteEventLog:
    """Resumable streams in an SQLite file, shared by any number of processes on one machine.

    Entries survive the death of the process. Concurrent appends are committed together; each commit notifies
    the clients in this process, and clients in other processes poll every 5 to 50 ms. They notice a deletion
    by another process within 4 seconds. Put the file on a local disk: network file systems do not provide the
    locks that SQLite needs.

    If the file is damaged, calls that touch the damage raise ``StoreError``; other streams in it keep
    working. SQLite does not keep checksums: a flipped bit inside a payload is not noticed.

    Args:
        path: path of the file, which is created when it is first used.
        durable: wait for the disk at each commit, so that even a power cut loses nothing that was
            acknowledged; otherwise it may lose the last commits, but does not damage the file.
        max_entries: maximum number of entries per stream; the oldest are dropped, and a client that needs
            them gets ``GapError``. The default is ten times a long answer, sent character by character.
        keep: seconds that a stream is kept after it has ended.
        call_timeout: timeout of a call in seconds; after that it raises ``StoreError``.

    Raises:
        ConfigurationError: a bound is invalid, or the path is empty.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durable: bool = False,
        max_entries: int = 1_000_000,
        keep: float = 3600.0,
        call_timeout: float = CALL_TIMEOUT,
    ) -> None:
        check_bounds(keep, max_entries)
        check_call_timeout(call_timeout)
        name = os.fspath(path)
        if not name or name == ":memory:":
            raise ConfigurationError(
                "An SQLiteEventLog needs the path of a file; for a log in memory use MemoryEventLog."
            )
        self._max_entries = max_entries
        self._keep = keep
        opened = partial(connect, name, durable=durable)
        # Two threads: in WAL mode a read does not wait for a commit, so clients are served while producers
        # write.
        self._writes = SQLiteThread(opened, WRITING, group=_GROUP, call_timeout=call_timeout)
        self._reads = SQLiteThread(opened, READING, call_timeout=call_timeout)
        self._poll = _SHORTEST_POLL
        self._notifier = StoreNotifier(self._changes)

    async def acquire(
        self, stream: str, *, owner: str, ttl: float = LEASE_SECONDS, take_over: TakeOver = "never"
    ) -> Lease | None:
        """Start a stream; see :meth:`EventLog.acquire`."""
        check_acquire(stream, owner, ttl, take_over)
        token = secrets.token_hex(16)
        return await self._run(Acquire(stream, owner, token, ttl, take_over, self._keep))

    async def append(self, lease: Lease, first_seq: int, payloads: Sequence[bytes]) -> None:
        """Append entries to a stream; see :meth:`EventLog.append`."""
        check_append(first_seq, payloads)
        await self._writes.run(Append(lease, first_seq, payloads, self._max_entries))
        self._notifier.notify(lease.stream)

    async def renew(self, lease: Lease) -> None:
        """Extend the lease; see :meth:`EventLog.renew`."""
        await self._writes.run(Renew(lease))

    async def finish(self, lease: Lease) -> None:
        """End a stream for good; see :meth:`EventLog.finish`."""
        await self._writes.run(Finish(lease))
        self._notifier.notify(lease.stream)

    def read(self, stream: str, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        """Yield the entries after a number; see :meth:`EventLog.read`."""
        return follow(self._notifier, self._load_page, stream, after)

    async def status(self, stream: str) -> StreamStatus | None:
        """Return the status of a stream; see :meth:`EventLog.status`."""
        if not is_stream_id(stream):
            return None
        page = await self._reads.run(Load(stream, 0, 0, self._keep))
        return None if page is None else page.status

    async def delete(self, stream: str) -> None:
        """Delete a stream; see :meth:`EventLog.delete`."""
        if is_stream_id(stream):
            await self._run(Delete(stream))
            self._notifier.notify(stream)

    async def aclose(self) -> None:
        """End the threads and close the file; remaining clients get ``StoreError``."""
        await self._writes.aclose()
        await self._reads.aclose()
        await self._notifier.aclose()  # last: the clients that it wakes then find the log closed

    async def _run(self, job: Job[T]) -> T:
        """Run a job that deletes streams; abandon those whose entries cannot be deleted."""
        # Each round abandons one more damaged stream, so the loop ends.
        while True:
            try:
                return await self._writes.run(job)
            except StoreError as failure:
                if not isinstance(failure.__cause__, DamagedEntriesError):
                    raise
                await self._writes.run(Abandon(failure.__cause__.id))

    async def _load_page(self, stream: str, after: int) -> LogPage | None:
        return await self._reads.run(Load(stream, after, PAGE, self._keep))

    async def _changes(self, version: int | None) -> tuple[int | None, list[str]]:
        if version is None:
            return await self._reads.run(Changes(sys.maxsize))  # only the present version, and no names
        # Poll faster while other processes write: SQLite cannot notify them.
        await asyncio.sleep(self._poll)
        last, streams = await self._reads.run(Changes(version))
        self._poll = _SHORTEST_POLL if streams else min(2 * self._poll, _LONGEST_POLL)
        return last, streams
