"""Read values of a snapshot, which may come from elsewhere and be damaged."""

from collections.abc import Mapping
from typing import TypeVar

_T = TypeVar("_T")


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
