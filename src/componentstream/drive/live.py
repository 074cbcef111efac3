"""A session over a source: the drivers with deadlines, status and a ``message_stop``.

Unlike the plain loops they do not wait for the source themselves. So a source that stalls is abandoned at its
deadline, and the stream ends with events that report it. A stream ends in many ways: the source is exhausted,
raises or stalls, the parser gives up, the consumer stops, lags or is cancelled. On each of them the session
ends, so that its hooks are called, and the source is closed once.
"""

import math
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from functools import partial
from types import EllipsisType

from componentstream.core.arguments import check_seconds
from componentstream.core.buffer import ComponentBuffer
from componentstream.core.events import Event
from componentstream.drive.arguments import check_clock, check_encoder, check_session, check_stages
from componentstream.drive.checks import check_any_iterable, check_iterable, discard_on_error
from componentstream.drive.decoding import Decoder, DecoderFactory, decoder_of
from componentstream.drive.generation import Encoder, Generation
from componentstream.drive.opening import AsyncSource
from componentstream.drive.thread_driver import ThreadDriver
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession


def stream(
    source: Iterable[object],
    *,
    session: GenerationSession | None = None,
    decoder: Decoder | DecoderFactory | None = None,
    batcher: DeltaBatcher | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Event, None, None]:
    """Yield the events of a session over a source; the last is ``message_stop``.

    Reading starts with the first event that is requested, in a thread of its own and up to 64 chunks or
    65,536 characters ahead. The stream ends when a deadline of the session passes while an event is awaited.
    The thread closes the source (calls its ``close``, if there is one) as soon as the source is exhausted or
    raises, the session ends, or the returned generator is closed or dropped. While the thread is blocked in
    ``next``, a source that is not a generator is closed from outside, which usually unblocks it; a generator
    that blocks cannot be interrupted, and is left behind with its thread until it returns.

    If the source raises, the stream ends with a fatal error, and the exception follows. The error is as
    retryable as the exception says; see ``componentstream.sources.source_failure``.
    So does an exception of closing the source after a good end. Exceptions that no caller can receive are
    logged.

    Args:
        source: Iterable of the chunks of one answer: all str, all bytes of UTF-8 cut anywhere, or the events
            of a provider; pieces of ``componentstream.sources`` may come between them.
        session: Session that has not been started, by default a ``GenerationSession()``.
        decoder: Decoder from chunks to text, by default a ``SourceDecoder()``. For the bytes of a provider's
            response use ``SSESourceDecoder`` or ``JSONLinesSourceDecoder`` of ``componentstream.sources``. It
            may be a class, or a function that returns a new decoder.
        batcher: Batcher that merges deltas; by default deltas are not merged.
        clock: Monotonic clock in seconds of real time.

    Raises:
        UsageError: ``source`` cannot be read, at the call or at the first chunk that shows it,
            ``session`` has been started, or another argument is not valid.
    """
    check_iterable(source, "stream", "astream")
    return _events(source, _generation(session, decoder, batcher, clock))


