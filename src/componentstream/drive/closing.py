"""How a source is closed: once, the iterator before the iterable, and without losing an exception.

An object with an ``aclose`` or a ``close`` is closed. If that fails while another exception propagates, the
failure becomes a note of that exception; otherwise it is raised itself.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from inspect import isawaitable
from types import TracebackType
from typing import TypeAlias

from componentstream.drive.checks import is_future

ErrorKind: TypeAlias = type[BaseException] | None
Error: TypeAlias = BaseException | None
Trace: TypeAlias = TracebackType | None
Exit: TypeAlias = Callable[[ErrorKind, Error, Trace], None]
"""An exit callback of an ``ExitStack``."""

AsyncExit: TypeAlias = Callable[[ErrorKind, Error, Trace], Awaitable[None]]
"""An exit callback of an ``AsyncExitStack``."""


def close_on_exit(thing: object) -> Exit:
    """Return the exit callback that closes an object, if it can be closed."""
    close = getattr(thing, "close", None)

    def leave(_kind: ErrorKind, error: Error, _trace: Trace) -> None:
        try:
            if close is not None:
                close()
        except Exception as failure:  # noqa: BLE001 - raised or noted, never dropped
            _raise_or_note(failure, error)

    return leave


def aclose_on_exit(thing: object) -> AsyncExit:
    """Return the asynchronous exit callback that closes an object, if it can be closed."""
    close = getattr(thing, "aclose", None) or getattr(thing, "close", None)
    if close is None and is_future(thing):
        # A source that was never awaited: left alone, it would open a response that nothing closes.
        close = getattr(thing, "cancel", None)

    async def leave(_kind: ErrorKind, error: Error, _trace: Trace) -> None:
        try:
            if close is not None:
                # Some clients have a `close` that is a coroutine function, and no `aclose`.
                closed = close()
                if isawaitable(closed):
                    await closed
        except Exception as failure:  # noqa: BLE001 - raised or noted, never dropped
            _raise_or_note(failure, error)

    return leave


class AsyncCloser:
    """Closes the objects of a list at the end of a block, the last first.

    An ``AsyncExitStack`` and its callbacks take ten times the memory, and a driver is inside this block for
    the whole life of a stream. So the stack is made only when the block ends.
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
            stack.push_async_exit(aclose_on_exit(thing))
        await stack.__aexit__(kind, error, trace)


def _raise_or_note(failure: Exception, error: BaseException | None) -> None:
    # A GeneratorExit is not an error but a stop: it would carry the note to its own end.
    if error is None or isinstance(error, GeneratorExit):
        raise failure
    note_failed_close(failure, error)


def note_failed_close(failure: BaseException, error: BaseException) -> None:
    """Add a failed close to an exception that is about to be raised."""
    error.add_note(f"Closing the source failed too: {failure!r}")
