"""Produce one generation: drive its source and write its events to the log and the tail.

The producer is a task of the stream manager, not of a request: clients come and go while it runs. It takes
the payloads that the driver has buffered, appends them to the log as one batch, and puts them into the tail
once the log has acknowledged them. While an append is in flight the next batch grows, up to the driver's
read-ahead; so a slow log puts backpressure on the model, and nothing is dropped.

A call of the log that fails is retried with the same batch for ``log_timeout`` seconds. After that
``on_store_failure`` decides: the subscribers on this worker get the rest of the stream without IDs, or an
error and the end. The log keeps the entries that it has, and its readers see a lost producer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from componentstream._aio.deadlines import SharedTimeout
from componentstream._aio.wakeup import RearmedTimer
from componentstream.core import codes
from componentstream.core.events import ErrorEvent
from componentstream.drive.generation import Generation
from componentstream.drive.task_driver import TaskDriver
from componentstream.log.protocol import EventLog, Lease, LeaseLostError, SequenceError, StoreError
from componentstream.server.generation_request import Source
from componentstream.server.streams.tail import Tail
from componentstream.wire import event_to_json

RENEWALS_PER_TTL: Final = 3
"""Lease renewals per TTL, so that one may fail or come late without losing the lease."""

_RETRY_DELAY: Final = 0.05
"""Pause in seconds between two attempts at a log that fails at once."""

_NOT_RESUMABLE: Final = event_to_json(
    ErrorEvent(codes.NOT_RESUMABLE, "The event log failed: this stream continues, but cannot be resumed.")
)
_LOG_FAILED: Final = "The event log failed, so this stream ends here."


class Producer:
    """Drives one generation into the log. Constructing it starts the generation; run it as a task at once.

    Args:
        source: Chunks from the model.
        generation: Generation that turns the chunks into payloads.
        log: Log to append to.
        lease: Lease of the stream.
        on_store_failure: See ``ServerSettings``.
        log_timeout: Time for a call of the log including its retries; shared by all producers.
        on_log_failure: Called with the error when the producer gives up the log.

    Attributes:
        tail: Tail for the subscribers on this worker.
    """

    __slots__ = (
        "_continue_without_log",
        "_driver",
        "_generation",
        "_lease",
        "_log",
        "_log_loss_pending",
        "_log_timeout",
        "_logged",
        "_loop",
        "_on_log_failure",
        "_renewal_due",
        "_timer",
        "tail",
    )

    def __init__(
        self,
        source: Source,
        generation: Generation[bytes],
        log: EventLog,
        lease: Lease,
        *,
        on_store_failure: Literal["continue", "fail"],
        log_timeout: SharedTimeout,
        on_log_failure: Callable[[Exception], None],
    ) -> None:
        self.tail: Tail = Tail()
        self._generation = generation
        self._driver = TaskDriver(source, generation)
        try:
            self._driver.begin()
        except Exception:  # raised by a hook
            self._driver.stop(generation.cancel)
            raise
        self._log = log
        self._lease = lease
        self._logged = True  # the log gets all that comes; once False it stays False
        self._log_loss_pending = False  # the log was given up, and the subscribers have not been told
        self._continue_without_log = on_store_failure == "continue"
        self._log_timeout = log_timeout
        self._loop = asyncio.get_running_loop()
        self._on_log_failure = on_log_failure
        self._timer: RearmedTimer
        self._renewal_due = self._loop.time() + lease.ttl / RENEWALS_PER_TTL

    async def run(self) -> None:
        """Produce until the generation has ended and the log has its end."""
        self._timer = RearmedTimer(self._on_timer)
        self._timer.set(self._renewal_due)
        try:
            while True:
                if self._generation.out:
                    await self._write(self._driver.take())
                elif self._driver.finished:
                    break
                else:
                    await self._wait()
                self._report_log_loss()
            # The tail ends only after `finish`: a client that has seen the end may ask for the stream again,
            # and must not find it open.
            await self._with_retries(lambda: self._log.finish(self._lease))
            self.tail.end()
        except LeaseLostError:
            pass  # another worker has taken the stream over and writes its end
        finally:
            self._timer.close()
            # Cancelled, failed or fenced: the end of a logged stream comes from the log, so the subscribers
            # here are sent there. Without a log this tail is all there is, and ends as it is.
            self.tail.end(fenced=self._logged and not self.tail.ended)
            await self._driver.leave(told=False)

    def stop(self) -> None:
        """End the generation as cancelled."""
        self._driver.stop(self._generation.cancel)

    def fail(self, code: str, message: str) -> None:
        """End the generation with a fatal, retryable error."""
        self._driver.stop(lambda: self._generation.fail(code, message))

    async def _wait(self) -> None:
        """Wait for payloads or the end; renew the lease if that is due."""
        await self._driver.waiting()
        if self._loop.time() >= self._renewal_due:
            await self._with_retries(lambda: self._log.renew(self._lease))
            self._renew_later()

    def _renew_later(self) -> None:
        # Appends renew the lease too, and merely move the deadline of the stream's one timer.
        self._renewal_due = self._loop.time() + self._lease.ttl / RENEWALS_PER_TTL
        self._timer.set(self._renewal_due)

    def _on_timer(self) -> None:
        """Wake the task to renew the lease, repeatedly until it has."""
        # A task that waits for the log does not wait for the driver, and so misses this call.
        self._driver.wake()
        self._timer.set(self._loop.time() + self._lease.ttl / 100)

    async def _write(self, batch: list[bytes]) -> None:
        first = self.tail.last + 1
        await self._with_retries(lambda: self._log.append(self._lease, first, batch))
        self._renew_later()
        # Log first, tail second: a client never gets an ID that it could not resume after.
        if self._logged:
            self.tail.put(batch)
            return
        # These exist nowhere else, and the tail is bounded: let the subscribers take each before the next.
        for payload in batch:
            self.tail.put([payload], logged=False)
            await asyncio.sleep(0)

    async def _with_retries(self, call: Callable[[], Awaitable[None]]) -> None:
        """Make a call of the log until it succeeds or the log is given up.

        Raises:
            LeaseLostError: Another worker has the stream.
        """
        if not self._logged:
            return None
        failure: Exception | None = None
        try:
            with self._log_timeout.wait():
                while True:
                    try:
                        # Always the same batch under the same numbers. An attempt that failed may have
                        # reached the store, and the log recognises only an exact repetition.
                        return await call()
                    except StoreError as error:
                        failure = error
                    await asyncio.sleep(_RETRY_DELAY)
        except TimeoutError:
            no_answer = f"The log did not answer within {self._log_timeout.seconds:g} s."
            self._give_up_log(failure or StoreError(no_answer))
        except SequenceError as error:
            # The store has lost entries that it had acknowledged; a retry would not bring them back.
            self._give_up_log(error)

    def _give_up_log(self, error: Exception) -> None:
        self._logged = False
        self._on_log_failure(error)
        if self._continue_without_log:
            self._log_loss_pending = True
        else:
            self.fail(codes.LOG_UNAVAILABLE, _LOG_FAILED)

    def _report_log_loss(self) -> None:
        """Tell the subscribers that the log was given up, unless they have the end of the stream already."""
        # This entry follows the batch whose append failed. The log may have that batch after all, so its
        # numbers must be the same in the tail and in the log.
        if self._log_loss_pending and (self._generation.out or not self._generation.ended):
            self.tail.put([_NOT_RESUMABLE], logged=False)
        self._log_loss_pending = False
