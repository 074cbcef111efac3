"""The tables of an SQLite log, and the jobs on them; each runs inside a transaction.

``version`` is the number of the transaction in which a stream last changed for its readers, so that one
question finds the streams that changed since another transaction. Times are those of the wall clock, which
all processes on a machine share.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from time import time
from typing import Final

import attrs

from componentstream.log._checks import TAKEOVER_STATES
from componentstream.log._sqlite_thread import primary_code
from componentstream.log.base import LogPage
from componentstream.log.protocol import (
    Entry,
    Lease,
    LeaseLostError,
    SequenceError,
    StoreError,
    StreamState,
    StreamStatus,
    TakeOver,
)

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

_BROKEN: Final = "The file of the log is broken: something else stands where an entry or its number should."

_CHECKPOINT: Final = 8000
"""Pages that are written before they are put in their place, 32 MB. With thousands of streams pages are
written again and again; at SQLite's own 1,000 an append took 50 to 140 µs there, with these 35 to 65."""

_PURGED_AT_ONCE: Final = 10
"""Streams that starting one forgets at most: more than come, and too few to make anyone wait."""

WRITING: Final = ("BEGIN IMMEDIATE", "UPDATE log_version SET last = last + 1")
READING: Final = ("BEGIN",)
"""How a transaction begins whose jobs write, and one whose jobs read."""


class BrokenEntriesError(Exception):
    """The entries of a stream cannot be deleted, because the file is broken where they lie.

    What else its transaction does fails from then on.

    Attributes:
        id: of the stream.
    """

    def __init__(self, id_: int, error: sqlite3.Error) -> None:
        super().__init__(str(error))
        self.id = id_


def connect(path: str, busy: float, *, durable: bool) -> sqlite3.Connection:
    """Open the file and make the tables; ``busy`` is how many seconds to wait for other processes."""
    # SQLite would let everybody on the machine read what it makes; its other files get the mode of this one.
    with suppress(OSError):  # SQLite has words for what is wrong
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
    """Start a stream, or take one over; its lease, or None."""

    stream: str
    owner: str
    token: str
    ttl: float
    take_over: TakeOver
    keep: float

    def __call__(self, connection: sqlite3.Connection) -> Lease | None:
        """Run the job."""
        now = time()
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
    """Add entries to the end of a stream."""

    lease: Lease
    first_seq: int
    payloads: Sequence[bytes]
    max_entries: int

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run the job."""
        id_, last = _held(connection, self.lease)
        if self.first_seq > last + 1:
            raise SequenceError(f"The last entry is {last}; {self.first_seq} would leave a hole.", last)
        there = last + 1 - self.first_seq
        if there:
            self._compare(connection, id_, last)
        fresh = self.payloads[there:]
        connection.executemany(
            "INSERT INTO log_entry VALUES (?, ?, ?)",
            [(id_, seq, payload) for seq, payload in enumerate(fresh, last + 1)],
        )
        last += len(fresh)
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
                raise SequenceError(f"Entry {seq} is in the log with another payload.", last)


@attrs.frozen
class Renew:
    """Make a lease last on."""

    lease: Lease

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run the job."""
        id_, _ = _held(connection, self.lease)
        connection.execute("UPDATE log_stream SET until = ? WHERE id = ?", [time() + self.lease.ttl, id_])


@attrs.frozen
class Finish:
    """End a stream for good."""

    lease: Lease

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run the job."""
        done = connection.execute(
            "SELECT finished FROM log_stream WHERE name = ? AND token = ?",
            [self.lease.stream, self.lease.token],
        ).fetchone()
        if done == (1,):
            return
        id_, _ = _held(connection, self.lease)
        connection.execute(
            "UPDATE log_stream SET finished = 1, until = ?, version = (SELECT last FROM log_version)"
            " WHERE id = ?",
            [time(), id_],
        )


@attrs.frozen
class Delete:
    """Forget a stream."""

    stream: str

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run the job."""
        row = connection.execute("SELECT id FROM log_stream WHERE name = ?", [self.stream]).fetchone()
        if row is not None:
            _forget(connection, row[0])


@attrs.frozen
class GiveUp:
    """Forget a stream, and leave its entries in the broken part of the file, where nobody finds them."""

    id: int

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Run the job."""
        connection.execute("DELETE FROM log_stream WHERE id = ?", [self.id])


@attrs.frozen
class Look:
    """See how a stream stands, and at most ``count`` of the entries after a number."""

    stream: str
    after: int
    count: int
    keep: float

    def __call__(self, connection: sqlite3.Connection) -> LogPage | None:
        """Run the job."""
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
    """See the last version, and which streams changed since another."""

    since: int

    def __call__(self, connection: sqlite3.Connection) -> tuple[int, list[str]]:
        """Run the job."""
        names = connection.execute("SELECT name FROM log_stream WHERE version > ?", [self.since]).fetchall()
        (last,) = connection.execute("SELECT last FROM log_version").fetchone()
        return last, [name for (name,) in names]


def _state(until: float, finished: int, now: float) -> StreamState:
    if finished:
        return "finished"
    return "open" if now < until else "lost"


def _number(value: object) -> int:
    """Return the number of an entry, unless a broken file has something else there."""
    if type(value) is not int:
        raise StoreError(_BROKEN)
    return value


def _entry(seq: int, payload: object) -> Entry:
    if type(payload) is not bytes:
        raise StoreError(_BROKEN)
    return Entry(seq=seq, payload=payload)


def _held(connection: sqlite3.Connection, lease: Lease) -> tuple[int, int]:
    """Return the id of the lease's stream and the number of its last entry."""
    row = connection.execute(
        "SELECT id, last FROM log_stream WHERE name = ? AND token = ? AND NOT finished AND until > ?",
        [lease.stream, lease.token, time()],
    ).fetchone()
    if row is None:
        raise LeaseLostError
    id_, last = row
    return id_, _number(last)


def _purge(connection: sqlite3.Connection, stream: str, before: float) -> None:
    """Forget the stream, and some others, if they ended before a time."""
    rows = connection.execute(
        "SELECT id FROM log_stream WHERE name = ? AND until <= ? UNION SELECT id FROM"
        " (SELECT id FROM log_stream WHERE until <= ? ORDER BY until LIMIT ?)",
        [stream, before, before, _PURGED_AT_ONCE],
    ).fetchall()
    for (id_,) in rows:
        _forget(connection, id_)


def _forget(connection: sqlite3.Connection, id_: int) -> None:
    try:
        connection.execute("DELETE FROM log_entry WHERE stream = ?", [id_])
    except sqlite3.DatabaseError as error:
        if primary_code(error) == sqlite3.SQLITE_CORRUPT:
            raise BrokenEntriesError(id_, error) from error
        raise
    connection.execute("DELETE FROM log_stream WHERE id = ?", [id_])
