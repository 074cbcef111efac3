"""The chunks of any source to text."""

from componentstream.core.errors import UsageError
from componentstream.sources._message_state import ProviderMessageState
from componentstream.sources.extract import is_event, read
from componentstream.sources.pieces import Piece
from componentstream.sources.text import TextDecoder


class SourceDecoder:
    """A stage from the chunks of one source to text: str, UTF-8 bytes cut anywhere, or a provider's events.

    A str is text already. Of events, those that :func:`~componentstream.sources.extract_text` knows give
    their text; unknown ones are passed over and counted. Feed all events of a stream, since those without
    text say how the answer ends:

    * An error of the provider, a refusal and a stop by a content filter are a fatal ``source_failed``: the
      answer is not what was asked for, and what was shown of it may be half a component. It is retryable
      when the provider names an overload, a rate limit, a timeout or a fault of its server. After it nothing
      follows. The words of a refusal are never text.
    * A limit on the length of the answer is a ``source_truncated``, which is not fatal.
    * Where Anthropic, OpenAI or a server that speaks like it, Cohere, Ollama or Google's interactions began
      a message and did not end it, :meth:`close` returns a fatal, retryable ``source_incomplete``.

    What needs memory of the stream is done here, too: Anthropic's helper sends ``text`` events beside the
    raw ones, and a chat model of LangChain that cannot stream gives one whole message. Such text counts
    only while no other event of the stream has had text. A stream that was filtered to Anthropic's ``text``
    events so gives its text, and the whole one gives it once.

    Text that a library accumulates looks like text that it does not. Ask for pieces: with Pydantic AI,
    ``stream_text(delta=True)``.
    """

    def __init__(self) -> None:
        self._kind: type | None = None
        self._closed = False
        self._utf8 = TextDecoder()
        self._answer = ProviderMessageState()

    @property
    def ignored(self) -> int:
        """How many events were passed over because nothing is known of their kind."""
        return self._answer.ignored

    def feed(self, chunk: object) -> list[Piece]:
        """Return the text of ``chunk``, and what it says about the answer.

        Raises:
            UsageError: the decoder is closed, str or events and bytes are mixed, or ``chunk`` is nothing
                that a source may consist of (once an event was understood, such a chunk is passed over).
        """
        if type(chunk) is str and self._kind is str:
            return [chunk] if chunk else []
        if self._closed:
            raise UsageError("feed() after close(): decode each source with a decoder of its own.")
        if isinstance(chunk, str):
            self._expect(str)
            return [chunk] if chunk and not self._answer.failed else []
        if isinstance(chunk, bytes):
            self._expect(bytes)
            return [*self._utf8.feed(chunk)]
        return self._event(chunk)

    def close(self) -> list[Piece]:
        """Return what the end of the source adds; call it when no more chunks come."""
        if self._closed:
            return []
        self._closed = True
        self._kind = None
        return [*self._utf8.close(), *self._answer.end()]

    def _event(self, chunk: object) -> list[Piece]:
        reading = read(chunk)
        if reading is None and not self._answer.heard and not is_event(chunk):
            raise UsageError(
                f"A source must yield str, bytes or the events of a known provider, not "
                f"{type(chunk).__name__}; map each chunk to its text first, and leave out those without text."
            )
        self._expect(object)
        return self._answer.take(reading)

    def _expect(self, kind: type) -> None:
        if self._kind is None:
            self._kind = kind
        elif self._kind is not kind:
            if bytes in {self._kind, kind}:
                other = "events" if object in {self._kind, kind} else "str"
                raise UsageError(f"A source must yield {other} only or bytes only; this one yields both.")
            # Text that a prompt gave as the beginning of the answer may go before the events.
            self._kind = object
