"""The loops: read a source, feed a parser, yield its events, close the source.

They add nothing to what the parser says. What is hard about a loop is its end, and there are five: the
source is exhausted, it raises, the parser has failed, the consumer stops, the task is cancelled. On every
one of them the source is closed before anything else happens, because an open one costs tokens.

The asynchronous loop awaits the source itself, with no task, timeout or scope around it. So it runs on any
event loop, and a cancellation arrives in the source.
"""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from contextlib import AsyncExitStack, ExitStack
from inspect import isawaitable
from types import TracebackType
from typing import TypeAlias

from componentstream.errors import UsageError
from componentstream.events import Event
from componentstream.parser import ComponentParser
from componentstream.sources.text import TextDecoder

_Kind: TypeAlias = type[BaseException] | None
_Error: TypeAlias = BaseException | None
_Trace: TypeAlias = TracebackType | None


def parse(
    source: Iterable[str] | Iterable[bytes], *, parser: ComponentParser | None = None
) -> Generator[Event, None, None]:
    """Yield the events of a source.

    Reading starts with the first event that is asked for. From then on the source is closed (its ``close``
    is called, if it has one) as soon as it is exhausted or raises, the parser fails, or the generator that
    this returns is closed; use ``contextlib.closing`` to stop early. If the source raises, the open blocks
    stop as ``aborted`` and its exception follows them.

    Args:
        source: an iterable of the chunks of one answer: all str, or all bytes of UTF-8, cut anywhere.
        parser: the parser to use, by default a ``ComponentParser()``.

    Raises:
        UsageError: ``source`` is not such an iterable, at the call or at the first chunk that shows it, or
            ``parser`` has ended its stream.
    """
    _check_source(source, "parse")
    if not isinstance(source, Iterable):
        also = "; read an asynchronous source with aparse()" if isinstance(source, AsyncIterable) else ""
        raise UsageError(f"parse() takes an iterable of str or bytes, not {type(source).__name__}{also}.")
    return _events(source, _Stages(parser))


def aparse(
    source: AsyncIterable[str] | AsyncIterable[bytes] | Iterable[str] | Iterable[bytes],
    *,
    parser: ComponentParser | None = None,
) -> AsyncGenerator[Event, None]:
    """Yield the events of an asynchronous source.

    Reading starts with the first event that is asked for. From then on the source is closed (its ``aclose``
    or else its ``close`` is called, if it has one) as soon as it is exhausted or raises, the parser fails,
    the waiting for a chunk is cancelled, or the generator that this returns is closed. Leaving an
    ``async for`` early does not close a generator: use ``contextlib.aclosing`` around it. If the source
    raises, the open blocks stop as ``aborted`` and its exception follows them.

    Args:
        source: an asynchronous iterable of the chunks of one answer: all str, or all bytes of UTF-8, cut
            anywhere. A plain iterable will do when reading it does not block.
        parser: the parser to use, by default a ``ComponentParser()``.

    Raises:
        UsageError: ``source`` is not such an iterable, at the call or at the first chunk that shows it, or
            ``parser`` has ended its stream.
    """
    _check_source(source, "aparse")
    if not isinstance(source, AsyncIterable | Iterable):
        raise UsageError(
            f"aparse() takes an asynchronous iterable of str or bytes, not {type(source).__name__}; await a "
            f"coroutine and call a generator function first."
        )
    return _aevents(source, _Stages(parser))


def _check_source(source: object, name: str) -> None:
    if isinstance(source, str | bytes | bytearray | memoryview):
        raise UsageError(
            f"{name}() takes an iterable of chunks; wrap a single one in a list: {name}([text])."
        )


def _events(source: Iterable[object], stages: "_Stages") -> Generator[Event, None, None]:
    last: list[Event] = []
    try:
        with ExitStack() as stack:
            try:
                for chunk in _open(source, stack):
                    events = stages.feed(chunk)
                    if stages.failed:
                        last = events
                        break
                    yield from events
                else:
                    last = stages.close()
            except Exception:
                last = stages.abort()
                raise
    except Exception:
        yield from last
        raise
    yield from last


