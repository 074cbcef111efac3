"""How a stream is read to its end, the same for every store: replay, then follow.

A store gives one call, ``look``: what it has after a number and how the stream stands, in one view.
Whether numbers are missing is judged here, from the numbers themselves.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import attrs

from componentstream.log._checks import MAX_SEQ, check_after, is_stream_id
from componentstream.log._notify import Notifier, wait_for_notification
from componentstream.log.protocol import (
    Entry,
    GapError,
    ProducerLostError,
    SequenceError,
    StreamStatus,
    StreamUnknownError,
)

PAGE: Final = 256
"""Most entries that are read at once."""

RECHECK: Final = 4.0
"""Seconds after which a waiting reader looks again, told or not; longer than that no store blocks."""


@attrs.frozen
class LogPage:
    """What a look shows: a stream's ``status``, the next ``entries``, and what was ``born``.

    A stream that was deleted and started again under its id is born as another.
    """

    born: object
    status: StreamStatus
    entries: list[Entry]


async def follow(
    bells: Notifier, look: Callable[[str, int], Awaitable[LogPage | None]], stream: str, after: int
) -> AsyncGenerator[list[Entry], None]:
    """Yield what comes after a number until the stream is finished; see ``EventLog.read``."""
    with bells.listening(stream) as bell:
        check_after(after)
        born: object = None
        while True:
            view = await look(stream, min(after, MAX_SEQ)) if is_stream_id(stream) else None
            if view is None or born not in (None, view.born):
                raise StreamUnknownError
            born = view.born
            status = view.status
            if after > status.last:
                raise SequenceError(
                    f"The last entry is {status.last}; there is none to go on after.", status.last
                )
            if after < status.last:
                entries = contiguous(view.entries, after)
                yield entries
                after = entries[-1].seq
            elif status.state == "finished":
                return
            elif status.state == "lost":
                raise ProducerLostError
            else:
                await wait_for_notification(bell, min(status.lease_left, RECHECK))


def contiguous(entries: list[Entry], after: int) -> list[Entry]:
    """Return the entries that follow on ``after`` without a hole.

    Raises:
        GapError: there are none.
    """
    for place, entry in enumerate(entries):
        if entry.seq != after + 1 + place:
            if place == 0:
                raise GapError(after, entry.seq)
            return entries[:place]
    if not entries:
        raise GapError(after, None)
    return entries
