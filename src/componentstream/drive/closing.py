"""How a source is opened and closed.

A source may be its own iterator or make one, and each of the two may want to be closed: a response holds the
connection, the generator that reads it holds its ``finally``. What has an ``aclose`` or a ``close`` gets it
once, the iterator before what made it, whatever happens in between.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, ExitStack
from inspect import isawaitable
from types import TracebackType
from typing import TypeAlias

from componentstream.core.errors import UsageError

ErrorKind: TypeAlias = type[BaseException] | None
Error: TypeAlias = BaseException | None
Trace: TypeAlias = TracebackType | None
Exit: TypeAlias = Callable[[ErrorKind, Error, Trace], None]
"""What an ``ExitStack`` calls at its end."""

AsyncExit: TypeAlias = Callable[[ErrorKind, Error, Trace], Awaitable[None]]
"""What an ``AsyncExitStack`` calls at its end."""


def check_source(source: object, name: str) -> None:
    """Refuse a single chunk, which is an iterable too, but of characters or numbers.

    Raises:
        UsageError: ``source`` is text or bytes; ``name`` is the function that it was given to.
    """
    if isinstance(source, str | bytes | bytearray | memoryview):
        raise UsageError(
            f"{name}() takes an iterable of chunks; wrap a single one in a list: {name}([text])."
        )


def check_iterable(source: object, name: str, twin: str) -> None:
    """Refuse what is no iterable of chunks.

    Raises:
        UsageError: ``source`` is none; ``twin`` is the function that reads it if it is asynchronous.
    """
    check_source(source, name)
    if not isinstance(source, Iterable):
        also = f"; read an asynchronous source with {twin}()" if isinstance(source, AsyncIterable) else ""
        raise UsageError(f"{name}() takes an iterable of chunks, not {type(source).__name__}{also}.")


def check_any_iterable(source: object, name: str) -> None:
    """Refuse what is neither an asynchronous nor a plain iterable of chunks.

    Raises:
        UsageError: ``source`` is neither.
    """
    check_source(source, name)
    if not isinstance(source, AsyncIterable | Iterable):
        raise UsageError(
            f"{name}() takes an asynchronous iterable of chunks, not {type(source).__name__}; await a "
            f"coroutine and call a generator function first."
        )


def open_source(
    source: Iterable[object], stack: ExitStack, exit_of: Callable[[object], Exit] | None = None
) -> Iterator[object]:
    """Return the iterator of a source; the end of the stack closes both.

    Args:
        source: what is read.
        stack: what closes it.
        exit_of: makes the call that closes one of the two, by default :func:`closing`.
    """
    exit_of = exit_of or closing
    stack.push(exit_of(source))
    iterator = iter(source)
    if iterator is not source:
        stack.push(exit_of(iterator))
    return iterator


def aopen_source(
    source: AsyncIterable[object] | Iterable[object], stack: AsyncExitStack
) -> AsyncIterator[object]:
    """Return the asynchronous iterator of a source; the end of the stack closes both."""
    stack.push_async_exit(close_on_exit(source))
    if not isinstance(source, AsyncIterable):
        iterator = iter(source)
        if iterator is not source:
            stack.push_async_exit(close_on_exit(iterator))
        return OneByOne(iterator)
    chunks = aiter(source)
    if chunks is not source:
        stack.push_async_exit(close_on_exit(chunks))
    return chunks


class OneByOne:
    """A plain iterator as an asynchronous one that never waits."""

    def __init__(self, iterator: Iterator[object]) -> None:
        self._iterator = iterator

    def __aiter__(self) -> "OneByOne":
        return self

    async def __anext__(self) -> object:
        try:
            return next(self._iterator)
        except StopIteration:
            raise StopAsyncIteration from None


def closing(thing: object) -> Exit:
    """Return what an ``ExitStack`` is to call so that ``thing`` is closed, if it can be."""
    close = getattr(thing, "close", None)

    def leave(_kind: ErrorKind, error: Error, _trace: Trace) -> None:
        try:
            if close is not None:
                close()
        except Exception as failure:  # noqa: BLE001 - raised or noted, never dropped
            _report(failure, error)

    return leave


def close_on_exit(thing: object) -> AsyncExit:
    """Return what an ``AsyncExitStack`` is to call so that ``thing`` is closed, if it can be."""
    close = getattr(thing, "aclose", None) or getattr(thing, "close", None)

    async def leave(_kind: ErrorKind, error: Error, _trace: Trace) -> None:
        try:
            if close is not None:
                closed = close()
                if isawaitable(closed):
                    await closed
        except Exception as failure:  # noqa: BLE001 - raised or noted, never dropped
            _report(failure, error)

    return leave


def _report(failure: Exception, error: BaseException | None) -> None:
    """Add a failed close to the exception that is on its way; with none, or only a stop, raise it itself."""
    if error is None or isinstance(error, GeneratorExit):
        raise failure
    note_failed_close(failure, error)


def note_failed_close(failure: BaseException, error: BaseException) -> None:
    """Tell in ``error``, which is to be raised, that closing the source failed as well."""
    error.add_note(f"Closing the source failed too: {failure!r}")


def log_failure(message: str, failure: BaseException) -> None:
    """Tell the logger ``componentstream`` of a failure that there is nobody to raise it at."""
    import logging  # noqa: PLC0415 - as slow to load as all the rest of the core

    logging.getLogger("componentstream").error(message, exc_info=failure)


def log_warning(message: str) -> None:
    """Tell the logger ``componentstream`` of something that an operator should look into."""
    import logging  # noqa: PLC0415 - as slow to load as all the rest of the core

    logging.getLogger("componentstream").warning(message)
