"""Tickets: single-use credentials for clients that cannot send an ``Authorization`` header.

An ``EventSource`` can send only a URL, and URLs end up in logs and browser histories. Its page therefore
requests a ticket first, with the token, and puts the ticket into the URL: it is valid for one stream, one use
and a few seconds.

A ticket is a stream of its own in the log, never delivered to a client, so every worker can redeem it and no
signing key is needed. It has one entry, and its lease is its lifetime. Redeeming it means to take over the
lease and to finish the stream, which the log allows exactly once. If another worker has redeemed and deleted
the ticket in the meantime, ``acquire`` creates an empty stream instead; its ``last == 0`` gives it away.
"""

import re
import secrets
from contextlib import suppress
from typing import Final

from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.log.protocol import EventLog, LeaseLostError, StoreError
from componentstream.server.access.auth import Principal

_MAX_SECONDS: Final = 30.0
_RANDOM_BYTES: Final = 24
_PREFIX: Final = "t-"
_TICKET: Final = re.compile(r"t-[A-Za-z0-9_-]{32}", re.ASCII)
_STREAM: Final = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_OWNER: Final = "ticket "
"""Prefix of the owner of a ticket; streams of users have another."""


class Tickets:
    """Issue and redeem tickets.

    Args:
        log: log of the streams, in which the tickets are kept as well.
        seconds: lifetime of a ticket in seconds, at most 30. A page uses it at once; 30 allow for slow
            networks.

    Raises:
        ConfigurationError: the lifetime is not above 0, or exceeds 30 seconds.
    """

    def __init__(self, log: EventLog, seconds: float = _MAX_SECONDS) -> None:
        if not 0 < seconds <= _MAX_SECONDS:
            raise ConfigurationError("Tickets: seconds must be a number > 0 and <= 30.")
        self._log = log
        self._seconds = seconds

    async def issue(self, stream: str, subject: str) -> str:
        """Return a new ticket; check first that the stream belongs to this user.

        Args:
            stream: id of the stream that the ticket gives access to.
            subject: subject of the user, as in :class:`~componentstream.server.access.auth.Principal`.

        Raises:
            UsageError: the stream id or the subject is not valid.
            StoreError: the log failed.
        """
        if _STREAM.fullmatch(stream) is None:
            raise UsageError("A stream id must consist of 1 to 128 of the characters 0-9 A-Z a-z . _ -")
        owner = f"{_OWNER}{stream} {Principal(subject).subject}"
        lease = None
        while lease is None:
            ticket = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
            lease = await self._log.acquire(ticket, owner=owner, ttl=self._seconds)
        await self._log.append(lease, 1, [b"ticket"])
        return ticket

    async def redeem(self, ticket: str) -> tuple[str, str] | None:
        """Return the stream and the subject of a valid ticket and use it up; otherwise return None.

        Compare the stream with the requested one.

        Raises:
            StoreError: the log failed; the ticket may be used up.
        """
        # Only well-formed tickets reach the log, so a hostile client cannot probe it with keys of its own.
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
        if not await self._use_up(ticket, status.owner, status.lease_left):
            return None
        stream, _, subject = status.owner.removeprefix(_OWNER).partition(" ")
        return stream, subject

    async def _use_up(self, ticket: str, owner: str, left: float) -> bool:
        """Return whether this call, of all concurrent ones, has used up the ticket."""
        # With the remaining lifetime as TTL: a worker that dies here must not extend that of the ticket.
        lease = await self._log.acquire(ticket, owner=owner, ttl=left, take_over="open")
        if lease is None:
            return False
        # An empty stream: the ticket was redeemed and deleted after our status call, and acquire() made this.
        valid = lease.last > 0
        if valid:
            try:
                # Finish before delete: if the delete fails, the finished stream can no longer be taken over.
                await self._log.finish(lease)
            except LeaseLostError:
                return False
        with suppress(StoreError):
            # A leftover is useless to an attacker, and the log expires it.
            await self._log.delete(ticket)
        return valid
