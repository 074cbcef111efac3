"""componentstream: a language model's text, cut anywhere, in; component events out.

The parser is :class:`ComponentParser`; :func:`parse` and :func:`aparse` drive it over a source. Encoders for
the wire are in ``componentstream.wire``, byte sources in ``componentstream.sources``, and strategies that
fuzz your own handling of the events in ``componentstream.testing``.
"""

from componentstream.core.buffer import Component, ComponentBuffer
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.errors import (
    ComponentStreamError,
    ConfigurationError,
    MissingExtraError,
    UsageError,
    WireError,
)
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    MessageStop,
    StatusEvent,
    TextBlock,
    event_from_dict,
)
from componentstream.core.grammar import Grammar
from componentstream.core.limits import BufferLimits, Limits
from componentstream.core.parser import ComponentParser
from componentstream.drive import aparse, astream, astream_bytes, parse, stream, stream_bytes
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import ErrorWindow, GenerationSession, SessionStats, Timeouts

__all__ = [
    "BufferLimits",
    "Catalog",
    "Component",
    "ComponentBlock",
    "ComponentBuffer",
    "ComponentParser",
    "ComponentSpec",
    "ComponentStreamError",
    "ConfigurationError",
    "ContentBlockDelta",
    "ContentBlockStart",
    "ContentBlockStop",
    "DebugEvent",
    "DeltaBatcher",
    "ErrorEvent",
    "ErrorWindow",
    "Event",
    "GenerationSession",
    "Grammar",
    "Limits",
    "MessageStop",
    "MissingExtraError",
    "SessionStats",
    "StatusEvent",
    "TextBlock",
    "Timeouts",
    "UsageError",
    "WireError",
    "aparse",
    "astream",
    "astream_bytes",
    "event_from_dict",
    "parse",
    "stream",
    "stream_bytes",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - as slow as all the rest together

        return version("componentstream")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
