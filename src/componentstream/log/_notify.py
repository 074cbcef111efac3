"""Notifications for clients that wait for a stream: of writes in this process, and of writes in others."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Generic, TypeVar

from typing_extensions import override

from componentstream._aio.tasks import Tasks
from componentstream.log.protocol import StoreError

T = TypeVar("T")

_RETRY_SECONDS: Final = 0.2
"""Seconds until a store that failed is asked again for its changes."""


class Notifier:
    """Wakes the clients on this event loop that wait for a stream."""

    def __init__(self) -> None:
        self._subscribers: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def subscribe(self, stream: str) -> Iterator[asyncio.Event]:
        """Provide an event that every notification of the stream sets, until the end of the block."""
        event = asyncio.Event()
        events = self._subscribers.setdefault(stream, set())
        events.add(event)
        try:
            yield event
        finally:
            events.remove(event)
            if not events:
                del self._subscribers[stream]

    def notify(self, stream: str) -> None:
        """Wake the clients of a stream."""
        for event in self._subscribers.get(stream, ()):
            event.set()

    def notify_all(self) -> None:
        """Wake the clients of every stream."""
        for stream in self._subscribers:
            self.notify(stream)


class StoreNotifier(Notifier, Generic[T]):
    """A notifier that also reports writes of other processes.

    One task watches the store for all clients together, and only while there is at least one.

    Args:
        changes: called with None, it returns the current position in the history of the store; called with
            a position, it waits a short time and returns the next position and the streams that changed in
            between. It returns None as the position to start over, and raises ``StoreError`` if it cannot
            tell.
    """

    def __init__(self, changes: Callable[[T | None], Awaitable[tuple[T | None, list[str]]]]) -> None:
        super().__init__()
        self._changes = changes
        self._watch: asyncio.Task[None] | None = None
        self._tasks = Tasks("componentstream log")

    @override
    @contextmanager
    def subscribe(self, stream: str) -> Iterator[asyncio.Event]:
        """Provide an event that every notification of the stream sets, from this process or another."""
        if self._watch is None:
            self._watch = self._tasks.start(self._watch_store())
        try:
            with super().subscribe(stream) as event:
                yield event
        finally:
            # The task belongs to the subscribers: the last one to leave cancels it.
            if not self._subscribers:
                self._end_watch()

    async def aclose(self) -> None:
        """Wake every client for the last time, and end the task."""
        self._end_watch()
        self.notify_all()
        await self._tasks.aclose()

    def _end_watch(self) -> None:
        if self._watch is not None:
            watch, self._watch = self._watch, None
            self._tasks.end(watch)

    async def _watch_store(self) -> None:
        position: T | None = None
        while True:
            starting = position is None
            try:
                position, streams = await self._changes(position)
            except StoreError:
                self.notify_all()  # each client loads its stream and gets the error itself
                position, streams = None, []
                await asyncio.sleep(_RETRY_SECONDS)
            if starting:
                # Changes between the last load of a client and this position are in no list.
                self.notify_all()
            for stream in streams:
                self.notify(stream)


async def wait_for_notification(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set or the time is over, and reset the event."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()
