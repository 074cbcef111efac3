"""Checks of arguments, for the functions and classes that people call.

They raise at the call, where the traceback shows the line to correct. Unchecked, a wrong argument would fail
later, often in a task or a thread, with a message about the inside of this library.
"""

import sys
from typing import TypeGuard

from componentstream.core.errors import UsageError


def check_instance(value: object, kind: type, name: str, cure: str = "") -> None:
    """Reject a value that is not of a class.

    Args:
        value: Value to check.
        kind: The class.
        name: Name of the argument.
        cure: Advice for any other value, by default to pass an instance.

    Raises:
        UsageError: The value is not of the class.
    """
    if isinstance(value, kind):
        return
    if isinstance(value, type) and issubclass(value, kind):
        cure = f"call it: {value.__name__}()"
    article = "an" if kind.__name__[0] in "AEIO" else "a"
    raise UsageError(
        f"{name} must be {article} {kind.__name__}, not {described(value)}; "
        f"{cure or f'pass {kind.__name__}(...)'}."
    )


def check_members(value: object, names: tuple[str, ...], name: str, example: str) -> None:
    """Reject a value that lacks one of the members of a protocol, or is a class that has them.

    Args:
        value: Value to check.
        names: Names of the members; one that ends in ``()`` must be callable.
        name: Name of the argument.
        example: Class of the library that has them.

    Raises:
        UsageError: A member is missing, or the value is a class.
    """
    missing = [member for member in names if not _has(value, member)]
    if isinstance(value, type):
        cure = f"pass {example}()" if missing else f"call it: {value.__name__}()"
        raise UsageError(f"{name} must be an object, not {described(value)}; {cure}.")
    if missing:
        raise UsageError(
            f"{name} must have {' and '.join(names)}, as {example}() has; {described(value)} lacks "
            f"{' and '.join(missing)}."
        )


def check_seconds(value: object, name: str, *, optional: bool = False) -> None:
    """Reject a value that is not a finite number of seconds above 0.

    Args:
        value: Value to check.
        name: Name of the argument.
        optional: Whether None is allowed.

    Raises:
        UsageError: The value is something else.
    """
    if not (are_seconds(value) or (optional and value is None)):
        also = " or None" if optional else ""
        raise UsageError(f"{name} must be a finite number of seconds above 0{also}, not {shown(value)}.")


def are_seconds(value: object) -> TypeGuard[float]:
    """Return whether a value is a number of seconds above 0 that a clock can add: finite, and not a bool."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value <= sys.float_info.max


def described(value: object) -> str:
    """Return a value as a message names it: a class by its name, anything else by the name of its class."""
    if value is None:
        return "None"
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def shown(value: object) -> str:
    """Return a value as a message shows it, never longer than a line."""
    try:
        return f"{value!r:.80}"
    except ValueError:  # an integer of more digits than Python formats
        return f"{type(value).__name__} of thousands of digits"


def _has(value: object, member: str) -> bool:
    found = getattr(value, member.removesuffix("()"), None)
    return callable(found) if member.endswith("()") else found is not None
