r"""Read the attributes at the end of a START line.

The line is read in *pieces*, from left to right. As long as each piece is a well-formed attribute, the line
is right. At the first other piece the reader becomes lenient: it skips separators and the pieces that it
cannot read, and keeps the other attributes. It continues where it is, so a faulty line costs as much as a
well-formed one.
"""

import re
from typing import Final

import attrs

from componentstream.core.grammar import MAX_ATTRIBUTES, MAX_KEY_CHARS, PUNCTUATION, WHITE

# Format characters (category Cf) of Unicode 16, fixed here so that every Python reads the same language.
_FORMAT = (
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_NEVER = rf"\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff{_FORMAT}\"'<>&`"
_QUOTED = rf"[^{_NEVER}]*+"
_BARE = rf"[^{_NEVER}={WHITE}]++"
_KEY = rf"[A-Za-z_][A-Za-z0-9_-]{{0,{MAX_KEY_CHARS - 1}}}+"

# The names of the groups that the lenient alternatives set; 1 to 4 are a well-formed key and its value.
_VALUE, _SIGNS, _PLACE, _SLOPPY_KEY, _SLOPPY_VALUE, _SLOPPY_BARE, _STAND_IN = 4, 5, 6, 7, 8, 10, 11
# Of a piece that cannot be read: its key, and the first character that no value may contain.
_KEYS, _FORBIDDEN = (12, 15), (13, 14, 16)

# The first alternative is a well-formed attribute and decides on its own for well-formed lines. The others
# match any text. To stay linear on quotes without partners, no repeat can give back a part:
# all are possessive, and the search for an opening quote is atomic. A closing quote that is missing makes one
# scan to the end of the line, after which the line has no further quote of that kind to look for.
_PIECE: Final = re.compile(
    rf"({_KEY})=(?:\"({_QUOTED})\"|'({_QUOTED})'|({_BARE})(?<![,;]))(?:[{WHITE}]++|\Z)"
    # The whole part is punctuation; only tried at its beginning, as a repeated try would be quadratic.
    rf"|\A([{re.escape(PUNCTUATION)}{WHITE}]++)\Z"
    rf"|[{WHITE},;]*+(?:"
    rf"(?:(position)[{WHITE}]*+[=:]|({_KEY})[{WHITE}]*+=)[{WHITE}]*+"
    rf"(?:\"({_QUOTED})\"(?=[{WHITE},;]|\Z)|'({_QUOTED})'(?=[{WHITE},;]|\Z)|({_BARE})(?=[{WHITE}]|\Z))"
    rf"|(?:(?=(position)[{WHITE}]*+[=:])|)"
    rf"(?:(?>(?=[\"'])|([^{WHITE}]*?)[=:](?=[\"']))"
    rf"(?:\"{_QUOTED}([^\"]?+)[^\"]*+\"|'{_QUOTED}([^']?+)[^']*+')"
    rf"|({_KEY})=(?![\"'])(?:{_BARE})?+([{_NEVER}])[^{WHITE}]*+|[^{WHITE}]++)"
    r"|\Z)"
)

_MAX_NAMED: Final = 3


@attrs.define
class Attributes:
    """The attributes that were read.

    ``values`` has them in order, ``position`` included. ``right`` says whether all of the line was
    well-formed. The rest is for recovery: ``found``, whether an attribute could be read; ``signs``, whether
    the line had nothing but punctuation; ``stand_in``, whether its position could not be read, in which case
    the default position is meant; ``forbidden``, the first character that no value may contain, by key, for
    up to three attributes that were left out because of it.
    """

    values: dict[str, str]
    right: bool = True
    found: bool = True
    signs: bool = False
    stand_in: bool = False
    forbidden: dict[str, str] = attrs.field(factory=dict[str, str])


def read_attributes(content: str) -> Attributes:
    """Read the part of a START line that follows its name and white space."""
    values: dict[str, str] = {}
    at, size = 0, len(content)
    while at < size and (match := _PIECE.match(content, at)):
        kind = match.lastindex or _STAND_IN
        if kind > _VALUE or match[1] in values or len(values) == MAX_ATTRIBUTES:
            return _read_leniently(content, match, values)
        values[match[1]] = match[kind]
        at = match.end()
    return Attributes(values)


def _read_leniently(content: str, match: re.Match[str] | None, values: dict[str, str]) -> Attributes:
    """Read on from the first piece that is not well-formed, which is `match`."""
    reading = Attributes(values, right=False, found=bool(values))
    while match:
        key, value = _attribute(match)
        if key:
            reading.found = True
            # The first of a key counts, as in HTML.
            if key not in values and len(values) < MAX_ATTRIBUTES:
                values[key] = value or ""
                reading.stand_in |= value is None
        reading.signs |= match[_SIGNS] is not None
        # The pattern has found the character on its way, so that no character is examined once more.
        left_out = match[_KEYS[0]] or match[_KEYS[1]]
        char = match[_FORBIDDEN[0]] or match[_FORBIDDEN[1]] or match[_FORBIDDEN[2]]
        if left_out and char and len(reading.forbidden) < _MAX_NAMED:
            reading.forbidden.setdefault(left_out, char)
        at = match.end()
        match = _PIECE.match(content, at) if at < len(content) else None
    return reading


def _attribute(match: re.Match[str]) -> tuple[str | None, str | None]:
    """Return key and value of a piece; without a key it is not an attribute.

    A value of None means the default position.
    """
    kind = match.lastindex or 0
    if 0 < kind <= _VALUE:
        return match[1], match[kind]
    if _SLOPPY_VALUE <= kind <= _SLOPPY_BARE:
        value = match[kind]
        if kind < _SLOPPY_BARE or (value := value.rstrip(",;")):
            return match[_PLACE] or match[_SLOPPY_KEY], value
    return match[_STAND_IN] or match[_PLACE], None
