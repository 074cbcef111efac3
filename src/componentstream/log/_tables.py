"""The tables of the SQLite log, and the jobs on them; each job runs inside a transaction.

``version`` is the number of the transaction that last changed a stream for its clients, so that one query
finds the streams that changed since another transaction. Times are wall-clock times, which all processes of a
machine share. ``until`` is the expiry of the lease and, once the stream has ended, the time of its end.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from time import time
from typing import Final

import attrs

from componentstream.log._sqlite_thread import primary_code
from componentstream.log.base import TAKEOVER_STATES, LogPage, sequence_conflict, sequence_gap
from componentstream.log.protocol import (
    Entry,
    Lease,
    LeaseLostError,
    StoreError,
    StreamState,
    StreamStatus,
    TakeOver,
)

# AUTOINCREMENT: an id is never used again, so it tells incarnations of a stream apart, and entries that could
# not be deleted belong to no later stream. WITHOUT ROWID: the entries of a stream are neighbours in the file,
# so that a page of them is read in one go, and damage concerns few streams.
_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS log_stream (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        token TEXT NOT NULL,
        until REAL NOT NULL,
        finished INTEGER NOT NULL DEFAULT 0,
        last INTEGER NOT NULL DEFAULT 0,
        version INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS log_stream_until ON log_stream (until)",
    "CREATE INDEX IF NOT EXISTS log_stream_version ON log_stream (version)",
    """CREATE TABLE IF NOT EXISTS log_entry (
        stream INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        payload BLOB NOT NULL,
        PRIMARY KEY (stream, seq)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS log_version (last INTEGER NOT NULL)",
    """INSERT INTO log_version SELECT 0
        WHERE NOT EXISTS (SELECT 1 FROM log_version)""",
)

_DAMAGED: Final = "The file of the log is damaged: an entry or its number has the wrong type."

_CHECKPOINT: Final = 8000
"""Pages in the write-ahead log, 32 MB, before they are moved to the database. With thousands of streams the
same pages are written repeatedly; an append took 50 to 140 µs with SQLite's default of 1,000, and 35 to 65
with this."""

_PURGED_AT_ONCE: Final = 10
"""Maximum number of expired streams deleted per new stream: > 1, so that purging outpaces creation, and
small, so that no caller waits long."""

WRITING: Final = ("BEGIN IMMEDIATE", "UPDATE log_version SET last = last + 1")
READING: Final = ("BEGIN",)
"""The statements that begin a transaction of jobs that write, and of jobs that only read."""


class DamagedEntriesError(Exception):
    """The entries of a stream cannot be deleted, because the file is damaged where they are stored.

    Every later statement of the transaction fails as well.

    Attributes:
        id: the row id of the stream.
    """

    def __init__(self, id_: int, error: sqlite3.Error) -> None:
        super().__init__(id_, str(error))  # its own arguments, so that it can be pickled
        self.id = id_


def connect(path: str, busy: float, *, durable: bool) -> sqlite3.Connection:
    """Open the file and create the tables; ``busy`` is the busy timeout in seconds."""
    # SQLite would create the file readable for every user of the machine. Its other files inherit this mode.
    with suppress(OSError):  # opening fails again below, with the message of SQLite
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=busy, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'log_version'").fetchone():
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


