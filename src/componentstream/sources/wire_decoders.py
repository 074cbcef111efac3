"""The bytes of a provider's response, as they came over HTTP, to text.

For sources that speak to a provider without its library. Cut anywhere, the bytes give the same pieces. Bytes
that are not what they should be become an ``invalid_chunk``, and the stream goes on.
"""

from abc import ABC, abstractmethod
from json import JSONDecoder
from typing import Final

from typing_extensions import override

from componentstream.core import codes
from componentstream.core.errors import UsageError
from componentstream.sources._lines import LineSplitter
from componentstream.sources._message_state import ProviderMessageState
from componentstream.sources.extract import is_event, read
from componentstream.sources.pieces import Piece, SourceError
from componentstream.sources.providers import BY_FIELD

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""The last events of some providers repeat the whole answer, and 16 Mi characters of text is all that the
default ``Limits`` let through."""

_INVALID: Final = SourceError(codes.INVALID_CHUNK, "An event of the source is not a JSON object.")
_TOO_LONG: Final = SourceError(codes.INVALID_CHUNK, "An event of the source is longer than max_event_bytes.")
_BOM: Final = b"\xef\xbb\xbf"
_WHITE_SPACE: Final = b" \t\r"
_parse: Final = JSONDecoder().decode


def _json_object(data: bytes) -> dict[str, object] | None:
    try:
        # Servers written in Python send NaN and Infinity among their numbers, which we never look at.
        value = _parse(str(data, "utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class _RawDecoder(ABC):
    """The frame of a decoder over lines; a format says what a line means."""

    def __init__(self, *, max_event_bytes: int, any_end: bool) -> None:
        if type(max_event_bytes) is not int or max_event_bytes < 1:
            raise UsageError("max_event_bytes must be a whole number from 1 up.")
        self._lines = LineSplitter(max_event_bytes, any_end=any_end)
        self._answer = ProviderMessageState()
        self._closed = False

    @property
    def ignored(self) -> int:
        """How many events were passed over because nothing is known of their kind."""
        return self._answer.ignored

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
            if self._answer.failed:
                break
            pieces += self._read(line)
        return pieces

    def close(self) -> list[Piece]:
        """Return what the end of the source adds; call it when no more bytes come."""
        if self._closed:
            return []
        self._closed = True
        last = [] if self._answer.failed else self._end(self._lines.close())
        return [*last, *self._answer.end()]

    @abstractmethod
    def _read(self, line: bytes | None) -> list[Piece]:
        """Take one whole line, None for one that was too long; return what it completes."""

    @abstractmethod
    def _end(self, line: bytes) -> list[Piece]:
        """Take the last line, which has no end; return what it completes."""


class SSESourceDecoder(_RawDecoder):
    """A stage from a provider's server-sent events to text: Anthropic, OpenAI, Gemini, Mistral, Cohere.

    Lines, comments, multi-line data and the byte order mark are read by the rules of the HTML standard. One
    rule is kinder: the end of the stream completes a last event that lacks only its blank line, if its JSON
    is whole; any other is dropped. ``[DONE]`` ends the answer. The ``event:`` name counts where the
    data does not say what it is. Errors are those of :class:`~componentstream.sources.SourceDecoder`.

    Args:
        max_event_bytes: most bytes in the data of one event, or in any line. A longer event is dropped as an
            ``invalid_chunk``.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        super().__init__(max_event_bytes=max_event_bytes, any_end=True)
        self._max_event_bytes = max_event_bytes
        self._first_line = True
        self._dropping = False  # until the blank line that ends the event
        self._name = ""
        self._data = bytearray()  # each `data` with an LF behind it

    @override
    def _read(self, line: bytes | None) -> list[Piece]:
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
    def _end(self, line: bytes) -> list[Piece]:
        pieces = self._read(line) if line else []
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
            self._answer.complete()
            return []
        event = _json_object(data)
        if event is None:
            if name != "error":
                return [_INVALID]
            event = {}
        if name in BY_FIELD["type"] and not is_event(event):
            event["type"] = name
        return self._answer.take(read(event))


class JSONLinesSourceDecoder(_RawDecoder):
    """A stage from a provider's JSON lines to text: Ollama.

    Only LF ends a line, and blank lines are passed over. Errors are those of
    :class:`~componentstream.sources.SourceDecoder`.

    Args:
        max_event_bytes: most bytes in a line. A longer one is dropped as an ``invalid_chunk``.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        super().__init__(max_event_bytes=max_event_bytes, any_end=False)

    @override
    def _read(self, line: bytes | None) -> list[Piece]:
        if line is None:
            return [_TOO_LONG]
        if not line.strip(_WHITE_SPACE):
            return []
        event = _json_object(line)
        return [_INVALID] if event is None else self._answer.take(read(event))

    @override
    def _end(self, line: bytes) -> list[Piece]:
        return self._read(line)
