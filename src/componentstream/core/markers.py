"""Judge candidate lines: read the name and the attributes that follow the keyword of a complete line.

The verdict is a :class:`Marker`, or the :class:`Fault` that makes the line text unless
:mod:`componentstream.core.recovery` can tell its meaning.
"""

import re
from typing import Final

import attrs

from componentstream.core import codes
from componentstream.core.attributes import Attributes, read_attributes
from componentstream.core.codes import ParserErrorCode
from componentstream.core.grammar import MAX_NAME_CHARS, PUNCTUATION, WHITE

_IDENT: Final = "[A-Za-z][A-Za-z0-9_]*+"
NAME: Final = rf"{_IDENT}(?:\.{_IDENT})*+"
"""The pattern of a component name of any length."""

_SIGN = re.escape(PUNCTUATION)
_NAME: Final = re.compile(rf"[{WHITE}]*+((?:{NAME})?+)")
_JUNK: Final = re.compile(rf"(([{_SIGN}]*+)(?=[{WHITE}]|\Z)|[^{WHITE}]*+)[{WHITE}]*+")
"""The characters directly after a name (group 1); group 2 if they are nothing but punctuation."""
_SIGNS: Final = re.compile(rf"[{_SIGN}{WHITE}]*+\Z")
_NAME_RULE: Final = f"a name is up to {MAX_NAME_CHARS} letters, digits and underscores, a letter first"
_SHOWN_CHARS: Final = 80


@attrs.define
class Fault:
    """The reason why a candidate is not a marker: an error code and a message.

    The other fields describe the line for :mod:`componentstream.core.recovery`.

    Args:
        code: the code of the error.
        message: its message.
        text: the line after its keyword and white space, for messages.
        name: the longest beginning of ``text`` that is a name, at most 128 characters.
        behind: the two characters that follow ``name``.
        signs: whether all that follows ``name`` is punctuation and white space; for an END only known if
            ``name`` is empty.
        attributes: the attributes of a START, None if it has none.
    """

    code: ParserErrorCode
    message: str
    text: str = attrs.field(default="", eq=False)
    name: str = attrs.field(default="", eq=False)
    behind: str = attrs.field(default="", eq=False)
    signs: bool = attrs.field(default=False, eq=False)
    attributes: Attributes | None = attrs.field(default=None, eq=False)


@attrs.define
class Marker:
    """A marker line that can act.

    Args:
        name: the name of the component.
        position: the position in lower case, None if the line does not name one.
        attributes: its other attributes.
        stand_in: whether the line names a position that cannot be read.
        fault: the error of the line, if it is not well-formed and recovery lets it act.
        repair: the message of that error if the line acts.
    """

    name: str
    position: str | None
    attributes: dict[str, str]
    stand_in: bool = False
    fault: Fault | None = None
    repair: str = ""

    @property
    def has_position(self) -> bool:
        """Whether the line names a position, known or not."""
        return self.position is not None or self.stand_in


def judge(rest: str, *, opens: bool) -> Marker | Fault:
    """Judge the rest of a candidate line after its keyword.

    Args:
        rest: the content of the line after the keyword.
        opens: whether the keyword was START.

    Returns:
        the marker, or the fault of the line.
    """
    named = _NAME.match(rest)
    name, first, at = (named[1], named.start(1), named.end()) if named else ("", 0, 0)
    follows = _JUNK.match(rest, at)
    # `junk` is all that follows the valid part of the name without white space in between.
    junk, signs, end = (follows[1], follows[2] is not None, follows.end()) if follows else ("", False, at)
    tail = rest[end:]
    if not junk:
        if not name:
            return Fault(codes.MALFORMED_MARKER, "The marker names no component.", signs=True)
        if len(name) <= MAX_NAME_CHARS:
            return judge_named(name, tail, opens=opens)
    attributes = read_attributes(tail) if opens and tail else None
    if attributes:
        signs = signs and attributes.signs
    elif tail:
        # Only an END without a name needs to know, so the tail is not examined for another one.
        signs = signs and not name and _SIGNS.match(tail) is not None
    known = name[:MAX_NAME_CHARS].removesuffix(".")
    fault = Fault(
        codes.INVALID_NAME,
        f"{(name + junk)[:MAX_NAME_CHARS]!r} is not a component name; {_NAME_RULE}.",
        text=rest[first:],
        name=known,
        behind=rest[first + len(known) : first + len(known) + 2],
        signs=signs,
        attributes=attributes,
    )
    # With a readable rest the name alone is at fault, which is the more helpful error.
    if tail and not (attributes and attributes.right):
        fault.code = codes.MALFORMED_MARKER
        fault.message = "Neither the name in the marker nor the rest of the line is valid."
    return fault


def judge_named(name: str, tail: str, *, opens: bool) -> Marker | Fault:
    """Judge the rest of a candidate after a valid name and white space, as :func:`judge` does."""
    if not tail:
        return Marker(name, None, {})
    text = f"{name} {tail}"
    if not opens:
        message = "The attributes of a component belong in its START line."
        return Fault(codes.INVALID_ATTRIBUTE, message, text, name, " ")
    attributes = read_attributes(tail)
    if attributes.right:
        position = attributes.values.pop("position", None)
        return Marker(name, None if position is None else position.lower(), attributes.values)
    message = _complaint(attributes.forbidden)
    return Fault(codes.INVALID_ATTRIBUTE, message, text, name, " ", attributes.signs, attributes)


def _complaint(forbidden: dict[str, str]) -> str:
    """Return the message about attributes that break a rule."""
    if not forbidden:
        return 'The attributes of a component must be written key=value or key="value".'
    found = ", ".join(f"{char!r} in {key}" for key, char in forbidden.items())
    rule = "Attribute values must not contain any of \" ' < > & and `"
    return f"{rule}, as they do here: {found:.{_SHOWN_CHARS}}."
