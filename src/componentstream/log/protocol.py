"""What a resumable event log is: its records, its errors, and the calls that every store offers.

A log holds streams. A stream is written by one producer, which holds its lease, and read by any number of
readers, in this process or, where the store allows it, in another. Its entries are numbered 1, 2, 3 and so
on without a hole by the producer, so that a number means the same in every store, and is the id that a
client sends to go on where it was cut off.

* One producer: :meth:`EventLog.acquire` decides atomically who writes a stream. Whoever comes second gets
  None, whether the stream is being written or has ended.
* A lease runs out unless it is used or renewed. Then the stream is *lost*: its readers are told, and the old
  producer may not write any more, even if it only was slow. Another may take the stream over.
* Another may also take over a stream that is open, to stop it: from then on the old producer is refused,
  whatever it has on the way, and the new one ends the stream.
* An append that may or may not have got through is repeated as it was: what is there already is recognised,
  never written twice.
* A stream id is no credential. The log keeps the ``owner`` that a stream was started for and gives it back in
  :class:`StreamStatus`; compare it before anything of a stream is handed out.

The errors::

    LogError                  a ComponentStreamError
    ├── StreamUnknownError    no such stream: never started, deleted, or forgotten after its time
    ├── GapError              a reader's next entries are no longer kept
    ├── ProducerLostError     the producer died; nothing more will come
    ├── LeaseLostError        this producer may not write to the stream any more
    ├── SequenceError         a number that does not fit the log's last one
    └── StoreError            the store failed or did not answer in time
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Final, Literal, Protocol, TypeAlias

import attrs

from componentstream.core.errors import ComponentStreamError

LEASE_SECONDS: Final = 10.0
"""How long a lease lasts by default: readers of a dead producer wait no longer, and a busy machine does not
mistake a slow producer for a dead one."""

StreamState: TypeAlias = Literal["open", "finished", "lost"]
"""A producer holds the lease; it has finished; or its lease ran out before it did."""

TakeOver: TypeAlias = Literal["never", "lost", "open"]
"""Which streams that exist :meth:`EventLog.acquire` hands over: none; lost ones; or open ones as well."""


class LogError(ComponentStreamError):
    """Base of what an event log raises."""


class StreamUnknownError(LogError):
    """The log has no such stream: it was never started, was deleted, or was forgotten after its time."""

    def __init__(self) -> None:
        super().__init__("The log has no such stream.")


class GapError(LogError):
    """The entries after the one that a reader has are no longer kept; read on from 0 or give up.

    Attributes:
        after: the number of the last entry that the reader has.
        first: the number of the first entry that is there after it, None if there is none.
    """

    def __init__(self, after: int, first: int | None) -> None:
        kept = "nothing" if first is None else f"entry {first}"
        super().__init__(f"Entry {after + 1} is no longer kept; the next one that is: {kept}.")
        self.after = after
        self.first = first


class ProducerLostError(LogError):
    """The lease ran out and the stream was not finished: its producer died, and nothing more will come."""

    def __init__(self) -> None:
        super().__init__("The producer of the stream was lost before it finished.")


class LeaseLostError(LogError):
    """The lease may not write, or not any more: it ran out or was taken over, or the stream ended or went."""

    def __init__(self) -> None:
        super().__init__(
            "The lease ran out, or the stream was finished, deleted or taken over; stop writing."
        )


class SequenceError(LogError):
    """A number that does not fit the log.

    An append would leave a hole or write something else under a number that is taken, or a reader asks
    for what comes after an entry that was never written.

    Attributes:
        last: the number of the last entry in the log.
    """

    def __init__(self, message: str, last: int) -> None:
        super().__init__(message)
        self.last = last


class StoreError(LogError):
    """The store failed, is full, or did not answer in time; whether a call took effect is not known."""


@attrs.frozen(kw_only=True)
class Entry:
    """One entry of a stream.

    Attributes:
        seq: its number, from 1.
        payload: what was appended.
    """

    seq: int
    payload: bytes


@attrs.frozen(kw_only=True)
class Lease:
    """The right to write one stream. Keep it in the producer; with its token anyone may write.

    Attributes:
        stream: the id of the stream.
        token: tells this lease from every other, so that a producer that was replaced is refused.
        ttl: seconds that it lasts after it was acquired, used or renewed.
        last: the number of the last entry when it was acquired, 0 for a new stream; go on with the next.
    """

    stream: str
    token: str = attrs.field(repr=False)
    ttl: float
    last: int


@attrs.frozen(kw_only=True)
class StreamStatus:
    """What is known of a stream.

    Attributes:
        stream: its id.
        owner: for whom it was started; compare it before anything of the stream is handed out.
        state: whether it is being written, was finished, or was lost.
        first: the number of the first entry that is kept, 1 more than ``last`` if there is none.
        last: the number of the last entry that was written, 0 before the first.
        lease_left: seconds until the lease runs out, 0.0 if the stream is not open.
    """

    stream: str
    owner: str
    state: StreamState
    first: int
    last: int
    lease_left: float


class EventLog(Protocol):
    """What a store of resumable streams offers; the server takes any object with these methods.

    One log object belongs to one event loop. Every method but :meth:`read` is done, or raises
    ``StoreError``, within about a second.
    """

    async def acquire(
        self, stream: str, *, owner: str, ttl: float = LEASE_SECONDS, take_over: TakeOver = "never"
    ) -> Lease | None:
        """Start a stream and return the lease to write it, or None if it exists already.

        Call it before the model is called: of any number of callers one gets the lease.

        Args:
            stream: its id, 1 to 128 of ``0-9 A-Z a-z . _ -``.
            owner: for whom, at most 1,024 characters; any text that tells users apart, empty for none.
            ttl: seconds that the lease lasts unless it is used or renewed.
            take_over: which streams of this owner are handed over, their entries kept. ``"lost"``: one whose
                producer was lost. ``"open"``: one that is being written as well; the lease that its producer
                holds is worth nothing from then on. Go on with the number after ``lease.last``, which may be
                more than was acknowledged. A stream that is finished, or of another owner, is never handed
                over.

        Raises:
            UsageError: an argument is wrong in itself.
            StoreError: the store failed, or has no room for another stream.
        """
        ...

    async def append(self, lease: Lease, first_seq: int, payloads: Sequence[bytes]) -> None:
        """Add entries to the end of a stream, all or none, and renew the lease.

        When it has returned, readers get the entries, and a crash of this process does not lose them.
        After a ``StoreError`` repeat the same call: what got through is recognised.

        Args:
            lease: from :meth:`acquire`.
            first_seq: the number of the first payload; the others follow.
            payloads: at least one.

        Raises:
            UsageError: an argument is wrong in itself.
            LeaseLostError: this producer may not write any more; stop it.
            SequenceError: it would leave a hole, or another payload has one of the numbers.
            StoreError: the store failed or is full.
        """
        ...

    async def renew(self, lease: Lease) -> None:
        """Make the lease last for its ``ttl`` from now; call it every third of that while nothing comes.

        Raises:
            LeaseLostError: this producer may not write any more; stop it.
            StoreError: the store failed.
        """
        ...

    async def finish(self, lease: Lease) -> None:
        """End a stream for good, and the lease with it: readers come to their end. Repeating it is harmless.

        Raises:
            LeaseLostError: this producer may not write any more.
            StoreError: the store failed.
        """
        ...

    def read(self, stream: str, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        """Yield the entries strictly after a number, as lists: those that are there, then those that come.

        It ends when the stream is finished and all was read. Close it (``contextlib.aclosing``) when you
        leave it early.

        Raises:
            UsageError: ``after`` is not a whole number from 0 up.
            StreamUnknownError: there is no such stream, or it was deleted meanwhile.
            GapError: entries that come next are no longer kept.
            SequenceError: ``after`` is more than the number of the last entry.
            ProducerLostError: all was read, and the producer's lease has run out.
            StoreError: the store failed; read again after the last entry that you have.
        """
        ...

    async def status(self, stream: str) -> StreamStatus | None:
        """Return what is known of a stream, None if there is none.

        Raises:
            StoreError: the store failed.
        """
        ...

    async def delete(self, stream: str) -> None:
        """Forget a stream: its readers and its producer are told that it is gone. None is needed to exist.

        Raises:
            StoreError: the store failed.
        """
        ...

    async def aclose(self) -> None:
        """Release what the log holds; nothing else may be called after it."""
        ...
