r"""Read values of a snapshot, which may come from elsewhere and be damaged.

Text is escaped in a snapshot: JSON merges the two halves of a surrogate pair into one character, which would
shift all offsets behind it.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

_T = TypeVar("_T")

MAX_COUNT: Final = 2**53
"""No count or offset is larger: a larger one cannot be read from JSON everywhere, or not even be printed."""

_ESCAPED: Final = re.compile(
    r"(?:[ -\[\]-~]|\\[\\tnr]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U00(?:0[0-9a-f]|10)[0-9a-f]{4})*+"
)


def require(state: Mapping[str, object], key: str, kind: type[_T]) -> _T:
    """Return a value of a snapshot, which must be present and of type `kind`.

    Raises:
        KeyError: the value is missing.
        TypeError: it has another type.
    """
    value = state[key]
    # Not isinstance: JSON has no subclasses, and True must not count as the integer 1.
    if type(value) is not kind:
        raise TypeError(f"{key} must be {kind.__name__}")
    return value


def require_count(state: Mapping[str, object], key: str, *, least: int = 0, most: int = MAX_COUNT) -> int:
    """Return an integer of a snapshot, which must be present and between two limits.

    Raises:
        KeyError, TypeError: as :func:`require`.
        ValueError: it is too small or too large.
    """
    value = require(state, key, int)
    # The value is not shown, because Python refuses to format integers of more than some thousand digits.
    if not least <= value <= most:
        raise ValueError(f"{key} is out of range")
    return value


def escape_text(text: str) -> str:
    """Return text as a snapshot holds it: printable ASCII."""
    return text.encode("unicode_escape").decode("ascii")


def require_text(state: Mapping[str, object], key: str) -> str:
    """Return text of a snapshot that :func:`escape_text` has escaped.

    Raises:
        KeyError, TypeError: as :func:`require`.
        ValueError: it is not escaped.
    """
    value = require(state, key, str)
    if not _ESCAPED.fullmatch(value):
        raise ValueError(f"{key} must be escaped")
    return value.encode("ascii").decode("unicode_escape")
