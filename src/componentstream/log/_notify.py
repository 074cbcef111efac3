"""How readers that wait are woken: by what this process writes, and by what others write."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Generic, TypeVar

from typing_extensions import override

from componentstream._aio.tasks import Tasks
from componentstream.log.protocol import StoreError

T = TypeVar("T")

_PAUSE: Final = 0.2
"""Seconds until a store that failed is asked again for what was written."""


class Notifier:
    """Wakes the readers in this event loop that wait for a stream."""

    def __init__(self) -> None:
        self._bells: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def listening(self, stream: str) -> Iterator[asyncio.Event]:
        """Have an event set whenever the stream is rung, from here to the end of the block."""
        bell = asyncio.Event()
        bells = self._bells.setdefault(stream, set())
        bells.add(bell)
        try:
            yield bell
        finally:
            bells.remove(bell)
            if not bells:
                del self._bells[stream]

    def ring(self, stream: str) -> None:
        """Wake the readers of a stream."""
        for bell in self._bells.get(stream, ()):
            bell.set()

    def ring_all(self) -> None:
        """Wake every reader."""
        for stream in self._bells:
            self.ring(stream)


class StoreNotifier(Notifier, Generic[T]):
    """Bells that ring for what other processes write as well. While anyone listens, one task asks for that.

    Args:
        changes: called with None for the present end of the store's history, and then with each place in it
            that it returned, for the next one and the streams that changed in between. It waits a little
            for changes, returns None for a place to begin anew, and raises ``StoreError`` if it cannot tell.
    """

    def __init__(self, changes: Callable[[T | None], Awaitable[tuple[T | None, list[str]]]]) -> None:
        super().__init__()
        self._changes = changes
        self._watch: asyncio.Task[None] | None = None
        self._tasks = Tasks()

    @override
    @contextmanager
    def listening(self, stream: str) -> Iterator[asyncio.Event]:
        """Have an event set whenever the stream is rung, here or by another process."""
        if self._watch is None:
            self._watch = self._tasks.start(self._ring_for_others())
        try:
            with super().listening(stream) as bell:
                yield bell
        finally:
            if not self._bells:
                self._end_watch()

    async def aclose(self) -> None:
        """Wake every reader for the last time, and end the task."""
        self._end_watch()
        self.ring_all()
        await self._tasks.aclose()

    def _end_watch(self) -> None:
        if self._watch is not None:
            watch, self._watch = self._watch, None
            self._tasks.end(watch)

    async def _ring_for_others(self) -> None:
        place: T | None = None
        while True:
            begins = place is None
            try:
                place, streams = await self._changes(place)
            except StoreError:
                self.ring_all()  # they look, and learn it themselves
                place, streams = None, []
                await asyncio.sleep(_PAUSE)
            if begins:
                self.ring_all()  # what changed before this place is not known
            for stream in streams:
                self.ring(stream)


async def wait_for_notification(bell: asyncio.Event, seconds: float) -> None:
    """Return when the bell was rung, or after so many seconds; it can be rung again from then on."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()
    bell.clear()
