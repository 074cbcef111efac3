"""Readings of events, and the functions that interpreters are made of."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

import attrs

from componentstream.sources.pieces import SourceError


class Reading(NamedTuple):
    """The meaning of one event.

    Attributes:
        text: Text that the event adds.
        error: Error that the event reports.
        opens: Whether the event begins a message, which then must be ended.
        ends: Whether the event ends the message.
        echo: Whether the text repeats that of other events, if those are in the stream.
    """

    text: str | None = None
    error: SourceError | None = None
    opens: bool = False
    ends: bool = False
    echo: bool = False


@attrs.frozen
class Inner:
    """The event inside a wrapper, to be read in its place."""

    event: object


Interpreter: TypeAlias = Callable[[object], Reading | Inner | None]
"""Reads one event; None means that the event is not of the expected provider after all."""


@attrs.frozen
class Provider:
    """The interpreters of one provider's events, by the mark that each recognizes.

    Attributes:
        fields: By the name and the value of a type field.
        classes: By ``"package:Class"``; modules inside the package and subclasses count too.
        shapes: By a key or attribute that is distinctive even beside an unknown type.
        keys: By a key of a mapping without a type field.
        tuples: Interpreter of tuples.
    """

    fields: Mapping[str, Mapping[str, Interpreter]] = attrs.field(factory=dict)
    classes: Mapping[str, Interpreter] = attrs.field(factory=dict)
    shapes: Mapping[str, Interpreter] = attrs.field(factory=dict)
    keys: Mapping[str, Interpreter] = attrs.field(factory=dict)
    tuples: Interpreter | None = None


NOTHING: Final = Reading()
_OPENED: Final = Reading(opens=True)
_ENDED: Final = Reading(ends=True)


def field(value: object, name: str) -> object:
    """Return a field of an object or mapping, or None."""
    if isinstance(value, Mapping):
        return value.get(name)
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 - a property of some library; the same as a field that is missing
        return None


def path(value: object, *names: str) -> object:
    """Return the field that a path of names leads to, or None."""
    for name in names:
        value = field(value, name)
    return value


def string(value: object) -> str | None:
    """Return a string as a plain ``str``, and None for other values."""
    # Enumerations, and the text of some libraries, are subclasses of str.
    return str.__str__(value) if isinstance(value, str) else None


def items(value: object) -> list[object]:
    """Return the items of a list or tuple, and none for other values."""
    return list(value) if isinstance(value, list | tuple) else []


def first(choices: object) -> object:
    """Return the first of several answers: the one with index 0 or without an index."""
    return next((choice for choice in items(choices) if field(choice, "index") in (0, None)), None)


def joined(texts: list[str | None]) -> str | None:
    """Return the texts as one, or None if all are empty."""
    return "".join(text for text in texts if text) or None


def content(value: object) -> str | None:
    """Return the text of a content that is a string or a list of blocks."""
    if isinstance(value, str):
        return str.__str__(value)
    return joined([string(block) or text_block(block) for block in items(value)])


def text_block(block: object) -> str | None:
    """Return the text of a block of the type ``text``."""
    return string(field(block, "text")) if field(block, "type") == "text" else None


def plain_delta(event: object) -> Reading:
    """Read an event whose field ``delta`` is the text."""
    return Reading(string(field(event, "delta")))


def opened(_event: object) -> Reading:
    """Read an event that begins a message."""
    return _OPENED


def ended(_event: object) -> Reading:
    """Read an event that ends a message."""
    return _ENDED


def nothing(_event: object) -> Reading:
    """Read an event that is known and has no meaning here."""
    return NOTHING
