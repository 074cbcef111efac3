"""How often keys were seen in a sliding window, in bounded memory."""

import time
from array import array
from collections.abc import Callable
from math import floor
from typing import Final

_GROUPS: Final = 1 << 15
_GROUP: Final = 46
"""Most keys of a group: a million keys, 31 a group, hardly fill one, and two windows with all of them full
take 70 MB."""


class SlidingWindowCounter:
    """Counts hits by key, and says when there were too many.

    The count is that of the current window plus the share of the previous one that still lies in the last
    ``seconds``, as if its hits had come evenly: the sliding window counter of ``limits``. The storage of
    ``limits`` for one process is not used because each of its hits walks over all keys.

    Args:
        limit: most hits in a window.
        seconds: length of a window.
        clock: seconds that never go back; what people do to the time of day changes nothing.
    """

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._window = 0
        self._current = _Counts()
        self._previous = _Counts()

    def hit(self, key: str) -> float | None:
        """Count a hit and return None, or count nothing and return the seconds until one is free."""
        left = self._turn()
        place = hash(key)
        before, count = self._previous.get(place), self._current.get(place)
        if floor(before * left) + count < self._limit:
            self._current.add(place)
            return None
        room = self._limit - count
        share = room / before if room > 0 else 0.0
        return (left - share) * self._seconds

    def _turn(self) -> float:
        """Go on to the window of this moment, and return the share of it that is left."""
        window, passed = divmod(self._clock(), self._seconds)
        if window > self._window:
            self._previous = self._current if window == self._window + 1 else _Counts()
            self._current = _Counts()
            self._window = int(window)
        return 1.0 - passed / self._seconds


class _Counts:
    """The counts of one window.

    Keys are hashes in small groups of plain numbers, which take a third of what a dictionary would. In a
    full group a key takes the place, and the count, of the one that was seen least: a count may come
    out too high then, never too low, so that nobody gets rid of his own by bringing others.
    """

    def __init__(self) -> None:
        self._groups: dict[int, tuple[array[int], array[int]]] = {}

    def get(self, key: int) -> int:
        group = self._groups.get(key % _GROUPS)
        if group is None:
            return 0
        keys, counts = group
        try:
            return counts[keys.index(key)]
        except ValueError:
            return min(counts) if len(keys) == _GROUP else 0

    def add(self, key: int) -> None:
        keys, counts = self._groups.setdefault(key % _GROUPS, (array("q"), array("I")))
        if key in keys:
            counts[keys.index(key)] += 1
        elif len(keys) < _GROUP:
            keys.append(key)
            counts.append(1)
        else:
            least = counts.index(min(counts))
            keys[least] = key
            counts[least] += 1
