"""The lifecycle of a session: its states and transitions, and the settings that end it.

The lifecycle is one table of (state, input) -> state; a pair that is not in it is a mistake of the caller::

    idle ----start----> streaming ---finish---> done          the source ended normally
      |                     |-------fail------> failed        a fatal error, or a critical component was lost
      |                     |------expire-----> timed_out     a deadline has passed
      |                     `------cancel-----> cancelled     the caller does not need the rest
      `------cancel-------------------------------^

``start``, ``feed``, ``report``, ``report_error``, ``tick``, ``finish`` and ``cancel`` are calls of a
:class:`~componentstream.GenerationSession`; ``fail`` and ``expire`` are possible results of a call. Every
transition into one of the four final states on the right emits exactly one ``message_stop``, and nothing
after it.

A driver may make a call before it learns of the end. Such a late call changes nothing and returns nothing:
``tick`` and ``cancel`` in every final state, and all calls but ``start`` in ``failed``, ``timed_out`` and
``cancelled``.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from componentstream.core.arguments import are_seconds
from componentstream.core.errors import UsageError
from componentstream.core.events import MessageStopReason


class SessionState(StrEnum):
    """State of a session; see the picture at the top of the module."""

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
        (_STREAMING, "report"): _STREAMING,
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
            for late in ("feed", "report", "report_error", "tick", "finish", "cancel")
        },
    }
)
"""The whole lifecycle: (state, input) -> next state."""


def next_state(state: SessionState, call: str) -> SessionState:
    """Return the state that a call leads to, provided that it finds nothing that ends the session.

    Raises:
        UsageError: The call is not allowed in this state.
    """
    after = LIFECYCLE.get((state, call))
    if after is not None:
        return after
    if state is _IDLE:
        raise UsageError(f"{call}() was called before start(); call start(now) first.")
    raise UsageError(
        f"{call}() cannot be called when the session is {state.value}; create a new GenerationSession for "
        "each generation."
    )


REASONS: Final[Mapping[SessionState, MessageStopReason]] = {
    _DONE: "complete",
    _FAILED: "failed",
    _TIMED_OUT: "timeout",
    _CANCELLED: "cancelled",
}
"""The final states, with the reason in their ``message_stop``."""


@attrs.frozen
class Timeouts:
    """Timeouts of a session, in seconds; None disables a timeout.

    Args:
        generation: Timeout of the whole generation. Users leave an empty page within 30 seconds, and a page
            of ten components takes less; raise it for models that reason first.
        chunk: Timeout of each chunk, from the start or from the previous chunk. Models pause for a second or
            two and providers start to answer within ten; half of ``generation`` leaves time for a retry.

    Raises:
        UsageError: A value is neither None nor a finite number above 0.
    """

    generation: float | None = 30.0
    chunk: float | None = 15.0

    def __attrs_post_init__(self) -> None:
        for name, value in (("generation", self.generation), ("chunk", self.chunk)):
            if value is not None and not are_seconds(value):
                raise UsageError(
                    f"Timeouts.{name} must be a finite number of seconds above 0, or None for no timeout."
                )


@attrs.frozen
class ErrorWindow:
    """Error-rate threshold of a session.

    It counts ``invalid_chunk`` of the source and ``malformed_marker`` of the model. The error that exceeds
    `max_errors` within `seconds`, both ends included, is replaced by the fatal ``error_threshold``.

    Args:
        max_errors: Maximum number of errors in the window. A model that misspells a marker seldom does so
            more than once or twice in a row; one that continues has lost the protocol. 0 ends the session
            at the first error.
        seconds: Length of the window in seconds. In 5 seconds a model writes one or two components.

    Raises:
        UsageError: `max_errors` is not an integer >= 0, or `seconds` is not a finite number above 0.
    """

    max_errors: int = 3
    seconds: float = 5.0

    def __attrs_post_init__(self) -> None:
        if type(self.max_errors) is not int or self.max_errors < 0:
            raise UsageError("ErrorWindow.max_errors must be an integer >= 0.")
        if not are_seconds(self.seconds):
            raise UsageError("ErrorWindow.seconds must be a finite number of seconds above 0.")
