"""The parts that every log backend is made of; write one of your own with them.

A backend stores streams and implements :class:`~componentstream.log.protocol.EventLog`. In steps:

1. **State.** Keep per stream its owner, the token and the expiry of its lease, whether it is finished, the
   number of its last entry, and the entries. A stream is *lost* when it is not finished and its lease has
   expired; compute that on every read instead of storing it.
2. **Acquire.** Call :func:`check_acquire`, then decide in one atomic step of your store: insert the stream
   and return its lease, or replace the token if the owner is the same and the state is in
   ``TAKEOVER_STATES[take_over]``, or return None. Generate a new random token for every lease.
3. **Fence.** Let ``append``, ``renew`` and ``finish`` compare the token and the expiry *in the same atomic
   step* that writes, and raise ``LeaseLostError`` if they do not match. A check in a step of its own lets a
   producer write that was replaced between the two.
4. **Append.** Call :func:`check_append`. Raise :func:`sequence_gap` if entries would be missing and
   :func:`sequence_conflict` if a number is taken by another payload. Entries that are there already count
   as written: a client repeats an append when it does not know whether it took effect.
5. **Notify.** Call :meth:`Notifier.notify` after each write has become visible, never before. If other
   processes write to the store, use :class:`StoreNotifier` and tell it how to find their changes.
6. **Read.** Load a :class:`LogPage` in one consistent view and leave the rest to :func:`follow`::

       def read(self, stream, after=0):
           return follow(self._notifier, self._load_page, stream, after)

7. **Fail.** Turn the errors of your store into ``StoreError``, and its silence too, within about a second.
8. **Test.** Subclass ``componentstream.testing.log_contract.LogContract``; it holds every promise above.

``examples/own_log.py`` in the repository is a complete backend.
"""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Final

import attrs

from componentstream.core.arguments import are_seconds
from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.log._notify import Notifier, StoreNotifier, wait_for_notification
from componentstream.log.protocol import (
    Entry,
    GapError,
    ProducerLostError,
    SequenceError,
    StreamState,
    StreamStatus,
    StreamUnknownError,
    TakeOver,
)

__all__ = [
    "MAX_SECONDS",
    "MAX_SEQ",
    "PAGE",
    "RECHECK",
    "TAKEOVER_STATES",
    "LogPage",
    "Notifier",
    "StoreNotifier",
    "check_acquire",
    "check_after",
    "check_append",
    "check_bounds",
    "check_call_timeout",
    "contiguous",
    "follow",
    "is_stream_id",
    "sequence_conflict",
    "sequence_gap",
]

PAGE: Final = 256
"""Maximum number of entries loaded at once."""

RECHECK: Final = 4.0
"""Seconds after which a waiting client loads again even without a notification; a store never blocks
longer."""

MAX_SECONDS: Final = 366 * 86_400
"""Maximum of every duration, a year; a larger number was probably not meant as seconds."""

MAX_SEQ: Final = 2**53 - 1
"""The largest entry number that every store, and JavaScript, represents exactly."""

TAKEOVER_STATES: Final[Mapping[TakeOver, Sequence[StreamState]]] = {
    "never": (),
    "lost": ("lost",),
    "open": ("lost", "open"),
}
"""The states of an existing stream in which ``acquire`` hands it over, by its ``take_over`` argument."""

_STREAM_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,128}", re.ASCII)
_MAX_OWNER: Final = 1024


@attrs.frozen
class LogPage:
    """A consistent view of a stream.

    Attributes:
        incarnation: a value that changes when the stream is deleted and started again under the same id.
        status: the status of the stream.
        entries: the entries after the requested number, at most ``PAGE``.
    """

    incarnation: object
    status: StreamStatus
    entries: list[Entry]


async def follow(
    notifier: Notifier, load: Callable[[str, int], Awaitable[LogPage | None]], stream: str, after: int
) -> AsyncGenerator[list[Entry], None]:
    """Yield the entries after a number until the stream ends: replay, then follow; see ``EventLog.read``.

    Args:
        notifier: wakes this client when the stream changes.
        load: returns the page of a stream after a number, or None if the stream does not exist.
        stream: the stream id.
        after: the number of the last entry that the client has.
    """
    # The hand-over from replay to live: subscribe first, then load. A write between a load and the wait that
    # follows it has set the event already, so the wait returns at once and the entry is loaded.
    with notifier.subscribe(stream) as changed:
        check_after(after)
        incarnation: object = None
        while True:
            page = await load(stream, min(after, MAX_SEQ)) if is_stream_id(stream) else None
            # Numbers of another incarnation mean other entries; continuing would mix two streams.
            if page is None or incarnation not in (None, page.incarnation):
                raise StreamUnknownError
            incarnation = page.incarnation
            status = page.status
            if after > status.last:
                raise SequenceError(
                    f"The last entry is {status.last}; nothing can be read after a higher number.",
                    status.last,
                )
            if after < status.last:
                entries = contiguous(page.entries, after)
                yield entries
                after = entries[-1].seq
            elif status.state == "finished":
                return
            elif status.state == "lost":
                raise ProducerLostError
            else:
                # The producer is dead when its lease expires and cannot notify, so wake up at the expiry.
                await wait_for_notification(changed, min(status.lease_left, RECHECK))


