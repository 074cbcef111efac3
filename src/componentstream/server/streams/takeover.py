"""End a stream whose producer cannot: because its process died, or because it runs on another worker.

The worker that notices first takes the stream over and appends the ending to the log, so that every client
gets the same entries and the same end, whenever and wherever it reads.

Fencing decides all races. ``acquire`` hands the stream to one caller and invalidates the previous lease, so a
producer that was only slow cannot append after the ending. Losing the race is not an error: another worker
has written an ending, or is about to.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import assert_never

from componentstream.core import codes
from componentstream.core.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    FindingEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    UsageEvent,
)
from componentstream.log.protocol import Entry, EventLog, Lease, LogError, StoreError
from componentstream.server.streams.payloads import decode_payload
from componentstream.wire import event_to_json

PRODUCER_LOST = ErrorEvent(
    codes.PRODUCER_LOST,
    "The worker that produced this stream is gone; retry with a new Idempotency-Key.",
    fatal=True,
    retryable=True,
)


async def finish_abandoned(log: EventLog, stream: str, owner: str, ttl: float) -> bool:
    """End a stream as failed after its lease has expired; return True if this call did it.

    Args:
        log: Log that holds the stream.
        stream: Stream ID.
        owner: Owner of the stream, as the log has it.
        ttl: TTL in seconds of the lease to write the ending with.

    Raises:
        StoreError: The log failed.
    """
    acquire = partial(log.acquire, stream, owner=owner, ttl=ttl, take_over="lost")
    return await _end(log, stream, acquire, [PRODUCER_LOST], MessageStop("failed"))


async def end_cancelled(log: EventLog, stream: str, owner: str, ttl: float) -> bool:
    """End a stream as cancelled, even while another worker produces it; return True if this call did it.

    Args:
        log: Log that holds the stream.
        stream: Stream ID.
        owner: Owner of the stream, as the log has it.
        ttl: TTL in seconds of the lease to write the ending with.

    Raises:
        StoreError: The log failed.
    """
    acquire = partial(log.acquire, stream, owner=owner, ttl=ttl, take_over="open")
    return await _end(log, stream, acquire, [], MessageStop("cancelled"))


async def _end(
    log: EventLog,
    stream: str,
    acquire: Callable[[], Awaitable[Lease | None]],
    errors: list[Event],
    stop: MessageStop,
) -> bool:
    status = await log.status(stream)
    if status is None:
        return False  # acquiring it would start a new stream
    lease = await acquire()
    if lease is None:
        return False
    try:
        blocks = await _replay(log, lease, status.first - 1)
        # The old producer may have died between its last append and `finish`: then only that is missing.
        if not blocks.ended:
            ending = [*errors, *blocks.stops(), stop]
            await log.append(lease, lease.last + 1, [event_to_json(event) for event in ending])
        await log.finish(lease)
    except StoreError:
        raise
    except LogError:
        return False  # taken over in turn, or deleted
    return True


async def _replay(log: EventLog, lease: Lease, after: int) -> "_OpenBlocks":
    """Read the stream up to the takeover, to know which blocks the ending has to stop."""
    blocks = _OpenBlocks()
    # Bounded by `lease.last`: the stream is open and ours, so reading on would wait for our own entries.
    async with aclosing(log.read(lease.stream, after)) as pages:
        while after < lease.last:
            entries = await anext(pages)
            blocks.feed(entries)
            after = entries[-1].seq
    return blocks


class _OpenBlocks:
    """The blocks that are open after the entries so far.

    Attributes:
        ended: True if the stream has its last event already.
    """

    def __init__(self) -> None:
        self.ended = False
        self._chars: dict[int, int] = {}
        self._too_large: set[int | None] = set()

    def feed(self, entries: Sequence[Entry]) -> None:
        """Update the state by the next entries."""
        for entry in entries:
            event = decode_payload(entry.payload)
            match event:
                case ContentBlockStart(index=index):
                    self._chars[index] = 0
                case ContentBlockDelta(index=index, text=text):
                    # The start may have been trimmed from the log.
                    self._chars[index] = self._chars.get(index, 0) + len(text)
                case ContentBlockStop(index=index):
                    self._chars.pop(index, None)
                case ErrorEvent(code=code, index=index):
                    if code == codes.COMPONENT_TOO_LARGE:
                        self._too_large.add(index)
                case MessageStop():
                    self.ended = True
                case StatusEvent() | DebugEvent() | None:
                    pass
                case ReasoningEvent() | UsageEvent() | FindingEvent():
                    pass
                case _:
                    assert_never(event)

    def stops(self) -> list[Event]:
        """Return the stops of all open blocks, innermost first."""
        # How many characters were trimmed from a component died with its producer; it was at least one.
        return [
            ContentBlockStop(index, "aborted", chars, trimmed=int(index in self._too_large))
            for index, chars in sorted(self._chars.items(), reverse=True)
        ]
