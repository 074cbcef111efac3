"""A source read by a task of its own, for the asynchronous live drivers.

The task owns the source: it opens, reads and closes it, so that a cancellation, or a scope inside the source,
always meets the same task. It feeds each chunk to the generation as it comes; the consumer takes what is in
``out``, and waits on one future while that is empty. When the consumer lags behind, the task stops reading.

One timer of the loop stands for all deadlines. It is set again when it has fired, or when an earlier deadline
comes up, and never moved back: a chunk that renews a deadline costs nothing.

When the session has ended, by whatever cause, the task is made to close the source at once, and the last
events do not wait for that. What comes after them does, for ``CLOSE_WAIT`` seconds.
"""

import asyncio
import math
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Generic

from componentstream._aio.tasks import Tasks
from componentstream.drive.closing import (
    OneByOne,
    close_on_exit,
    log_failure,
    log_warning,
    note_failed_close,
)
from componentstream.drive.generation import CLOSE_WAIT, MAX_CHARS, MAX_CHUNKS, Generation, T
from componentstream.drive.threaded_source import ThreadedSource

_TURNS: Final = 2
"""Turns of the loop between a deadline and the judgement, so that a chunk which had arrived is fed first: one
in which the source wakes up, and one more for a source that hands it on."""

_BURST: Final = 0.001
"""Seconds. What follows so soon comes from a source that waits for no model, or in a loop that is busy;
then it pays to send several events at once."""

_LAG: Final = 2
"""Turns of the loop that the consumer is woken later in a burst: a source gives a chunk in each."""

_CLOSING: Final = Tasks()
"""The tasks that are closing their source with no consumer to hold them, since the loop holds none."""


class _Closing:
    """Closes what is in a list at the end of a block, the last first.

    An ``AsyncExitStack`` and what it calls take ten times the room, and a driver waits in the block for all
    of a stream.
    """

    __slots__ = ("_things",)

    def __init__(self, things: list[object]) -> None:
        self._things = things

    async def __aenter__(self) -> None:
        return

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stack = AsyncExitStack()
        for thing in self._things:
            stack.push_async_exit(close_on_exit(thing))
        await stack.__aexit__(kind, error, trace)


