"""Streams at a pace: asked for each at its time, taken as they come, and judged when all are over."""

import selectors
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import attrs
from streams import EventReader
from tables import percentile
from upstream import TOKEN
from worker import Post, Worker, ask_for
from workloads import WrongOutputError

from componentstream import ContentBlockDelta, ContentBlockStart, Event

_RECEIVE: Final = 262_144
_GRACE: Final = 30.0
"""Seconds after its time that a stream may still end."""

_LOOK: Final = 0.25
"""Seconds between two looks at the worker's memory."""

_PERCENTILES: Final = (50, 99, 99.9, 100)


@attrs.frozen
class Paced:
    """So many streams for so many seconds, each with so many pieces a second of so many characters."""

    streams: int
    seconds: float
    rate: float
    size: int = TOKEN

    @property
    def pieces(self) -> int:
        """How many pieces a stream has."""
        return round(self.seconds * self.rate)

    def request(self, server: str, stream: str) -> Post:
        """Return what asks for one of them."""
        query = f"stream={stream}&count={self.pieces}&size={self.size}&rate={self.rate:g}"
        return Post(f"/{server}/generate", "pieces", query)


@attrs.frozen
class Taken:
    """What came for one request.

    Attributes:
        asked: when it was sent.
        chunks: what came, and when.
    """

    asked: float
    chunks: list[tuple[float, bytes]]

    def events(self) -> list[tuple[float, Event]]:
        """Return the events, each with the time of its coming.

        Raises:
            WrongStreamError: it is no whole stream, or an id is missing.
        """
        reader = EventReader(numbered=True)
        events = [(came, event) for came, data in self.chunks for event in reader.feed(data)]
        reader.finish()
        return events

    def seconds_to_the_first(self) -> float:
        """Return how long after the request the first event of the answer itself came."""
        return (
            next(came for came, event in self.events() if isinstance(event, ContentBlockStart)) - self.asked
        )


class Taking:
    """Sends requests, each at its time, and takes what comes for them; it judges nothing meanwhile.

    Args:
        worker: whom they are sent to; it is looked at now and then.

    Attributes:
        memory: the most bytes of the worker that were resident at a look.
    """

    def __init__(self, worker: Worker) -> None:
        self.memory = worker.memory()
        self._worker = worker
        self._selector = selectors.DefaultSelector()

    def run(self, requests: Sequence[tuple[float, Post]], seconds: float) -> list[Taken]:
        """Return what came for each request, in their order.

        Args:
            requests: the requests in the order of their times, in seconds from now.
            seconds: when all answers should have come.

        Raises:
            WrongOutputError: an answer did not end.
        """
        began = time.monotonic()
        taken: list[Taken] = []
        look = began
        while len(taken) < len(requests) or self._selector.get_map():
            now = time.monotonic()
            if now > began + seconds + _GRACE:
                raise WrongOutputError("A stream does not end.")
            while len(taken) < len(requests) and began + requests[len(taken)][0] <= now:
                taken.append(Taken(time.monotonic(), []))
                connection = ask_for(self._worker.port, requests[len(taken) - 1][1])
                self._selector.register(connection, selectors.EVENT_READ, (connection, taken[-1]))
            if look <= now:
                self.memory = max(self.memory, self._worker.memory())
                look = now + _LOOK
            due = began + requests[len(taken)][0] if len(taken) < len(requests) else look
            self._read(max(0.0, min(due, look) - time.monotonic()))
        return taken

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            connection, taken = key.data
            if data := connection.recv(_RECEIVE):
                taken.chunks.append((time.monotonic(), data))
            else:
                self._selector.unregister(connection)
                connection.close()


def delays_of(taken: Taken, upstream: list[Any], load: Paced) -> list[float]:
    """Return for each piece of a stream how long after it was due all of it was here, in seconds.

    Args:
        taken: the stream.
        upstream: how many pieces were sent, their SHA-256, and when the first was due.
        load: what they were.

    Raises:
        WrongOutputError: something else has arrived than was sent.
    """
    delays: list[float] = []
    digest = sha256()
    chars = 0
    for came, event in taken.events():
        if isinstance(event, ContentBlockDelta):
            digest.update(event.text.encode())
            chars += len(event.text)
            while len(delays) < min(chars // load.size, load.pieces):
                delays.append(came - upstream[2] - len(delays) / load.rate)
    if upstream[:2] != [load.pieces, digest.hexdigest()]:
        raise WrongOutputError(f"{chars} characters came, not the {upstream[0]} pieces that were sent.")
    return delays


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Return the percentiles of some times, in milliseconds."""
    ordered = sorted(seconds)
    return {f"{part:g}": percentile(ordered, part) * 1e3 for part in _PERCENTILES}
