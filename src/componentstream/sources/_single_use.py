"""The common parts of the decoders: each decodes one stream, and leaves the model's thoughts out of it."""

from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.sources.pieces import Thinking
from componentstream.sources.thinking import thinking_filter


class SingleUse:
    """A decoder that one stream can claim, once."""

    _reserved = False
    _claimed = False
    _closed = False

    def reserve(self) -> None:
        """Reserve the decoder for a response that is sent later; the functions that make one call it.

        Raises:
            UsageError: The decoder is closed, or another stream or response has it.
        """
        if self._reserved or self._claimed or self._closed:
            raise self._refusal()
        self._reserved = True

    def claim(self, grammar: Grammar | None = None) -> None:
        """Claim the decoder for one stream; the functions that take ``decoder=`` call it.

        Args:
            grammar: Grammar of the parser that the text is for; it counts unless the decoder has its own.

        Raises:
            UsageError: The decoder is closed, or another stream has claimed it.
        """
        if self._claimed or self._closed:
            raise self._refusal()
        self._claimed = True
        if grammar is not None:
            self._adopt(grammar)

    def _adopt(self, grammar: Grammar) -> None:
        """Read text that a parser of ``grammar`` will read."""

    def _refusal(self) -> UsageError:
        kind = type(self).__name__
        state = "is closed" if self._closed else "decodes another stream"
        return UsageError(
            f"This {kind} {state}; pass a new one for each stream, or the class: decoder={kind}."
        )


class AnswerDecoder(SingleUse):
    """A decoder of a model's answer, in whose text there may be thoughts.

    Args:
        thinking: Treatment of the thoughts.
        tool: The tool whose calls are the text, if any.
        grammar: Grammar of the parser; None for that of the stream that claims the decoder.
    """

    def __init__(self, thinking: Thinking | None, tool: object, grammar: Grammar | None) -> None:
        self._thoughts = thinking_filter(thinking, tool, grammar)
        # The settings of another filter; None once the grammar is settled.
        self._unsettled = (thinking, tool) if grammar is None else None

    def _adopt(self, grammar: Grammar) -> None:
        if self._unsettled is not None:
            self._thoughts = thinking_filter(*self._unsettled, grammar)
            self._unsettled = None
