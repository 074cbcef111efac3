"""componentstream: turn the text of a language model, cut anywhere, into component events.

The parser is :class:`ComponentParser`; :func:`parse` and :func:`aparse` drive it over a source.
:func:`stream` and :func:`astream` run a whole session over one, with deadlines and a ``message_stop``.
Encoders for the wire are in ``componentstream.wire``, decoders of providers in ``componentstream.sources``,
and strategies that fuzz your own handling of events in ``componentstream.testing``.

The types that the signatures use are exported beside the classes and functions.
"""

from componentstream.core.buffer import Component, ComponentBuffer, OpenComponent
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.codes import ParserErrorCode
from componentstream.core.errors import (
    ComponentStreamError,
    ConfigurationError,
    MissingExtraError,
    UsageError,
    WireError,
)
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    Finding,
    FindingEvent,
    Json,
    MessageStop,
    MessageStopReason,
    ReasoningEvent,
    Span,
    StatusEvent,
    StopReason,
    TextBlock,
    UsageEvent,
)
from componentstream.core.grammar import Fences, Grammar, Nesting, Outside
from componentstream.core.limits import BufferLimits, Limits
from componentstream.core.parser import ComponentParser
from componentstream.drive import (
    AsyncSource,
    Decoder,
    DecoderFactory,
    Encoder,
    aparse,
    astream,
    astream_bytes,
    parse,
    stream,
    stream_bytes,
)
from componentstream.session.batching import DeltaBatcher
from componentstream.session.hooks import Hook, HookEvent
from componentstream.session.lifecycle import ErrorWindow, SessionState, Timeouts
from componentstream.session.session import GenerationSession
from componentstream.session.statistics import ComponentTime, SessionStats

__all__ = [
    "AsyncSource",
    "BufferLimits",
    "Catalog",
    "Component",
    "ComponentBlock",
    "ComponentBuffer",
    "ComponentParser",
    "ComponentSpec",
    "ComponentStreamError",
    "ComponentTime",
    "ConfigurationError",
    "ContentBlockDelta",
    "ContentBlockStart",
    "ContentBlockStop",
    "DebugEvent",
    "Decoder",
    "DecoderFactory",
    "DeltaBatcher",
    "Encoder",
    "ErrorEvent",
    "ErrorWindow",
    "Event",
    "Fences",
    "Finding",
    "FindingEvent",
    "GenerationSession",
    "Grammar",
    "Hook",
    "HookEvent",
    "Json",
    "Limits",
    "MessageStop",
    "MessageStopReason",
    "MissingExtraError",
    "Nesting",
    "OpenComponent",
    "Outside",
    "ParserErrorCode",
    "ReasoningEvent",
    "SessionState",
    "SessionStats",
    "Span",
    "StatusEvent",
    "StopReason",
    "TextBlock",
    "Timeouts",
    "UsageError",
    "UsageEvent",
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
