"""Chunks of lengths that the fuzzer chooses."""

from itertools import cycle
from typing import TypeVar

_Input = TypeVar("_Input", str, bytes)

MAX_LENGTHS = 8


def read_lengths(data: bytes) -> tuple[bytes, bytes]:
    """Return the lengths that ``data`` begins with, behind their number, and the rest of it."""
    count = data[0] % MAX_LENGTHS if data else 0
    return data[1 : 1 + count], data[1 + count :]


def write_lengths(lengths: tuple[int, ...]) -> bytes:
    """Return the bytes that :func:`read_lengths` reads."""
    return bytes([len(lengths), *lengths])


def cut(whole: _Input, lengths: bytes) -> list[_Input]:
    """Cut ``whole`` into chunks of ``lengths`` in turn, 0 for an empty one; without lengths, singly."""
    chunks = []
    at = 0
    turns = cycle(lengths if any(lengths) else b"\1")
    while at < len(whole):
        length = next(turns)
        chunks.append(whole[at : at + length])
        at += length
    return chunks
