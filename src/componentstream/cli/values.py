"""Converters from the text of an option, or of an environment variable, to a value.

Each raises ``argparse.ArgumentTypeError`` with the text and the allowed values.
"""

import argparse
import math
import re
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_FLAGS: Final = {
    **dict.fromkeys(("1", "yes", "true", "on"), True),
    **dict.fromkeys(("0", "no", "false", "off"), False),
}


def integer(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return a converter to an integer of at most 18 digits between two bounds, both included."""
    allowed = f"an integer >= {low}" if high is None else f"an integer from {low} to {high}"

    def convert(text: str) -> int:
        # The length is checked first: int() refuses thousands of digits with an error of its own.
        if re.fullmatch("[0-9]{1,18}", text) and low <= int(text) and (high is None or int(text) <= high):
            return int(text)
        raise argparse.ArgumentTypeError(f"{text!r:.100} is not {allowed}")

    return convert


def rate(text: str) -> float:
    """Return a finite number >= 0."""
    if 0 <= (number := _number(text)) < math.inf:
        return number
    raise argparse.ArgumentTypeError(f"{text!r:.100} is not a number >= 0")


def seconds(text: str) -> float:
    """Return a finite number of seconds > 0."""
    if 0 < (number := _number(text)) < math.inf:
        return number
    raise argparse.ArgumentTypeError(f"{text!r:.100} is not a number of seconds > 0")


def optional(converter: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return a converter that accepts ``none`` too, which means None."""

    def convert(text: str) -> T | None:
        try:
            return None if text == "none" else converter(text)
        except argparse.ArgumentTypeError as problem:
            raise argparse.ArgumentTypeError(f"{problem}, or none") from None

    return convert


def flag(text: str) -> bool:
    """Return whether a word means on (1, yes, true, on) or off (0, no, false, off), in any case."""
    if (value := _FLAGS.get(text.lower())) is not None:
        return value
    raise argparse.ArgumentTypeError(f"{text!r:.100} is not one of {', '.join(_FLAGS)}")


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a converter that accepts only these words."""

    def convert(text: str) -> str:
        if text in choices:
            return text
        raise argparse.ArgumentTypeError(f"{text!r:.100} is not one of {', '.join(choices)}")

    return convert


def suffix(text: str) -> str:
    """Return a file name suffix, such as ``.tsx`` or ``.test.tsx``."""
    if re.fullmatch(r"(?:\.[A-Za-z0-9_-]{1,32}){1,4}", text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r:.100} is not a suffix such as .tsx")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
