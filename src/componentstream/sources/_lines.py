"""Bytes to lines, for sources that deliver a provider's response as it came."""


class LineSplitter:
    """A stage from bytes to lines without their ends. Every byte is looked at once.

    A line of more than ``max_bytes`` comes out as None as soon as it is too long, and the rest of it never.

    Args:
        max_bytes: most bytes of a line that are kept.
        any_end: lines end with CR, LF or CRLF, not with LF alone.
    """

    def __init__(self, max_bytes: int, *, any_end: bool) -> None:
        self._max_bytes = max_bytes
        self._any_end = any_end
        self._after_cr = False  # an LF that comes next belongs to it
        self._tail = bytearray()  # the line that has not ended
        self._too_long = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """Return the lines that ``data`` completes, and None for one that it makes too long."""
        *ended, rest = self._split(data)
        lines: list[bytes | None] = []
        for piece in ended:
            lines += self._add(piece)
            if not self._too_long:
                lines.append(bytes(self._tail))
            self._too_long = False
            self._tail.clear()
        return [*lines, *self._add(rest)]

    def close(self) -> bytes:
        """Return the last line, which has no end; empty if there is none or it is too long."""
        return bytes(self._tail)

    def _split(self, data: bytes) -> list[bytes]:
        if self._any_end and data:
            if self._after_cr:
                data = data.removeprefix(b"\n")
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data.split(b"\n")

    def _add(self, piece: bytes) -> list[None]:
        if self._too_long:
            return []
        if len(self._tail) + len(piece) <= self._max_bytes:
            self._tail += piece
            return []
        self._too_long = True
        self._tail.clear()
        return [None]
