"""The body of a provider's response, in the format that it has rather than the one that was asked for.

An error comes as a JSON document where server-sent events were asked for, Gemini sends its whole stream as
one JSON array unless told otherwise, and Bedrock sends the messages of a binary format.
"""

import re
from typing import Final, Literal, TypeAlias

from componentstream.sources._body_formats import (
    BOM,
    BodyFormat,
    Item,
    JSONLines,
    JSONObjects,
    ServerSentEvents,
)
from componentstream.sources._event_stream import EventStream

FormatName: TypeAlias = Literal["sse", "lines", "objects", "event stream"]

_FORMATS: Final[dict[FormatName, type[ServerSentEvents | JSONLines | JSONObjects | EventStream]]] = {
    "event stream": EventStream,
    "sse": ServerSentEvents,
    "lines": JSONLines,
    "objects": JSONObjects,
}
_SSE_STARTS: Final = (b"data:", b"event:", b"id:", b"retry:", b"error:", b":")
_MAX_START: Final = 6
_NOT_BLANK: Final = re.compile(rb"[^ \t\r\n]")
_MAX_BLANK: Final = 65_536
_CONTINUES: Final = (b"{", b"[", b",", b":")


class Body:
    """A stage from the bytes of a body to items, which recognizes the format by the first line.

    Args:
        expected: Format of a body that does not show another one.
        max_bytes: Maximum size of an event in bytes.
    """

    def __init__(self, expected: Literal["sse", "lines"], max_bytes: int) -> None:
        self._expected: FormatName = expected
        self._max_bytes = max_bytes
        self._format: BodyFormat | None = None
        self._head = bytearray()
        self._first: int | None = None  # the first byte that is not blank
        self._searched = 0

    def feed(self, data: bytes) -> list[Item]:
        """Return the items that ``data`` completes."""
        if self._format is None:
            self._head += data
            name = self._recognized(ended=False)
            return [] if name is None else self._begin(name)
        return self._format.feed(data)

    def close(self) -> list[Item]:
        """Return the items that the end of the body adds."""
        items: list[Item] = []
        if self._format is None:
            items = self._begin(self._recognized(ended=True) or self._expected)
        return [*items, *(self._format.close() if self._format is not None else [])]

    def _begin(self, name: FormatName) -> list[Item]:
        self._format = _FORMATS[name](self._max_bytes)
        head = bytes(self._head)
        self._head.clear()
        return self._format.feed(head)

    def _recognized(self, *, ended: bool) -> FormatName | None:
        """Return the format, or None if more bytes are needed to tell."""
        head = self._head
        if self._first is None:
            if len(head) < len(BOM) and BOM.startswith(head):
                return None
            found = _NOT_BLANK.search(head, max(self._searched, len(BOM) if head.startswith(BOM) else 0))
            self._searched = len(head)
            if (len(head) if found is None else found.start()) > _MAX_BLANK:
                return self._expected
            if found is None:
                return None
            self._first = self._searched = found.start()
        return self._of_first(head[self._first], ended=ended)

    def _of_first(self, first: int, *, ended: bool) -> FormatName | None:
        match first:
            case 0x00:
                return "event stream"
            case 0x5B:  # [
                return "objects"
            case 0x7B:  # {
                return self._of_object(ended=ended)
        return self._of_line(ended=ended) if self._expected == "lines" else self._expected

    def _of_object(self, *, ended: bool) -> FormatName | None:
        end = self._head.find(b"\n", self._searched)
        self._searched = len(self._head)
        if (len(self._head) if end < 0 else end) > self._max_bytes:
            return "lines"
        if end < 0:
            return "lines" if ended else None
        # The first line of an object on several lines cannot be an object itself.
        return "objects" if self._head[:end].rstrip().endswith(_CONTINUES) else "lines"

    def _of_line(self, *, ended: bool) -> FormatName | None:
        start = bytes(self._head[self._first or 0 :][:_MAX_START])
        if start.startswith(_SSE_STARTS):
            return "sse"
        undecided = not ended and any(sign.startswith(start) for sign in _SSE_STARTS)
        return None if undecided else "lines"
