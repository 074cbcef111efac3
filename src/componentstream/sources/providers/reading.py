"""Readings of events, and the functions that interpreters are made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, TypeGuard

import attrs

from componentstream.sources._tool_calls import ToolFragment
from componentstream.sources.pieces import SourceError, Usage


class Reading(NamedTuple):
    """The meaning of one event.

    Attributes:
        text: Text that the event adds; empty if an event of this kind carries text but has none.
        error: Error that the event reports.
        opens: Whether the event is part of a message that must be ended. After an end only text or a call of
            a tool opens a message again, since usage may follow an end in any shape.
        ends: Whether the event ends the message.
        tentative: Whether the message may continue nevertheless: its end is only inferred.
        echo: 0 for text of its own. Text with a higher number repeats that with a lower one, and counts only
            if the stream has none.
        starts: Whether the event announces a new message.
        reasoning: Reasoning that the event adds.
        tool: Whether the event is part of a call of a tool.
        usage: Tokens of the message, so far or in all.
        adds_usage: Whether ``usage`` is an increment.
        id: Id of the message, where each event of a message has the same.
        calls: Parts of calls of tools.
        closes: Whether the event ends a stream in which there need not be a message.
    """

    text: str | None = None
    error: SourceError | None = None
    opens: bool = False
    ends: bool = False
    echo: int = 0
    starts: bool = False
    reasoning: str | None = None
    tool: bool = False
    usage: Usage | None = None
    adds_usage: bool = False
    id: str | None = None
    calls: tuple[ToolFragment, ...] = ()
    tentative: bool = False
    closes: bool = False


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
ENDED: Final = Reading(closes=True)


def is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    """Return whether a value is a mapping."""
    # The check of an abstract class is slow, so classes that cannot be mappings do not get there.
    return hasattr(type(value), "keys") and isinstance(value, Mapping)


def field(value: object, name: str) -> object:
    """Return a field of an object or mapping, or None."""
    try:
        # Called some twenty times for each event, so the frequent cases come first.
        if isinstance(value, dict):
            return value.get(name)
        if value is None:
            return None
        return value.get(name) if is_mapping(value) else getattr(value, name, None)
    except Exception:  # noqa: BLE001 - a property or mapping of some library; the same as a missing field
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
    """Return the items of a sequence, and none for other values."""
    # Protocol buffers have sequences of their own.
    if isinstance(value, list):
        return value
    if value is None or isinstance(value, str | bytes):
        return []
    return list(value) if isinstance(value, Sequence) else []


def first(choices: object) -> object:
    """Return the first of several answers: the one with index 0 or without an index."""
    return next((choice for choice in items(choices) if field(choice, "index") in (0, None)), None)


def joined(texts: Iterable[str | None]) -> str | None:
    """Return the texts as one, or None if all are empty."""
    return "".join(text for text in texts if text) or None


def content(value: object) -> str | None:
    """Return the text of a content that is a string or a list of blocks."""
    if isinstance(value, str):
        return str.__str__(value)
    return joined(string(block) or text_block(block) for block in items(value))


def thoughts(value: object) -> str | None:
    """Return the reasoning in a content that is a list of blocks."""
    return joined([_thought(block) for block in items(value)]) if value else None


def _thought(block: object) -> str | None:
    match field(block, "type"):
        case "thinking":
            # Mistral has blocks of text inside.
            return content(field(block, "thinking"))
        case "reasoning":
            return string(field(block, "reasoning")) or string(field(block, "text"))
        case "reasoning_content":
            return string(path(block, "reasoning_content", "text"))
    return None


def json_value(text: str | bytes) -> object:
    """Return the value of a JSON text; an integer of more digits than Python reads is a float.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: The value is too deep.
    """
    import json  # noqa: PLC0415 - the core, which imports this package, does not need json

    try:
        # Servers written in Python may send NaN and Infinity, which `json` accepts and no field here uses.
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=_integer)


def _integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:
        return float(digits)


def is_reported(error: object) -> bool:
    """Return whether a field for an error has one: some servers fill it with an empty value."""
    return error is not None and not (isinstance(error, str | int | float | dict | list) and not error)


def identifier(value: object, name: str = "id") -> str | None:
    """Return the id of a message, or None if it is missing or empty."""
    return string(field(value, name)) or None


def text_block(block: object) -> str | None:
    """Return the text of a block of the type ``text``."""
    return string(field(block, "text")) if field(block, "type") == "text" else None


def nothing(_event: object) -> Reading:
    """Read an event that is known and has no meaning here."""
    return NOTHING
