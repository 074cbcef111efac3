"""The arguments that all adapters share: their types, their defaults and their checks.

Adapters check when they are called or constructed, because there the traceback shows the line to correct. The
source itself is read later, often in a task or thread of the server.
"""

from collections.abc import AsyncIterable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final, TypedDict

from componentstream.adapters.response_start import Headers, StreamEncoder, check_headers
from componentstream.core.arguments import check_seconds
from componentstream.core.errors import UsageError
from componentstream.drive.arguments import check_encoder, check_session, check_stages
from componentstream.drive.checks import (
    check_any_iterable,
    check_iterable,
    discard_on_error,
    is_async_function,
    is_awaitable_source,
)
from componentstream.drive.decoding import Decoder, DecoderFactory
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession

SEND_TIMEOUT: Final = 20.0
"""Seconds. A phone that changes networks is silent for less, and a client that reads nothing should not hold
the connection to a model for longer."""


class StreamOptions(TypedDict, total=False):
    """How a stream is made; options that are left out have the defaults of ``stream_bytes``.

    Attributes:
        session: Session that the stream runs through. It makes one stream, so create one per request.
        decoder: Decoder from chunks of the source to text, or a class or a function that makes one, such as
            ``SSESourceDecoder`` for the bytes of a provider's response.
        batcher: Batcher that merges deltas; None disables merging.
        heartbeat: Seconds of silence before a heartbeat is sent; None disables heartbeats.
    """

    session: GenerationSession | None
    decoder: Decoder | DecoderFactory | None
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


def check_arguments(call: str, source: object, send_timeout: float, options: Options, *, twin: str) -> None:
    """Check the arguments of an adapter that reads its source synchronously.

    Args:
        call: Name of the adapter, for the message.
        source: Source to be streamed.
        send_timeout: Send timeout in seconds.
        options: Keyword arguments that must be known options. A decoder in them is reserved.
        twin: An adapter or framework that reads asynchronous sources.

    Raises:
        UsageError: An option is unknown or not valid, or the source cannot be streamed.
    """
    # An object that is iterable both ways, as the streams of some libraries are, can be read synchronously.
    asynchronous = isinstance(source, AsyncIterable) and not isinstance(source, Iterable)
    uncalled = is_async_function(source)
    with discard_on_error(source):
        _check(call, source, send_timeout, options)
        if asynchronous or uncalled or is_awaitable_source(source):
            kind = "asynchronous function" if uncalled else type(source).__name__
            raise UsageError(
                f"{call}() is synchronous and cannot read an asynchronous source ({kind}); use {twin}, or a "
                "synchronous client of the model."
            )
        check_iterable(source, call, twin)
        _reserve(options)


def check_async_arguments(call: str, source: object, send_timeout: float, options: Options) -> None:
    """Check the arguments of an adapter that reads its source asynchronously; see :func:`check_arguments`."""
    with discard_on_error(source):
        _check(call, source, send_timeout, options)
        check_any_iterable(source, call)
        _reserve(options)


def _check(call: str, source: object, send_timeout: object, options: Mapping[str, object]) -> None:
    unknown = options.keys() - _OPTIONS
    if unknown:
        name = min(unknown)
        near = get_close_matches(name, sorted(_OPTIONS), n=1)
        cure = f"did you mean {near[0]!r}?" if near else f"its options are {', '.join(sorted(_OPTIONS))}."
        raise UsageError(f"{call}() does not have an option {name!r}; {cure}")
    check_seconds(send_timeout, "send_timeout")
    check_seconds(options.get("heartbeat"), "heartbeat", optional=True)
    check_session(options.get("session"))
    batcher = options.get("batcher")
    check_stages(options.get("decoder"), None if batcher is ... else batcher)
    check_encoder(options.get("encoder"), "headers")
    check_headers(options.get("headers", ()))
    if source is None:
        raise UsageError(f"The source of {call}() is None; return it from the function that makes it.")


def _reserve(options: Options) -> None:
    """Reserve a decoder for the response, and replace it in the options by a function that returns it.

    The response may be sent later, and the decoder must not be found in use only then. The function can be
    checked again on the way, by the adapters that others are made of.
    """
    decoder: Any = options.get("decoder")
    reserve = getattr(decoder, "reserve", None)
    if reserve is not None and not isinstance(decoder, type):
        reserve()
        options["decoder"] = lambda: decoder