def contiguous(entries: list[Entry], after: int) -> list[Entry]:
    """Return the leading entries that continue ``after`` without a gap.

    Raises:
        GapError: the first entry does not continue it, or there are none.
    """
    for place, entry in enumerate(entries):
        if entry.seq != after + 1 + place:
            if place == 0:
                raise GapError(after, entry.seq)
            return entries[:place]
    if not entries:
        raise GapError(after, None)
    return entries


def sequence_gap(first_seq: int, last: int) -> SequenceError:
    """Return the error of an append at ``first_seq`` to a stream that ends earlier, at ``last``."""
    return SequenceError(f"The last entry is {last}; appending {first_seq} would leave a gap.", last)


def sequence_conflict(seq: int, last: int) -> SequenceError:
    """Return the error of an append of another payload under the number ``seq``."""
    return SequenceError(f"Entry {seq} is already in the log with another payload.", last)


def is_stream_id(stream: object) -> bool:
    """Return whether a stream may have this id; a stream with any other id does not exist."""
    return isinstance(stream, str) and _STREAM_ID.fullmatch(stream) is not None


def check_bounds(keep: object, *counts: object) -> None:
    """Validate the bounds of a log.

    Raises:
        ConfigurationError: ``keep`` is not a number of seconds > 0, or a count is not an integer >= 1.
    """
    if not are_seconds(keep) or keep > MAX_SECONDS:
        raise ConfigurationError(
            f"keep must be a number of seconds > 0 and at most {MAX_SECONDS}, not {keep!r}."
        )
    for count in counts:
        if type(count) is not int or count < 1:
            raise ConfigurationError(f"Each max_... bound of a log must be an integer >= 1, not {count!r}.")


def check_call_timeout(seconds: object) -> None:
    """Validate the timeout of a call.

    Raises:
        ConfigurationError: it is not a number of seconds > 0.
    """
    if not are_seconds(seconds) or seconds > MAX_SECONDS:
        raise ConfigurationError(
            f"call_timeout must be a number of seconds > 0 and at most {MAX_SECONDS}, not {seconds!r}."
        )


def check_acquire(stream: object, owner: object, ttl: object, take_over: object) -> None:
    """Validate the arguments of ``EventLog.acquire``.

    Raises:
        UsageError: one is invalid.
    """
    if not is_stream_id(stream):
        raise UsageError("A stream id must be 1 to 128 of 0-9 A-Z a-z . _ -")
    if not isinstance(owner, str) or len(owner) > _MAX_OWNER or not _is_utf8(owner):
        raise UsageError(f"The owner of a stream must be a string of at most {_MAX_OWNER} characters.")
    if not are_seconds(ttl) or ttl > MAX_SECONDS:
        raise UsageError(f"ttl must be a number of seconds > 0 and at most {MAX_SECONDS}, not {ttl!r}.")
    if take_over not in tuple(TAKEOVER_STATES):
        raise UsageError('take_over must be "never", "lost" or "open".')


def check_append(first_seq: object, payloads: Sequence[object]) -> None:
    """Validate the arguments of ``EventLog.append``.

    Raises:
        UsageError: one is invalid.
    """
    if type(first_seq) is not int or first_seq < 1:
        raise UsageError(f"first_seq must be an integer >= 1, not {first_seq!r}.")
    if isinstance(payloads, bytes) or not payloads or set(map(type, payloads)) != {bytes}:
        raise UsageError("payloads must be a sequence of at least one bytes object.")


def check_after(after: object) -> None:
    """Validate the number after which to read.

    Raises:
        UsageError: ``after`` is not an integer >= 0.
    """
    if type(after) is not int or after < 0:
        raise UsageError(f"after must be an integer >= 0, not {after!r}.")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # an unpaired surrogate
        return False
    return True
