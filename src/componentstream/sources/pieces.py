"""Pieces: the output of source decoders.

A piece is text, a piece of the model's reasoning, a count of tokens or an error. Pieces are valid chunks of a
source themselves, so that the output of one decoder can be the source of a driver.
"""

from typing import Final, Literal, TypeAlias, get_args

import attrs

from componentstream.core import codes
from componentstream.core.arguments import shown
from componentstream.core.codes import SourceErrorCode
from componentstream.core.errors import UsageError


@attrs.frozen
class SourceError:
    """An error of a source, or one that a provider reported. Report it to the session in place of text.

    Nothing follows a fatal error. The message is written by this library; it quotes at most the name of an
    error or a stop reason of the provider, and names of tools and arguments.

    Attributes:
        code: Stable error code. ``invalid_chunk``: bytes that are not a JSON object, or too long; the stream
            continues. ``source_truncated``: the model reached a length limit, or stopped for a reason that is
            not known; the text so far is valid. ``source_failed``: the provider sent an error, or withheld
            the rest of the answer. ``source_incomplete``: the stream ended, or another message began in it,
            before the provider ended its message. ``source_not_understood``: chunks came, and none was known.
            ``source_without_text``: the answer has tool calls alone, and the decoder has no ``tool``.
        message: Description for developers.
        fatal: Whether the source has failed as a whole.
        retryable: Whether the same request is likely to succeed later.
    """

    code: SourceErrorCode
    message: str
    fatal: bool = False
    retryable: bool = False


@attrs.frozen
class Reasoning:
    """A piece of the model's reasoning, which is not part of its answer. It becomes a ``reasoning`` event.

    Attributes:
        text: The text. It is empty where the decoder drops reasoning: such a piece only shows that the model
            is thinking, and does not become an event.
    """

    text: str


@attrs.frozen
class Usage:
    """The tokens of the whole answer so far, as the provider reported them.

    The counts are totals: each replaces the same count of an earlier piece. A count is None if the provider
    did not report it; then the earlier one remains. They become a ``usage`` event, and ``usage`` in the
    statistics of a session.

    Attributes:
        input_tokens: Tokens of the prompt.
        output_tokens: Tokens of the answer.
        reasoning_tokens: Tokens of the reasoning; most providers include them in the output tokens.
        cached_tokens: Tokens of the prompt that came from a cache.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


Piece: TypeAlias = str | SourceError | Reasoning | Usage
"""One item that a source decoder returns; text is never empty."""

Thinking: TypeAlias = Literal["drop", "keep", "emit"]
"""Treatment of the model's reasoning."""

INCOMPLETE: Final = SourceError(
    codes.SOURCE_INCOMPLETE,
    "The stream ended before the provider had ended its answer.",
    fatal=True,
    retryable=True,
)


def check_thinking(thinking: object, *, optional: bool = False) -> None:
    """Raise UsageError unless ``thinking`` is a treatment of reasoning, or None where it is optional."""
    if thinking not in get_args(Thinking) and not (optional and thinking is None):
        also = ", or None" if optional else ""
        raise UsageError(f"thinking must be one of drop, keep, emit{also}, not {shown(thinking)}.")
