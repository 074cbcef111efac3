"""Names for chunks that are not understood, for messages to developers."""

import re
from collections.abc import Mapping
from typing import Final

from componentstream.sources.providers.reading import field, string
from componentstream.sources.providers.registry import TYPE_FIELDS

# A word, since a sentence may contain anything.
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]{0,63}")
_MAX_KEYS: Final = 3


def kind_of(event: object) -> str:
    """Return the type that an event names, or else its keys or its class."""
    for name in TYPE_FIELDS:
        value = string(field(event, name))
        if value is not None and _WORD.fullmatch(value):
            return f"an event of the {name} {value!r}"
    if isinstance(event, Mapping):
        keys = [key for key in map(string, event) if key is not None and _WORD.fullmatch(key)]
        return f"an object with {' and '.join(map(repr, keys[:_MAX_KEYS]))}" if keys else "an empty object"
    return f"a value of the type {type(event).__name__}"


def kind_of_line(line: bytes) -> str:
    """Return a description of a line that does not belong to any format."""
    if line.lstrip().startswith(b"<"):
        return "a line of HTML"
    try:
        printable = str(line, "utf-8").replace("\t", " ").isprintable()
    except UnicodeDecodeError:
        printable = False
    return "a line of plain text" if printable else "binary data"
