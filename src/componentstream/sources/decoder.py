"""A decoder from the chunks of any source to text."""

from collections.abc import Mapping

from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.sources._message_state import ProviderMessageState
from componentstream.sources._single_use import AnswerDecoder
from componentstream.sources._tool_calls import tool_call_decoder
from componentstream.sources.extract import is_event, read
from componentstream.sources.pieces import Piece, Reasoning, SourceError, Thinking, Usage
from componentstream.sources.text import TextDecoder


class SourceDecoder(AnswerDecoder):
    """A stage from the chunks of one source to text: str, UTF-8 bytes cut anywhere, or a provider's events.

    A str is already text, and pieces of another decoder are passed on as they are; nothing follows a fatal
    error. Events that :func:`~componentstream.sources.extract_text` knows give their text;
    unknown events are skipped and counted. Feed every event of a stream, since events without text report how
    the answer ended:

    * An error of the provider, a refusal and a stop by a content filter are a fatal ``source_failed``: the
      answer is not the one that was asked for, and the text so far may be half a component. It is retryable
      if the provider names an overload, a rate limit, a timeout or a server error. Nothing follows it. The
      words of a refusal are never text.
    * A length limit of the answer is a ``source_truncated``, which is not fatal, and so is a stop reason that
      is not known.
    * If a provider began a message and did not end it, or began another one in it, there is a fatal,
      retryable ``source_incomplete``. This is known of Anthropic, OpenAI and servers with its API, Gemini,
      Cohere, Ollama, and LangChain's models of these providers.
    * If events came and none was known, :meth:`close` returns a fatal ``source_not_understood`` that names
      the first of them.
    * An answer of tool calls alone is a ``source_without_text`` unless ``tool`` is given. It is not fatal,
      since an agent may go on with the results.

    The tokens that the provider counted are :class:`~componentstream.sources.Usage`, in all messages
    together, at the end of each.

    The decoder also handles text that depends on other events: Anthropic's helper sends ``text`` events
    beside the raw ones, and a LangChain chat model without streaming gives one whole message. Such text
    counts only while no other event of the stream has had text. So a stream that was filtered to Anthropic's
    ``text`` events gives its text, and the unfiltered stream gives it once.

    Accumulated text cannot be told from separate pieces. Ask the library for pieces: with Pydantic AI,
    ``stream_text(delta=True)``.

    With ``tool`` the text is an argument of the calls of that tool, as it grows, and the text of the answer
    is dropped. Several calls give one text, with a line end between them. An answer without such a call is a
    fatal ``source_not_understood``.

    Args:
        thinking: ``emit`` returns the model's reasoning as :class:`~componentstream.sources.Reasoning`;
            otherwise an empty one shows that the model is thinking. Runs between ``<think>`` and ``</think>``
            in the text are reasoning too, see :class:`~componentstream.sources.ThinkingFilter`; ``keep``
            leaves them in the text. None drops like ``drop``, but of such runs only those before the first
            other text, where models write them; watching the rest too costs a tenth of a stream of tokens.
        tool: Name of the tool whose calls are the text.
        argument: Name of its argument that is the text, a string; None if the input of the tool is free-form.
        grammar: Grammar of the parser: such runs do not count in components. None for that of the stream
            which the decoder is passed to.
    """

    def __init__(
        self,
        *,
        thinking: Thinking | None = None,
        tool: str | None = None,
        argument: str | None = None,
        grammar: Grammar | None = None,
    ) -> None:
        self._tool = tool_call_decoder(tool, argument)
        super().__init__(thinking, self._tool, grammar)
        self._kind: type | None = None
        self._utf8 = TextDecoder()
        self._message = ProviderMessageState(thinking or "drop", self._tool)

    @property
    def ignored(self) -> int:
        """Return the number of unknown events that were skipped."""
        return self._message.ignored

    def feed(self, chunk: object) -> list[Piece]:
        """Return the text of ``chunk``, and errors that it reports.

        Raises:
            UsageError: The decoder is closed, str or events and bytes are mixed, or ``chunk`` cannot be part
                of any source (once an event was recognized, such a chunk is skipped).
        """
        # The fast path: a source of str that has been checked once. A failed or closed decoder has no kind
        # `str`, so this test covers both. Most chunks lie within a line that cannot begin a thought.
        if type(chunk) is str and self._kind is str:
            thoughts = self._thoughts
            if thoughts.off or (thoughts.passing and "\n" not in chunk) or thoughts.passes(chunk):
                return [chunk] if chunk else []
            return thoughts.feed(chunk)
        if self._closed:
            raise UsageError("feed() after close(): decode each source with a decoder of its own.")
        return [] if self._message.failed else self._decode(chunk)

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the source adds; call it after the last chunk."""
        if self._closed:
            return []
        self._closed = True
        self._kind = None
        pieces = self._thoughts.feed_all([*self._utf8.close(), *self._message.close()])
        return [*pieces, *self._thoughts.close()]

    def _decode(self, chunk: object) -> list[Piece]:
        if isinstance(chunk, str):
            self._expect(str)
            self._message.has_text = self._message.has_text or bool(chunk)
            return self._thoughts.feed(chunk)
        if isinstance(chunk, bytes):
            self._expect(bytes)
            return self._thoughts.feed_all(self._utf8.feed(chunk))
        if isinstance(chunk, SourceError | Reasoning | Usage):
            return self._piece(chunk)
        return self._event(chunk)

    def _piece(self, piece: SourceError | Reasoning | Usage) -> list[Piece]:
        """Pass on a piece of another decoder, or of the caller's; it may come between chunks of any kind."""
        if isinstance(piece, SourceError) and piece.fatal:
            self._message.failed = True
            self._kind = None
        return self._thoughts.feed_all([piece])

    def _event(self, chunk: object) -> list[Piece]:
        reading = read(chunk)
        if reading is None and not (self._message.recognized or is_event(chunk) or self._may_begin(chunk)):
            raise UsageError(
                f"A source must yield str, bytes or the events of a known provider, not "
                f"{type(chunk).__name__}; map each chunk to its text first, and leave out those without text."
            )
        self._expect(object)
        return self._thoughts.feed_all(self._message.add(chunk, reading))

    def _may_begin(self, chunk: object) -> bool:
        """Return whether a chunk may be an event without a type; some libraries begin with such events.

        If nothing follows that is known, the end says so. After text it would not.
        """
        return isinstance(chunk, Mapping) and bool(chunk) and self._kind in {None, object}

    def _expect(self, kind: type) -> None:
        if self._tool is not None and kind is not object:
            raise UsageError(
                f"With tool= a source must yield the events of a provider, not {kind.__name__}; for the bytes"
                " of a response use SSESourceDecoder or JSONLinesSourceDecoder."
            )
        if self._kind is None:
            self._kind = kind
        elif self._kind is not kind:
            if bytes in {self._kind, kind}:
                other = "events" if object in {self._kind, kind} else "str"
                raise UsageError(f"A source must yield {other} only or bytes only; this one yields both.")
            # Text may come before the events: the beginning of the answer that the prompt supplied.
            self._kind = object