async def _aevents(
    source: AsyncIterable[object] | Iterable[object], stages: "_Stages"
) -> AsyncGenerator[Event, None]:
    last: list[Event] = []
    try:
        async with AsyncExitStack() as stack:
            try:
                async for chunk in _aopen(source, stack):
                    events = stages.feed(chunk)
                    if stages.failed:
                        last = events
                        break
                    for event in events:
                        yield event
                else:
                    last = stages.close()
            except Exception:
                last = stages.abort()
                raise
    except Exception:
        for event in last:
            yield event
        raise
    for event in last:
        yield event


class _Stages:
    """Chunk to text to events, as one stage."""

    def __init__(self, parser: ComponentParser | None) -> None:
        self._parser = ComponentParser() if parser is None else parser
        if self._parser.closed or self._parser.failed:
            raise UsageError("The parser has ended its stream; make a new ComponentParser for each source.")
        self._decoder = TextDecoder()
        self._kind: type[str | bytes] | None = None

    @property
    def failed(self) -> bool:
        return self._parser.failed

    def feed(self, chunk: object) -> list[Event]:
        if isinstance(chunk, str):
            self._expect(str)
            return self._parser.feed(chunk)
        if isinstance(chunk, bytes):
            self._expect(bytes)
            return [event for text in self._decoder.feed(chunk) for event in self._parser.feed(text)]
        raise UsageError(
            f"A source must yield str or bytes, not {type(chunk).__name__}; map each chunk to its text first."
        )

    def close(self) -> list[Event]:
        return [*self._rest(), *self._parser.close()]

    def abort(self) -> list[Event]:
        return [*self._rest(), *self._parser.abort()]

    def _expect(self, kind: type[str | bytes]) -> None:
        if self._kind is None:
            self._kind = kind
        elif self._kind is not kind:
            raise UsageError("A source must yield str only or bytes only; this one yields both.")

    def _rest(self) -> list[Event]:
        return [event for text in self._decoder.close() for event in self._parser.feed(text)]


def _open(source: Iterable[object], stack: ExitStack) -> Iterator[object]:
    stack.push(_closing(source))
    iterator = iter(source)
    if iterator is not source:
        stack.push(_closing(iterator))
    return iterator


def _aopen(source: AsyncIterable[object] | Iterable[object], stack: AsyncExitStack) -> AsyncIterator[object]:
    stack.push_async_exit(_aclosing(source))
    if not isinstance(source, AsyncIterable):
        iterator = iter(source)
        if iterator is not source:
            stack.push_async_exit(_aclosing(iterator))
        return _OneByOne(iterator)
    chunks = aiter(source)
    if chunks is not source:
        stack.push_async_exit(_aclosing(chunks))
    return chunks


class _OneByOne:
    """A plain iterator as an asynchronous one that never waits."""

    def __init__(self, iterator: Iterator[object]) -> None:
        self._iterator = iterator

    def __aiter__(self) -> "_OneByOne":
        return self

    async def __anext__(self) -> object:
        try:
            return next(self._iterator)
        except StopIteration:
            raise StopAsyncIteration from None


def _closing(thing: object) -> Callable[[_Kind, _Error, _Trace], None]:
    close = getattr(thing, "close", None)

    def leave(_kind: _Kind, error: _Error, _trace: _Trace) -> None:
        try:
            if close is not None:
                close()
        except Exception as failure:  # noqa: BLE001 - raised or noted, never dropped
            _report(failure, error)

    return leave


def _aclosing(thing: object) -> Callable[[_Kind, _Error, _Trace], Awaitable[None]]:
    close = getattr(thing, "aclose", None) or getattr(thing, "close", None)

    async def leave(_kind: _Kind, error: _Error, _trace: _Trace) -> None:
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
    error.add_note(f"Closing the source failed too: {failure!r}")
