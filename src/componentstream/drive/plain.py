"""The parser over a source.

These loops add nothing to the events of the parser. The hard part of a loop is its end, and there are five:
the source is exhausted, it raises, the parser has failed, the consumer stops, the task is cancelled. On every
one of them the source is closed before anything else happens, because an open one costs tokens.

The asynchronous loop awaits the source itself, with no task, timeout or scope around it. So it runs on any
event loop, and a cancellation arrives in the source.
"""

from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import AsyncExitStack, ExitStack
from typing import assert_never

from componentstream.core.events import ContentBlockStop, ErrorEvent, Event, ReasoningEvent, UsageEvent
from componentstream.core.parser import ComponentParser
from componentstream.drive.arguments import check_parser
from componentstream.drive.checks import check_any_iterable, check_iterable, discard_on_error
from componentstream.drive.decoding import Decoder, DecoderFactory, decoder_of
from componentstream.drive.generation import usage_event
from componentstream.drive.opening import AsyncSource, aopen_source, open_source
from componentstream.session.statistics import merged_usage
from componentstream.sources.pieces import Piece, Reasoning, SourceError, Usage


def parse(
    source: Iterable[object],
    *,
    parser: ComponentParser | None = None,
    decoder: Decoder | DecoderFactory | None = None,
) -> Generator[Event, None, None]:
    """Yield the events of a source.

    Reading starts with the first event that is requested. From then on the source is closed (its ``close`` is
    called, if there is one) as soon as it is exhausted or raises, the parser fails, or the returned generator
    is closed; use ``contextlib.closing`` to stop early. If the source raises, the open blocks stop as
    ``aborted`` and its exception follows them. Errors that a provider reports in its answer come as an
    :class:`~componentstream.ErrorEvent`; after a fatal one the source is not read further.

    Args:
        source: Iterable of the chunks of one answer: all str, or all bytes of UTF-8, cut anywhere, or the
            events of a provider that ``componentstream.sources.SourceDecoder`` knows.
        parser: Parser to use, by default a ``ComponentParser()``.
        decoder: Decoder from chunks to text, by default a ``SourceDecoder()``. For the bytes of a provider's
            response use ``SSESourceDecoder`` or ``JSONLinesSourceDecoder`` of ``componentstream.sources``. It
            may be a class, or a function that returns a new decoder.

    Raises:
        UsageError: ``source`` cannot be read, at the call or at the first chunk that shows it, ``parser`` has
            ended its stream, or ``decoder`` belongs to another stream.
    """
    check_iterable(source, "parse", "aparse")
    return _events(source, _Stages(parser, decoder))


def aparse(
    source: AsyncSource,
    *,
    parser: ComponentParser | None = None,
    decoder: Decoder | DecoderFactory | None = None,
) -> AsyncGenerator[Event, None]:
    """Yield the events of an asynchronous source.

    Reading starts with the first event that is requested. From then on the source is closed (its ``aclose``
    is called, or else its ``close``) as soon as it is exhausted or raises, the parser fails, the wait for a
    chunk is cancelled, or the returned generator is closed. Leaving an ``async for`` early does not close a
    generator: wrap it in ``contextlib.aclosing``. If the source raises, the open blocks stop as ``aborted``
    and its exception follows them. Errors that a provider reports in its answer come as an
    :class:`~componentstream.ErrorEvent`; after a fatal one the source is not read further.

    Args:
        source: Asynchronous iterable of the chunks of one answer (all str, or all bytes of UTF-8, cut
            anywhere, or the events of a provider that ``componentstream.sources.SourceDecoder`` knows), or an
            awaitable that returns one. A plain iterable is accepted too; reading it must not block.
        parser: Parser to use, by default a ``ComponentParser()``.
        decoder: Decoder from chunks to text, by default a ``SourceDecoder()``. For the bytes of a provider's
            response use ``SSESourceDecoder`` or ``JSONLinesSourceDecoder`` of ``componentstream.sources``. It
            may be a class, or a function that returns a new decoder.

    Raises:
        UsageError: ``source`` cannot be read, at the call or at the first chunk that shows it, ``parser`` has
            ended its stream, or ``decoder`` belongs to another stream.
    """
    with discard_on_error(source):
        check_any_iterable(source, "aparse")
        return _aevents(source, _Stages(parser, decoder))


def _events(source: Iterable[object], stages: "_Stages") -> Generator[Event, None, None]:
    # The last events leave only after the source was closed: a consumer may take its time with them, or never
    # ask for them. Both `except` clauses are for that: the inner one makes the events, the outer yields them.
    last: list[Event] = []
    try:
        with ExitStack() as stack:
            try:
                for chunk in open_source(source, stack):
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


async def _aevents(source: AsyncSource, stages: "_Stages") -> AsyncGenerator[Event, None]:
    # The last events leave only after the source was closed, as in `_events`.
    last: list[Event] = []
    try:
        async with AsyncExitStack() as stack:
            try:
                async for chunk in await aopen_source(source, stack, "aparse"):
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

    def __init__(self, parser: ComponentParser | None, decoder: Decoder | DecoderFactory | None) -> None:
        check_parser(parser)
        self._parser = ComponentParser() if parser is None else parser
        self._decoder = decoder_of(decoder, self._parser.grammar)
        self._refused = False
        self._usage: UsageEvent | None = None

    @property
    def failed(self) -> bool:
        return self._refused or self._parser.failed

    def feed(self, chunk: object) -> list[Event]:
        pieces = self._decoder.feed(chunk)
        # Nearly every chunk is one piece of text.
        if len(pieces) == 1 and type(text := pieces[0]) is str:
            return self._parser.feed(text)
        return self._take(pieces)

    def close(self) -> list[Event]:
        events = self._take(self._decoder.close())
        return events if self._refused else [*events, *self._parser.close()]

    def abort(self) -> list[Event]:
        # Without errors: that the source is incomplete is a consequence of the exception that follows.
        pieces = [piece for piece in self._decoder.close() if not isinstance(piece, SourceError)]
        return [*self._take(pieces), *self._parser.abort()]

    def _take(self, pieces: Iterable[Piece]) -> list[Event]:
        events: list[Event] = []
        for piece in pieces:
            if self._parser.failed:
                break
            match piece:
                case str():
                    events += self._parser.feed(piece)
                case SourceError(fatal=True):
                    self._refused = True
                    return [*events, *_broken_off(piece, self._parser.abort())]
                case SourceError():
                    events.append(_error_event(piece))
                case Reasoning(text=text):
                    events += [ReasoningEvent(text)] if text else []
                case Usage():
                    known, self._usage = self._usage, merged_usage(self._usage, usage_event(piece))
                    events += [] if self._usage is None or self._usage == known else [self._usage]
                case _:
                    assert_never(piece)
        return events


def _error_event(error: SourceError) -> ErrorEvent:
    return ErrorEvent(error.code, error.message, fatal=error.fatal, retryable=error.retryable)


def _broken_off(error: SourceError, last: list[Event]) -> list[Event]:
    """Put a fatal error in its place: after the text that was held, before the stops."""
    stops = [event for event in last if isinstance(event, ContentBlockStop)]
    return [*last[: len(last) - len(stops)], _error_event(error), *stops]
