"""The interface of a resumable event log: its records, its errors, and the calls of every store.

A log holds streams. One producer, which holds the lease, writes a stream; any number of clients read it, in
this process or, where the store allows it, in another. The producer numbers the entries 1, 2, 3 and so on
without a gap, so that a number means the same in every store. It is the id that a client sends to resume.

* One producer: :meth:`EventLog.acquire` decides atomically who writes a stream. Every later caller gets
  None, whether the stream is being written or has ended.
* A lease expires unless it is used or renewed. The stream is then *lost*: its clients get an error, and the
  old producer may not write again, even if it was only slow. Another producer may take the stream over.
* A stream that is open may be taken over too, to stop it: from then on every write of the old producer is
  refused, including those already under way, and the new producer ends the stream.
* An append whose outcome is unknown is repeated unchanged: entries that are already there are recognised,
  never written twice.
* A stream id is not a credential. The log stores the ``owner`` that a stream was started for and returns it
  in :class:`StreamStatus`; compare it before you hand out anything of a stream.

The errors::

    LogError                  a ComponentStreamError
    ├── StreamUnknownError    the stream was never started, was deleted, or has expired
    ├── GapError              the next entries of a client are no longer kept
    ├── ProducerLostError     the producer died; nothing more will come
    ├── LeaseLostError        this producer may no longer write to the stream
    ├── SequenceError         a number that does not fit the last one of the log
    └── StoreError            the store failed or did not answer in time
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Final, Literal, Protocol, TypeAlias

import attrs

from componentstream.core.errors import ComponentStreamError

LEASE_SECONDS: Final = 10.0
"""Default lease TTL in seconds: the longest wait of the clients of a dead producer, and long enough that a
busy machine does not declare a slow producer dead."""

StreamState: TypeAlias = Literal["open", "finished", "lost"]
"""A producer holds the lease; it has finished; or its lease expired before it did."""

TakeOver: TypeAlias = Literal["never", "lost", "open"]
"""Which existing streams :meth:`EventLog.acquire` hands over: none; lost ones; or open ones as well."""


class LogError(ComponentStreamError):
    """Base of the errors of an event log."""


class StreamUnknownError(LogError):
    """The log does not have the stream: it was never started, was deleted, or has expired."""

    def __init__(self) -> None:
        super().__init__("The log does not have this stream.")


class GapError(LogError):
    """The entries after the last one of a client are no longer kept, nor are those before them.

    Reading from 0 fails in the same way. Read after ``first - 1`` where the entries in between may be
    missing; otherwise the stream is lost for this client, which needs a new generation.

    Attributes:
        after: the number of the last entry that the client has.
        first: the number of the first entry that is kept after it, None if there are none.
    """

    def __init__(self, after: int, first: int | None) -> None:
        kept = "nothing" if first is None else f"entry {first}"
        super().__init__(f"Entry {after + 1} is no longer kept; the next one that is: {kept}.")
        self.after = after
        self.first = first


class ProducerLostError(LogError):
    """The lease expired before the stream was finished: its producer died, and nothing more will come."""

    def __init__(self) -> None:
        super().__init__("The producer of the stream was lost before it finished.")


class LeaseLostError(LogError):
    """The lease is invalid: it expired or was taken over, or the stream ended or was deleted."""

    def __init__(self) -> None:
        super().__init__(
            "The lease expired, or the stream was finished, deleted or taken over; stop writing."
        )


class SequenceError(LogError):
    """A number that does not fit the log.

    An append would leave a gap or overwrite an entry with another payload, or a client asks for the entries
    after one that was never written.

    Attributes:
        last: the number of the last entry in the log.
    """

    def __init__(self, message: str, last: int) -> None:
        super().__init__(message)
        self.last = last


class StoreError(LogError):
    """The store failed, is full, or did not answer in time; whether the call took effect is unknown."""


@attrs.frozen(kw_only=True)
class Entry:
    """One entry of a stream.

    Attributes:
        seq: its number, 1 for the first.
        payload: the bytes that were appended.
    """

    seq: int
    payload: bytes


@attrs.frozen(kw_only=True)
class Lease:
    """The right to write one stream. Keep it in the producer; its token is the right.

    Attributes:
        stream: the stream id.
        token: fencing token, different for every lease, by which a replaced producer is refused.
        ttl: lease TTL in seconds, counted from the last time it was acquired, used or renewed.
        last: the number of the last entry when it was acquired, 0 for a new stream; append the next one.
    """

    stream: str
    token: str = attrs.field(repr=False)
    ttl: float
    last: int


@attrs.frozen(kw_only=True)
class StreamStatus:
    """The status of a stream.

    Attributes:
        stream: the stream id.
        owner: the owner that it was started for; compare it before you hand out anything of the stream.
        state: whether it is being written, was finished, or was lost.
        first: the number of the first entry that is kept, ``last + 1`` if there are none.
        last: the number of the last entry that was written, 0 before the first.
        lease_left: seconds until the lease expires, 0.0 if the stream is not open.
    """

    stream: str
    owner: str
    state: StreamState
    first: int
    last: int
    lease_left: float


class EventLog(Protocol):
    """A store of resumable streams; the server accepts any object with these methods.

    A log object belongs to one event loop. Every method but :meth:`read` returns, or raises ``StoreError``,
    within about a second. ``componentstream.log.base`` explains how to write one.
    """

    async def acquire(
        self, stream: str, *, owner: str, ttl: float = LEASE_SECONDS, take_over: TakeOver = "never"
    ) -> Lease | None:
        """Start a stream and return the lease to write it, or None if it exists already.

        Call it before the model is called: of any number of callers exactly one gets the lease.

        Args:
            stream: the stream id, 1 to 128 of ``0-9 A-Z a-z . _ -``.
            owner: at most 1,024 characters that tell users apart, empty for none.
            ttl: lease TTL in seconds, unless it is used or renewed.
            take_over: which existing streams of this owner are handed over, with their entries. ``"lost"``:
                one whose producer was lost. ``"open"``: also one that is being written; the lease of its
                producer becomes invalid. Append after ``lease.last``, which may be more than was
                acknowledged. A stream that is finished, or of another owner, is never handed over.

        Raises:
            UsageError: an argument is invalid.
            StoreError: the store failed or is full.
        """
        ...

    async def append(self, lease: Lease, first_seq: int, payloads: Sequence[bytes]) -> None:
        """Append entries to a stream, all or none, and renew the lease.

        When it returns, clients get the entries, and a crash of this process does not lose them. After a
        ``StoreError`` repeat the same call: entries that were written are recognised.

        Args:
            lease: the lease from :meth:`acquire`.
            first_seq: the number of the first payload; the others follow.
            payloads: at least one.

        Raises:
            UsageError: an argument is invalid.
            LeaseLostError: this producer may no longer write; stop it.
            SequenceError: it would leave a gap, or one of the numbers has another payload.
            StoreError: the store failed or is full.
        """
        ...

    async def renew(self, lease: Lease) -> None:
        """Extend the lease to its ``ttl`` from now; call it every third of that between appends.

        Raises:
            LeaseLostError: this producer may no longer write; stop it.
            StoreError: the store failed.
        """
        ...

    async def finish(self, lease: Lease) -> None:
        """End a stream for good, and with it the lease and every read. Repeating it is harmless.

        Raises:
            LeaseLostError: this producer may no longer write.
            StoreError: the store failed.
        """
        ...

    def read(self, stream: str, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        """Yield the entries strictly after a number, in lists: those already there, then new ones.

        It ends when the stream is finished and every entry was read. Close it (``contextlib.aclosing``) if
        you leave it early.

        Raises:
            UsageError: ``after`` is not an integer >= 0.
            StreamUnknownError: the stream does not exist, or was deleted meanwhile.
            GapError: the next entries are no longer kept.
            SequenceError: ``after`` is more than the number of the last entry.
            ProducerLostError: every entry was read, and the lease of the producer has expired.
            StoreError: the store failed; read again after the last entry that you have.
        """
        ...

    async def status(self, stream: str) -> StreamStatus | None:
        """Return the status of a stream, None if it does not exist.

        Raises:
            StoreError: the store failed.
        """
        ...

    async def delete(self, stream: str) -> None:
        """Delete a stream: its clients and its producer get an error. An unknown stream is not an error.

        Raises:
            StoreError: the store failed.
        """
        ...

    async def aclose(self) -> None:
        """Release the resources of the log; do not call anything else after it."""
        ...
