"""One generation on its way into the log.

The producer is a task of the worker, not of a request: readers come and go. It takes what the driver of the
generation has, appends that to the log as one batch, and puts it to the tail when the log has it. While the
log is busy the next batch grows, up to what the driver reads ahead; so a slow log slows the model down, and
nothing is dropped.

A log that fails is asked again, with the same batch, for ``log_timeout`` seconds. Then ``on_store_failure``
says what becomes of the stream: its readers on this worker get the rest without ids, or its end. The log
keeps what it has, and whoever comes back later is told that the producer was lost.
"""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import Final, Literal

from componentstream._aio.deadlines import SharedTimeout
from componentstream.core import codes
from componentstream.core.events import DebugEvent, ErrorEvent, Event, StatusEvent
from componentstream.drive.generation import Generation
from componentstream.drive.task_driver import TaskDriver
from componentstream.log.protocol import EventLog, Lease, LeaseLostError, SequenceError, StoreError
from componentstream.server.streams.tail import Tail
from componentstream.session.session import GenerationSession
from componentstream.wire import event_to_json

_RENEWALS: Final = 3
"""How often a lease is renewed in its time, so that two renewals may fail."""

_RETRY: Final = 0.05
"""Seconds between two attempts at a log that fails at once."""

_NOT_RESUMABLE: Final = event_to_json(
    ErrorEvent(codes.NOT_RESUMABLE, "The log of this stream failed: it goes on, but cannot be resumed.")
)
_FAILED: Final = "The log of this stream failed, and so the stream ends here."


class Producer:
    """Drives one generation into the log. It begins when it is made; run it as a task at once.

    Args:
        source: what the model gives.
        generation: what makes payloads of it, which renders with a :func:`renderer`.
        log: where they go.
        lease: of the stream.
        on_store_failure: see ``ServerSettings``.
        patience: for how long the log is asked again; producers share it.
        on_log_failure: told when the log is given up.

    Attributes:
        tail: what the readers here read.
    """

    __slots__ = (
        "_driver",
        "_generation",
        "_goes_on",
        "_kept",
        "_lease",
        "_log",
        "_loop",
        "_on_log_failure",
        "_patience",
        "_renewal_due",
        "_timer",
        "_untold",
        "_waiting",
        "tail",
    )

    def __init__(
        self,
        source: AsyncIterable[object] | Iterable[object],
        generation: Generation[bytes],
        log: EventLog,
        lease: Lease,
        *,
        on_store_failure: Literal["continue", "fail"],
        patience: SharedTimeout,
        on_log_failure: Callable[[Exception], None],
    ) -> None:
        self.tail = Tail()
        self._generation = generation
        self._driver = TaskDriver(source, generation)
        try:
            self._driver.begin()
        except Exception:  # of a hook
            self._driver.stop(generation.cancel)
            raise
        self._log = log
        self._lease = lease
        self._kept = True  # the log still takes what comes
        self._untold = False  # the log was given up, and the readers have not heard of it
        self._goes_on = on_store_failure == "continue"
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._on_log_failure = on_log_failure
        self._waiting: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle
        self._renewal_due = self._loop.time() + lease.ttl / _RENEWALS

    async def run(self) -> None:
        """Produce until the generation has ended and the log knows it."""
        self._pulse()
        try:
            while True:
                if self._generation.out:
                    await self._write(self._driver.take())
                elif self._driver.finished:
                    break
                else:
                    await self._wait()
                self._tell_of_the_log()
            await self._keep(lambda: self._log.finish(self._lease))
            self.tail.end()
        except LeaseLostError:
            pass
        finally:
            self._timer.cancel()
            # Whatever broke it off, a stream that the log has gets its end there.
            self.tail.end(fenced=self._kept and not self.tail.ended)
            await self._driver.leave(told=False)

    def stop(self) -> None:
        """End the generation as cancelled."""
        self._driver.stop(self._generation.cancel)

    def break_off(self, code: str, message: str) -> None:
        """End the generation with an error that says why, and that another try may succeed."""
        self._driver.stop(lambda: self._generation.break_off(code, message))

    async def _wait(self) -> None:
        """Wait for something to write; renew the lease if it is time for that first."""
        self._waiting = self._driver.waiting()
        await self._waiting
        if self._loop.time() >= self._renewal_due:
            await self._keep(lambda: self._log.renew(self._lease))
            self._renewal_due = self._loop.time() + self._lease.ttl / _RENEWALS

    def _pulse(self) -> None:
        """Wake the task when the lease is to be renewed; one timer serves all of the stream."""
        now = self._loop.time()
        if now >= self._renewal_due:
            self._renewal_due = now
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(None)
        self._timer = self._loop.call_at(max(self._renewal_due, now + self._lease.ttl / 100), self._pulse)

    async def _write(self, batch: list[bytes]) -> None:
        first = self.tail.last + 1
        await self._keep(lambda: self._log.append(self._lease, first, batch))
        self._renewal_due = self._loop.time() + self._lease.ttl / _RENEWALS
        if self._kept:
            self.tail.put(batch)
            return
        # A reader cannot get these anywhere else, so each is left there until the readers had their turn.
        for payload in batch:
            self.tail.put([payload], kept=False)
            await asyncio.sleep(0)

    async def _keep(self, call: Callable[[], Awaitable[None]]) -> None:
        """Make a call of the log, until it succeeds or the log is given up.

        Raises:
            LeaseLostError: another worker has the stream.
        """
        if not self._kept:
            return None
        failure: Exception | None = None
        try:
            with self._patience.wait():
                while True:
                    try:
                        return await call()
                    except StoreError as error:
                        failure = error
                    await asyncio.sleep(_RETRY)
        except TimeoutError:
            silence = f"The log did not answer for {self._patience.seconds:g} s."
            self._give_up_the_log(failure or StoreError(silence))
        except SequenceError as error:
            # The store has lost what it had acknowledged; to ask it again would change nothing.
            self._give_up_the_log(error)

    def _give_up_the_log(self, error: Exception) -> None:
        self._kept = False
        self._on_log_failure(error)
        if self._goes_on:
            self._untold = True
        else:
            self.break_off(codes.LOG_UNAVAILABLE, _FAILED)

    def _tell_of_the_log(self) -> None:
        """Tell the readers that the log was given up, unless they have the end of the stream already.

        It comes behind the batch that the log may have after all, which so has the same numbers in both.
        """
        if self._untold and (self._generation.out or not self._generation.ended):
            self.tail.put([_NOT_RESUMABLE], kept=False)
        self._untold = False


_payloads: Final = partial(map, event_to_json)  # the same for all, and each stream holds it


def renderer(session: GenerationSession, *, debug: bool) -> Callable[[list[Event]], Iterator[bytes]]:
    """Return what makes payloads of events.

    Args:
        session: whose events they are.
        debug: add the session's state behind each status.
    """
    if not debug:
        return _payloads

    def render(events: list[Event]) -> Iterator[bytes]:
        for event in events:
            yield event_to_json(event)
            if isinstance(event, StatusEvent):
                yield event_to_json(DebugEvent(session.debug_state()))

    return render
