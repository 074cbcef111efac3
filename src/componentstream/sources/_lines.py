"""Bytes to lines, for sources that deliver the body of a provider's HTTP response."""


class LineSplitter:
    """A stage from bytes to lines without their line ends. It examines every byte once.

    A line longer than ``max_bytes`` is reported as None as soon as it is too long; its rest is dropped.

    Args:
        max_bytes: Maximum length of a line in bytes.
        any_end: Whether lines end with CR, LF or CRLF; otherwise with LF only.
    """

    def __init__(self, max_bytes: int, *, any_end: bool) -> None:
        self._max_bytes = max_bytes
        self._any_end = any_end
        # A CR ends its line at once. Whether an LF belongs to it is known only with the next byte, which may
        # come in the next chunk: that LF must not end an empty line.
        self._after_cr = False
        self._partial = bytearray()
        self._too_long = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """Return the lines that ``data`` completes, and None for each line that it makes too long."""
        *completed, rest = self._split(data)
        lines: list[bytes | None] = []
        for part in completed:
            lines += self._append(part)
            if not self._too_long:
                lines.append(bytes(self._partial))
            self._too_long = False
            self._partial.clear()
        return [*lines, *self._append(rest)]

    def close(self) -> bytes:
        """Return the last line, which has no line end; empty if it is missing or too long."""
        return bytes(self._partial)

    def _split(self, data: bytes) -> list[bytes]:
        if self._any_end and data:
            if self._after_cr:
                data = data.removeprefix(b"\n")
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data.split(b"\n")

    def _append(self, part: bytes) -> list[None]:
        if self._too_long:
            return []
        if len(self._partial) + len(part) <= self._max_bytes:
            self._partial += part
            return []
        self._too_long = True
        self._partial.clear()
        return [None]
