"""Bytes of a provider's response that were read as the text of an answer: how to recognize and name them."""

import json
from collections.abc import Mapping
from typing import Final

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_FIELDS: Final = (b"event:", b"data:", b"id:", b"retry:", b": ")
_FRAME: Final = b":message-type"
"""The name of a header of each frame of a binary event stream, whose first byte is 0."""
_KEYS: Final = frozenset({"candidates", "choices", "error", "message", "model", "object", "response", "type"})


def advice(beginning: bytes) -> str:
    """Return the rest of a sentence about a file whose bytes are not the text of an answer.

    Only a message depends on it, so a guess is enough; the events are the same.

    Args:
        beginning: The first line of the file, or more of it.

    Returns:
        The predicate and the remedy, empty if the file may be text.
    """
    line = beginning.removeprefix(_BOM).lstrip().partition(b"\n")[0]
    if beginning.startswith(_GZIP):
        return "is compressed; decompress it first."
    if line[:9].lower().startswith((b"<!doctype", b"<html")):
        return "looks like a web page, such as the error of a proxy, and not like the answer of a model."
    if (beginning.startswith(b"\0") and _FRAME in beginning) or line.startswith(_FIELDS):
        return _named("sse")
    if line.startswith((b"{", b"[")) and _is_json_of_a_provider(line):
        return _named("jsonlines")
    return ""


def _named(decoder: str) -> str:
    return f"looks like the response of a provider; read it with --decoder {decoder}."


def _is_json_of_a_provider(line: bytes) -> bool:
    bare = line.strip()
    if bare in (b"{", b"[", b"[{"):
        # A document on several lines; code seldom begins like that, and nothing acted on it.
        return True
    try:
        # Gemini sends an array, one object on each line of it.
        value = json.loads(bare.removeprefix(b"[").removesuffix(b","))
    except (ValueError, RecursionError):
        return False
    return isinstance(value, Mapping) and not _KEYS.isdisjoint(value)
