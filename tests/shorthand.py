"""Short ways to write down events, and to read a stream, for the tests of the parser and its lines."""

from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Finding,
    FindingEvent,
    ReasoningEvent,
    TextBlock,
    UsageEvent,
)
from componentstream.core.parser import ComponentParser

START = "/// START A\n"
"""A START line, 12 characters long."""

END = "/// END A\n"
"""Its END, 10 characters long."""


def read(*chunks, **settings):
    """Feed the chunks, close; return all events."""
    parser = ComponentParser(**settings)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return [*events, *parser.close()]


def component(index, name, span, *, position="main", parent=None, **attributes):
    return ContentBlockStart(index, ComponentBlock(name, position, attributes, parent), span)


def text(index):
    return ContentBlockStart(index, TextBlock())


def delta(index, content):
    return ContentBlockDelta(index, content)


def stop(index, chars, span=None, *, reason="end", trimmed=0):
    return ContentBlockStop(index, reason, chars, trimmed, span)


def error(code, message, line=None, span=None, *, index=None, fatal=False):
    return ErrorEvent(code, message, fatal=fatal, line=line, index=index, span=span)


def recovered(code, message, line, span):
    return ErrorEvent(code, message, line=line, span=span, recovered=True)


def unclosed(index, name, line=None, span=None):
    return error("unclosed_component", f"Component {name} was not closed.", line, span, index=index)


def run_of(content):
    """Return the events of a stream that is nothing but text."""
    return [text(0), delta(0, content), stop(0, len(content))]


WITHOUT_BLOCK = (ReasoningEvent("a"), UsageEvent(1), FindingEvent(Finding("near-miss", "info", "m")))
"""Events that belong to no block and do not end anything."""
