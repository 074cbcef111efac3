"""The newest entries of a stream that this worker produces, for its subscribers on this worker.

Subscribers catch up from the log and then follow the tail, so that following costs the log nothing. An entry
is put here only after the log has acknowledged it. The exception is a stream whose log failed for good: its
remaining entries exist nowhere but here.

A subscriber can be woken in two ways, and both are needed:

* :meth:`Tail.notify` runs in the producer's task, in the event loop iteration in which the log acknowledged a
  batch. It reaches the subscribers on this worker at once, without a store and without a task per stream.
* The log's own notifier wakes those who wait inside ``EventLog.read``: all subscribers on other workers, and
  those here that are catching up or were sent to the log because the producer lost its lease.

A subscriber that reads the log while it has a tail listens to both, since either may have its next entry
first. Being woken twice is harmless: it asks for the entries after its last one and gets an empty list.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import attrs

# Bounds of the buffer, which serves subscribers that lag a little; the others read pages from the log.
_MAX_ENTRIES: Final = 256
_MAX_BYTES: Final = 65_536
_MAX_AGE: Final = 2.0
"""Age of the oldest entry in seconds."""


@attrs.frozen
class TailEntry:
    """An entry on its way to a subscriber.

    Attributes:
        seq: Sequence number in the stream.
        payload: Event as JSON.
        logged: True if the log has it, so that a client can resume after this number.
    """

    seq: int
    payload: bytes
    logged: bool = True


class Tail:
    """The newest entries of one stream.

    Attributes:
        last: Sequence number of the newest entry.
        subscribers: Number of subscribers that follow the tail now.
        ended: True when no more entries will come.
        fenced: True when the producer lost its lease: continue reading from the log.
    """

    __slots__ = ("_callbacks", "_entries", "_loop", "_size", "ended", "fenced", "last", "subscribers")

    def __init__(self) -> None:
        self.last: int = 0
        self.subscribers: int = 0
        self.ended: bool = False
        self.fenced: bool = False
        self._entries: list[tuple[float, TailEntry]] = []  # with the loop time of their arrival
        self._size = 0  # bytes of their payloads
        self._callbacks: set[Callable[[], None]] = set()
        self._loop = asyncio.get_running_loop()

    def put(self, payloads: Sequence[bytes], *, logged: bool = True) -> None:
        """Append entries and notify the subscribers."""
        now = self._loop.time()
        entries = self._entries
        for payload in payloads:
            self.last += 1
            entries.append((now, TailEntry(self.last, payload, logged)))
            self._size += len(payload)
        # The newest entry always stays: a subscriber that is in time must never have to ask the log for it.
        old = 0
        while old < len(entries) - 1 and (
            len(entries) - old > _MAX_ENTRIES or self._size > _MAX_BYTES or entries[old][0] < now - _MAX_AGE
        ):
            self._size -= len(entries[old][1].payload)
            old += 1
        del entries[:old]
        self.notify()

    def after(self, seq: int) -> list[TailEntry] | None:
        """Return the entries after a sequence number, or None if some of them have been dropped.

        A subscriber may be ahead, because the log shows a batch before the producer puts it here; it gets an
        empty list.
        """
        missing = self.last - seq
        if missing > len(self._entries):
            return None
        return [self._entries[place][1] for place in range(-missing, 0)]

    def end(self, *, fenced: bool = False) -> None:
        """End the tail: subscribers finish with the entries that they still lack, or in the log if fenced."""
        self.ended = True
        self.fenced = fenced
        self.notify()

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each change until :meth:`unsubscribe`."""
        self._callbacks.add(callback)

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        """Stop calling `callback`; ignore one that is not subscribed."""
        self._callbacks.discard(callback)

    def notify(self) -> None:
        """Wake the subscribers."""
        # A copy, because a callback may unsubscribe itself.
        for callback in tuple(self._callbacks):
            callback()
