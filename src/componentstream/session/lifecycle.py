"""The life of a session: its states, what leads from one to the next, and the settings that decide it.

The lifecycle is one dict of (state, input) -> state; a pair that is not in it is a mistake of the caller::

    idle ----start----> streaming ---finish---> done          the source ended, and all is well
      |                     |-------fail------> failed        a fatal error, or a critical component was lost
      |                     |------expire-----> timed_out     a deadline has passed
      |                     `------cancel-----> cancelled     nobody wants it any more
      `------cancel-------------------------------^

``start``, ``feed``, ``report_error``, ``tick``, ``finish`` and ``cancel`` are calls of a
:class:`~componentstream.GenerationSession`; ``fail`` and ``expire`` are what a call may find out. Every arrow
into one of the four states on the right emits exactly one ``message_stop``, and nothing after it.

A call that a driver may well make before it hears of the end changes nothing and returns nothing: ``tick``
and ``cancel`` in any of the four, and all but ``start`` in ``failed``, ``timed_out`` and ``cancelled``.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from componentstream.core.errors import UsageError
from componentstream.core.events import MessageStopReason


class SessionState(StrEnum):
    """Where a session is in its life; see the top of the module."""

    IDLE = "idle"
    STREAMING = "streaming"
    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


_IDLE, _STREAMING = SessionState.IDLE, SessionState.STREAMING
_DONE, _FAILED = SessionState.DONE, SessionState.FAILED
_TIMED_OUT, _CANCELLED = SessionState.TIMED_OUT, SessionState.CANCELLED

LIFECYCLE: Final[Mapping[tuple[SessionState, str], SessionState]] = MappingProxyType(
    {
        (_IDLE, "start"): _STREAMING,
        (_IDLE, "cancel"): _CANCELLED,
        (_STREAMING, "feed"): _STREAMING,
        (_STREAMING, "report_error"): _STREAMING,
        (_STREAMING, "tick"): _STREAMING,
        (_STREAMING, "finish"): _DONE,
        (_STREAMING, "fail"): _FAILED,
        (_STREAMING, "expire"): _TIMED_OUT,
        (_STREAMING, "cancel"): _CANCELLED,
        (_DONE, "tick"): _DONE,
        (_DONE, "cancel"): _DONE,
        **{
            (ended, late): ended
            for ended in (_FAILED, _TIMED_OUT, _CANCELLED)
            for late in ("feed", "report_error", "tick", "finish", "cancel")
        },
    }
)
"""All of the lifecycle: what each input makes of each state."""

REASONS: Final[Mapping[SessionState, MessageStopReason]] = {
    _DONE: "complete",
    _FAILED: "failed",
    _TIMED_OUT: "timeout",
    _CANCELLED: "cancelled",
}
"""The states that end a session, and the reason in their ``message_stop``."""


def _are_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


@attrs.frozen
class Timeouts:
    """How long a session waits, in seconds; None is for ever.

    Args:
        generation: from the start to the end. Whoever looks at an empty page has left after 30 seconds, and
            a page of ten components is written in less; raise it for models that think first.
        chunk: from the start, or the last chunk, to the next. Models pause for a second or two, providers
            answer a request within ten; half of ``generation`` leaves the time for another try.

    Raises:
        UsageError: a value is neither None nor a finite number above 0.
    """

    generation: float | None = 30.0
    chunk: float | None = 15.0

    def __attrs_post_init__(self) -> None:
        for name, value in (("generation", self.generation), ("chunk", self.chunk)):
            if value is not None and not _are_seconds(value):
                raise UsageError(
                    f"Timeouts: {name} must be a number of seconds above 0, or None for no timeout."
                )


@attrs.frozen
class ErrorWindow:
    """How many errors within how many seconds are still a stumble.

    ``invalid_chunk`` of the source and ``malformed_marker`` of the model count. One more than `max_errors`
    within `seconds`, both ends included, becomes the fatal ``error_threshold`` in its place.

    Args:
        max_errors: how many go by. A model that misspells a marker seldom does so more than once or twice
            in a row; one that goes on has lost the protocol. 0 ends the session at the first.
        seconds: the length of the window. In 5 seconds a model writes one or two components.

    Raises:
        UsageError: `max_errors` is no whole number from 0 up, or `seconds` no finite number above 0.
    """

    max_errors: int = 3
    seconds: float = 5.0

    def __attrs_post_init__(self) -> None:
        if type(self.max_errors) is not int or self.max_errors < 0:
            raise UsageError("ErrorWindow: max_errors must be a whole number from 0 up.")
        if not _are_seconds(self.seconds):
            raise UsageError("ErrorWindow: seconds must be a number of seconds above 0.")
