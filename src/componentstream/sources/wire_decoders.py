"""Decoders from the body of a provider's HTTP response to text.

For sources that call a provider without its library. The pieces do not depend on where the bytes are cut.
Malformed data becomes an ``invalid_chunk`` error, and the stream continues.
"""

from abc import ABC, abstractmethod
from typing import Final

from typing_extensions import override

from componentstream.core import codes
from componentstream.core.errors import UsageError
from componentstream.sources._lines import LineSplitter
from componentstream.sources._message_state import ProviderMessageState
from componentstream.sources._single_use import SingleUse
from componentstream.sources.extract import is_event, read
from componentstream.sources.pieces import Piece, SourceError
from componentstream.sources.providers.registry import names_event_type

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""The last events of some providers repeat the whole answer, and the default ``Limits`` accept 16 Mi
characters of text."""

_INVALID: Final = SourceError(codes.INVALID_CHUNK, "An event of the source is not a JSON object.")
_TOO_LONG: Final = SourceError(codes.INVALID_CHUNK, "An event of the source is longer than max_event_bytes.")
_BOM: Final = b"\xef\xbb\xbf"
_WHITE_SPACE: Final = b" \t\r"


def _json_object(data: bytes) -> dict[str, object] | None:
    import json  # noqa: PLC0415 - the core, which imports this package, does not need json

    try:
        # Servers written in Python may send NaN and Infinity, which `json` accepts and no field here uses.
        value = json.loads(str(data, "utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class _LineDecoder(SingleUse, ABC):
    """The base of decoders of line formats.

    Args:
        max_event_bytes: Maximum length of a line in bytes.
        any_end: Whether lines end with CR, LF or CRLF; otherwise with LF only.
    """

    def __init__(self, *, max_event_bytes: int, any_end: bool) -> None:
        if type(max_event_bytes) is not int or max_event_bytes < 1:
            raise UsageError(f"max_event_bytes must be an integer >= 1, not {max_event_bytes!r}.")
        self._lines = LineSplitter(max_event_bytes, any_end=any_end)
        self._message = ProviderMessageState()

    @property
    def ignored(self) -> int:
        """Return the number of unknown events that were skipped."""
        return self._message.ignored

    def feed(self, data: bytes) -> list[Piece]:
        """Return the pieces that ``data`` completes.

        Raises:
            UsageError: ``data`` is not bytes, or the decoder is closed.
        """
        if not isinstance(data, bytes):
            raise UsageError(f"feed() takes the bytes that were received, not {type(data).__name__}.")
        if self._closed:
            raise UsageError("feed() after close(): decode each source with a decoder of its own.")
        pieces: list[Piece] = []
        for line in self._lines.feed(data):
            if self._message.failed:
                break
            pieces += self._on_line(line)
        return pieces

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the source adds; call it after the last bytes."""
        if self._closed:
            return []
        self._closed = True
        last = [] if self._message.failed else self._on_last_line(self._lines.close())
        return [*last, *self._message.close()]

    @abstractmethod
    def _on_line(self, line: bytes | None) -> list[Piece]:
        """Return the pieces that a complete line adds; None for a line that was too long."""

    @abstractmethod
    def _on_last_line(self, line: bytes) -> list[Piece]:
        """Return the pieces that the last line adds, which has no line end."""


class SSESourceDecoder(_LineDecoder):
    """A stage from a provider's server-sent events to text: Anthropic, OpenAI, Gemini, Mistral, Cohere.

    Lines, comments, multi-line data and the byte order mark follow the HTML standard, with one exception: the
    end of the stream completes a last event that only lacks its blank line, if its JSON is complete.
    ``[DONE]`` ends the message. The ``event:`` name counts if the data does not name its type. Errors are
    those of :class:`~componentstream.sources.SourceDecoder`.

    Args:
        max_event_bytes: Maximum size in bytes of the data of one event, and of any line. A longer event is
            dropped as an ``invalid_chunk``.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        super().__init__(max_event_bytes=max_event_bytes, any_end=True)
        self._max_event_bytes = max_event_bytes
        self._first_line = True
        self._dropping = False  # until the blank line that ends the event
        self._name = ""
        self._data = bytearray()  # each `data` value, followed by LF

    @override
    def _on_line(self, line: bytes | None) -> list[Piece]:
        if line is None:
            return self._drop()
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._name = str(value, "utf-8", "replace")
        elif name == b"data" and not self._dropping:
            self._data += value + b"\n"
            if len(self._data) > self._max_event_bytes + 1:
                return self._drop()
        return []

    @override
    def _on_last_line(self, line: bytes) -> list[Piece]:
        # A last event that is cut off is not malformed: the missing end of the message is reported instead.
        pieces = self._on_line(line) if line else []
        return [*pieces, *(piece for piece in self._dispatch() if piece is not _INVALID)]

    def _drop(self) -> list[Piece]:
        self._first_line = False
        self._data.clear()
        if self._dropping:
            return []
        self._dropping = True
        return [_TOO_LONG]

    def _dispatch(self) -> list[Piece]:
        name, data = self._name, bytes(self._data[:-1])
        self._name = ""
        self._data.clear()
        self._dropping = False
        if not data:
            return []
        if data == b"[DONE]":
            self._message.message_ended()
            return []
        event = _json_object(data)
        if event is None:
            # Proxies send an error as plain text; its event name is all that is needed to report it.
            if name != "error":
                return [_INVALID]
            event = {}
        if names_event_type(name) and not is_event(event):
            event["type"] = name
        return self._message.add(read(event))


class JSONLinesSourceDecoder(_LineDecoder):
    """A stage from a provider's JSON lines to text: Ollama.

    Lines end with LF only, and blank lines are skipped. Errors are those of
    :class:`~componentstream.sources.SourceDecoder`.

    Args:
        max_event_bytes: Maximum length of a line in bytes. A longer line is dropped as an ``invalid_chunk``.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        super().__init__(max_event_bytes=max_event_bytes, any_end=False)

    @override
    def _on_line(self, line: bytes | None) -> list[Piece]:
        if line is None:
            return [_TOO_LONG]
        if not line.strip(_WHITE_SPACE):
            return []
        event = _json_object(line)
        return [_INVALID] if event is None else self._message.add(read(event))

    @override
    def _on_last_line(self, line: bytes) -> list[Piece]:
        return self._on_line(line)
