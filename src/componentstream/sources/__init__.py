"""Sources: chunks of a model's answer to text.

A decoder is a stage from the chunks of one source to pieces: text for the parser, a :class:`SourceError` to
report, the model's :class:`Reasoning`, or its :class:`Usage` of tokens. :class:`SourceDecoder` accepts str,
bytes, pieces, and the objects that a provider's library yields; the other two accept the bytes of a
provider's HTTP response::

    decoder = SourceDecoder()
    for chunk in client.messages.create(..., stream=True):
        for piece in decoder.feed(chunk):
            ...
    decoder.close()
"""

from componentstream.core.codes import SourceErrorCode
from componentstream.sources.decoder import SourceDecoder
from componentstream.sources.extract import extract_text
from componentstream.sources.failures import source_failure
from componentstream.sources.pieces import Piece, Reasoning, SourceError, Thinking, Usage
from componentstream.sources.text import TextDecoder
from componentstream.sources.thinking import ThinkingFilter
from componentstream.sources.tool_arguments import ToolArgumentDecoder
from componentstream.sources.wire_decoders import JSONLinesSourceDecoder, SSESourceDecoder

__all__ = [
    "JSONLinesSourceDecoder",
    "Piece",
    "Reasoning",
    "SSESourceDecoder",
    "SourceDecoder",
    "SourceError",
    "SourceErrorCode",
    "TextDecoder",
    "Thinking",
    "ThinkingFilter",
    "ToolArgumentDecoder",
    "Usage",
    "extract_text",
    "source_failure",
]
