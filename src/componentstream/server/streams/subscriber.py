"""Read one stream for one client: entries from the log first, new entries after that.

A subscriber on the worker that produces the stream moves from the log to the tail as soon as the tail has its
next entry, and back to the log when it lags. Entries are numbered, and both are asked for "the entries after
this number", so nothing is lost or doubled at these transitions. On other workers it follows the log only.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

from componentstream._aio.wakeup import RearmedTimer, Wakeup
from componentstream.core import codes
from componentstream.core.events import ErrorEvent
from componentstream.log.protocol import (
    Entry,
    EventLog,
    GapError,
    LogError,
    ProducerLostError,
    StoreError,
    StreamStatus,
)
from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.tail import Tail, TailEntry
from componentstream.wire import SSEEncoder, event_to_json

_RETRY_DELAY: Final = 0.05
"""Pause in seconds between two attempts at a log that fails at once."""

_FOLLOWING: Final = 2.0
"""Seconds. A log should raise within half of this when it fails: a read that took longer probably followed a
healthy log, and the failure began at its end."""

_RECOVERED: Final = 30.0
"""Seconds. No log should take so long to fail: a read that took longer followed a log that had recovered."""

_HEARTBEAT: Final = SSEEncoder().heartbeat()
_MESSAGE_STOP_PREFIX: Final = b'{"type":"message_stop"'

_UNAVAILABLE: Final = ErrorEvent(
    codes.LOG_UNAVAILABLE,
    "The event log is unavailable; resume later after the last event ID.",
    fatal=True,
    retryable=True,
)
_TRIMMED: Final = ErrorEvent(codes.EVENTS_TRIMMED, "The next events are no longer kept.", fatal=True)
_UNKNOWN: Final = ErrorEvent(codes.STREAM_UNKNOWN, "The stream is no longer kept.", fatal=True)


class StreamSubscriber:
    """Reads one stream for one response.

    It owns one timer, for heartbeats, and while it reads from the log one task, for the next page. Close it
    with :meth:`aclose`, which ends both.

    Args:
        log: Log that holds the stream.
        stream: Status of the stream when the client came.
        tail: Tail of the stream if this worker produces it.
        event_filter: Selection of the client.
        finish_abandoned: Ends the stream in the log after its producer was lost.
        heartbeat: Seconds of silence before a heartbeat, infinity for none.
        log_timeout: Seconds for which a failing log is retried.
        resumable: True if the client can ask for the stream again.

    Attributes:
        stream: Status of the stream when the client came.
        resumable: True if the client can ask for the stream again, because it knows the stream ID or sent an
            idempotency key. A stream that no client can resume need not outlive its subscribers.
    """

    __slots__ = (
        "_after",
        "_asked_at",
        "_done",
        "_failing_since",
        "_filter",
        "_finish_abandoned",
        "_heartbeat",
        "_heartbeat_due",
        "_log",
        "_log_subscription",
        "_log_timeout",
        "_logged",
        "_loop",
        "_page",
        "_stop_seen",
        "_tail",
        "_timer",
        "_wakeup",
        "resumable",
        "stream",
    )

    def __init__(
        self,
        log: EventLog,
        stream: StreamStatus,
        tail: Tail | None,
        event_filter: EventFilter,
        *,
        finish_abandoned: Callable[[StreamStatus], Awaitable[object]],
        heartbeat: float,
        log_timeout: float,
        resumable: bool = True,
    ) -> None:
        self.stream: StreamStatus = stream
        self.resumable: bool = resumable
        self._finish_abandoned = finish_abandoned
        self._log = log
        self._tail = tail
        self._filter = event_filter
        self._after = event_filter.after
        self._heartbeat = heartbeat
        self._log_timeout = log_timeout
        self._loop = asyncio.get_running_loop()
        self._done = False
        self._logged = True  # the log has every entry up to `_after`
        self._stop_seen = False
        self._asked_at = 0.0
        self._failing_since = math.inf
        self._log_subscription: AsyncGenerator[list[Entry], None] | None = None
        self._page: asyncio.Task[list[Entry] | None] | None = None
        self._wakeup = Wakeup()
        self._heartbeat_due = False
        # One timer per subscriber, of which each event sent merely moves the deadline.
        self._timer = RearmedTimer(self._on_timer)
        self._timer.set(self._loop.time() + heartbeat)
        if tail is not None:
            tail.subscribers += 1
            tail.subscribe(self._wakeup.set)

    async def next(self) -> list[TailEntry] | None:
        """Return the next entries, an empty list when a heartbeat is due, or None at the end."""
        while not self._done:
            entries = await self._available()
            if entries is None:
                break
            if entries:
                last = entries[-1]
                self._after, self._logged = last.seq, last.logged
                self._stop_seen = last.payload.startswith(_MESSAGE_STOP_PREFIX)
                return entries
            # Entries come first: a client that is slow to take them needs no sign of life.
            if self._heartbeat_due:
                self._heartbeat_due = False
                return []
            if not self._done:
                # No wake-up is lost: `_available` has not awaited anything since it last looked for entries.
                await self._wakeup.wait()
        return None

    def render(self, entries: Sequence[TailEntry]) -> bytes:
        """Return entries as server-sent events, hidden ones left out; an empty list gives a heartbeat."""
        if not entries:
            return _HEARTBEAT
        shows = self._filter.shows
        chunk = b"".join(
            # An ID only if the log has the entry: browsers send the last ID back to resume after it.
            b"data: %b\nid: %d\n\n" % (entry.payload, entry.seq)
            if entry.logged
            else b"data: %b\n\n" % entry.payload
            for entry in entries
            if shows(entry)
        )
        if chunk:
            # Only bytes break the silence: a client from which all entries are hidden needs heartbeats.
            self._timer.set(self._loop.time() + self._heartbeat)
            self._heartbeat_due = False
        return chunk

    def end(self) -> None:
        """End where the client is, so that it resumes on another worker; still deliver a completed tail."""
        if self._tail is None or self._tail.fenced or not self._tail.ended:
            self._done = True
            self._wakeup.set()

    async def aclose(self) -> None:
        """Release the timer, the tail and the read of the log."""
        self._done = True
        self._timer.close()
        self._leave_tail()
        await self._close_log_subscription()

    async def _available(self) -> list[TailEntry] | None:
        """Return the entries that can be delivered now, or None if none will come.

        Before it returns an empty list it has made sure that something will wake it up: the tail, the task
        that reads the next page, or a retry timer.
        """
        # The order of these checks is the hand-over. The tail is asked first, because it costs nothing; None
        # means that it no longer has our next entry. The read of the log is closed on the way to the tail.
        # That close waits, and meanwhile the tail may drop entries or be fenced, so it is asked once more.
        tail = self._tail
        if tail is not None and not tail.fenced and (entries := tail.after(self._after)) is not None:
            if self._log_subscription is not None:
                await self._close_log_subscription()
                entries = tail.after(self._after)
            if entries is not None and not tail.fenced:
                return None if tail.ended and not entries else entries
        if tail is not None and tail.fenced:
            # Another producer owns the numbers from here on. Its entries come from the log only.
            self._leave_tail()
        # After an entry that only the tail had, the log cannot continue: its next entry, if one ever comes,
        # has a number that this client has already seen on another event.
        return await self._from_log() if self._logged else self._final_error(_UNAVAILABLE)

    async def _from_log(self) -> list[TailEntry] | None:
        try:
            return self._next_page()
        except ProducerLostError:
            return await self._recover()
        except StoreError:
            return self._retry_store()
        except GapError:
            return self._final_error(_TRIMMED)
        except LogError:
            return self._final_error(_UNKNOWN)

    def _next_page(self) -> list[TailEntry] | None:
        # Reading is a task, not an await, because a subscriber waits for several things at once: the page,
        # the tail, the heartbeat and `end`. The task survives those other wake-ups.
        if self._page is None:
            if self._log_subscription is None:
                self._log_subscription = self._log.read(self.stream.stream, self._after)
            self._asked_at = self._loop.time()
            self._page = self._loop.create_task(_anext(self._log_subscription), name="componentstream page")
            self._page.add_done_callback(lambda _: self._wakeup.set())
        if not self._page.done():
            return []
        page, self._page = self._page, None
        try:
            entries = page.result()
        except LogError as error:
            self._log_subscription = None  # an async generator that has raised is finished
            self._note_failure(error)
            raise
        self._failing_since = math.inf
        return None if entries is None else [TailEntry(entry.seq, entry.payload) for entry in entries]

    def _note_failure(self, error: LogError) -> None:
        # The time for retries runs from the first failure to the next page. A log that hangs until its own
        # timeout looks like one on which a quiet stream was followed. It must not restart that time again
        # and again, so after the first failure only a much longer read does. Any other error is an answer.
        now = self._loop.time()
        lasted = now - self._asked_at
        healthy = lasted > (_RECOVERED if isinstance(error, StoreError) else _FOLLOWING)
        if healthy or self._failing_since == math.inf:
            self._failing_since = now if lasted > _FOLLOWING else self._asked_at

    async def _recover(self) -> list[TailEntry] | None:
        """Have the lost stream ended in the log, then read its ending from there like every other client."""
        try:
            await self._finish_abandoned(self.stream)
        except StoreError:
            return self._retry_store()
        self._loop.call_later(_RETRY_DELAY, self._wakeup.set)
        return []

    def _retry_store(self) -> list[TailEntry] | None:
        """Schedule another attempt, or give up after ``log_timeout`` seconds of failures."""
        if self._loop.time() >= self._failing_since + self._log_timeout:
            return self._final_error(_UNAVAILABLE)
        self._loop.call_later(_RETRY_DELAY, self._wakeup.set)
        return []

    def _final_error(self, error: ErrorEvent) -> list[TailEntry] | None:
        """End with an error event, unless the client has the stream's own end already."""
        self._done = True
        return None if self._stop_seen else [TailEntry(self._after + 1, event_to_json(error), logged=False)]

    def _on_timer(self) -> None:
        """Wake the subscriber for a heartbeat."""
        self._heartbeat_due = True
        self._timer.set(self._loop.time() + self._heartbeat)
        self._wakeup.set()

    def _leave_tail(self) -> None:
        if self._tail is not None:
            self._tail.subscribers -= 1
            self._tail.unsubscribe(self._wakeup.set)
            self._tail = None

    async def _close_log_subscription(self) -> None:
        # The task first: a generator cannot be closed while its `anext` runs.
        if self._page is not None:
            self._page.cancel()
            await asyncio.gather(self._page, return_exceptions=True)
            self._page = None
        if self._log_subscription is not None:
            await self._log_subscription.aclose()
            self._log_subscription = None


async def _anext(pages: AsyncGenerator[list[Entry], None]) -> list[Entry] | None:
    return await anext(pages, None)
