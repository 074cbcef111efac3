"""What a model's stream may consist of, and how it becomes text.

A decoder is a stage from the chunks of one source to pieces: text for the parser, or a
:class:`SourceError` to report. :class:`SourceDecoder` takes what an iteration over a provider's library
yields, and plain str or bytes as well; the other two take the bytes of a provider's response::

    decoder = SourceDecoder()
    for chunk in client.messages.create(..., stream=True):
        for piece in decoder.feed(chunk):
            ...
    decoder.close()
"""

from typing import TYPE_CHECKING

from componentstream.core.codes import SourceErrorCode
from componentstream.sources.decoder import SourceDecoder
from componentstream.sources.extract import extract_text
from componentstream.sources.pieces import Piece, SourceError
from componentstream.sources.text import TextDecoder

if TYPE_CHECKING:
    from componentstream.sources.wire_decoders import JSONLinesSourceDecoder, SSESourceDecoder

__all__ = [
    "JSONLinesSourceDecoder",
    "Piece",
    "SSESourceDecoder",
    "SourceDecoder",
    "SourceError",
    "SourceErrorCode",
    "TextDecoder",
    "extract_text",
]


def __getattr__(name: str) -> object:
    if name in {"JSONLinesSourceDecoder", "SSESourceDecoder"}:
        from componentstream.sources import wire_decoders as raw  # noqa: PLC0415 - the core does without json until then

        return getattr(raw, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
