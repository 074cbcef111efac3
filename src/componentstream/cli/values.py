"""What the values on the command line are: each function reads one, or says what it is not.

They raise ``argparse.ArgumentTypeError``.
"""

import argparse
import math
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_LAST_PORT: Final = 65_535


def count(text: str) -> int:
    """Return a whole number from 1 up."""
    if re.fullmatch("[0-9]{1,18}", text) and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 up")


def port(text: str) -> int:
    """Return the number of a port, 0 for any that is free."""
    if re.fullmatch("[0-9]{1,5}", text) and int(text) <= _LAST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {_LAST_PORT}")


def rate(text: str) -> float:
    """Return a number from 0 up."""
    with suppress(ValueError):
        rate = float(text)
        if 0 <= rate < math.inf:
            return rate
    raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 up")


def seconds(text: str) -> float:
    """Return a number of seconds above 0."""
    with suppress(ValueError):
        seconds = float(text)
        if 0 < seconds < math.inf:
            return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")


def seconds_or_none(text: str) -> float:
    """Return a number of seconds above 0, infinity for ``none``."""
    try:
        return math.inf if text == "none" else seconds(text)
    except argparse.ArgumentTypeError as problem:
        raise argparse.ArgumentTypeError(f"{problem}, nor none") from None


def natural(text: str) -> int:
    """Return a whole number from 0 up."""
    if re.fullmatch("[0-9]{1,4}", text):
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to 9999")


def flag(text: str) -> bool:
    """Return what 1 and 0 say."""
    if text in ("0", "1"):
        return text == "1"
    raise argparse.ArgumentTypeError(f"{text!r} is neither 1 nor 0")


def one_of(*choices: str) -> Callable[[str], str]:
    """Return what returns one of some words."""

    def read(text: str) -> str:
        if text in choices:
            return text
        raise argparse.ArgumentTypeError(f"{text!r} is neither {' nor '.join(choices)}")

    return read


def suffix(text: str) -> str:
    """Return how the name of a file may end."""
    if re.fullmatch(r"(?:\.[A-Za-z0-9_-]{1,32}){1,4}", text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is no suffix such as .tsx")
