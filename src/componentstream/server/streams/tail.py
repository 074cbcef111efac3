"""The end of a stream that this worker produces, for its readers on this worker.

A reader catches up from the log and then reads here, so that following costs the log nothing. What is put
here is in the log already, unless the log was given up: then its readers here are all that the stream has.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from componentstream.core.errors import WireError
from componentstream.core.events import Event, event_from_dict

_MAX_ENTRIES: Final = 256
_MAX_BYTES: Final = 65_536
_SECONDS: Final = 2.0
"""How much is kept for readers that lag a little; who lags more reads from the log, a page at a time."""


@attrs.frozen
class TailEntry:
    """An entry on its way to a reader.

    Attributes:
        seq: its number in the stream.
        payload: the event as JSON.
        kept: whether the log has it, so that its number is an id to go on after.
    """

    seq: int
    payload: bytes
    kept: bool = True


def event_in(payload: bytes) -> Event | None:
    """Return the event of a payload, None if it is none: a store may be damaged, or written by others."""
    try:
        value = json.loads(payload)
        return event_from_dict(value) if isinstance(value, dict) else None
    except (ValueError, RecursionError, WireError):
        return None


class Tail:
    """The last records of one stream.

    Attributes:
        last: the number of the last record that was put.
        readers: how many read here now.
        ended: nothing more will come.
        fenced: another worker has taken the stream over; read on from the log.
    """

    __slots__ = ("_loop", "_records", "_size", "_watchers", "ended", "fenced", "last", "readers")

    def __init__(self) -> None:
        self.last = 0
        self.readers = 0
        self.ended = False
        self.fenced = False
        self._records: list[tuple[float, TailEntry]] = []  # with the time of its coming
        self._size = 0
        self._watchers: set[Callable[[], None]] = set()
        self._loop = asyncio.get_running_loop()

    def put(self, payloads: Sequence[bytes], *, kept: bool = True) -> None:
        """Add records to the end, and wake the readers."""
        now = self._loop.time()
        records = self._records
        for payload in payloads:
            self.last += 1
            records.append((now, TailEntry(self.last, payload, kept)))
            self._size += len(payload)
        old = 0
        while old < len(records) - 1 and (
            len(records) - old > _MAX_ENTRIES or self._size > _MAX_BYTES or records[old][0] < now - _SECONDS
        ):
            self._size -= len(records[old][1].payload)
            old += 1
        del records[:old]
        self.wake()

    def after(self, seq: int) -> list[TailEntry] | None:
        """Return the records after a number, None if some of them are not here any more."""
        missing = self.last - seq
        if missing > len(self._records):
            return None
        return [self._records[place][1] for place in range(-missing, 0)]

    def end(self, *, fenced: bool = False) -> None:
        """Let the readers go when they have read what there is, or at once to the log."""
        self.ended = True
        self.fenced = fenced
        self.wake()

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever there is something new, until it is given to :meth:`unwatch`."""
        self._watchers.add(wake)

    def unwatch(self, wake: Callable[[], None]) -> None:
        """Stop calling `wake`."""
        self._watchers.discard(wake)

    def wake(self) -> None:
        """Tell the readers that there is something new."""
        for wake in tuple(self._watchers):
            wake()
