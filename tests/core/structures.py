"""Structures with some components open, and the events that they give."""

import json

from componentstream.core.events import ComponentBlock, ContentBlockStart, ErrorEvent
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.markers import Marker
from componentstream.core.structure import Structure

SPAN = (10, 20)
LINE = 3


def structure_of(grammar=None, **limits):
    return Structure(grammar or Grammar(), Limits(**limits))


def start(structure, name="A", *, position=None, fence="", **attributes):
    return structure.start(Marker(name, position, attributes), fence, LINE, SPAN)


def end(structure, name="A", *, fence=""):
    return structure.end(name, fence, LINE, SPAN)


def taken(structure):
    """Take the events that have come up."""
    events, structure.events = structure.events, []
    return events


def opened(*names, grammar=None, **limits):
    """Return a structure in which these components are open, its events taken."""
    structure = structure_of(grammar, **limits)
    for name in names:
        assert start(structure, name)
    taken(structure)
    return structure


def started(index, name="A", position="main", parent=None, **attributes):
    return ContentBlockStart(index, ComponentBlock(name, position, attributes, parent), SPAN)


def error(code, message, *, fatal=False, line=LINE, index=None, span=SPAN, recovered=False):
    return ErrorEvent(code, message, fatal=fatal, line=line, index=index, span=span, recovered=recovered)


def unclosed(index, name, *, line=LINE, span=SPAN):
    return error("unclosed_component", f"Component {name} was not closed.", line=line, index=index, span=span)


def copied(structure, grammar=None, **limits):
    copy = structure_of(grammar, **limits)
    copy.restore(json.loads(json.dumps(structure.snapshot())))
    return copy


def state_of(*names):
    """Return the snapshot of a structure in which these components are open, or else a text block."""
    structure = opened(*names)
    structure.pending_text.append("x")
    structure.flush()
    return json.loads(json.dumps(structure.snapshot()))
