"""A thread with an SQLite connection of its own, that runs jobs in order and commits them in groups.

Jobs that wait are run in one transaction, and one that is alone is committed at once. When jobs come so fast
that some shared a transaction, the next one begins a little later and more of them share it: a commit, and to
wake the event loop for one answer, cost more than a job does. A job checks before it writes, so one that
raises a ``LogError`` has written nothing and does not hurt its group. Any other failure undoes the group, and
the connection is opened anew. If it was that of a job, each of the group is then run for itself, so that a
stream whose part of the file is broken does not take others with it.
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
"""Seconds that a caller waits for its job."""

_BUSY_SECONDS: Final = 0.8
"""How long another process may hold the file; less than a caller's patience, so that it learns the cause."""

_BUSY_PAUSE: Final = 0.005

T = TypeVar("T")
Job: TypeAlias = Callable[[sqlite3.Connection], T]
_Asked: TypeAlias = tuple[Job[Any], "asyncio.Future[Any]"]
JobResult: TypeAlias = tuple["asyncio.Future[Any]", Any, BaseException | None]


class SQLiteThread:
    """Runs jobs on a connection in a thread, which starts with the first.

    Args:
        connect: opens the connection.
        begin: the statements that begin a transaction.
        group: seconds between two transactions that are shared, and for which jobs are added to one. 0 for
            jobs that read: what is committed after a transaction has begun cannot be seen in it.
    """

    def __init__(
        self, connect: Callable[[float], sqlite3.Connection], begin: Sequence[str], *, group: float = 0.0
    ) -> None:
        self._connect = connect
        self._begin = begin
        self._group = group
        self._connection: sqlite3.Connection | None = None
        self._jobs: SimpleQueue[_Asked | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._closed = False
        self._patience = SharedTimeout(CALL_TIMEOUT)

    async def run(self, job: Job[T]) -> T:
        """Return what a job returns, once that is committed.

        Raises:
            LogError: what the job raised.
            StoreError: the store failed or took too long; a job that had begun may still be committed.
        """
        if self._closed:
            raise StoreError("The log was closed.")
        if self._thread is None:
            self._thread = Thread(target=self._work, name="componentstream log", daemon=True)
            self._thread.start()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((job, future))
        try:
            with self._patience.wait():
                return await future
        except TimeoutError:
            raise StoreError(f"The file of the log did not answer within {CALL_TIMEOUT:g} s.") from None

    async def aclose(self) -> None:
        """Commit what was asked for and end the thread."""
        self._closed = True
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def _work(self) -> None:
        rested = 0.0
        try:
            while (first := self._jobs.get()) is not None:
                sleep(max(0.0, rested - monotonic()))
                began = monotonic()
                answers = self._run_group(first, self._group)
                self._answer(answers)
                rested = began + self._group if len(answers) > 1 else 0.0
        finally:
            self._disconnect()

    def _run_group(self, first: _Asked, seconds: float) -> list[JobResult]:
        group: list[_Asked] = []
        answers: list[JobResult] = []
        asked: _Asked | None = first
        try:
            end = monotonic() + seconds
            connection = self._connected()
            for statement in self._begin:
                connection.execute(statement)
            while asked is not None:
                group.append(asked)
                answers.append(self._run(asked, connection))
                asked = self._next() if monotonic() < end else None
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - given to everyone who is concerned
            self._disconnect()
            if len(group) > max(1, len(answers)):
                return [answer for one in group for answer in self._run_group(one, 0.0)]
            return [(future, None, _failure(error)) for _, future in group or [first]]
        return answers

    def _run(self, asked: _Asked, connection: sqlite3.Connection) -> JobResult:
        job, future = asked
        if future.done():  # its caller has given up
            return future, None, None
        try:
            return future, job(connection), None
        except LogError as error:
            return future, None, error

    def _next(self) -> _Asked | None:
        try:
            asked = self._jobs.get_nowait()
        except Empty:
            return None
        if asked is None:
            self._jobs.put(None)  # for the outer loop, behind all that was asked before the end
        return asked

    def _answer(self, answers: list[JobResult]) -> None:
        # Every future of a log belongs to its one loop, which may have been closed under a caller.
        with suppress(RuntimeError):
            answers[0][0].get_loop().call_soon_threadsafe(_settle, answers)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _patiently(self._connect)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def primary_code(error: sqlite3.Error) -> int:
    """Return the plain error code in an extended one."""
    return error.sqlite_errorcode & 0xFF


def _patiently(connect: Callable[[float], sqlite3.Connection]) -> sqlite3.Connection:
    """Connect, and again while the file is busy: SQLite does not wait when it has to become a WAL file."""
    end = monotonic() + _BUSY_SECONDS
    while True:
        try:
            return connect(_BUSY_SECONDS)
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or monotonic() >= end:
                raise
            sleep(_BUSY_PAUSE)


def _failure(error: Exception) -> StoreError:
    failure = StoreError(f"The file of the log failed: {error}")
    failure.__cause__ = error
    return failure


def _settle(answers: list[JobResult]) -> None:
    for future, result, error in answers:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
