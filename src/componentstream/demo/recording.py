r"""Recorded streams: the chunks of a model's response with the time at which each arrived.

A recording is a file of JSON lines in UTF-8, one chunk a line::

    {"at": 0.41, "text": "/// START He"}
    {"at": 0.44, "text": "ro\nexport"}

``at`` is in seconds since the request was sent, and never decreases. Other fields and blank lines are
ignored. ``componentstream replay`` plays a recording; tests and examples read one with
:func:`read_recording` and feed the texts to a parser. :data:`RECORDING` is one to try it with.
"""

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Final

import attrs

from componentstream.core.errors import ConfigurationError

__all__ = ["RECORDING", "Chunk", "is_chunk", "read_recording"]

RECORDING: Final = Path(str(files("componentstream.demo") / "recordings" / "coffee_roastery.jsonl"))
"""A recording that comes with the package; it was made by ``examples/record.py``."""

_BOM: Final = b"\xef\xbb\xbf"

_LONGEST: Final = 1e9
"""Largest time in seconds, 30 years: far below the values at which clocks lose precision."""


@attrs.frozen
class Chunk:
    """One chunk of a recorded stream.

    Args:
        at: Seconds between the request and the arrival of the chunk.
        text: Text of the chunk.
    """

    at: float
    text: str


def read_recording(path: str | os.PathLike[str]) -> list[Chunk]:
    """Return the chunks of a recording, in order.

    Raises:
        ConfigurationError: The file is not a recording; the message names the line, counted from 1.
        OSError: The file cannot be read.
    """
    chunks: list[Chunk] = []
    latest = 0.0
    for number, line in enumerate(Path(path).read_bytes().removeprefix(_BOM).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            chunk = _chunk(line)
        except ConfigurationError as problem:
            raise ConfigurationError(f"{os.fspath(path)}, line {number}: {problem}") from None
        if chunk.at < latest:
            raise ConfigurationError(
                f'{os.fspath(path)}, line {number}: "at" decreases from {latest:g} to {chunk.at:g}; sort the '
                "lines by time."
            )
        latest = chunk.at
        chunks.append(chunk)
    return chunks


def is_chunk(line: bytes) -> bool:
    """Return whether a line is a chunk of a recording, as no line of a model's text is."""
    try:
        _chunk(line.removeprefix(_BOM))
    except ConfigurationError:
        return False
    return True


def _chunk(line: bytes) -> Chunk:
    try:
        data = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise ConfigurationError("the line is not valid JSON in UTF-8.") from None
    if not isinstance(data, dict):
        raise ConfigurationError('the line must be an object such as {"at": 0.41, "text": "..."}.')
    at, text = data.get("at"), data.get("text")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at <= _LONGEST:
        raise ConfigurationError(f'"at" must be a number of seconds from 0 to {_LONGEST:g}, not {at!r:.100}.')
    if not isinstance(text, str):
        raise ConfigurationError(f'"text" must be a string, not {text!r:.100}.')
    return Chunk(float(at), text)
