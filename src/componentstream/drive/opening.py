"""How a source is opened.

A source may be its own iterator or make one, and each of the two may have to be closed: a response holds the
connection, and the generator that reads it holds its ``finally``. So both are handed to the closer as soon as
they exist, the source first; the closer works backwards.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import TypeAlias, cast

from typing_extensions import override

from componentstream.core.errors import UsageError
from componentstream.drive.checks import check_any_iterable, discard_on_error, is_awaitable_source
from componentstream.drive.closing import Exit, aclose_on_exit, close_on_exit

AsyncSource: TypeAlias = (
    AsyncIterable[object] | Iterable[object] | Awaitable[AsyncIterable[object] | Iterable[object]]
)
"""A source of an asynchronous function: chunks of one answer, or an awaitable that returns them."""

AnySource: TypeAlias = AsyncIterable[object] | Iterable[object]
"""The same when it was awaited."""


def open_source(
    source: Iterable[object], stack: ExitStack, exit_of: Callable[[object], Exit] | None = None
) -> Iterator[object]:
    """Return the iterator of a source; the exit of the stack closes both.

    Args:
        source: Source to read.
        stack: Stack that closes it.
        exit_of: Returns the exit callback that closes one of the two; by default :func:`close_on_exit`.
    """
    exit_of = exit_of or close_on_exit
    stack.push(exit_of(source))
    iterator = iter(source)
    if iterator is not source:
        stack.push(exit_of(iterator))
    return iterator


async def aopen_source(source: AsyncSource, stack: AsyncExitStack, name: str) -> AsyncIterator[object]:
    """Return the asynchronous iterator of a source given to `name`; the exit of the stack closes both."""
    return aiter_of(await resolve(source, name), lambda thing: stack.push_async_exit(aclose_on_exit(thing)))


async def resolve(source: AsyncSource, name: str) -> AnySource:
    """Return the source itself, awaited if it has to be.

    Args:
        source: Source to resolve.
        name: Name of the function that it was given to.

    Raises:
        UsageError: The awaitable returned something else than a source.
    """
    if not is_awaitable_source(source):
        return cast("AnySource", source)
    awaited = await cast("Awaitable[AnySource]", source)
    with discard_on_error(awaited):
        check_any_iterable(awaited, name)
        if is_awaitable_source(awaited):
            raise UsageError(
                f"The source that {name}() awaited is an awaitable again; await it until it is an iterable."
            )
    return awaited


def aiter_of(source: AnySource, close_later: Callable[[object], object]) -> AsyncIterator[object]:
    """Return the asynchronous iterator of a source.

    Args:
        source: Source to read; a plain iterable is read without a thread.
        close_later: Called with each object that has to be closed, before anything can go wrong with it.
    """
    close_later(source)
    if isinstance(source, AsyncIterable):
        chunks = aiter(source)
        if chunks is not source:
            close_later(chunks)
        return chunks
    iterator = iter(source)
    if iterator is not source:
        close_later(iterator)
    return AsyncAdapter(iterator)


class AsyncAdapter(AsyncIterator[object]):
    """A plain iterator as an asynchronous one that never waits."""

    def __init__(self, iterator: Iterator[object]) -> None:
        self._iterator = iterator

    @override
    async def __anext__(self) -> object:
        try:
            return next(self._iterator)
        except StopIteration:
            # A StopIteration cannot leave a coroutine.
            raise StopAsyncIteration from None
