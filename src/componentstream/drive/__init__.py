"""The loops: read a source, feed the pure stages, pass their events on, close the source.

:func:`parse` and :func:`aparse` are the parser over a source. :func:`stream` and :func:`astream` are a whole
session over it, with deadlines, status and a ``message_stop``; :func:`stream_bytes` and :func:`astream_bytes`
are the same as bytes that can be sent as they are.
"""

from componentstream.drive.decoding import Decoder, DecoderFactory
from componentstream.drive.generation import Encoder
from componentstream.drive.live import astream, astream_bytes, stream, stream_bytes
from componentstream.drive.opening import AsyncSource
from componentstream.drive.plain import aparse, parse

__all__ = [
    "AsyncSource",
    "Decoder",
    "DecoderFactory",
    "Encoder",
    "aparse",
    "astream",
    "astream_bytes",
    "parse",
    "stream",
    "stream_bytes",
]