@attrs.frozen
class Acquire:
    """Start a stream or take it over, and return its lease, or None."""

    stream: str
    owner: str
    token: str
    ttl: float
    take_over: TakeOver
    keep: float

    def __call__(self, connection: sqlite3.Connection) -> Lease | None:
        """Run inside the transaction of the connection."""
        now = time()
        # An expired stream must be gone before its id is looked up, or it would block its successor.
        _purge(connection, self.stream, now - self.keep)
        row = connection.execute(
            "SELECT id, owner, until, finished, last FROM log_stream WHERE name = ?",
            [self.stream],
        ).fetchone()
        if row is None:
            connection.execute(
                "INSERT INTO log_stream (name, owner, token, until, version)"
                " VALUES (?, ?, ?, ?, (SELECT last FROM log_version))",
                [self.stream, self.owner, self.token, now + self.ttl],
            )
            return self._lease(0)
        # BEGIN IMMEDIATE locked the file, so no other process writes between the query and the update.
        id_, owner, until, finished, last = row
        if owner != self.owner or _state(until, finished, now) not in TAKEOVER_STATES[self.take_over]:
            return None
        connection.execute(
            "UPDATE log_stream SET token = ?, until = ? WHERE id = ?",
            [self.token, now + self.ttl, id_],
        )
        return self._lease(_number(last))

    def _lease(self, last: int) -> Lease:
        return Lease(stream=self.stream, token=self.token, ttl=self.ttl, last=last)


@attrs.frozen
class Append:
    """Append entries to a stream."""

    lease: Lease
    first_seq: int
    payloads: Sequence[bytes]
    max_entries: int

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run inside the transaction of the connection."""
        id_, last = _check_lease(connection, self.lease)
        if self.first_seq > last + 1:
            raise sequence_gap(self.first_seq, last)
        repeated = last + 1 - self.first_seq
        if repeated:  # compare before the first write, see `_sqlite_thread`
            self._compare(connection, id_, last)
        fresh = self.payloads[repeated:]
        connection.executemany(
            "INSERT INTO log_entry VALUES (?, ?, ?)",
            [(id_, seq, payload) for seq, payload in enumerate(fresh, last + 1)],
        )
        last += len(fresh)
        # The version of this transaction tells the clients in other processes that the stream changed.
        connection.execute(
            "UPDATE log_stream SET last = ?, until = ?, version = (SELECT last FROM log_version)"
            " WHERE id = ?",
            [last, time() + self.lease.ttl, id_],
        )
        if last > self.max_entries:
            connection.execute(
                "DELETE FROM log_entry WHERE stream = ? AND seq <= ?",
                [id_, last - self.max_entries],
            )

    def _compare(self, connection: sqlite3.Connection, id_: int, last: int) -> None:
        for seq, payload in connection.execute(
            "SELECT seq, payload FROM log_entry WHERE stream = ? AND seq BETWEEN ? AND ?",
            [id_, self.first_seq, self.first_seq + len(self.payloads) - 1],
        ):
            if payload != self.payloads[seq - self.first_seq]:
                raise sequence_conflict(seq, last)


@attrs.frozen
class Renew:
    """Extend a lease."""

    lease: Lease

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run inside the transaction of the connection."""
        id_, _ = _check_lease(connection, self.lease)
        connection.execute("UPDATE log_stream SET until = ? WHERE id = ?", [time() + self.lease.ttl, id_])


@attrs.frozen
class Finish:
    """End a stream for good."""

    lease: Lease

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run inside the transaction of the connection."""
        # A repetition must succeed, though the first call ended the lease. The token shows that it was this
        # producer.
        done = connection.execute(
            "SELECT finished FROM log_stream WHERE name = ? AND token = ?",
            [self.lease.stream, self.lease.token],
        ).fetchone()
        if done == (1,):
            return
        id_, _ = _check_lease(connection, self.lease)
        connection.execute(
            "UPDATE log_stream SET finished = 1, until = ?, version = (SELECT last FROM log_version)"
            " WHERE id = ?",
            [time(), id_],
        )


@attrs.frozen
class Delete:
    """Delete a stream."""

    stream: str

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run inside the transaction of the connection."""
        # A deleted row has no version, so other processes do not see this change; their clients load the
        # stream again after RECHECK seconds.
        row = connection.execute("SELECT id FROM log_stream WHERE name = ?", [self.stream]).fetchone()
        if row is not None:
            _delete(connection, row[0])


