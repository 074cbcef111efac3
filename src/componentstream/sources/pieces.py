"""What comes out of a source: text, or word that something is wrong with it."""

from typing import Final, TypeAlias

import attrs

from componentstream.core import codes
from componentstream.core.codes import SourceErrorCode


@attrs.frozen
class SourceError:
    """What a source did wrong, or a provider said about its answer. Report it where text would be fed.

    ``code`` is stable. ``invalid_chunk``: bytes that are no JSON object, or too many of them; the stream goes
    on. ``source_truncated``: the model reached a limit of its length; the text so far stands.
    ``source_failed``: the provider sent an error, or withheld the rest of the answer. ``source_incomplete``:
    the stream ended before the provider ended its answer. After a ``fatal`` one nothing follows.
    ``retryable`` says that the same request may well succeed.

    ``message`` is made here. Of what the provider sent it holds at most the name of an error or a reason.
    """

    code: SourceErrorCode
    message: str
    fatal: bool = False
    retryable: bool = False


Piece: TypeAlias = str | SourceError
"""One item of what a source decoder returns; texts are never empty."""

INCOMPLETE: Final = SourceError(
    codes.SOURCE_INCOMPLETE,
    "The stream ended before the provider had ended its answer.",
    fatal=True,
    retryable=True,
)
