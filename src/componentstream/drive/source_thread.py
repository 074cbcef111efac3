"""A plain source read by a thread of its own.

``next`` blocks, and nothing can interrupt it. So a thread reads, and whoever wants the chunks waits for them
only as long as he likes. The thread also closes the source, since a generator can be closed by nobody else
while it runs. Only when ``next`` blocks is the rest of the source, such as a response with its connection,
closed from outside, which usually ends the blocking. A generator that blocks is left behind with its thread,
a daemon, until it comes back.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from contextvars import copy_context
from inspect import isgenerator
from typing import Final

from componentstream.drive.closing import Error, ErrorKind, Exit, Trace, closing, log_failure, open_source
from componentstream.drive.generation import CLOSE_WAIT, MAX_CHARS, MAX_CHUNKS

LEFT_BEHIND: Final = (
    f"A source is still not closed after {CLOSE_WAIT:g} s; it was left behind, with the thread that reads it."
)
"""What is logged of a thread that does not come back."""


class SourceThread:
    """Reads a source, up to ``MAX_CHUNKS`` or ``MAX_CHARS`` ahead.

    Call :meth:`start`; after each `wake` look at :attr:`ended`, then :meth:`take`; in the end :meth:`stop`
    and :meth:`wait`.

    Args:
        source: what is read.
        wake: called by the thread whenever there is something new; it must not block.
        send_timeout: seconds that the thread waits for :meth:`take` when it has read as far ahead as it may;
            then it closes the source. None is for ever.

    Attributes:
        ended: the last chunk has come; look before taking, so that none is missed.
        failure: what reading raised.
        close_failure: what closing raised.
        dropped: nothing was taken for `send_timeout`.
    """

    def __init__(
        self, source: Iterable[object], wake: Callable[[], None], send_timeout: float | None = None
    ) -> None:
        self.ended = False
        self.dropped = False
        self.failure: BaseException | None = None
        self.close_failure: Exception | None = None
        self._source = source
        self._wake = wake
        self._send_timeout = send_timeout
        # The garbage collector may close an abandoned stream inside any statement of this very thread, so
        # that the lock must be one that can be taken twice, as that of a Condition is.
        self._room = threading.Condition()
        self._chunks: list[object] = []
        self._chars = 0
        self._unclosed: list[object] = []
        self._thread: threading.Thread | None = None
        self._reading = False
        self._stopped = False
        self._forced = False
        self._forsaken = False
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """Whether the source has been closed, or that has failed."""
        return self._closed.is_set()

    def start(self) -> None:
        """Start the thread, in the context of the caller."""
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._run,), name="componentstream source", daemon=True
        )
        self._thread.start()

    def take(self) -> list[object]:
        """Return the chunks that have come, and let the thread read on."""
        with self._room:
            chunks, self._chunks = self._chunks, []
            self._chars = 0
            self._room.notify()
        return chunks

    def stop(self) -> None:
        """Have the source closed; does not wait for it."""
        with self._room:
            self._stopped = True
            self._room.notify()
        if self._thread is None:
            self._run()
        elif self._reading and any(map(_may_be_forced, self._unclosed)):
            self._forced = True
            threading.Thread(target=self._force, name="componentstream close", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait for the source to be closed; return whether it is."""
        return threading.current_thread() is self._thread or self._closed.wait(seconds)

    def forsake(self) -> None:
        """Have a close that fails logged, since nobody will look at :attr:`close_failure`."""
        with self._room:
            self._forsaken = True
            failure, self.close_failure = self.close_failure, None
        if failure is not None:
            log_failure("Closing a source failed.", failure)

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                try:
                    if self._stopped:
                        stack.push(self._exit_of(self._source))
                    else:
                        self._read(open_source(self._source, stack, self._exit_of))
                except BaseException as error:  # noqa: BLE001 - handed over
                    self._failed(error)
                finally:
                    self.ended = True
                    self._wake()
        except Exception as failure:  # noqa: BLE001 - handed over
            self.close_failure = failure
            if self._forsaken:
                self.forsake()
        finally:
            self._closed.set()
            self._wake()

    def _read(self, chunks: Iterator[object]) -> None:
        while not self._stopped:
            self._reading = True
            try:
                chunk = next(chunks)
            except StopIteration:
                return
            finally:
                self._reading = False
            self._put(chunk)

    def _put(self, chunk: object) -> None:
        with self._room:
            while (len(self._chunks) >= MAX_CHUNKS or self._chars >= MAX_CHARS) and not self._stopped:
                if not self._room.wait(self._send_timeout):
                    self.dropped = self._stopped = True
            self._chunks.append(chunk)
            if isinstance(chunk, str | bytes):
                self._chars += len(chunk)
        self._wake()

    def _failed(self, error: BaseException) -> None:
        if not self._stopped:
            self.failure = error
        elif not self._forced:
            log_failure("A source failed while it was being closed.", error)

    def _exit_of(self, thing: object) -> Exit:
        leave = closing(thing)
        self._unclosed.append(thing)

        def once(kind: ErrorKind, error: Error, trace: Trace) -> None:
            if self._claim(thing):
                leave(kind, error, trace)

        return once

    def _claim(self, thing: object) -> bool:
        """Return whether the caller is the one who is to close a part of the source."""
        with self._room:
            for at, other in enumerate(self._unclosed):
                if other is thing:
                    del self._unclosed[at]
                    return True
        return False

    def _force(self) -> None:
        """Close from outside what is no generator."""
        for thing in reversed(self._unclosed.copy()):
            if _may_be_forced(thing) and self._claim(thing):
                try:
                    closing(thing)(None, None, None)
                except Exception as failure:  # noqa: BLE001 - logged, never dropped
                    log_failure("Closing a source failed.", failure)


def _may_be_forced(thing: object) -> bool:
    """Say whether a part of a source can be closed by a thread that does not run it."""
    return hasattr(thing, "close") and not isgenerator(thing)
