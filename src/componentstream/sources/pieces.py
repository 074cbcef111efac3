"""Pieces: the output of source decoders, which is text or an error."""

from typing import Final, TypeAlias

import attrs

from componentstream.core import codes
from componentstream.core.codes import SourceErrorCode


@attrs.frozen
class SourceError:
    """An error of a source, or one that a provider reported. Report it to the session in place of text.

    Nothing follows a fatal error. The message is written by this library; it quotes at most the name of an
    error or a stop reason of the provider.

    Attributes:
        code: Stable error code. ``invalid_chunk``: bytes that are not a JSON object, or too long; the stream
            continues. ``source_truncated``: the model reached a length limit; the text so far is valid.
            ``source_failed``: the provider sent an error, or withheld the rest of the answer.
            ``source_incomplete``: the stream ended before the provider ended its message.
        message: Description for developers.
        fatal: Whether the source has failed as a whole.
        retryable: Whether the same request is likely to succeed later.
    """

    code: SourceErrorCode
    message: str
    fatal: bool = False
    retryable: bool = False


Piece: TypeAlias = str | SourceError
"""One item that a source decoder returns; text is never empty."""

INCOMPLETE: Final = SourceError(
    codes.SOURCE_INCOMPLETE,
    "The stream ended before the provider had ended its answer.",
    fatal=True,
    retryable=True,
)