def astream(
    source: AsyncSource,
    *,
    session: GenerationSession | None = None,
    decoder: Decoder | DecoderFactory | None = None,
    batcher: DeltaBatcher | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[Event, None]:
    """Yield the events of a session over an asynchronous source; the last is ``message_stop``.

    It requires asyncio. Reading starts with the first event that is requested, in a task of its own, which
    has the context variables of that moment, and up to 64 chunks or 65,536 characters ahead. When a deadline
    of the session passes, or the returned generator is closed or cancelled, that task is cancelled and closes
    the source (calls its ``aclose``, or else its ``close``). The last events do not wait for that; the end
    after them does, for a second at most. A slower source is left to close by itself. Leaving an
    ``async for`` early does not close a generator: wrap it in ``contextlib.aclosing``.

    If the source raises, the stream ends with a fatal error, and the exception follows. The error is as
    retryable as the exception says; see ``componentstream.sources.source_failure``.
    So does an exception of closing the source after a good end. Exceptions that no caller can receive are
    logged.

    Args:
        source: Asynchronous iterable of the chunks of one answer (all str, all bytes of UTF-8 cut anywhere,
            or the events of a provider), or an awaitable that returns one, such as the call of an
            asynchronous client. A plain iterable is read by a thread, as by :func:`stream`, a list or a tuple
            without one.
        session: Session that has not been started, by default a ``GenerationSession()``.
        decoder: Decoder from chunks to text, by default a ``SourceDecoder()``. For the bytes of a provider's
            response use ``SSESourceDecoder`` or ``JSONLinesSourceDecoder`` of ``componentstream.sources``. It
            may be a class, or a function that returns a new decoder.
        batcher: Batcher that merges deltas; by default deltas are not merged.
        clock: Monotonic clock in seconds of real time.

    Raises:
        UsageError: ``source`` cannot be read, at the call or at the first chunk that shows it,
            ``session`` has been started, or another argument is not valid.
    """
    with discard_on_error(source):
        check_any_iterable(source, "astream")
        return _aevents(source, _generation(session, decoder, batcher, clock))


def stream_bytes(
    source: Iterable[object],
    *,
    encoder: Encoder | None = None,
    session: GenerationSession | None = None,
    decoder: Decoder | DecoderFactory | None = None,
    batcher: DeltaBatcher | EllipsisType | None = ...,
    heartbeat: float | None = 15.0,
    send_timeout: float | None = 20.0,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[bytes, None, None]:
    """Yield the events of :func:`stream` as bytes that are ready to send, and heartbeats during silence.

    Each item holds all bytes that are ready. A source that raises ends the stream as in :func:`stream`, but
    the exception is logged by the logger ``componentstream``: the events have told the client.

    Args:
        source: As for :func:`stream`.
        encoder: Encoder of the events, by default an ``SSEEncoder()``.
        session: As for :func:`stream`.
        decoder: As for :func:`stream`.
        batcher: Batcher that merges deltas, by default a ``DeltaBatcher()``; None disables merging.
        heartbeat: Seconds of silence after which a heartbeat is sent; None disables heartbeats. Proxies close
            connections that were silent for 29 seconds or more, and 15 leave room for a late one.
        send_timeout: Seconds after which a consumer that stopped requesting items is given up: the source is
            closed, and a late request finds the stream ended. None disables the timeout. The thread notices
            it when it has read as far ahead as allowed; if the source has stalled as well, it is closed only
            together with the generator. 20 is longer than a phone takes to change mobile cells.
        clock: As for :func:`stream`.

    Raises:
        UsageError: ``source`` cannot be read, ``session`` has been started, or another argument is not valid,
            such as a ``heartbeat`` of 0 seconds.
    """
    check_iterable(source, "stream_bytes", "astream_bytes")
    limit = _limit(send_timeout, "send_timeout")
    generation = _encoded(
        encoder, session=session, decoder=decoder, batcher=batcher, heartbeat=heartbeat, clock=clock
    )
    return _bytes(source, generation, limit)


def astream_bytes(
    source: AsyncSource,
    *,
    encoder: Encoder | None = None,
    session: GenerationSession | None = None,
    decoder: Decoder | DecoderFactory | None = None,
    batcher: DeltaBatcher | EllipsisType | None = ...,
    heartbeat: float | None = 15.0,
    send_timeout: float | None = 20.0,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[bytes, None]:
    """Yield the events of :func:`astream` as bytes that are ready to send, and heartbeats during silence.

    Each item holds all bytes that are ready. A source that raises ends the stream as in :func:`astream`, but
    the exception is logged by the logger ``componentstream``: the events have told the client.

    Args:
        source: As for :func:`astream`.
        encoder: Encoder of the events, by default an ``SSEEncoder()``.
        session: As for :func:`astream`.
        decoder: As for :func:`astream`.
        batcher: Batcher that merges deltas, by default a ``DeltaBatcher()``; None disables merging.
        heartbeat: Seconds of silence after which a heartbeat is sent; None disables heartbeats. Proxies close
            connections that were silent for 29 seconds or more, and 15 leave room for a late one.
        send_timeout: Seconds after which a consumer that took an item and did not come back is given up: the
            session is cancelled and the source closed, and a late request finds the stream ended. None
            disables the timeout. 20 is longer than a phone takes to change mobile cells.
        clock: As for :func:`astream`.

    Raises:
        UsageError: ``source`` cannot be read, ``session`` has been started, or another argument is not valid,
            such as a ``heartbeat`` of 0 seconds.
    """
    with discard_on_error(source):
        check_any_iterable(source, "astream_bytes")
        limit = _limit(send_timeout, "send_timeout")
        generation = _encoded(
            encoder, session=session, decoder=decoder, batcher=batcher, heartbeat=heartbeat, clock=clock
        )
        return _abytes(source, generation, limit)


def _events(source: Iterable[object], generation: Generation[Event]) -> Generator[Event, None, None]:
    driver = ThreadDriver(source, generation)
    # True only after a normal end: a consumer that closes the generator cannot be raised an exception at.
    told = False
    try:
        driver.begin()
        while True:
            if generation.out:
                yield from generation.take()
            elif driver.finished:
                break
            else:
                driver.step()
        told = True
    finally:
        driver.leave(told=told)
    driver.settle()


def _bytes(
    source: Iterable[object], generation: Generation[bytes], send_timeout: float
) -> Generator[bytes, None, None]:
    driver = ThreadDriver(source, generation, send_timeout)
    # Never `settle`: a server would answer an exception with a broken response, though the events are sent.
    try:
        driver.begin()
        while True:
            if generation.out:
                yield b"".join(generation.take())
            elif driver.finished:
                break
            else:
                driver.step()
    finally:
        driver.leave(told=False)


async def _aevents(source: AsyncSource, generation: Generation[Event]) -> AsyncGenerator[Event, None]:
    from componentstream.drive.task_driver import TaskDriver  # noqa: PLC0415 - asyncio is slow to load

    driver = TaskDriver(source, generation, name="astream")
    told = False
    try:
        driver.begin()
        while True:
            if generation.out:
                for event in driver.take():
                    yield event
            elif driver.finished:
                break
            else:
                await driver.waiting()
        told = True
    finally:
        await driver.leave(told=told)
    driver.settle()


async def _abytes(
    source: AsyncSource, generation: Generation[bytes], send_timeout: float
) -> AsyncGenerator[bytes, None]:
    from componentstream.drive.task_driver import TaskDriver  # noqa: PLC0415 - asyncio is slow to load

    driver = TaskDriver(source, generation, send_timeout, name="astream_bytes")
    try:
        driver.begin()
        while True:
            if generation.out:
                yield b"".join(driver.take())
            elif driver.finished:
                break
            else:
                await driver.waiting()
    finally:
        await driver.leave(told=False)


def _generation(
    session: GenerationSession | None,
    decoder: Decoder | DecoderFactory | None,
    batcher: DeltaBatcher | None,
    clock: Callable[[], float],
) -> Generation[Event]:
    check_stages(decoder, batcher)
    check_clock(clock)
    session = _idle(session)
    return Generation(session, decoder_of(decoder, session.grammar), batcher, clock, _as_they_are)


def _encoded(
    encoder: Encoder | None,
    *,
    session: GenerationSession | None,
    decoder: Decoder | DecoderFactory | None,
    batcher: DeltaBatcher | EllipsisType | None,
    heartbeat: float | None,
    clock: Callable[[], float],
) -> Generation[bytes]:
    batcher = DeltaBatcher() if isinstance(batcher, EllipsisType) else batcher
    check_encoder(encoder)
    check_stages(decoder, batcher)
    check_clock(clock)
    if encoder is None:
        from componentstream.wire.sse import SSEEncoder  # noqa: PLC0415 - json is slow to load

        encoder = SSEEncoder()
    interval = _limit(heartbeat, "heartbeat")
    session = _idle(session)
    return Generation(
        session,
        decoder_of(decoder, session.grammar),  # last of all, because it claims the decoder
        batcher,
        clock,
        partial(map, encoder.encode),
        heartbeat=encoder.heartbeat(),
        heartbeat_interval=interval,
    )


def _idle(session: GenerationSession | None) -> GenerationSession:
    check_session(session)
    # The caller cannot look into the buffer of a session that it does not have.
    return GenerationSession(buffer=ComponentBuffer(keep_text=False)) if session is None else session


def _as_they_are(events: list[Event]) -> list[Event]:
    return events


def _limit(seconds: float | None, name: str) -> float:
    """Return an optional number of seconds as a number, infinity for None."""
    check_seconds(seconds, name, optional=True)
    return math.inf if seconds is None else seconds
