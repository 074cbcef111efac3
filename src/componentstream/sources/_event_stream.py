"""Amazon's event stream (``application/vnd.amazon.eventstream``): the binary form of a response of Bedrock.

A message is a prelude (its length, the length of its headers, a checksum of both), headers, a payload of JSON
and a checksum of all. Numbers are big-endian, so every message begins with a zero byte, unlike any text.
"""

import struct
from binascii import a2b_base64, crc32
from collections.abc import Iterator
from typing import Final

from componentstream.core import codes
from componentstream.sources._body_formats import INVALID, TOO_LONG, Foreign, Item, json_item
from componentstream.sources.pieces import SourceError

DAMAGED: Final = SourceError(
    codes.SOURCE_INCOMPLETE,
    "A message of the event stream has a wrong checksum: its bytes were changed or lost on the way.",
    fatal=True,
    retryable=True,
)

_PRELUDE: Final = struct.Struct(">III")
_CHECKSUM: Final = struct.Struct(">I")
_FRAME_BYTES: Final = _PRELUDE.size + _CHECKSUM.size
_LENGTH: Final = struct.Struct(">H")
_TEXT: Final = 7
_WITH_LENGTH: Final = frozenset({6, _TEXT})
_FIXED: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""The sizes of header values by their types, without those that tell their length."""


class EventStream:
    """Messages of an event stream, as the dicts that boto3 makes of them.

    A message with a wrong checksum is fatal: part of the answer is lost, and nothing behind it is read.

    Args:
        max_bytes: Maximum size of a message in bytes.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._skip = 0  # bytes of a message that is too long
        self._began = False
        self._damaged = False

    def feed(self, data: bytes) -> list[Item]:
        """Return the items that ``data`` completes."""
        if self._damaged:
            return []
        self._buffer += data
        return list(self._items())

    def close(self) -> list[Item]:
        """Return a sign of bytes that are not a message. Of one that is cut off the missing end is told."""
        return [] if self._began or self._damaged or not self._buffer else [Foreign("binary data")]

    def _items(self) -> Iterator[Item]:
        buffer = self._buffer
        while True:
            skipped = min(self._skip, len(buffer))
            del buffer[:skipped]
            self._skip -= skipped
            if self._skip or len(buffer) < _PRELUDE.size:
                return
            total, headers, checksum = _PRELUDE.unpack_from(buffer)
            if checksum != crc32(buffer[:8]) or total < _FRAME_BYTES + headers:
                self._damaged = True
                buffer.clear()
                yield DAMAGED if self._began else Foreign("binary data")
                return
            self._began = True
            if total > self._max_bytes:
                self._skip = total
                yield TOO_LONG
                continue
            if len(buffer) < total:
                return
            message = bytes(buffer[:total])
            del buffer[:total]
            item = _item(message, headers)
            yield item
            if item is DAMAGED:
                self._damaged = True
                buffer.clear()
                return


def _item(message: bytes, headers_size: int) -> Item:
    """Return the item that a whole message is."""
    end = len(message) - _CHECKSUM.size
    start = _PRELUDE.size + headers_size
    try:
        if _CHECKSUM.unpack_from(message, end)[0] != crc32(message[:end]):
            return DAMAGED
        return _event(_headers(message[_PRELUDE.size : start]), message[start:end])
    except (LookupError, ValueError, struct.error):
        return INVALID


def _event(headers: dict[str, str], payload: bytes) -> Item:
    match headers.get(":message-type"):
        case "exception":
            return {"error": {"type": headers.get(":exception-type", "")}}
        case "error":
            return {"error": {"code": headers.get(":error-code", "")}}
    item = json_item(payload)
    if not isinstance(item, dict):
        return item
    data = item.get("bytes")
    if isinstance(data, str):
        item["bytes"] = a2b_base64(data)
    return {headers.get(":event-type", ""): item}


def _headers(data: bytes) -> dict[str, str]:
    """Return the headers that are text.

    Raises:
        LookupError: The data is cut off, or a header has an unknown type.
        struct.error: A length is cut off.
    """
    headers: dict[str, str] = {}
    at = 0
    while at < len(data):
        name = data[at + 1 : (at := at + 1 + data[at])]
        kind = data[at]
        at += 1
        size = _FIXED.get(kind)
        if size is None:
            if kind not in _WITH_LENGTH:
                raise LookupError(kind)
            (size,) = _LENGTH.unpack_from(data, at)
            at += _LENGTH.size
        value = data[at : at + size]
        if len(value) < size:
            raise LookupError(size)
        at += size
        if kind == _TEXT:
            headers[str(name, "utf-8", "replace")] = str(value, "utf-8", "replace")
    return headers
