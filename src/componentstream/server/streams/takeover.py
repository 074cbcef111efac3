"""The ending of a stream whose producer cannot write it: because it died, or because it runs elsewhere.

Whoever notices takes the stream over and writes the ending into the log, so that all readers, whenever and
wherever they come, get the same entries and the same end.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial

from componentstream.core import codes
from componentstream.core.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    MessageStop,
)
from componentstream.log.protocol import Entry, EventLog, Lease, LogError, StoreError
from componentstream.server.streams.tail import event_in
from componentstream.wire import event_to_json

PRODUCER_LOST = ErrorEvent(
    codes.PRODUCER_LOST,
    "The server that made this stream is gone; ask once more, with another Idempotency-Key.",
    fatal=True,
    retryable=True,
)


async def finish_abandoned(log: EventLog, stream: str, owner: str, lease_seconds: float) -> bool:
    """End a stream whose lease ran out, as failed; return whether this call did it.

    Raises:
        StoreError: the log failed.
    """
    take = partial(log.acquire, stream, owner=owner, ttl=lease_seconds, take_over="lost")
    return await _end(log, stream, take, [PRODUCER_LOST], MessageStop("failed"))


async def end_cancelled(log: EventLog, stream: str, owner: str, lease_seconds: float) -> bool:
    """End a stream as cancelled, whoever produces it; return whether this call did it.

    Raises:
        StoreError: the log failed.
    """
    take = partial(log.acquire, stream, owner=owner, ttl=lease_seconds, take_over="open")
    return await _end(log, stream, take, [], MessageStop("cancelled"))


async def _end(
    log: EventLog,
    stream: str,
    take: Callable[[], Awaitable[Lease | None]],
    before: list[Event],
    end: MessageStop,
) -> bool:
    status = await log.status(stream)
    if status is None:
        return False  # to acquire it would be to start it
    lease = await take()
    if lease is None:
        return False
    try:
        blocks = await _replay(log, lease, status.first - 1)
        if not blocks.ended:
            ending = [*before, *blocks.stops(), end]
            await log.append(lease, lease.last + 1, [event_to_json(event) for event in ending])
        await log.finish(lease)
    except StoreError:
        raise
    except LogError:
        # It was taken over in turn, or deleted.
        return False
    return True


async def _replay(log: EventLog, lease: Lease, after: int) -> "_OpenBlocks":
    blocks = _OpenBlocks()
    async with aclosing(log.read(lease.stream, after)) as pages:
        while after < lease.last:
            entries = await anext(pages)
            blocks.feed(entries)
            after = entries[-1].seq
    return blocks


class _OpenBlocks:
    """What is open after the events so far.

    Attributes:
        ended: the last event is in already.
    """

    def __init__(self) -> None:
        self.ended = False
        self._chars: dict[int, int] = {}
        self._too_large: set[int | None] = set()

    def feed(self, entries: Sequence[Entry]) -> None:
        """Take the next entries."""
        for entry in entries:
            match event_in(entry.payload):
                case ContentBlockStart(index=index):
                    self._chars[index] = 0
                case ContentBlockDelta(index=index, text=text):
                    self._chars[index] = self._chars.get(index, 0) + len(text)
                case ContentBlockStop(index=index):
                    self._chars.pop(index, None)
                case ErrorEvent(code=codes.COMPONENT_TOO_LARGE, index=index):
                    self._too_large.add(index)
                case MessageStop():
                    self.ended = True
                case _:
                    pass

    def stops(self) -> list[Event]:
        """Return the stops of all that is open, innermost first.

        How much of a component was too much died with its producer; it was one character at least.
        """
        return [
            ContentBlockStop(index, "aborted", chars, trimmed=int(index in self._too_large))
            for index, chars in sorted(self._chars.items(), reverse=True)
        ]
