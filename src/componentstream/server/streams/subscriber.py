"""One reader's way through one stream: what the log has, then what comes.

A reader on the worker that produces the stream goes over from the log to the tail where both have the next
record, and back if it lags. Records are numbered, so that nothing is missed or read twice at these junctions.
Everywhere else the log is followed.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

from componentstream.core import codes
from componentstream.core.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    TextBlock,
)
from componentstream.log.protocol import (
    Entry,
    EventLog,
    GapError,
    LogError,
    ProducerLostError,
    StoreError,
    StreamStatus,
)
from componentstream.server.streams.tail import Tail, TailEntry, event_in
from componentstream.wire import SSEEncoder, event_to_json

_RETRY: Final = 0.05
"""Seconds between two attempts at a log that fails at once."""

_ANSWERED: Final = 2.0
"""Seconds. A log that works or fails has answered in half of that: what is asked for longer was there."""

_BEAT: Final = SSEEncoder().heartbeat()
_DEBUG: Final = b'{"type":"debug"'
_MESSAGE_STOP: Final = b'{"type":"message_stop"'

_NONE: Final[frozenset[int]] = frozenset()

_UNAVAILABLE: Final = ErrorEvent(
    codes.LOG_UNAVAILABLE,
    "The log cannot be read; go on after the last id in a while.",
    fatal=True,
    retryable=True,
)
_TRIMMED: Final = ErrorEvent(codes.EVENTS_TRIMMED, "The next events are no longer kept.", fatal=True)
_GONE: Final = ErrorEvent(codes.STREAM_UNKNOWN, "The stream is not kept any more.", fatal=True)


class EventFilter:
    """What of a stream its reader wants to see.

    Args:
        after: number of the last record that the reader has.
        components_only: leave out blocks of text.
        from_index: leave out blocks before this one.
        debug: show debug events.

    Attributes:
        after: number of the record after which to begin to read: whether a block is wanted is known from its
            start only.
    """

    __slots__ = ("_after", "_components_only", "_debug", "_from_index", "_hidden", "_selects", "after")

    def __init__(
        self, after: int = 0, *, components_only: bool = False, from_index: int = 0, debug: bool = False
    ) -> None:
        self._selects = components_only or from_index > 0
        self.after = 0 if self._selects else after
        self._after = after
        self._components_only = components_only
        self._from_index = from_index
        self._debug = debug
        self._hidden = _NONE

    def shows(self, record: TailEntry) -> bool:
        """Whether the reader is to get a record; call it with each in turn."""
        if self._selects and self._hides(event_in(record.payload)):
            return False
        if not self._debug and record.payload.startswith(_DEBUG):
            return False
        return record.seq > self._after

    def _hides(self, event: Event | None) -> bool:
        match event:
            case ContentBlockStart(index=index, block=block):
                if index < self._from_index or (self._components_only and isinstance(block, TextBlock)):
                    self._hidden |= {index}
                return index in self._hidden
            case ContentBlockDelta(index=index) | ContentBlockStop(index=index):
                return index in self._hidden
            case _:
                return False


class StreamSubscriber:
    """Reads one stream for one response.

    Args:
        log: where the stream is kept.
        stream: how it stood when the reader came.
        tail: of the stream, if this worker produces it.
        view: what to show.
        end_lost: ends the stream in the log because its producer was lost.
        heartbeat: seconds of silence after which a heartbeat is sent, infinity for never.
        log_timeout: seconds that a log which fails is asked again.
        known: see below.

    Attributes:
        stream: how the stream stood when the reader came.
        known: its client can ask for the stream again. Otherwise the generation has nobody to go on for when
            the reader leaves.
    """

    __slots__ = (
        "_after", "_asked", "_beat_due", "_end_lost", "_failing_since", "_heartbeat", "_kept", "_log",
        "_loop", "_over", "_page", "_pages", "_patience", "_silent", "_tail", "_timer", "_told", "_view",
        "_waiting", "known", "stream",
    )  # fmt: skip

    def __init__(
        self,
        log: EventLog,
        stream: StreamStatus,
        tail: Tail | None,
        view: EventFilter,
        *,
        finish_abandoned: Callable[[StreamStatus], Awaitable[object]],
        heartbeat: float,
        log_timeout: float,
        known: bool = True,
    ) -> None:
        self._log = log
        self.known = known
        self.stream = stream
        self._end_lost = finish_abandoned
        self._tail = tail
        self._view = view
        self._after = view.after
        self._heartbeat = heartbeat
        self._patience = log_timeout
        self._loop = asyncio.get_running_loop()
        self._over = False
        self._kept = True  # the log has all that was read
        self._told = False  # the end of the stream was read
        self._asked = 0.0
        self._failing_since = math.inf
        self._pages: AsyncGenerator[list[Entry], None] | None = None
        self._page: asyncio.Task[list[Entry] | None] | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._beat_due = self._loop.time() + heartbeat
        self._silent = False  # a heartbeat is due
        self._timer: asyncio.TimerHandle | None = None
        if tail is not None:
            tail.readers += 1
            tail.watch(self._wake)
        if heartbeat < math.inf:
            self._timer = self._loop.call_at(self._beat_due, self._look)

    async def next(self) -> list[TailEntry] | None:
        """Return the records that come next, none of them for a heartbeat, None at the end."""
        while not self._over:
            records = await self._there()
            if records is None:
                break
            if records:
                last = records[-1]
                self._after, self._kept = last.seq, last.kept
                self._told = last.payload.startswith(_MESSAGE_STOP)
                return records
            if self._silent:
                self._silent = False
                return []
            if not self._over:
                await self._wait()
        return None

    def render(self, records: Sequence[TailEntry]) -> bytes:
        """Return records as server-sent events, without those that the view hides; none are a heartbeat."""
        if not records:
            return _BEAT
        shows = self._view.shows
        chunk = b"".join(
            b"data: %b\nid: %d\n\n" % (record.payload, record.seq)
            if record.kept
            else b"data: %b\n\n" % record.payload
            for record in records
            if shows(record)
        )
        if chunk:
            self._beat_due = self._loop.time() + self._heartbeat
            self._silent = False
        return chunk

    def end(self) -> None:
        """Come to the end where the reader is, to go on elsewhere; a stream that is over is read out."""
        if self._tail is None or self._tail.fenced or not self._tail.ended:
            self._over = True
            self._wake()

    async def aclose(self) -> None:
        """Release what the reader holds."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._leave_the_tail()
        await self._close_the_log()

    async def _there(self) -> list[TailEntry] | None:
        """Return the records that are there, None if no more can come.

        Where there are none, something will wake the reader.
        """
        tail = self._tail
        if tail is not None and not tail.fenced and (records := tail.after(self._after)) is not None:
            if self._pages is not None:
                await self._close_the_log()  # meanwhile the tail may move on, or be fenced
                records = tail.after(self._after)
            if records is not None and not tail.fenced:
                return None if tail.ended and not records else records
        if tail is not None and tail.fenced:
            self._leave_the_tail()
        return await self._in_the_log() if self._kept else self._last_words(_UNAVAILABLE)

    async def _in_the_log(self) -> list[TailEntry] | None:
        try:
            return self._turn_page()
        except ProducerLostError:
            return await self._recover()
        except StoreError:
            return self._bear()
        except GapError:
            return self._last_words(_TRIMMED)
        except LogError:
            return self._last_words(_GONE)

    def _turn_page(self) -> list[TailEntry] | None:
        if self._page is None:
            if self._pages is None:
                self._pages = self._log.read(self.stream.stream, self._after)
            self._asked = self._loop.time()
            self._page = self._loop.create_task(_next_page(self._pages), name="componentstream page")
            self._page.add_done_callback(lambda _: self._wake())
        if not self._page.done():
            return []
        page, self._page = self._page, None
        try:
            entries = page.result()
        except LogError:
            self._pages = None
            now = self._loop.time()
            worked = now > self._asked + _ANSWERED
            self._failing_since = now if worked else min(self._failing_since, self._asked)
            raise
        self._failing_since = math.inf
        return None if entries is None else [TailEntry(entry.seq, entry.payload) for entry in entries]

    async def _recover(self) -> list[TailEntry] | None:
        try:
            await self._end_lost(self.stream)
        except StoreError:
            return self._bear()
        self._loop.call_later(_RETRY, self._wake)
        return []

    def _bear(self) -> list[TailEntry] | None:
        if self._loop.time() >= self._failing_since + self._patience:
            return self._last_words(_UNAVAILABLE)
        self._loop.call_later(_RETRY, self._wake)
        return []

    def _last_words(self, error: ErrorEvent) -> list[TailEntry] | None:
        self._over = True
        return None if self._told else [TailEntry(self._after + 1, event_to_json(error), kept=False)]

    async def _wait(self) -> None:
        self._waiting = self._loop.create_future()
        await self._waiting

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _look(self) -> None:
        """Wake the reader if its heartbeat is due; one timer serves all of the stream."""
        now = self._loop.time()
        if now >= self._beat_due:
            self._silent = True
            self._beat_due = now + self._heartbeat
            self._wake()
        self._timer = self._loop.call_at(self._beat_due, self._look)

    def _leave_the_tail(self) -> None:
        if self._tail is not None:
            self._tail.readers -= 1
            self._tail.unwatch(self._wake)
            self._tail = None

    async def _close_the_log(self) -> None:
        if self._page is not None:
            self._page.cancel()
            await asyncio.gather(self._page, return_exceptions=True)
            self._page = None
        if self._pages is not None:
            await self._pages.aclose()
            self._pages = None


async def _next_page(pages: AsyncGenerator[list[Entry], None]) -> list[Entry] | None:
    return await anext(pages, None)
