"""Decoders from the body of a provider's HTTP response to text.

For sources that call a provider without its library. The pieces do not depend on where the bytes are cut.
Malformed data, and lines and values that are not events, become ``invalid_chunk`` errors, and the stream
continues.
"""

from typing import ClassVar, Final, Literal, assert_never

from componentstream.core import codes
from componentstream.core.arguments import shown
from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.sources._body import Body
from componentstream.sources._body_formats import Damage, Foreign, Item, MessageEnd
from componentstream.sources._message_state import ProviderMessageState
from componentstream.sources._single_use import AnswerDecoder
from componentstream.sources._tool_calls import tool_call_decoder
from componentstream.sources.extract import read
from componentstream.sources.pieces import Piece, SourceError, Thinking

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""The last events of some providers repeat the whole answer, and the default ``Limits`` accept 16 Mi
characters of text."""

_NOTHING_CAME: Final = SourceError(
    codes.SOURCE_INCOMPLETE, "The response ended before its first event.", fatal=True, retryable=True
)
_MAX_HELD: Final = 3


class _BodyDecoder(AnswerDecoder):
    """The base of the decoders of a body."""

    _expected: ClassVar[Literal["sse", "lines"]]

    def __init__(
        self,
        *,
        max_event_bytes: int = MAX_EVENT_BYTES,
        thinking: Thinking | None = None,
        tool: str | None = None,
        argument: str | None = None,
        grammar: Grammar | None = None,
    ) -> None:
        if type(max_event_bytes) is not int or max_event_bytes < 1:
            raise UsageError(f"max_event_bytes must be an integer >= 1, not {shown(max_event_bytes)}.")
        calls = tool_call_decoder(tool, argument)
        super().__init__(thinking, calls, grammar)
        self._body = Body(self._expected, max_event_bytes)
        self._message = ProviderMessageState(thinking or "drop", calls)
        self._held: list[Piece] = []  # damage before the first known event

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
            raise UsageError(
                f"feed() takes the bytes that were received, not {type(data).__name__}; pass the raw "
                "chunks of the response, from iter_bytes() or iter_content(), and not its lines or its text."
            )
        if self._closed:
            raise UsageError("feed() after close(): decode each source with a decoder of its own.")
        return [] if self._message.failed else self._thoughts.feed_all(self._pieces(self._body.feed(data)))

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the source adds; call it after the last bytes."""
        if self._closed:
            return []
        self._closed = True
        if self._message.failed:
            return []
        pieces = self._pieces(self._body.close(), ended=True)
        # A fatal error may be all that the end of the body brings.
        touched = self._message.touched or self._message.failed
        pieces += self._message.close() if touched else [_NOTHING_CAME]
        return [*self._thoughts.feed_all(pieces), *self._thoughts.close()]

    def _pieces(self, items: list[Item], *, ended: bool = False) -> list[Piece]:
        pieces: list[Piece] = []
        for item in items:
            if self._message.failed:
                break
            match item:
                case dict():
                    found = self._message.add(item, read(item))
                    # In a body of which nothing is known, damage is not worth an error of its own.
                    if self._message.recognized:
                        found, self._held = [*self._held, *found], []
                    pieces += found
                case SourceError():
                    if item.fatal:
                        return [*pieces, *self._message.fail(item)]
                    # Data at the very end may be the beginning of an event that is cut off.
                    if not ended:
                        self._message.note("data that is not a JSON object")
                    pieces.append(item)
                case MessageEnd():
                    pieces += self._message.message_ended()
                case Foreign(kind=kind):
                    self._message.ignore(kind)
                case Damage(kind=kind):
                    self._message.ignore(kind)
                    pieces += self._damage(kind)
                case _:
                    assert_never(item)
        return pieces

    def _damage(self, kind: str) -> list[Piece]:
        error = SourceError(codes.INVALID_CHUNK, f"Something in the source is not an event: {kind}.")
        if self._message.recognized:
            return [error]
        self._held += [error][: _MAX_HELD - len(self._held)]
        return []


class SSESourceDecoder(_BodyDecoder):
    """A stage from a provider's server-sent events to text: Anthropic, OpenAI, Gemini, Mistral, Cohere.

    Lines, comments, multi-line data and the byte order mark follow the HTML standard, with one exception: the
    end of the stream completes a last event that only lacks its blank line, if its JSON is complete.
    ``[DONE]`` ends the message. The ``event:`` name counts if the data does not name its type. Errors are
    those of :class:`~componentstream.sources.SourceDecoder`.

    Other bodies are read as well: one that is JSON (an error, Gemini's array of chunks, JSON lines), and the
    event stream of Amazon Bedrock (``application/vnd.amazon.eventstream``). A body without any
    event is a fatal error: ``source_incomplete`` if nothing came, else ``source_not_understood``.

    Args:
        max_event_bytes: Maximum size in bytes of the data of one event, and of any line. A longer event is
            dropped as an ``invalid_chunk``.
        thinking: Treatment of the model's reasoning, as in :class:`~componentstream.sources.SourceDecoder`,
            and so are the others.
        tool: Name of the tool whose calls are the text.
        argument: Name of its argument that is the text.
        grammar: Grammar of the parser; None for that of the stream which the decoder is passed to.
    """

    _expected = "sse"


class JSONLinesSourceDecoder(_BodyDecoder):
    """A stage from a provider's JSON lines to text: Ollama.

    Lines end with LF only, and blank lines are skipped. Errors are those of
    :class:`~componentstream.sources.SourceDecoder`. A body of server-sent events, or one that is a JSON
    document, is read as by :class:`SSESourceDecoder`.

    Args:
        max_event_bytes: Maximum length of a line in bytes. A longer line is dropped as an ``invalid_chunk``.
        thinking: Treatment of the model's reasoning, as in :class:`~componentstream.sources.SourceDecoder`,
            and so are the others.
        tool: Name of the tool whose calls are the text.
        argument: Name of its argument that is the text.
        grammar: Grammar of the parser; None for that of the stream which the decoder is passed to.
    """

    _expected = "lines"
