"""The error rate of a session: how many errors occurred within the window that ends now."""

from typing import Final

import attrs

from componentstream.core import codes
from componentstream.core.codes import SessionErrorCode
from componentstream.core.events import ErrorEvent
from componentstream.session.lifecycle import ErrorWindow

_COUNTED: Final = frozenset({codes.INVALID_CHUNK, codes.MALFORMED_MARKER})


class ErrorRate:
    """Counts the errors that an :class:`~componentstream.ErrorWindow` limits.

    Args:
        window: The maximum number of errors and the length of the window.
    """

    __slots__ = ("_times", "_window")

    def __init__(self, window: ErrorWindow) -> None:
        self._window = window
        self._times: list[float] = []

    def exceeded_by(self, code: str, now: float) -> bool:
        """Count an error; return whether it is one too many."""
        if code not in _COUNTED:
            return False
        times = self._times
        times.append(now)
        # The oldest of the latest max_errors + 1 errors decides, so older ones need not be kept.
        del times[: -self._window.max_errors - 1]
        return len(times) > self._window.max_errors and now - times[0] <= self._window.seconds

    def errors_at(self, now: float) -> int:
        """Return the number of counted errors in the window that ends at `now`."""
        return sum(now - time <= self._window.seconds for time in self._times)

    def threshold_error(self, error: ErrorEvent) -> ErrorEvent:
        """Return the fatal ``error_threshold`` that replaces `error`, with its line, index and span."""
        window = self._window
        code: SessionErrorCode = codes.ERROR_THRESHOLD
        errors, seconds = window.max_errors, window.seconds
        message = f"There were more than {errors} errors within {seconds:g} seconds (ErrorWindow)."
        return attrs.evolve(error, code=code, message=message, fatal=True)