@attrs.frozen
class Abandon:
    """Delete a stream but not its entries, which are in a damaged part of the file.

    Row ids are never reused (``AUTOINCREMENT``), so these entries belong to no later stream.
    """

    id: int

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run inside the transaction of the connection."""
        connection.execute("DELETE FROM log_stream WHERE id = ?", [self.id])


@attrs.frozen
class Load:
    """Load the status of a stream, and at most ``count`` of the entries after a number."""

    stream: str
    after: int
    count: int
    keep: float

    def __call__(self, connection: sqlite3.Connection) -> LogPage | None:
        """Run inside the transaction of the connection."""
        now = time()
        row = connection.execute(
            "SELECT id, owner, until, finished, last,"
            " (SELECT min(seq) FROM log_entry WHERE stream = id)"
            " FROM log_stream WHERE name = ? AND until > ?",
            [self.stream, now - self.keep],
        ).fetchone()
        if row is None:
            return None
        id_, owner, until, finished, last, first = row
        last = _number(last)
        entries = connection.execute(
            "SELECT seq, payload FROM log_entry WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?",
            [id_, self.after, self.count],
        )
        state = _state(until, finished, now)
        status = StreamStatus(
            stream=self.stream,
            owner=owner,
            state=state,
            first=last + 1 if first is None else first,
            last=last,
            lease_left=until - now if state == "open" else 0.0,
        )
        return LogPage(id_, status, [_entry(seq, payload) for seq, payload in entries])


@attrs.frozen
class Changes:
    """Return the last version, and the names of the streams that changed since another."""

    since: int

    def __call__(self, connection: sqlite3.Connection) -> tuple[int, list[str]]:
        """Run inside the transaction of the connection."""
        # Both queries see the same snapshot, so a version is never skipped.
        names = connection.execute("SELECT name FROM log_stream WHERE version > ?", [self.since]).fetchall()
        (last,) = connection.execute("SELECT last FROM log_version").fetchone()
        return last, [name for (name,) in names]


def _state(until: float, finished: int, now: float) -> StreamState:
    if finished:
        return "finished"
    return "open" if now < until else "lost"


def _number(value: object) -> int:
    # SQLite does not enforce column types, so a damaged page can hold any value here.
    if type(value) is not int:
        raise StoreError(_DAMAGED)
    return value


def _entry(seq: int, payload: object) -> Entry:
    if type(payload) is not bytes:
        raise StoreError(_DAMAGED)
    return Entry(seq=seq, payload=payload)


def _check_lease(connection: sqlite3.Connection, lease: Lease) -> tuple[int, int]:
    """Return the row id of the stream of a lease and the number of its last entry; raise if it was lost."""
    row = connection.execute(
        "SELECT id, last FROM log_stream WHERE name = ? AND token = ? AND NOT finished AND until > ?",
        [lease.stream, lease.token, time()],
    ).fetchone()
    if row is None:
        raise LeaseLostError
    id_, last = row
    return id_, _number(last)


def _purge(connection: sqlite3.Connection, stream: str, before: float) -> None:
    """Delete the stream, and some others, if they ended before a time."""
    # `until` is the end of a stream that has ended. For an open one it is in the future, so it is never
    # purged.
    rows = connection.execute(
        "SELECT id FROM log_stream WHERE name = ? AND until <= ? UNION SELECT id FROM"
        " (SELECT id FROM log_stream WHERE until <= ? ORDER BY until LIMIT ?)",
        [stream, before, before, _PURGED_AT_ONCE],
    ).fetchall()
    for (id_,) in rows:
        _delete(connection, id_)


def _delete(connection: sqlite3.Connection, id_: int) -> None:
    try:
        connection.execute("DELETE FROM log_entry WHERE stream = ?", [id_])
    except sqlite3.DatabaseError as error:
        if primary_code(error) == sqlite3.SQLITE_CORRUPT:
            raise DamagedEntriesError(id_, error) from error
        raise
    connection.execute("DELETE FROM log_stream WHERE id = ?", [id_])
