"""The arguments that all adapters share: their types, their defaults and their checks.

Adapters check when they are called or constructed, because there the traceback shows the line to correct. The
source itself is read later, often in a task or thread of the server.
"""

from collections.abc import AsyncIterable, Awaitable, Iterable, Mapping
from difflib import get_close_matches
from inspect import isawaitable
from os import PathLike
from typing import Final, TypeAlias, TypedDict

from componentstream.adapters.response_start import Headers, StreamEncoder
from componentstream.core.errors import UsageError
from componentstream.drive import opening
from componentstream.drive.generation import Decoder
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession

SEND_TIMEOUT: Final = 20.0
"""Seconds. A phone that changes networks is silent for less, and a client that reads nothing should not hold
the connection to a model for longer."""

Source: TypeAlias = Iterable[object]
"""Chunks of a model's answer, as ``stream_bytes`` takes them."""

AsyncSource: TypeAlias = opening.AsyncSource
"""Chunks of a model's answer, as ``astream_bytes`` takes them."""


class StreamOptions(TypedDict, total=False):
    """How a stream is made; options that are left out have the defaults of ``stream_bytes``.

    Attributes:
        session: Session that the stream runs through. It makes one stream, so create one per request.
        decoder: Decoder from chunks of the source to text.
        batcher: Batcher that merges deltas; None disables merging.
        heartbeat: Seconds of silence before a heartbeat is sent; None disables heartbeats.
    """

    session: GenerationSession | None
    decoder: Decoder | None
    batcher: DeltaBatcher | None
    heartbeat: float | None


class Options(StreamOptions, total=False):
    """The options of every adapter besides the source and ``send_timeout``: :class:`StreamOptions` and these.

    Attributes:
        encoder: Encoder of the stream, by default an ``SSEEncoder``; a ``JSONLinesEncoder`` sends JSON lines.
        headers: Additional response headers. A header of the stream is replaced by one of the same name.
    """

    encoder: StreamEncoder | None
    headers: Headers


_OPTIONS: Final = Options.__optional_keys__ | {"send_timeout"}


def check_arguments(
    call: str, source: object, send_timeout: float, options: Mapping[str, object], *, twin: str
) -> None:
    """Check the arguments of an adapter that reads its source synchronously.

    Args:
        call: Name of the adapter, for the message.
        source: Source to be streamed.
        send_timeout: Send timeout in seconds.
        options: Keyword arguments that must be known options.
        twin: Name of the adapter that reads asynchronous sources.

    Raises:
        UsageError: An option is unknown, the timeout is not above 0, or the source cannot be streamed.
    """
    _check(call, source, send_timeout, options)
    # Futures are iterables of themselves, so this comes before the check for an iterable.
    if isawaitable(source) or (isinstance(source, AsyncIterable) and not isinstance(source, Iterable)):
        _discard(source)
        raise UsageError(
            f"{call}() is synchronous and cannot read an asynchronous source ({type(source).__name__}); "
            f"use {twin}, or a synchronous client of the model."
        )
    if not isinstance(source, Iterable):
        raise _not_iterable(call, source)


def check_async_arguments(
    call: str, source: object, send_timeout: float, options: Mapping[str, object]
) -> None:
    """Check the arguments of an adapter that reads its source asynchronously; see :func:`check_arguments`."""
    _check(call, source, send_timeout, options)
    if not isinstance(source, AsyncIterable | Iterable | Awaitable):
        raise _not_iterable(call, source)


def _check(call: str, source: object, send_timeout: float, options: Mapping[str, object]) -> None:
    unknown = options.keys() - _OPTIONS
    if unknown:
        name = min(unknown)
        near = get_close_matches(name, sorted(_OPTIONS), n=1)
        cure = f"did you mean {near[0]!r}?" if near else f"its options are {', '.join(sorted(_OPTIONS))}."
        raise UsageError(f"{call}() does not have an option {name!r}; {cure}")
    if not send_timeout > 0:
        raise UsageError(f"send_timeout must be a number of seconds above 0, not {send_timeout!r}.")
    if isinstance(source, str | bytes | bytearray | memoryview | dict):
        raise UsageError(
            f"{call}() takes an iterable of chunks, not one {type(source).__name__}; wrap a single one in a "
            f"list: [chunk]."
        )
    # Generators and coroutines lose their frame when they end.
    if any(getattr(source, frame, True) is None for frame in ("gi_frame", "ag_frame", "cr_frame")):
        raise UsageError(
            f"The {type(source).__name__} that {call}() was given has ended; create a new one for each "
            f"response."
        )


def _not_iterable(call: str, source: object) -> UsageError:
    if source is None:
        cure = "return the iterable from the function that makes it"
    elif isinstance(source, PathLike):
        cure = "open the file and pass the open file"
    elif callable(source):
        cure = "call the function and pass its result"
    else:
        cure = "pass a generator, a list or the stream of a provider's library"
    kind = "None" if source is None else type(source).__name__
    return UsageError(f"{call}() takes an iterable of chunks, not {kind}; {cure}.")


def _discard(source: object) -> None:
    """Close a coroutine, which would otherwise warn that it was never awaited."""
    if (close := getattr(source, "close", None)) is not None and hasattr(source, "cr_frame"):
        close()
