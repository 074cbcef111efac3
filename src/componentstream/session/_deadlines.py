"""The deadlines of a session: of the whole generation, and of the next chunk."""

import math
from typing import Final

from componentstream.core import codes
from componentstream.core.codes import SessionErrorCode
from componentstream.core.events import ErrorEvent
from componentstream.session.lifecycle import Timeouts

_NEVER: Final = math.inf


class Deadlines:
    """The moments at which a session times out.

    Args:
        timeouts: The durations.

    Attributes:
        last_chunk_at: The time of the latest chunk, or of the start; the session sets it for each chunk.
    """

    __slots__ = ("_chunk_timeout", "_generation_deadline", "_generation_timeout", "last_chunk_at")

    def __init__(self, timeouts: Timeouts) -> None:
        self._generation_timeout = _NEVER if timeouts.generation is None else timeouts.generation
        self._chunk_timeout = _NEVER if timeouts.chunk is None else timeouts.chunk
        self._generation_deadline = _NEVER
        self.last_chunk_at = -_NEVER

    def start(self, now: float) -> None:
        """Start both timeouts."""
        self.last_chunk_at = now
        self._generation_deadline = now + self._generation_timeout

    def next(self) -> float:
        """Return the earlier deadline, infinity without one. Call it after :meth:`start`."""
        return min(self._generation_deadline, self.last_chunk_at + self._chunk_timeout)

    def error_at(self, now: float) -> ErrorEvent | None:
        """Return the error of the passed deadline, of the earlier one if both passed, None if neither."""
        if now < self.next():
            return None
        code: SessionErrorCode
        if self._generation_deadline <= self.last_chunk_at + self._chunk_timeout:
            code = codes.GENERATION_TIMEOUT
            seconds = f"{self._generation_timeout:g} seconds"
            message = f"The generation took longer than {seconds}; if it may, raise Timeouts.generation."
        else:
            code = codes.CHUNK_TIMEOUT
            seconds = f"{self._chunk_timeout:g} seconds"
            message = f"The source sent nothing for {seconds}; if it may, raise Timeouts.chunk."
        return ErrorEvent(code, message, fatal=True, retryable=True)
