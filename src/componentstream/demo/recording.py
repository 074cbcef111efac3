r"""Recorded streams: the chunks of a model's answer with the time at which each came.

A recording is a file of JSON lines in UTF-8, one chunk a line::

    {"at": 0.41, "text": "/// START He"}
    {"at": 0.44, "text": "ro\nexport"}

``at`` is in seconds since the request was sent and never goes back. Other fields, and blank lines, are
passed over. ``componentstream replay`` plays a recording; tests and examples read one with
:func:`read_recording` and feed the texts to a parser.
"""

import json
import os
from pathlib import Path
from typing import Final

import attrs

from componentstream.core.errors import UsageError

_LONGEST: Final = 1e9


@attrs.frozen
class Chunk:
    """A piece of a recorded stream: ``text`` came ``at`` so many seconds after the start."""

    at: float
    text: str


def read_recording(path: str | os.PathLike[str]) -> list[Chunk]:
    """Return the chunks of a recording, in order.

    Raises:
        UsageError: the file is no recording; the message names the line, counted from 1.
        OSError: the file cannot be read.
    """
    chunks: list[Chunk] = []
    latest = 0.0
    for number, line in enumerate(Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            chunk = _chunk(line)
        except UsageError as problem:
            raise UsageError(f"{os.fspath(path)}, line {number}: {problem}") from None
        if chunk.at < latest:
            raise UsageError(f"{os.fspath(path)}, line {number}: at goes back from {latest} to {chunk.at}.")
        latest = chunk.at
        chunks.append(chunk)
    return chunks


def _chunk(line: bytes) -> Chunk:
    try:
        data = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise UsageError("this is no JSON in UTF-8.") from None
    if not isinstance(data, dict):
        raise UsageError('a chunk is written {"at": seconds, "text": "..."}.')
    at, text = data.get("at"), data.get("text")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at <= _LONGEST:
        raise UsageError("at must be a number of seconds from 0 up.")
    if not isinstance(text, str):
        raise UsageError("text must be a string.")
    return Chunk(float(at), text)
