"""Hits per key in a sliding window, in bounded memory."""

import time
from array import array
from collections.abc import Callable
from math import floor
from typing import Final

_BUCKETS: Final = 1 << 15
_BUCKET_SIZE: Final = 46
"""Maximum number of keys in a bucket: a million keys, 31 per bucket, hardly fill one, and two windows with
all buckets full take 70 MB."""


class SlidingWindowCounter:
    """Count hits by key, and refuse those beyond the limit.

    A count is that of the current window plus the count of the previous window in proportion to its overlap
    with the last ``seconds``, as if its hits had been spread evenly, like the sliding window counter of
    ``limits``.
    The in-memory storage of ``limits`` is not used because each of its hits iterates over all keys.

    Args:
        limit: maximum number of hits in a window.
        seconds: length of a window in seconds.
        clock: monotonic clock in seconds; setting the time of day has no effect.
    """

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._window = 0
        self._current = _Counts()
        self._previous = _Counts()

    def hit(self, key: str) -> float | None:
        """Count a hit and return None, or count nothing and return the seconds until a hit is allowed."""
        overlap = self._advance()
        digest = hash(key)
        previous, count = self._previous.get(digest), self._current.get(digest)
        if floor(previous * overlap) + count < self._limit:
            self._current.add(digest)
            return None
        # Wait until the overlap has shrunk so far that the share of the previous window fits beside the
        # current count; if the current count alone fills the limit, wait for the end of the window.
        room = self._limit - count
        share = room / previous if room > 0 else 0.0
        return (overlap - share) * self._seconds

    def _advance(self) -> float:
        """Advance to the current window, and return the overlap of the previous one, 0 to 1."""
        window, elapsed = divmod(self._clock(), self._seconds)
        if window > self._window:
            self._previous = self._current if window == self._window + 1 else _Counts()
            self._current = _Counts()
            self._window = int(window)
        return 1.0 - elapsed / self._seconds


class _Counts:
    """The counts of one window.

    Keys are hashes, kept in small buckets of plain integers, which take a third of the memory of a
    dictionary. In a full bucket a new key replaces the key with the lowest count and inherits that count. A
    count may then be too high but never too low, so a client cannot evict its own count with other keys.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, tuple[array[int], array[int]]] = {}

    def get(self, key: int) -> int:
        bucket = self._buckets.get(key % _BUCKETS)
        if bucket is None:
            return 0
        keys, counts = bucket
        try:
            return counts[keys.index(key)]
        except ValueError:
            # In a full bucket the key may have been evicted; its count was at most the lowest one left.
            return min(counts) if len(keys) == _BUCKET_SIZE else 0

    def add(self, key: int) -> None:
        keys, counts = self._buckets.setdefault(key % _BUCKETS, (array("q"), array("I")))
        if key in keys:
            counts[keys.index(key)] += 1
        elif len(keys) < _BUCKET_SIZE:
            keys.append(key)
            counts.append(1)
        else:
            lowest = counts.index(min(counts))
            keys[lowest] = key
            counts[lowest] += 1
