"""componentstream: a language model's text, cut anywhere, in; component events out.

The parser is :class:`ComponentParser`; :func:`parse` and :func:`aparse` drive it over a source. Encoders for
the wire are in ``componentstream.wire``, byte sources in ``componentstream.sources``, and strategies that
fuzz your own handling of the events in ``componentstream.testing``.
"""

from componentstream.buffer import Component, ComponentBuffer
from componentstream.catalog import Catalog, ComponentSpec
from componentstream.drive import aparse, parse
from componentstream.errors import ComponentStreamError, MissingExtraError, UsageError, WireError
from componentstream.events import (
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
from componentstream.grammar import Grammar
from componentstream.limits import BufferLimits, Limits
from componentstream.parser import ComponentParser

__all__ = [
    "BufferLimits",
    "Catalog",
    "Component",
    "ComponentBlock",
    "ComponentBuffer",
    "ComponentParser",
    "ComponentSpec",
    "ComponentStreamError",
    "ContentBlockDelta",
    "ContentBlockStart",
    "ContentBlockStop",
    "DebugEvent",
    "ErrorEvent",
    "Event",
    "Grammar",
    "Limits",
    "MessageStop",
    "MissingExtraError",
    "StatusEvent",
    "TextBlock",
    "UsageError",
    "WireError",
    "aparse",
    "event_from_dict",
    "parse",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - as slow as all the rest together

        return version("componentstream")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
