"""A source read by a thread, for the plain live drivers.

The thread only reads. Everything else, hooks included, runs in the thread of the consumer, when it asks.
"""

import math
import threading
from collections.abc import Iterable
from typing import Generic

from componentstream.drive.closing import note_failed_close
from componentstream.drive.generation import CLOSE_WAIT, Generation, T
from componentstream.drive.logger import log_failure, log_warning
from componentstream.drive.source_thread import LEFT_BEHIND, SourceThread


class ThreadDriver(Generic[T]):
    """Drives a generation with a source.

    Call :meth:`begin`; then send the result of ``generation.take()`` whenever ``generation.out`` is not
    empty, stop when :attr:`finished` is true, and otherwise call :meth:`step`. In the end call :meth:`leave`,
    on every way out, and after a normal end call :meth:`settle`.

    Args:
        source: Source to read.
        generation: Generation to feed.
        send_timeout: Seconds after which a consumer that does not come back is given up, once the source has
            been read as far ahead as allowed; infinity for never.

    Attributes:
        finished: Nothing will be added to ``generation.out``.
    """

    def __init__(
        self, source: Iterable[object], generation: Generation[T], send_timeout: float = math.inf
    ) -> None:
        self.finished: bool = False
        self._generation = generation
        self._send_timeout = send_timeout
        self._changed = threading.Event()
        self._thread = SourceThread(source, self._changed.set, _timeout(send_timeout))
        self._aborted = False  # the source was not read to its end, so a failed close is not the consumer's
        self._failure: BaseException | None = None

    def begin(self) -> None:
        """Start the session, and the thread that reads the source."""
        self._generation.start()
        self._thread.start()

    def step(self) -> None:
        """Feed the chunks read so far, and check the deadlines; wait if that gives no output."""
        generation, thread = self._generation, self._thread
        # Clear, then look: a change in between sets the event again.
        self._changed.clear()
        # Before the chunks are taken, so that the last of them is.
        ended = thread.ended
        try:
            if thread.dropped:
                log_warning(f"A client took nothing for {self._send_timeout:g} s; its stream was ended.")
                generation.cancel()
                generation.take()
            else:
                self._feed()
                if ended:
                    self._end()
                generation.tick()
        except Exception as error:  # noqa: BLE001 - reported and raised
            self._fail(error)
        if generation.ended or self._failure is not None:
            self._finish()
        elif not generation.out:
            self._changed.wait(_timeout(generation.deadline() - generation.clock()))

    def leave(self, *, told: bool) -> None:
        """Cancel the session unless it has ended, have the source closed, and wait a little for that.

        Args:
            told: Whether :meth:`settle` will be called. Otherwise its exception is logged.
        """
        try:
            self._cancel()
        finally:
            self._finish()
            if not self._thread.wait(CLOSE_WAIT):
                log_warning(LEFT_BEHIND)
            self._take_failures()
            if not told and self._failure is not None:
                log_failure("The source of a stream failed.", self._failure)

    def settle(self) -> None:
        """Raise the exception of the source, or else that of closing it after a good end."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _feed(self) -> None:
        for chunk in self._thread.take():
            self._generation.chunk(chunk)

    def _end(self) -> None:
        if self._thread.failure is None:
            self._generation.source_ended()
        else:
            self._fail(self._thread.failure)

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        try:
            self._generation.source_failed(error)
        except Exception as another:  # noqa: BLE001 - logged, never dropped
            log_failure("A hook failed at the end of a stream.", another)

    def _cancel(self) -> None:
        # The chunks that the thread has read belong to the session, as those that a task has fed do.
        try:
            self._feed()
        except Exception as error:  # noqa: BLE001 - reported and logged
            self._fail(error)
        self._generation.cancel()

    def _finish(self) -> None:
        """Let the consumer see the end, and have the source closed."""
        if not self.finished:
            self.finished = True
            self._aborted = not self._thread.ended
            self._thread.stop()

    def _take_failures(self) -> None:
        # An exception that came after the last `step`: it was not reported by the events.
        late = self._thread.failure
        if late is not None and late is not self._failure:
            log_failure("The source of a stream failed.", late)
        # Taken before the thread is detached, which would log it.
        failure, self._thread.close_failure = self._thread.close_failure, None
        self._thread.detach()
        if failure is None:
            return
        if self._failure is not None:
            note_failed_close(failure, self._failure)
        elif self._aborted:
            log_failure("Closing a source failed.", failure)
        else:
            self._failure = failure


def _timeout(seconds: float) -> float | None:
    """Return a timeout as ``threading`` expects it."""
    return None if seconds > threading.TIMEOUT_MAX else max(0.0, seconds)
