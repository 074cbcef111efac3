"""A log in the memory of one process: nothing to install or to run, and gone with the process."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from time import monotonic
from typing import Final

import attrs

from componentstream.log.base import (
    PAGE,
    TAKEOVER_STATES,
    LogPage,
    Notifier,
    check_acquire,
    check_append,
    check_bounds,
    follow,
    sequence_conflict,
    sequence_gap,
)
from componentstream.log.protocol import (
    LEASE_SECONDS,
    Entry,
    Lease,
    LeaseLostError,
    StoreError,
    StreamState,
    StreamStatus,
    TakeOver,
)

_STREAM_BYTES: Final = 2048
"""Assumed size of a stream without its entries: its record, id and owner."""

_ENTRY_BYTES: Final = 160
"""Assumed size of an entry without its payload: the objects that hold it."""

_PURGE_SECONDS: Final = 1.0
"""Seconds between two searches for expired streams."""


@attrs.define(eq=False)
class _Stream:
    owner: str
    token: str
    until: float  # expiry of the lease; once the stream has ended, the time of its end
    finished: bool = False
    last: int = 0
    size: int = _STREAM_BYTES
    payloads: dict[int, bytes] = attrs.field(factory=dict)

    def state(self, now: float) -> StreamState:
        if self.finished:
            return "finished"
        return "open" if now < self.until else "lost"

    @property
    def first(self) -> int:
        return self.last - len(self.payloads) + 1

    def trim(self) -> None:
        self.size -= len(self.payloads.pop(self.first)) + _ENTRY_BYTES


class MemoryEventLog:
    """Resumable streams in memory, for one process.

    It is bounded by the number of streams, by bytes and by age. When a bound is reached, the oldest streams
    that have ended, finished or lost, are deleted. An open stream is never deleted to make room: if only open
    ones are left, a call that needs more raises ``StoreError``.

    Args:
        max_streams: maximum number of streams. A busy process has some hundreds open; the others are kept to
            be resumed.
        max_bytes: maximum size of all streams together in bytes, overhead included.
        max_entries: maximum number of entries per stream; the oldest are dropped, and a client that needs
            them gets ``GapError``. The default is ten times a long answer, sent character by character.
        keep: seconds that a stream is kept after it has ended.

    Raises:
        ConfigurationError: a bound is invalid.
    """

    # No method awaits anything between reading and writing a stream, so each is atomic on its event loop.
    # That is all the locking there is: a log object must not be shared between loops or threads.

    def __init__(
        self,
        *,
        max_streams: int = 10_000,
        max_bytes: int = 268_435_456,
        max_entries: int = 1_000_000,
        keep: float = 3600.0,
    ) -> None:
        check_bounds(keep, max_streams, max_bytes, max_entries)
        self._max_streams = max_streams
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._keep = keep
        self._streams: dict[str, _Stream] = {}  # oldest first
        self._size = 0
        self._purge_due = 0.0
        self._notifier = Notifier()

    async def acquire(
        self, stream: str, *, owner: str, ttl: float = LEASE_SECONDS, take_over: TakeOver = "never"
    ) -> Lease | None:
        """Start a stream; see :meth:`EventLog.acquire`."""
        check_acquire(stream, owner, ttl, take_over)
        now = monotonic()
        token = secrets.token_hex(16)
        self._purge_expired(now)
        stored = self._find(stream, now)
        if stored is None:
            self._make_room(now, streams=1, size=_STREAM_BYTES)
            self._streams[stream] = _Stream(owner, token, now + ttl)
            self._size += _STREAM_BYTES
            return Lease(stream=stream, token=token, ttl=ttl, last=0)
        if stored.owner != owner or stored.state(now) not in TAKEOVER_STATES[take_over]:
            return None
        stored.token, stored.until = token, now + ttl
        return Lease(stream=stream, token=token, ttl=ttl, last=stored.last)

    async def append(self, lease: Lease, first_seq: int, payloads: Sequence[bytes]) -> None:
        """Append entries to a stream; see :meth:`EventLog.append`."""
        check_append(first_seq, payloads)
        now = monotonic()
        stream = self._check_lease(lease, now)
        stored = stream.payloads
        if first_seq > stream.last + 1:
            raise sequence_gap(first_seq, stream.last)
        for seq, payload in enumerate(payloads[: stream.last + 1 - first_seq], first_seq):
            # A repeated entry may have been trimmed meanwhile; then it cannot be compared, and counts as
            # equal.
            if stored.get(seq, payload) != payload:
                raise sequence_conflict(seq, stream.last)
        fresh = payloads[stream.last + 1 - first_seq :]
        size = sum(map(len, fresh)) + len(fresh) * _ENTRY_BYTES
        self._make_room(now, size=size)  # may raise, so it comes before the first change
        stream.until = now + lease.ttl
        before = stream.size
        for payload in fresh:
            stream.last += 1
            stored[stream.last] = payload
        stream.size += size
        while len(stored) > self._max_entries:
            stream.trim()
        self._size += stream.size - before
        self._notifier.notify(lease.stream)

    async def renew(self, lease: Lease) -> None:
        """Extend the lease; see :meth:`EventLog.renew`."""
        now = monotonic()
        self._check_lease(lease, now).until = now + lease.ttl

    async def finish(self, lease: Lease) -> None:
        """End a stream for good; see :meth:`EventLog.finish`."""
        now = monotonic()
        stream = self._find(lease.stream, now)
        if stream is not None and stream.finished and stream.token == lease.token:
            return
        stream = self._check_lease(lease, now)
        stream.finished, stream.until = True, now
        self._notifier.notify(lease.stream)

    def read(self, stream: str, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        """Yield the entries after a number; see :meth:`EventLog.read`."""
        return follow(self._notifier, self._load_page, stream, after)

    async def status(self, stream: str) -> StreamStatus | None:
        """Return the status of a stream; see :meth:`EventLog.status`."""
        now = monotonic()
        stored = self._find(stream, now)
        return None if stored is None else _status(stream, stored, now)

    async def delete(self, stream: str) -> None:
        """Delete a stream; see :meth:`EventLog.delete`."""
        if stream in self._streams:
            self._remove(stream)

    async def aclose(self) -> None:
        """Delete every stream."""
        for stream in list(self._streams):
            self._remove(stream)

    async def _load_page(self, stream: str, after: int) -> LogPage | None:
        now = monotonic()
        stored = self._find(stream, now)
        if stored is None:
            return None
        seqs = range(max(after + 1, stored.first), min(after + PAGE, stored.last) + 1)
        entries = [Entry(seq=seq, payload=stored.payloads[seq]) for seq in seqs]
        return LogPage(stored, _status(stream, stored, now), entries)

    def _find(self, stream: str, now: float) -> _Stream | None:
        stored = self._streams.get(stream)
        if stored is not None and stored.until + self._keep <= now:
            self._remove(stream)
            return None
        return stored

    def _check_lease(self, lease: Lease, now: float) -> _Stream:
        stream = self._streams.get(lease.stream)
        # The token is the fence: a take-over replaces it, and with it every write of the old producer fails.
        if stream is None or stream.token != lease.token or stream.state(now) != "open":
            raise LeaseLostError
        return stream

    def _purge_expired(self, now: float) -> None:
        if now >= self._purge_due:
            self._purge_due = now + _PURGE_SECONDS
            for stream in list(self._streams):
                self._find(stream, now)

    def _make_room(self, now: float, *, streams: int = 0, size: int) -> None:
        while len(self._streams) + streams > self._max_streams or self._size + size > self._max_bytes:
            ended = (name for name, stored in self._streams.items() if stored.state(now) != "open")
            oldest = next(ended, None)
            if oldest is None:
                raise StoreError("The log is full: every stream in it is still being written.")
            self._remove(oldest)

    def _remove(self, stream: str) -> None:
        self._size -= self._streams.pop(stream).size
        self._notifier.notify(stream)


def _status(stream: str, stored: _Stream, now: float) -> StreamStatus:
    state = stored.state(now)
    return StreamStatus(
        stream=stream,
        owner=stored.owner,
        state=state,
        first=stored.first,
        last=stored.last,
        lease_left=stored.until - now if state == "open" else 0.0,
    )
