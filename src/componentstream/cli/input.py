"""The bytes to parse, as they arrive, and the progress of reading them."""

import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Final, Self, TextIO

from componentstream.core.errors import UsageError

_POLL_SECONDS: Final = 0.2


class Progress:
    """Shows on one line of a terminal how much has been read, if reading takes longer than a moment.

    Args:
        terminal: The terminal; None to show nothing.
        total: The size of the input in bytes, None if unknown.
        clock: Returns seconds from a monotonic clock.
    """

    FIRST_SECONDS: Final = 0.5
    """Seconds before the line appears; a shorter wait needs no explanation."""
    NEXT_SECONDS: Final = 0.1
    """Seconds between two updates, as often as a person can read them."""

    def __init__(
        self, terminal: TextIO | None, total: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._terminal = terminal
        self._total = "" if total is None else f" of {_megabytes(total)}"
        self._clock = clock
        self._due = clock() + self.FIRST_SECONDS
        self._width = 0

    def update(self, count: int) -> None:
        """Show that ``count`` bytes have been read, if an update is due."""
        if self._terminal is None or self._clock() < self._due:
            return
        self._due = self._clock() + self.NEXT_SECONDS
        text = f"{_megabytes(count)}{self._total} read"
        self._terminal.write(f"\r{text.ljust(self._width)}")
        self._terminal.flush()
        self._width = len(text)

    def clear(self) -> None:
        """Remove the line, at the end or before other output."""
        if self._terminal is not None and self._width:
            self._terminal.write(f"\r{' ' * self._width}\r")
            self._terminal.flush()
            self._width = 0


class Input:
    """The chunks of a file or of standard input. Iterate over it once, inside ``with``.

    Reading may block, so standard output is flushed before each read.

    Args:
        name: The file, ``-`` for standard input.
        size: Largest chunk in bytes.
        follow: Wait for more at the end of the file, until interrupted from the keyboard; then
            ``interrupted`` is set and the input ends. A second interrupt raises KeyboardInterrupt as usual,
            in case the processing of the rest hangs.
        progress: Show the progress on standard error.

    Attributes:
        interrupted: Whether an interrupt ended the input.
        progress: The progress of reading.
        first: The first chunk, empty until it was read.

    Raises:
        UsageError: Standard input is to be followed, or a followed file became shorter.
        OSError: The file cannot be read.
    """

    def __init__(self, name: str, *, size: int, follow: bool, progress: bool) -> None:
        if follow and name == "-":
            raise UsageError("--follow needs a FILE; standard input is always read to its end.")
        self.interrupted: bool = False
        self.progress: Progress = Progress(None, None)
        self.first: bytes = b""
        self._name = name
        self._size = size
        self._follow = follow
        self._shows_progress = progress
        self._count = 0
        self._waiting = False
        self._catching = False

    def __enter__(self) -> Self:
        standard = self._name == "-"
        self._file = open(sys.stdin.fileno() if standard else self._name, "rb", closefd=not standard)
        if self._shows_progress:
            self.progress = Progress(sys.stderr, None if self._follow else self._length())
        if self._follow and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            with suppress(ValueError):  # only the main thread may set a signal handler
                signal.signal(signal.SIGINT, self._interrupt)
                self._catching = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._catching:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self.progress.clear()
        self._file.close()

    def first_line(self) -> bytes:
        """Return the first line of a file without reading it, or as much of it as is in the buffer.

        The result is empty for standard input, a pipe and a device: looking at those may wait.
        """
        return b"" if self._name == "-" or self._length() is None else self._file.peek().partition(b"\n")[0]

    def __iter__(self) -> Iterator[bytes]:
        while True:
            sys.stdout.flush()
            self.progress.update(self._count)
            data = self._read()
            if not data:
                return
            self.first = self.first or data
            self._count += len(data)
            yield data

    def _read(self) -> bytes:
        if not self._follow:
            return self._file.read1(self._size)
        data = b""
        try:
            self._waiting = True
            while not self.interrupted and not (data := self._file.read1(self._size)):
                self._check_length()
                time.sleep(_POLL_SECONDS)
            self._waiting = False
        except KeyboardInterrupt:
            self._waiting = False
            self.interrupted = True
        return data

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        # Raising outside of a read would lose events that are parsed but not yet printed.
        if self._waiting or self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True

    def _check_length(self) -> None:
        length = self._length()
        if length is not None and length < self._count:
            raise UsageError(f"{self._name} became shorter while it was followed; run the command again.")

    def _length(self) -> int | None:
        status = os.fstat(self._file.fileno())
        return status.st_size if stat.S_ISREG(status.st_mode) else None


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
