"""A thread with its own SQLite connection, which runs jobs in order and commits them in groups.

**Group commit.** All jobs that wait are run in one transaction; a single job is committed at once. When jobs
come so fast that some shared a transaction, the next transaction starts a little later, so that more jobs
share it: a commit, and waking the event loop for one result, cost more than a job. The invariants:

* A job gets its result after the commit of its transaction, never before: an acknowledged write is durable.
* A job checks before it writes. So a job that raises a ``LogError`` has written nothing, and the others of
  its group are committed.
* Any other failure rolls back the group, and the connection is reopened. If a job caused it, each job of the
  group is run again in its own transaction, so that one stream in a damaged part of the file does not fail
  others.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep
from typing import Any, Final, TypeAlias, TypeVar

from componentstream._aio.deadlines import SharedTimeout
from componentstream.log.protocol import LogError, StoreError

CALL_TIMEOUT: Final = 1.0
"""Default timeout in seconds of a call, its wait in the queue included."""

_BUSY_SHARE: Final = 0.8
"""Part of the timeout of a call for which another process may lock the file; less than 1, so that the caller
gets the error of SQLite, with its cause."""

_BUSY_PAUSE: Final = 0.005
"""Seconds between two attempts to open a file that is locked."""

T = TypeVar("T")
Job: TypeAlias = Callable[[sqlite3.Connection], T]
_Request: TypeAlias = tuple[Job[Any], "asyncio.Future[Any]"]
JobResult: TypeAlias = tuple["asyncio.Future[Any]", Any, BaseException | None]


class SQLiteThread:
    """Runs jobs on a connection in a thread, which starts with the first job.

    Args:
        connect: opens the connection; its argument is the SQLite busy timeout in seconds.
        begin: the statements that begin a transaction.
        group: seconds between two shared transactions, and during which jobs join one. 0 for jobs that read:
            a transaction does not see commits after its begin, so a job that joins late would read old data.
        call_timeout: timeout of a call in seconds.
    """

    def __init__(
        self,
        connect: Callable[[float], sqlite3.Connection],
        begin: Sequence[str],
        *,
        group: float = 0.0,
        call_timeout: float = CALL_TIMEOUT,
    ) -> None:
        self._connect = connect
        self._begin = begin
        self._group = group
        self._call_timeout = call_timeout
        self._connection: sqlite3.Connection | None = None
        self._jobs: SimpleQueue[_Request | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._closed = False
        self._timeout = SharedTimeout(call_timeout)

    async def run(self, job: Job[T]) -> T:
        """Run a job and return its result after the commit.

        Raises:
            LogError: raised by the job.
            StoreError: the store failed or timed out; a job that had started may still be committed.
        """
        if self._closed:
            raise StoreError("The log was closed.")
        if self._thread is None:
            self._thread = Thread(target=self._work, name="componentstream log", daemon=True)
            self._thread.start()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((job, future))
        try:
            with self._timeout.wait():
                return await future
        except TimeoutError:
            raise StoreError(f"The file of the log did not answer within {self._call_timeout:g} s.") from None

    async def aclose(self) -> None:
        """Run the jobs that are queued, and end the thread."""
        self._closed = True
        if self._thread is not None:
            self._jobs.put(None)  # behind every queued job
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def _work(self) -> None:
        # Runs in the thread, which alone uses the connection. It touches the event loop only in `_deliver`.
        not_before = 0.0
        try:
            while (first := self._jobs.get()) is not None:
                sleep(max(0.0, not_before - monotonic()))
                began = monotonic()
                results = self._run_group(first, self._group)
                self._deliver(results)
                # Only a shared transaction delays the next: a single producer never waits for company.
                not_before = began + self._group if len(results) > 1 else 0.0
        finally:
            self._disconnect()

    def _run_group(self, first: _Request, seconds: float) -> list[JobResult]:
        group: list[_Request] = []
        results: list[JobResult] = []
        request: _Request | None = first
        try:
            end = monotonic() + seconds
            connection = self._connected()
            for statement in self._begin:
                connection.execute(statement)
            while request is not None:
                group.append(request)
                results.append(self._run(request, connection))
                request = self._next() if monotonic() < end else None
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - delivered to every caller
            self._disconnect()  # closing rolls back
            # A job that raised has joined the group but has no result; without one, COMMIT or BEGIN failed.
            if len(group) > max(1, len(results)):
                return [result for one in group for result in self._run_group(one, 0.0)]
            return [(future, None, _failure(error)) for _, future in group or [first]]
        return results

    def _run(self, request: _Request, connection: sqlite3.Connection) -> JobResult:
        job, future = request
        if future.done():  # the caller was cancelled or timed out
            return future, None, None
        try:
            return future, job(connection), None
        except LogError as error:
            return future, None, error

    def _next(self) -> _Request | None:
        try:
            request = self._jobs.get_nowait()
        except Empty:
            return None
        if request is None:
            self._jobs.put(None)  # for `_work`; the queue is empty, as no job is accepted after closing
        return request

    def _deliver(self, results: list[JobResult]) -> None:
        # Every future of a log belongs to its one loop. RuntimeError: the loop was closed under a caller.
        with suppress(RuntimeError):
            results[0][0].get_loop().call_soon_threadsafe(_settle, results)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _open(self._connect, _BUSY_SHARE * self._call_timeout)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def primary_code(error: sqlite3.Error) -> int:
    """Return the primary code of an SQLite error, without its extension."""
    return error.sqlite_errorcode & 0xFF


def _open(connect: Callable[[float], sqlite3.Connection], seconds: float) -> sqlite3.Connection:
    """Connect, and retry while the file is locked: switching it to WAL ignores the busy timeout."""
    end = monotonic() + seconds
    while True:
        try:
            return connect(seconds)
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or monotonic() >= end:
                raise
            sleep(_BUSY_PAUSE)


def _failure(error: Exception) -> StoreError:
    failure = StoreError(f"The file of the log failed: {error}")
    failure.__cause__ = error
    return failure


def _settle(results: list[JobResult]) -> None:
    for future, result, error in results:
        if future.done():  # the caller left while the job ran
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
