"""Shared by the hooks: strings made safe to log, codes as metric labels, and the streams that are open."""

import threading
from typing import Final, Generic, TypeVar

from componentstream.core.codes import CODES
from componentstream.core.escaping import escape_control_chars
from componentstream.session.hooks import StreamFinished, StreamStarted

# Doubling from 10 ms, as the GenAI conventions ask for: a fine resolution where first chunks arrive, and an
# upper end above the longest generation that a person waits for.
SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Upper bounds of histogram buckets for durations, in seconds."""

# Above every name and message of the parser, which limits them itself; ids sent by clients are not limited.
_LONGEST: Final = 500

_T = TypeVar("_T")


def shown(text: str) -> str:
    """Return the string as one line of visible characters, shortened to 500."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    return escape_control_chars(text)


def label(code: str, other: str) -> str:
    """Return the code if it is registered, otherwise `other`: applications can report any number of codes."""
    return code if code in CODES else other


class OpenStreams(Generic[_T]):
    """A thread-safe mapping from open streams to values.

    Ids of streams need not be unique: id and start time together identify a stream, and its
    :class:`~componentstream.session.StreamFinished` has both.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, list[tuple[float, _T]]] = {}

    def add(self, event: StreamStarted, value: _T) -> None:
        """Add a stream that has started."""
        with self._lock:
            self._open.setdefault(event.stream, []).append((event.at, value))

    def only(self, stream: str) -> _T | None:
        """Return the value of the open stream with this id, None unless exactly one is open."""
        with self._lock:
            values = self._open.get(stream, ())
            return values[0][1] if len(values) == 1 else None

    def take(self, event: StreamFinished) -> _T | None:
        """Remove a stream and return its value, None if it never started."""
        with self._lock:
            values = self._open.get(event.stream, [])
            for position, (at, value) in enumerate(values):
                if at == event.started:
                    del values[position]
                    if not values:
                        del self._open[event.stream]
                    return value
        return None
