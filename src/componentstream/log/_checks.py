"""What every log checks before it asks its store."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from componentstream.core.errors import UsageError
from componentstream.log.protocol import StreamState, TakeOver

_STREAM_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,128}", re.ASCII)
_MAX_OWNER: Final = 1024
MAX_SECONDS: Final = 366 * 86_400
"""A year; what is longer was meant as something else than seconds."""

MAX_SEQ: Final = 2**53 - 1
"""The largest number that every store, and a browser, holds exactly; no stream gets as far."""

TAKEOVER_STATES: Final[Mapping[TakeOver, Sequence[StreamState]]] = {
    "never": (),
    "lost": ("lost",),
    "open": ("lost", "open"),
}
"""The states in which a stream is handed over."""


def is_stream_id(stream: object) -> bool:
    """Whether a stream may have this id; one that may not is in no log."""
    return isinstance(stream, str) and _STREAM_ID.fullmatch(stream) is not None


def check_bounds(keep: object, *counts: object) -> None:
    """Refuse what bounds nothing.

    Raises:
        UsageError: ``keep`` is no number of seconds above 0, or a count no whole number from 1 up.
    """
    if not isinstance(keep, int | float) or not 0 < keep <= MAX_SECONDS:
        raise UsageError(f"keep must be a number of seconds above 0, at most {MAX_SECONDS}.")
    if any(type(count) is not int or count < 1 for count in counts):
        raise UsageError("Each of the max_... bounds of a log must be a whole number from 1 up.")


def check_acquire(stream: object, owner: object, ttl: object, take_over: object) -> None:
    """Refuse what no stream can be started with.

    Raises:
        UsageError: an argument is wrong in itself.
    """
    if not is_stream_id(stream):
        raise UsageError("A stream id must be 1 to 128 of 0-9 A-Z a-z . _ -")
    if not isinstance(owner, str) or len(owner) > _MAX_OWNER or not _is_text(owner):
        raise UsageError(f"The owner of a stream must be a text of at most {_MAX_OWNER} characters.")
    if not isinstance(ttl, int | float) or not 0 < ttl <= MAX_SECONDS:
        raise UsageError(f"The ttl of a lease must be a number of seconds above 0, at most {MAX_SECONDS}.")
    if take_over not in tuple(TAKEOVER_STATES):
        raise UsageError('take_over must be "never", "lost" or "open".')


def check_append(first_seq: object, payloads: Sequence[object]) -> None:
    """Refuse what is no batch of entries.

    Raises:
        UsageError: an argument is wrong in itself.
    """
    if type(first_seq) is not int or first_seq < 1:
        raise UsageError("first_seq must be a whole number from 1 up.")
    if isinstance(payloads, bytes) or not payloads or set(map(type, payloads)) != {bytes}:
        raise UsageError("payloads must be a list of at least one bytes object.")


def check_after(after: object) -> None:
    """Refuse what is the number of no entry.

    Raises:
        UsageError: ``after`` is not a whole number from 0 up.
    """
    if type(after) is not int or after < 0:
        raise UsageError("after must be a whole number from 0 up.")


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
