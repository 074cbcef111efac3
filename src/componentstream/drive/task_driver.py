"""A source read by a task of its own, for the asynchronous live drivers.

The task owns the source: it opens, reads and closes it, so that a cancellation, or a scope inside the source,
always meets the same task. It feeds each chunk to the generation on arrival; the consumer takes the contents
of ``out``, and waits for a wake-up while that is empty. When the consumer falls behind, the task stops
reading.

The states, and the events that lead from one to the next::

    NEW       the task has not run    --> READING   it runs
                                      --> SKIPPED   the session ended first
    READING   the task reads          --> PAUSED    it has read as far ahead as it may
                                      --> CLOSING   the source or the session has ended
                                      --> ABORTED   ended from outside: consumer, deadline or hook
    PAUSED    it waits for room       --> READING   the consumer has taken something
                                      --> CLOSING   the task was cancelled by others
                                      --> ABORTED   as for READING
    SKIPPED   nothing to read         --> ABORTED   the task runs, only to close the source
    CLOSING   it closes the source    --> DETACHED  the consumer left before that was done
    ABORTED   it is cancelled and closes the source, or has closed it
    DETACHED  it closes the source by itself

From ``SKIPPED`` on the driver is finished: the consumer takes the rest of ``out`` and leaves. A failed close
is raised at the consumer in ``CLOSING``, and logged in ``ABORTED`` and ``DETACHED``, since a consumer that
ended the stream itself, or has left, does not receive it.

One timer serves all deadlines. A deadline that is renewed by a chunk does not move it, so a chunk costs no
timer. The last events do not wait for the source to be closed. Leaving does, for ``CLOSE_WAIT`` seconds.
"""

import asyncio
import math
from collections.abc import AsyncIterable, AsyncIterator, Callable
from enum import Enum, auto
from typing import Final, Generic

from componentstream._aio.tasks import Tasks
from componentstream._aio.wakeup import RearmedTimer, Wakeup
from componentstream.drive.closing import AsyncCloser, note_failed_close
from componentstream.drive.generation import CLOSE_WAIT, MAX_CHARS, MAX_CHUNKS, Generation, T
from componentstream.drive.logger import log_failure, log_warning
from componentstream.drive.opening import AsyncSource, aiter_of, resolve
from componentstream.drive.threaded_source import ThreadedSource

_GRACE: Final = 2
"""Event loop iterations between a deadline and its check, so that a chunk which had arrived is fed first: one
in which the source wakes up, and one more for a source that passes it on."""

_BURST: Final = 0.001
"""Seconds. Chunks that follow each other faster come from a replay, or through a busy loop; then it pays to
send several events at once."""

_LAG: Final = 2
"""Event loop iterations by which a burst delays the wake-up of the consumer: a source yields once in each."""

_CLOSING: Final = Tasks()
"""The tasks that close their source after the consumer has left; the loop would not keep them."""


class _State(Enum):
    NEW = auto()
    READING = auto()
    PAUSED = auto()
    SKIPPED = auto()
    CLOSING = auto()
    ABORTED = auto()
    DETACHED = auto()


# Tuples, which compare by identity: a set would call the hash of the enumeration, once for each chunk.
_UNFINISHED: Final = (_State.NEW, _State.READING, _State.PAUSED)
_NEVER_RUN: Final = (_State.NEW, _State.SKIPPED)


