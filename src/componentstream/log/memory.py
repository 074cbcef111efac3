"""A log in the memory of one process: nothing to run, and gone with the process."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from time import monotonic
from typing import Final

import attrs

from componentstream.log._checks import TAKEOVER_STATES, check_acquire, check_append, check_bounds
from componentstream.log._notify import Notifier
from componentstream.log.base import PAGE, LogPage, follow
from componentstream.log.protocol import (
    LEASE_SECONDS,
    Entry,
    Lease,
    LeaseLostError,
    SequenceError,
    StoreError,
    StreamState,
    StreamStatus,
    TakeOver,
)

_STREAM_BYTES: Final = 2048
"""What a stream is counted as, beside its entries: its record, id and owner."""

_ENTRY_BYTES: Final = 160
"""What an entry is counted as, beside its payload: the objects that hold it."""

_SWEEP_SECONDS: Final = 1.0


@attrs.define(eq=False)
class _Stream:
    owner: str
    token: str
    until: float  # when the lease runs out or, when it has ended, did
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

    It is bounded by the number of streams, by bytes and by age. When one more would be too much, streams that
    have ended, finished or lost, are forgotten, the oldest first. One that is being written is never
    touched for that: if only such are left, what would be too much is refused with ``StoreError``.

    Args:
        max_streams: most streams. A busy process holds some hundreds open; the rest is there to resume.
        max_bytes: most bytes of all streams together, what holds the payloads counted in.
        max_entries: most entries of one stream; its oldest are dropped then, and a reader that needs them
            gets ``GapError``. Ten times what a long answer has, sent by the character.
        keep: seconds that a stream is kept after it has ended; it is forgotten with the first call after.

    Raises:
        UsageError: a bound is not above 0.
    """

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
        self._streams: dict[str, _Stream] = {}  # the oldest first
        self._size = 0
        self._sweep_due = 0.0
        self._bells = Notifier()

    async def acquire(
        self, stream: str, *, owner: str, ttl: float = LEASE_SECONDS, take_over: TakeOver = "never"
    ) -> Lease | None:
        """Start a stream; see :meth:`EventLog.acquire`."""
        check_acquire(stream, owner, ttl, take_over)
        now = monotonic()
        token = secrets.token_hex(16)
        self._sweep(now)
        kept = self._find(stream, now)
        if kept is None:
            self._make_room(now, streams=1, size=_STREAM_BYTES)
            self._streams[stream] = _Stream(owner, token, now + ttl)
            self._size += _STREAM_BYTES
            return Lease(stream=stream, token=token, ttl=ttl, last=0)
        if kept.owner != owner or kept.state(now) not in TAKEOVER_STATES[take_over]:
            return None
        kept.token, kept.until = token, now + ttl
        return Lease(stream=stream, token=token, ttl=ttl, last=kept.last)

    async def append(self, lease: Lease, first_seq: int, payloads: Sequence[bytes]) -> None:
        """Add entries to the end of a stream; see :meth:`EventLog.append`."""
        check_append(first_seq, payloads)
        now = monotonic()
        stream = self._held(lease, now)
        kept = stream.payloads
        if first_seq > stream.last + 1:
            raise SequenceError(
                f"The last entry is {stream.last}; {first_seq} would leave a hole.", stream.last
            )
        for seq, payload in enumerate(payloads[: stream.last + 1 - first_seq], first_seq):
            if kept.get(seq, payload) != payload:
                raise SequenceError(f"Entry {seq} is in the log with another payload.", stream.last)
        fresh = payloads[stream.last + 1 - first_seq :]
        size = sum(map(len, fresh)) + len(fresh) * _ENTRY_BYTES
        self._make_room(now, size=size)
        stream.until = now + lease.ttl
        before = stream.size
        for payload in fresh:
            stream.last += 1
            kept[stream.last] = payload
        stream.size += size
        while len(kept) > self._max_entries:
            stream.trim()
        self._size += stream.size - before
        self._bells.ring(lease.stream)

    async def renew(self, lease: Lease) -> None:
        """Make the lease last on; see :meth:`EventLog.renew`."""
        now = monotonic()
        self._held(lease, now).until = now + lease.ttl

    async def finish(self, lease: Lease) -> None:
        """End a stream for good; see :meth:`EventLog.finish`."""
        now = monotonic()
        stream = self._find(lease.stream, now)
        if stream is not None and stream.finished and stream.token == lease.token:
            return
        stream = self._held(lease, now)
        stream.finished, stream.until = True, now
        self._bells.ring(lease.stream)

    def read(self, stream: str, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        """Yield the entries after a number; see :meth:`EventLog.read`."""
        return follow(self._bells, self._look, stream, after)

    async def status(self, stream: str) -> StreamStatus | None:
        """Return what is known of a stream; see :meth:`EventLog.status`."""
        now = monotonic()
        kept = self._find(stream, now)
        return None if kept is None else _status(stream, kept, now)

    async def delete(self, stream: str) -> None:
        """Forget a stream; see :meth:`EventLog.delete`."""
        if stream in self._streams:
            self._forget(stream)

    async def aclose(self) -> None:
        """Forget everything."""
        for stream in list(self._streams):
            self._forget(stream)

    async def _look(self, stream: str, after: int) -> LogPage | None:
        now = monotonic()
        kept = self._find(stream, now)
        if kept is None:
            return None
        seqs = range(max(after + 1, kept.first), min(after + PAGE, kept.last) + 1)
        entries = [Entry(seq=seq, payload=kept.payloads[seq]) for seq in seqs]
        return LogPage(kept, _status(stream, kept, now), entries)

    def _find(self, stream: str, now: float) -> _Stream | None:
        kept = self._streams.get(stream)
        if kept is not None and kept.until + self._keep <= now:
            self._forget(stream)
            return None
        return kept

    def _held(self, lease: Lease, now: float) -> _Stream:
        stream = self._streams.get(lease.stream)
        if stream is None or stream.token != lease.token or stream.state(now) != "open":
            raise LeaseLostError
        return stream

    def _sweep(self, now: float) -> None:
        if now >= self._sweep_due:
            self._sweep_due = now + _SWEEP_SECONDS
            for stream in list(self._streams):
                self._find(stream, now)

    def _make_room(self, now: float, *, streams: int = 0, size: int) -> None:
        while len(self._streams) + streams > self._max_streams or self._size + size > self._max_bytes:
            ended = (name for name, kept in self._streams.items() if kept.state(now) != "open")
            oldest = next(ended, None)
            if oldest is None:
                raise StoreError("The log is full of streams that are still being written.")
            self._forget(oldest)

    def _forget(self, stream: str) -> None:
        self._size -= self._streams.pop(stream).size
        self._bells.ring(stream)


def _status(stream: str, kept: _Stream, now: float) -> StreamStatus:
    state = kept.state(now)
    left = kept.until - now if state == "open" else 0.0
    return StreamStatus(
        stream=stream, owner=kept.owner, state=state, first=kept.first, last=kept.last, lease_left=left
    )
