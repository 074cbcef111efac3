"""The decoder of a stream: the one of the argument ``decoder``, checked and made at the call."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from componentstream.core.arguments import check_members, described
from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.sources.decoder import SourceDecoder
from componentstream.sources.pieces import Piece, Reasoning, SourceError, Usage
from componentstream.sources.wire_decoders import JSONLinesSourceDecoder, SSESourceDecoder


class Decoder(Protocol):
    """Decodes chunks to pieces, as the decoders of ``componentstream.sources`` do."""

    def feed(self, chunk: Any, /) -> list[Piece]:
        """Return the text of a chunk, and the errors in it."""

    def close(self) -> list[Piece]:
        """Return the text and the errors that the end of the source adds."""


DecoderFactory: TypeAlias = Callable[[], Decoder]
"""A class of decoders, or a function without arguments that returns a new decoder."""

DECODERS: Final[Mapping[str, DecoderFactory]] = {
    "text": SourceDecoder,
    "sse": SSESourceDecoder,
    "jsonlines": JSONLinesSourceDecoder,
}
"""The decoders that have a name, for settings and the command line."""

_MEMBERS = ("feed()", "close()")


def check_decoder(decoder: object, *, factory: bool = False) -> None:
    """Reject anything but None, a decoder, and a class or a function that makes one.

    Args:
        decoder: Decoder to check; it is not made yet.
        factory: Whether a decoder itself is rejected too, because many streams need one each.

    Raises:
        UsageError: ``decoder`` is something else.
    """
    if decoder is None:
        return
    if isinstance(decoder, type):
        missing = [name for name in _MEMBERS if not callable(getattr(decoder, name.removesuffix("()"), None))]
        if missing:
            raise UsageError(
                f"decoder must be a decoder or a class of decoders; {described(decoder)} lacks "
                f"{' and '.join(missing)}. Pass one of componentstream.sources, such as SSESourceDecoder."
            )
    elif callable(getattr(decoder, "feed", None)):
        if factory:
            kind = type(decoder).__name__
            raise UsageError(
                f"decoder must be a class, or a function that makes a decoder for each stream, not one "
                f"{kind}; pass the class: decoder={kind}."
            )
        check_members(decoder, _MEMBERS, "decoder", "SourceDecoder")
    elif not callable(decoder):
        check_members(decoder, _MEMBERS, "decoder", "SourceDecoder")


def decoder_of(decoder: Decoder | DecoderFactory | None, grammar: Grammar) -> Decoder:
    """Return the decoder for one stream, by default a ``SourceDecoder()``, and claim it.

    Args:
        decoder: Decoder, or a class or a function that makes one.
        grammar: Grammar of the parser that reads the text.

    Raises:
        UsageError: ``decoder`` is not one and does not make one, or it belongs to another stream.
    """
    if decoder is None:
        return SourceDecoder(grammar=grammar)
    check_decoder(decoder)
    made: Any = decoder
    if isinstance(decoder, type) or not hasattr(decoder, "feed"):
        made = made()
        check_members(made, _MEMBERS, "The result of decoder()", "SourceDecoder")
    claim = getattr(made, "claim", None)
    if claim is not None:
        claim(grammar)
    return made if isinstance(made, SourceDecoder) else _PiecesToo(made)


class _PiecesToo:
    """A decoder that passes pieces on, and gives the chunks between them to another decoder.

    A source of bytes may yield an error, such as a status of the response, in their place.
    """

    __slots__ = ("_decoder",)

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    @property
    def ignored(self) -> int:
        """The count of the decoder, 0 if it does not count."""
        return getattr(self._decoder, "ignored", 0)

    def feed(self, chunk: object, /) -> list[Piece]:
        """Return a piece itself, and the pieces of any other chunk."""
        if isinstance(chunk, SourceError | Reasoning | Usage):
            return [chunk]
        return self._decoder.feed(chunk)

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the source adds."""
        return self._decoder.close()
