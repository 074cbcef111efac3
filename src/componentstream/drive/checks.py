"""Checks of the sources that are given to the entry points, made at the call.

A mistake is raised where it was made: an entry point is a function, not a generator, so that the traceback
shows the caller's line and not the loop that asks for the first event.
"""

from collections.abc import AsyncIterable, Awaitable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from inspect import isasyncgen, isasyncgenfunction, iscoroutine, iscoroutinefunction, isgenerator
from typing import Final

from componentstream.core.arguments import described
from componentstream.core.errors import UsageError

_CURE: Final = "; pass a list, a generator or the stream of a provider's library"


@contextmanager
def discard_on_error(source: object) -> Iterator[None]:
    """Close a coroutine that the caller of the block will not get to await, because the block raises.

    Otherwise Python would warn that it was never awaited, and hide the error.
    """
    try:
        yield
    except UsageError:
        if iscoroutine(source):
            source.close()
        raise


def check_source(source: object, name: str) -> None:
    """Reject a single chunk, a path, and a generator that has nothing left to give.

    Args:
        source: Source to check.
        name: Name of the function that it was given to.

    Raises:
        UsageError: ``source`` is one of these.
    """
    if isinstance(source, Mapping) and not isinstance(source.get("stream"), str | None):
        raise UsageError(
            f'{name}() takes an iterable of chunks; pass the stream inside: {name}(response["stream"]).'
        )
    if _is_model(source):
        kind = type(source).__name__
        raise UsageError(
            f"{name}() takes an iterable of chunks, not {kind}; ask for a stream, usually with "
            f"stream=True, or wrap a whole answer in a list: {name}([answer])."
        )
    # Text and bytes are iterables as well, but of characters and of integers.
    if isinstance(source, str | bytes | bytearray | memoryview | Mapping):
        raise UsageError(
            f"{name}() takes an iterable of chunks; wrap a single one in a list: {name}([chunk])."
        )
    if hasattr(source, "__fspath__"):
        raise UsageError(
            f"{name}() takes an iterable of chunks, not a path; open the file first: "
            f'{name}(path.open(encoding="utf-8")).'
        )
    if _is_used_up(source):
        raise UsageError(
            f"{name}() takes a source that can still be read; this {type(source).__name__} is exhausted or "
            f"closed. Call the function that made it again."
        )


def check_iterable(source: object, name: str, twin: str) -> None:
    """Reject anything but a plain iterable of chunks.

    Args:
        source: Source to check.
        name: Name of the function that it was given to.
        twin: Name of the function that reads asynchronous sources.

    Raises:
        UsageError: ``source`` is not such an iterable.
    """
    check_source(source, name)
    if is_awaitable_source(source):
        kind = type(source).__name__
        with discard_on_error(source):
            raise UsageError(
                f"{name}() takes an iterable of chunks, not {kind}; await it first, or read it with {twin}()."
            )
    if not isinstance(source, Iterable):
        if isinstance(source, AsyncIterable):
            also = f"; read an asynchronous source with {twin}()"
        else:
            also = _opened(source, name, "iter_bytes", "__enter__")
        # The managers of contextlib can be called, as decorators.
        if not also and callable(source):
            also = _call_it(source, twin if is_async_function(source) else name)
        also = also or _CURE
        raise UsageError(f"{name}() takes an iterable of chunks, not {described(source)}{also}.")


def check_any_iterable(source: object, name: str) -> None:
    """Reject anything but an iterable of chunks, asynchronous or not, or an awaitable that may return one.

    Args:
        source: Source to check.
        name: Name of the function that it was given to.

    Raises:
        UsageError: ``source`` is none of these.
    """
    check_source(source, name)
    if not isinstance(source, AsyncIterable | Iterable | Awaitable):
        also = _opened(source, name, "aiter_bytes", "__aenter__")
        if not also and callable(source):
            also = _call_it(source, name)
        also = also or _CURE
        raise UsageError(f"{name}() takes an asynchronous iterable of chunks, not {described(source)}{also}.")


def is_async_function(source: object) -> bool:
    """Return whether an object is a function whose call returns an asynchronous source."""
    return isasyncgenfunction(source) or iscoroutinefunction(source)


def is_future(source: object) -> bool:
    """Return whether an object is a future of asyncio, without importing that."""
    # It is slow to load, and itself knows a future by this attribute.
    return hasattr(type(source), "_asyncio_future_blocking")


def is_awaitable_source(source: object) -> bool:
    """Return whether a source has to be awaited before it can be read."""
    if not isinstance(source, Awaitable) or isinstance(source, AsyncIterable):
        return False
    # A future is an iterable too, for the sake of generator-based coroutines.
    return not isinstance(source, Iterable) or is_future(source)


def _call_it(source: object, name: str) -> str:
    """Return the cure for a function in place of its result."""
    function = getattr(source, "__name__", "")
    # A lambda, a partial or an object has a name in the caller's code that cannot be seen from here.
    return f"; call it: {name}({function if function.isidentifier() else 'source'}())"


def _opened(source: object, name: str, chunks: str, enter: str) -> str:
    """Return the cure for a response, or for something that gives a stream in a `with` statement; or ""."""
    if hasattr(type(source), chunks):
        call = f"{name}(response.{chunks}(), decoder=SSESourceDecoder)"
        return f"; pass its bytes, and the decoder for them: {call}"
    if hasattr(type(source), enter):
        with_ = "with" if enter == "__enter__" else "async with"
        return f"; open it first: {with_} source as stream: {name}(stream)"
    return ""


def _is_model(source: object) -> bool:
    """Return whether an object is a model of pydantic, which is an iterable of its fields."""
    base = next((base for base in type(source).__mro__ if "__iter__" in vars(base)), object)
    return base.__module__.partition(".")[0] == "pydantic"


def _is_used_up(source: object) -> bool:
    """Return whether a generator or a coroutine has ended, however it did."""
    if isgenerator(source):
        return source.gi_frame is None
    if isasyncgen(source):
        return source.ag_frame is None
    return iscoroutine(source) and source.cr_frame is None
