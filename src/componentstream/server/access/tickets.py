"""Tickets: what a reader that can send no header reads a stream with, once.

An ``EventSource`` has a URL and nothing else, and a URL ends up in logs and histories. So its reader asks for
a ticket with the token first, and puts that into the URL: it is good for one stream, one use and some
seconds.

A ticket is a stream of its own in the log, which no reader ever sees: every worker can redeem it, and no key
is needed. It has one entry, and the lease is its time. To redeem it is to take the lease over and to finish
with it, which the log lets one alone do. Who finds the ticket redeemed and deleted in between has started a
stream in its place; that one has no entry, and so it is known to be no ticket.
"""

import re
import secrets
from contextlib import suppress
from typing import Final

from componentstream.core.errors import UsageError
from componentstream.log.protocol import EventLog, LeaseLostError, StoreError
from componentstream.server.access.auth import Principal

_MAX_SECONDS: Final = 30.0
_RANDOM_BYTES: Final = 24
_PREFIX: Final = "t-"
_TICKET: Final = re.compile(r"t-[A-Za-z0-9_-]{32}", re.ASCII)
_STREAM: Final = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_OWNER: Final = "ticket "
"""How the owner of a ticket begins; that of a stream with events begins otherwise."""


class Tickets:
    """Issues tickets and redeems them.

    Args:
        log: where the streams are, and the tickets.
        seconds: how long a ticket is good. A page uses it at once; 30 are for slow networks, and the most.

    Raises:
        UsageError: the seconds are not above 0, or more than 30.
    """

    def __init__(self, log: EventLog, seconds: float = _MAX_SECONDS) -> None:
        if not 0 < seconds <= _MAX_SECONDS:
            raise UsageError("Tickets: seconds must be a number above 0, at most 30.")
        self._log = log
        self._seconds = seconds

    async def issue(self, stream: str, subject: str) -> str:
        """Return a new ticket; see first that the stream is this user's.

        Args:
            stream: the id of the stream that it is for.
            subject: whose it is, as in :class:`~componentstream.server.access.auth.Principal`.

        Raises:
            UsageError: they are no id and no subject.
            StoreError: the log failed.
        """
        if _STREAM.fullmatch(stream) is None:
            raise UsageError("A stream id must be 1 to 128 of 0-9 A-Z a-z . _ -")
        owner = f"{_OWNER}{stream} {Principal(subject).subject}"
        lease = None
        while lease is None:
            ticket = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
            lease = await self._log.acquire(ticket, owner=owner, ttl=self._seconds)
        await self._log.append(lease, 1, [b"ticket"])
        return ticket

    async def redeem(self, ticket: str) -> tuple[str, str] | None:
        """Return the stream and the subject of a ticket, and None for all that is no ticket or none any more.

        Compare the stream with the one that is asked for.

        Raises:
            StoreError: the log failed; the ticket may be spent.
        """
        if _TICKET.fullmatch(ticket) is None:
            return None
        status = await self._log.status(ticket)
        if (
            status is None
            or status.state != "open"
            or status.last == 0
            or not status.owner.startswith(_OWNER)
        ):
            return None
        if not await self._spend(ticket, status.owner, status.lease_left):
            return None
        stream, _, subject = status.owner.removeprefix(_OWNER).partition(" ")
        return stream, subject

    async def _spend(self, ticket: str, owner: str, left: float) -> bool:
        """Whether this call, of all that try, has spent the ticket."""
        # Only as long as is left of it: who takes the lease over and dies must not make the ticket last.
        lease = await self._log.acquire(ticket, owner=owner, ttl=left, take_over="open")
        if lease is None:
            return False
        spent = lease.last > 0
        if spent:
            try:
                await self._log.finish(lease)
            except LeaseLostError:
                return False
        with suppress(StoreError):
            # What stays there is of no use to anyone, and the log forgets it in time.
            await self._log.delete(ticket)
        return spent