class TaskDriver(Generic[T]):
    """Drives a generation with a source, on the running event loop.

    Call :meth:`begin`; then send what :meth:`take` returns whenever ``generation.out`` is not empty, stop
    when :attr:`finished` is true, and await what :meth:`waiting` returns otherwise. In the end await
    :meth:`leave`, on every way out, and on the normal one call :meth:`settle`.

    Args:
        source: what is read.
        generation: what is fed.
        send_timeout: seconds after which a consumer that took something and did not come back is given up,
            infinity for never.

    Attributes:
        finished: nothing more will come, but for what is in ``out``.
    """

    __slots__ = (
        "__weakref__",
        "_armed",
        "_begun",
        "_chars",
        "_chunks",
        "_closing",
        "_coming",
        "_failure",
        "_generation",
        "_halted",
        "_left",
        "_loop",
        "_nudged",
        "_overdue",
        "_room",
        "_send_timeout",
        "_source",
        "_taken",
        "_task",
        "_timer",
        "_waiter",
        "finished",
    )

    def __init__(
        self,
        source: AsyncIterable[object] | Iterable[object],
        generation: Generation[T],
        send_timeout: float = math.inf,
    ) -> None:
        self.finished = False
        self._source = source
        self._generation = generation
        self._send_timeout = send_timeout
        self._begun = False  # the task has been run at all
        self._closing = False
        self._halted = False  # the source was not read to its end
        self._left = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._nudged = False  # the consumer will be woken some turns later
        self._coming = True  # the consumer has been woken, and has not taken anything since
        self._taken = 0.0
        self._room: asyncio.Future[None] | None = None
        self._chunks = self._chars = 0  # read ahead of the consumer
        self._timer: asyncio.Handle | None = None
        self._armed = math.inf
        self._overdue: asyncio.Handle | None = None
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._drive(), name="componentstream source")
        self._task.add_done_callback(self._task_is_done)

    # The consumer's side

    def begin(self) -> None:
        """Start the session; the task reads the source as soon as the loop gets to it."""
        self._generation.start()
        self._arm()

    def take(self) -> list[T]:
        """Return what is to be sent, and let the source be read on."""
        self._coming = False
        self._chunks = self._chars = 0
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._taken = self._generation.clock()
        if self._taken + self._send_timeout < self._armed:
            self._arm()
        return self._generation.take()

    def waiting(self) -> asyncio.Future[None]:
        """Return what is done when there is something to take, or nothing more to come."""
        self._waiter = self._loop.create_future()
        return self._waiter

    async def leave(self, *, told: bool) -> None:
        """End what has not ended: cancel the session, have the source closed, wait a little for that.

        Args:
            told: :meth:`settle` is going to be called. Otherwise what it would raise is logged.
        """
        try:
            self._generation.cancel()
        finally:
            self._finish()
            try:
                await self._wait_for_the_close()
            finally:
                self._left = True
                if not told and self._failure is not None:
                    log_failure("The source of a stream failed.", self._failure)

    def stop(self, how: Callable[[], None]) -> None:
        """End the session from outside and have the source closed; the consumer takes what is left.

        Args:
            how: ``cancel`` or ``break_off`` of the generation.
        """
        self._try(how)
        self._finish()

    def settle(self) -> None:
        """Raise what the source raised, or else what closing it raised after a good end."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def _wait_for_the_close(self) -> None:
        if not self._task.done():
            _CLOSING.keep(self._task)
            self._overdue = self._loop.call_later(
                CLOSE_WAIT,
                log_warning,
                f"A source is still closing after {CLOSE_WAIT:g} s.",
            )
            await asyncio.wait([self._task], timeout=CLOSE_WAIT)
        if self._task.done() and not self._begun:
            await self._drive()

    # The source's side

    async def _drive(self) -> None:
        self._begun = True
        opened: list[object] = []
        try:
            async with _Closing(opened):
                try:
                    if self.finished:
                        opened.append(self._source)
                    else:
                        await self._read(self._open(opened))
                except asyncio.CancelledError:
                    self._try(self._generation.cancel)
                except Exception as error:  # noqa: BLE001 - told, raised or logged, never dropped
                    self._fail(error)
                finally:
                    self._closing = True
                    self._finish()
        except Exception as failure:  # noqa: BLE001 - raised, noted or logged, never dropped
            self._close_failed(failure)

    def _open(self, opened: list[object]) -> AsyncIterator[object]:
        """Return the iterator of the source; put whatever is to be closed into `opened`."""
        source = self._source
        # What is in memory cannot block the loop; of anything else that is not asynchronous nobody knows.
        if not isinstance(source, AsyncIterable | list | tuple):
            source = ThreadedSource(source)
        opened.append(source)
        if isinstance(source, AsyncIterable):
            chunks = aiter(source)
            if chunks is not source:
                opened.append(chunks)
            return chunks
        iterator = iter(source)
        opened.append(iterator)
        return OneByOne(iterator)

    async def _read(self, chunks: AsyncIterator[object]) -> None:
        generation = self._generation
        sent = -math.inf
        async for chunk in chunks:
            self._chars += generation.chunk(chunk)
            self._chunks += 1
            if generation.out:
                if generation.ended:
                    return
                if generation.sent - sent < _BURST:
                    self._wake_soon()
                else:
                    self.wake()
                sent = generation.sent
                if self._chunks >= MAX_CHUNKS or self._chars >= MAX_CHARS:
                    await self._pause()
            elif self.finished:
                return
            elif self._chunks >= MAX_CHUNKS:
                # Nothing is read ahead, but a source that never waits must not keep the loop from turning.
                self._chunks = self._chars = 0
                await asyncio.sleep(0)
            if generation.batch_deadline() < self._armed:
                self._arm()
        generation.exhausted()

    async def _pause(self) -> None:
        self._room = self._loop.create_future()
        try:
            await self._room
        finally:
            self._room = None
        self._generation.excuse()

    def _fail(self, error: Exception) -> None:
        if self._halted:
            log_failure("A source failed while it was being closed.", error)
            return
        self._failure = error
        self._try(lambda: self._generation.failed(error))

    def _try(self, step: Callable[[], None]) -> None:
        """Take a last step, which may fail because a hook does."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - raised or logged, never dropped
            if self._failure is None:
                self._failure = error
            else:
                log_failure("A hook failed at the end of a stream.", error)

    def _close_failed(self, failure: Exception) -> None:
        if self._failure is not None:
            note_failed_close(failure, self._failure)
        elif self._halted or self._left:
            log_failure("Closing a source failed.", failure)
        else:
            self._failure = failure

    def _task_is_done(self, task: asyncio.Task[None]) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
        if not task.cancelled():
            task.exception()
        if not self._begun:
            self._try(self._generation.cancel)
            self._finish()

    # Time, and the end

    def wake(self) -> None:
        """Wake the consumer; what it waits for may not have come yet."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            self._coming = True
            waiter.set_result(None)

    def _wake_soon(self) -> None:
        """Wake the consumer some turns later, so that one turn of its own takes what comes until then."""
        if self._waiter is not None and not self._nudged:
            self._nudged = True
            self._loop.call_soon(self._nudge, _LAG)

    def _nudge(self, turns: int) -> None:
        if turns:
            self._loop.call_soon(self._nudge, turns - 1)
        else:
            self._nudged = False
            self.wake()

    def _arm(self) -> None:
        """Set the timer, if it is not set to an early enough time."""
        deadline = min(self._generation.deadline(), self._patience())
        if deadline < self._armed and not self.finished:
            if self._timer is not None:
                self._timer.cancel()
            self._armed = deadline
            self._timer = self._loop.call_later(max(0.0, deadline - self._generation.clock()), self._ring)

    def _patience(self) -> float:
        """Return when a consumer that is away is given up."""
        away = self._waiter is None and not self._coming
        return self._taken + self._send_timeout if away else math.inf

    def _ring(self, turns: int = _TURNS) -> None:
        if turns:
            self._timer = self._loop.call_soon(self._ring, turns - 1)
            return
        self._timer = None
        self._armed = math.inf
        try:
            self._judge()
        except Exception as error:  # noqa: BLE001 - raised at the consumer
            self._fail(error)
            self._finish()

    def _judge(self) -> None:
        generation = self._generation
        if self._room is not None:
            generation.excuse()
        now = generation.tick(hungry=self._waiter is not None)
        if generation.ended:
            self._finish()
        elif now >= self._patience():
            log_warning(f"A reader took nothing for {self._send_timeout:g} s; its stream was ended.")
            generation.cancel()
            generation.take()
            self._finish()
        else:
            self._arm()
        if generation.out:
            self.wake()

    def _finish(self) -> None:
        """Let the consumer see the end, and have the source closed."""
        self.finished = True
        if self._timer is not None:
            self._timer.cancel()
        self.wake()
        if not (self._closing or self._halted):
            self._halted = True
            # A task that is cancelled before it has begun would never close the source.
            if self._begun:
                self._task.cancel()
