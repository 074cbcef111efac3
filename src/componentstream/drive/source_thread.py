"""A plain source read by a thread of its own.

``next`` blocks, and nothing can interrupt it. So a thread reads, and consumers wait with a timeout. The
thread closes the source as well, since a running generator can be closed by no other thread. Only while
``next`` blocks are the other parts of the source, such as a response with its connection, closed from
outside, which usually ends the blocking. A generator that blocks is left behind with its thread, a daemon,
until it returns.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from contextvars import copy_context
from inspect import isgenerator
from typing import Final

from componentstream.drive.closing import Error, ErrorKind, Exit, Trace, close_on_exit
from componentstream.drive.generation import CLOSE_WAIT, MAX_CHARS, MAX_CHUNKS
from componentstream.drive.logger import log_failure
from componentstream.drive.opening import open_source

LEFT_BEHIND: Final = (
    f"A source is still not closed after {CLOSE_WAIT:g} s; it was left behind, with the thread that reads it."
)
"""Warning about a thread that does not return."""


class SourceThread:
    """Reads a source, up to ``MAX_CHUNKS`` or ``MAX_CHARS`` ahead.

    Call :meth:`start`; after each `wake` look at :attr:`ended`, then :meth:`take`; in the end :meth:`stop`
    and :meth:`wait`.

    Args:
        source: Iterable to read.
        wake: Called by the thread whenever its state has changed; it must not block.
        send_timeout: Seconds that the thread waits for :meth:`take` when it has read as far ahead as it may;
            then it closes the source. None disables the timeout.

    Attributes:
        ended: The last chunk has been put; look at it before taking, so that none is missed.
        failure: Exception that reading raised.
        close_failure: Exception that closing raised.
        dropped: The consumer took no chunk for `send_timeout`.
    """

    def __init__(
        self, source: Iterable[object], wake: Callable[[], None], send_timeout: float | None = None
    ) -> None:
        self.ended: bool = False
        self.dropped: bool = False
        self.failure: BaseException | None = None
        self.close_failure: Exception | None = None
        self._source = source
        self._wake = wake
        self._send_timeout = send_timeout
        # The garbage collector may close an abandoned stream inside any statement of this very thread. So the
        # lock must be reentrant, as that of a Condition is.
        self._has_room = threading.Condition()
        self._chunks: list[object] = []
        self._chars = 0
        self._unclosed: list[object] = []
        self._thread: threading.Thread | None = None
        self._in_next = False
        self._stopped = False
        self._forced = False
        self._detached = False
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
        """Return the chunks read so far, and let the thread read on."""
        with self._has_room:
            chunks, self._chunks = self._chunks, []
            self._chars = 0
            self._has_room.notify()
        return chunks

    def stop(self) -> None:
        """Have the source closed, without waiting for that."""
        with self._has_room:
            self._stopped = True
            self._has_room.notify()
        if self._thread is None:
            # Never started: there is nothing to read, but a source to close.
            self._run()
        # A race is possible here, and harmless: each part is claimed before it is closed.
        elif self._in_next and any(map(_may_be_forced, self._unclosed)):
            self._forced = True
            threading.Thread(target=self._force, name="componentstream close", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait for the source to be closed; return whether it is."""
        return threading.current_thread() is self._thread or self._closed.wait(seconds)

    def detach(self) -> None:
        """Log a failed close, now or later: nothing will read :attr:`close_failure`."""
        with self._has_room:
            self._detached = True
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
                    self._reading_failed(error)
                finally:
                    self.ended = True
                    self._wake()
        except Exception as failure:  # noqa: BLE001 - handed over
            self.close_failure = failure
            if self._detached:
                self.detach()
        finally:
            # Before the wake-up, which looks at it.
            self._closed.set()
            self._wake()

    def _read(self, chunks: Iterator[object]) -> None:
        while not self._stopped:
            self._in_next = True
            try:
                chunk = next(chunks)
            except StopIteration:
                return
            finally:
                self._in_next = False
            self._put(chunk)

    def _put(self, chunk: object) -> None:
        with self._has_room:
            while (len(self._chunks) >= MAX_CHUNKS or self._chars >= MAX_CHARS) and not self._stopped:
                # The consumer notifies in `take` and `stop`. A timeout means that it is gone for good.
                if not self._has_room.wait(self._send_timeout):
                    self.dropped = self._stopped = True
            self._chunks.append(chunk)
            if isinstance(chunk, str | bytes):
                self._chars += len(chunk)
        self._wake()

    def _reading_failed(self, error: BaseException) -> None:
        # After a stop an error is a consequence of closing, and expected if that was forced.
        if not self._stopped:
            self.failure = error
        elif not self._forced:
            log_failure("A source failed while it was being closed.", error)

    def _exit_of(self, thing: object) -> Exit:
        leave = close_on_exit(thing)
        self._unclosed.append(thing)

        def once(kind: ErrorKind, error: Error, trace: Trace) -> None:
            if self._claim(thing):
                leave(kind, error, trace)

        return once

    def _claim(self, thing: object) -> bool:
        """Return whether the caller is the first to close a part of the source, and so has to."""
        with self._has_room:
            for at, other in enumerate(self._unclosed):
                if other is thing:
                    del self._unclosed[at]
                    return True
        return False

    def _force(self) -> None:
        """Close the parts that are not generators, from outside."""
        for thing in reversed(self._unclosed.copy()):
            if _may_be_forced(thing) and self._claim(thing):
                try:
                    close_on_exit(thing)(None, None, None)
                except Exception as failure:  # noqa: BLE001 - logged, never dropped
                    log_failure("Closing a source failed.", failure)


def _may_be_forced(thing: object) -> bool:
    """Return whether a part of a source can be closed while another thread runs it."""
    return hasattr(thing, "close") and not isgenerator(thing)
