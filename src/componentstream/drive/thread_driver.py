"""A source read by a thread, for the plain live drivers.

The thread only reads. Everything else, hooks included, is done in the thread of the consumer, when it asks.
"""

import math
import threading
from collections.abc import Iterable
from typing import Generic

from componentstream.drive.closing import log_failure, log_warning, note_failed_close
from componentstream.drive.generation import CLOSE_WAIT, Generation, T
from componentstream.drive.source_thread import LEFT_BEHIND, SourceThread


class ThreadDriver(Generic[T]):
    """Drives a generation with a source.

    Call :meth:`begin`; then send what ``generation.take()`` returns whenever ``generation.out`` is not empty,
    stop when :attr:`finished` is true, and call :meth:`step` otherwise. In the end call :meth:`leave`, on
    every way out, and on the normal one :meth:`settle`.

    Args:
        source: what is read.
        generation: what is fed.
        send_timeout: seconds after which a consumer that does not come back is given up, once the source has
            been read as far ahead as it may be; infinity for never.

    Attributes:
        finished: nothing more will come, but for what is in ``out``.
    """

    def __init__(
        self, source: Iterable[object], generation: Generation[T], send_timeout: float = math.inf
    ) -> None:
        self.finished = False
        self._generation = generation
        self._send_timeout = send_timeout
        self._news = threading.Event()
        self._reader = SourceThread(source, self._news.set, _timeout(send_timeout))
        self._halted = False  # the source was not read to its end
        self._failure: BaseException | None = None

    def begin(self) -> None:
        """Start the session, and the thread that reads the source."""
        self._generation.start()
        self._reader.start()

    def step(self) -> None:
        """Feed what has come, and do what is due; wait if that brings nothing."""
        generation, reader = self._generation, self._reader
        self._news.clear()
        ended = reader.ended
        try:
            if reader.dropped:
                log_warning(f"A reader took nothing for {self._send_timeout:g} s; its stream was ended.")
                generation.cancel()
                generation.take()
            else:
                self._feed()
                if ended:
                    self._end()
                generation.tick()
        except Exception as error:  # noqa: BLE001 - told and raised
            self._fail(error)
        if generation.ended or self._failure is not None:
            self._finish()
        elif not generation.out:
            self._news.wait(_timeout(generation.deadline() - generation.clock()))

    def leave(self, *, told: bool) -> None:
        """End what has not ended: cancel the session, have the source closed, wait a little for that.

        Args:
            told: :meth:`settle` is going to be called. Otherwise what it would raise is logged.
        """
        try:
            self._cancel()
        finally:
            self._finish()
            if not self._reader.wait(CLOSE_WAIT):
                log_warning(LEFT_BEHIND)
            self._take_failures()
            if not told and self._failure is not None:
                log_failure("The source of a stream failed.", self._failure)

    def settle(self) -> None:
        """Raise what the source raised, or else what closing it raised after a good end."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _feed(self) -> None:
        for chunk in self._reader.take():
            self._generation.chunk(chunk)

    def _end(self) -> None:
        if self._reader.failure is None:
            self._generation.exhausted()
        else:
            self._fail(self._reader.failure)

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        try:
            self._generation.failed(error)
        except Exception as another:  # noqa: BLE001 - logged, never dropped
            log_failure("A hook failed at the end of a stream.", another)

    def _cancel(self) -> None:
        try:
            self._feed()
        except Exception as error:  # noqa: BLE001 - told and logged
            self._fail(error)
        self._generation.cancel()

    def _finish(self) -> None:
        """Let the consumer see the end, and have the source closed."""
        if not self.finished:
            self.finished = True
            self._halted = not self._reader.ended
            self._reader.stop()

    def _take_failures(self) -> None:
        late = self._reader.failure
        if late is not None and late is not self._failure:
            log_failure("The source of a stream failed.", late)
        failure, self._reader.close_failure = self._reader.close_failure, None
        self._reader.forsake()
        if failure is None:
            return
        if self._failure is not None:
            note_failed_close(failure, self._failure)
        elif self._halted:
            log_failure("Closing a source failed.", failure)
        else:
            self._failure = failure


def _timeout(seconds: float) -> float | None:
    """Return a time to wait as ``threading`` wants it."""
    return None if seconds > threading.TIMEOUT_MAX else max(0.0, seconds)