class TaskDriver(Generic[T]):
    """Drives a generation with a source, on the running event loop.

    Call :meth:`begin`; then send the result of :meth:`take` whenever ``generation.out`` is not empty, stop
    when :attr:`finished` is true, and otherwise await :meth:`waiting`. In the end await :meth:`leave`, on
    every way out, and after a normal end call :meth:`settle`.

    Args:
        source: Source to read, or an awaitable that returns it.
        generation: Generation to feed.
        send_timeout: Seconds after which a consumer that took something and did not come back is given up;
            infinity for never.
        name: Name of the function that the source was given to, for the message about a wrong one.
    """

    __slots__ = (
        "__weakref__",
        "_chars",
        "_chunks",
        "_consumer",
        "_consumer_deadline",
        "_failure",
        "_generation",
        "_loop",
        "_name",
        "_room",
        "_send_timeout",
        "_source",
        "_state",
        "_task",
        "_timer",
        "_wake_scheduled",
    )

    def __init__(
        self,
        source: AsyncSource,
        generation: Generation[T],
        send_timeout: float = math.inf,
        *,
        name: str = "generate",
    ) -> None:
        self._state = _State.NEW
        self._source = source
        self._generation = generation
        self._name = name
        self._send_timeout = send_timeout
        self._consumer_deadline = math.inf  # set while the consumer is away to send
        self._failure: Exception | None = None
        self._consumer = Wakeup()
        self._wake_scheduled = False
        self._room = Wakeup()
        self._chunks = self._chars = 0  # read ahead of the consumer
        self._loop = asyncio.get_running_loop()
        self._timer = RearmedTimer(self._on_timer, generation.clock, grace=_GRACE)
        self._task = self._loop.create_task(self._drive(), name="componentstream source")
        self._task.add_done_callback(self._task_is_done)

    @property
    def finished(self) -> bool:
        """Whether nothing will be added to ``generation.out``."""
        return self._state not in _UNFINISHED

    # The consumer's side

    def begin(self) -> None:
        """Start the session; the task reads the source as soon as the loop gets to it."""
        self._generation.start()
        self._arm()

    def take(self) -> list[T]:
        """Return the output to send, and let the task read on."""
        self._chunks = self._chars = 0
        if self._room.waiter is not None:
            self._room.set()
        self._consumer_deadline = self._generation.clock() + self._send_timeout
        if self._consumer_deadline < self._timer.armed:
            self._arm()
        return self._generation.take()

    def waiting(self) -> asyncio.Future[None]:
        """Return a future that is done when there is output to take, or none to come."""
        self._consumer_deadline = math.inf
        return self._consumer.wait()

    def wake(self) -> None:
        """Wake the consumer, whether or not there is output."""
        self._consumer.set()

    async def leave(self, *, told: bool) -> None:
        """Cancel the session unless it has ended, have the source closed, and wait a little for that.

        Args:
            told: Whether :meth:`settle` will be called. Otherwise its exception is logged.
        """
        try:
            self._generation.cancel()
        finally:
            self._finish()
            try:
                await self._wait_for_the_close()
            finally:
                if self._state is _State.CLOSING:
                    self._state = _State.DETACHED
                if not told and self._failure is not None:
                    log_failure("The source of a stream failed.", self._failure)

    def stop(self, how: Callable[[], None]) -> None:
        """End the session from outside and have the source closed; the consumer takes the rest.

        Args:
            how: ``cancel`` or ``fail`` of the generation.
        """
        self._try(how)
        self._finish()

    def settle(self) -> None:
        """Raise the exception of the source, or else that of closing it after a good end."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def _wait_for_the_close(self) -> None:
        if not self._task.done():
            _CLOSING.keep(self._task)
            # A timer, since a cancellation may end the wait below long before the source is closed.
            warning = self._loop.call_later(
                CLOSE_WAIT, log_warning, f"A source is still closing after {CLOSE_WAIT:g} s."
            )
            self._task.add_done_callback(lambda _: warning.cancel())
            await asyncio.wait([self._task], timeout=CLOSE_WAIT)
        if self._task.done() and self._state in _NEVER_RUN:
            # The task was cancelled by others before its first step. The source must be closed all the same.
            await self._drive()

    # The task's side

    async def _drive(self) -> None:
        opened: list[object] = []
        skipped = self._state is not _State.NEW
        self._state = _State.ABORTED if skipped else _State.READING
        try:
            async with AsyncCloser(opened):
                try:
                    if skipped:
                        opened.append(self._source)
                    else:
                        await self._read(await self._open(opened))
                except asyncio.CancelledError:
                    self._try(self._generation.cancel)
                except Exception as error:  # noqa: BLE001 - reported, raised or logged, never dropped
                    self._fail(error)
                finally:
                    # The consumer gets the end before the source is closed, which may take long.
                    if self._state is not _State.ABORTED:
                        self._state = _State.CLOSING
                    self._finish()
        except Exception as failure:  # noqa: BLE001 - raised, noted or logged, never dropped
            self._close_failed(failure)

    async def _open(self, opened: list[object]) -> AsyncIterator[object]:
        """Return the iterator of the source; put everything that has to be closed into `opened`."""
        source = await resolve(self._source, self._name)
        # An iterable in memory cannot block the loop. Any other that is not asynchronous might.
        if not isinstance(source, AsyncIterable | list | tuple):
            source = ThreadedSource(source)
        return aiter_of(source, opened.append)

    async def _read(self, chunks: AsyncIterator[object]) -> None:
        generation = self._generation
        # On Python 3.11 each look-up of a member calls a descriptor of the enumeration.
        reading = _State.READING
        sent = -math.inf
        async for chunk in chunks:
            self._chars += generation.chunk(chunk)
            self._chunks += 1
            if generation.out:
                if generation.ended:
                    return
                if generation.sent - sent < _BURST:
                    self._wake_later()
                else:
                    self._consumer.set()
                sent = generation.sent
                if self._chunks >= MAX_CHUNKS or self._chars >= MAX_CHARS:
                    await self._pause()
            elif self._state is not reading:
                return
            elif self._chunks >= MAX_CHUNKS:
                # Nothing is read ahead, but a source that never waits must not starve the loop.
                self._chunks = self._chars = 0
                await asyncio.sleep(0)
            # Of all deadlines, a chunk can bring only this one nearer.
            if generation.batch_deadline < self._timer.armed:
                self._arm()
        generation.source_ended()

    async def _pause(self) -> None:
        self._state = _State.PAUSED
        await self._room.wait()
        # A cancellation does not come here: it has set a state of its own, or `_drive` will.
        self._state = _State.READING
        self._generation.reset_chunk_timeout()

    def _fail(self, error: Exception) -> None:
        if self._state is _State.ABORTED:
            log_failure("A source failed while it was being closed.", error)
            return
        self._failure = error
        self._try(lambda: self._generation.source_failed(error))

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
        elif self._state is _State.CLOSING:
            self._failure = failure
        else:
            log_failure("Closing a source failed.", failure)

    def _task_is_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()
        if self._state in _NEVER_RUN:
            self._try(self._generation.cancel)
            self._finish()

    # Time, and the end

    def _wake_later(self) -> None:
        """Wake the consumer some iterations later, so that it takes a burst in one go."""
        if self._consumer.waiter is not None and not self._wake_scheduled:
            self._wake_scheduled = True
            self._loop.call_soon(self._count_down, _LAG)

    def _count_down(self, iterations: int) -> None:
        if iterations:
            self._loop.call_soon(self._count_down, iterations - 1)
        else:
            self._wake_scheduled = False
            self._consumer.set()

    def _arm(self) -> None:
        # Only ever earlier: a timer that fires too early finds nothing due, and is armed again.
        deadline = min(self._generation.deadline(), self._consumer_deadline)
        if deadline < self._timer.armed:
            self._timer.set(deadline)

    def _on_timer(self) -> None:
        try:
            self._check_deadlines()
        except Exception as error:  # noqa: BLE001 - raised at the consumer
            self._fail(error)
            self._finish()

    def _check_deadlines(self) -> None:
        generation = self._generation
        if self._state is _State.PAUSED:
            # The source is not silent: it is not being read.
            generation.reset_chunk_timeout()
        now = generation.tick(client_waiting=self._consumer.waiter is not None)
        if generation.ended:
            self._finish()
        elif now >= self._consumer_deadline:
            log_warning(f"A client took nothing for {self._send_timeout:g} s; its stream was ended.")
            generation.cancel()
            generation.take()
            self._finish()
        else:
            self._arm()
        if generation.out:
            self.wake()

    def _finish(self) -> None:
        """Let the consumer see the end, and abort the reading unless it has ended."""
        self._timer.close()
        reading = self._state in (_State.READING, _State.PAUSED)
        if reading:
            self._state = _State.ABORTED
        elif self._state is _State.NEW:
            self._state = _State.SKIPPED
        # First the consumer: it does not wait for the source to be closed.
        self.wake()
        # A task that is cancelled before its first step would never close the source; it is left to run.
        if reading:
            self._task.cancel()
