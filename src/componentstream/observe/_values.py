"""What the hooks have in common: strings made safe to show, codes made labels, and which streams are open."""

import threading
from typing import Final, Generic, TypeVar

from componentstream.core.codes import CODES
from componentstream.core.escaping import escape_control_chars
from componentstream.session.hooks import StreamFinished, StreamStarted

# Doubling from 10 ms, as the GenAI conventions ask for: fine where a first chunk arrives, and beyond the
# longest generation that anybody waits for.
SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Upper bounds of the buckets of everything that is timed."""

# Longer than any name or message of the parser; an id that a client sends has no such bound.
_LONGEST: Final = 500

_T = TypeVar("_T")


def shown(text: str) -> str:
    """Return a string as it may be shown: not too long, and no more than one line of visible characters."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    return escape_control_chars(text)


def label(code: str, other: str) -> str:
    """Return an error code of ours as it is, and `other` for any other, so that labels stay few."""
    return code if code in CODES else other


class OpenStreams(Generic[_T]):
    """A value for each stream that has started and not finished. Threads may share it.

    Ids of streams need not differ: a stream is known by its id and the moment of its start, which its end
    tells as well.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, list[tuple[float, _T]]] = {}

    def add(self, record: StreamStarted, value: _T) -> None:
        """Note that a stream is open."""
        with self._lock:
            self._open.setdefault(record.stream, []).append((record.at, value))

    def only(self, stream: str) -> _T | None:
        """Return the value of the stream with this id, None if there is not exactly one that is open."""
        with self._lock:
            values = self._open.get(stream, ())
            return values[0][1] if len(values) == 1 else None

    def take(self, record: StreamFinished) -> _T | None:
        """Forget a stream and return its value, None if it has never started."""
        with self._lock:
            values = self._open.get(record.stream, [])
            for place, (at, value) in enumerate(values):
                if at == record.started:
                    del values[place]
                    if not values:
                        del self._open[record.stream]
                    return value
        return None
