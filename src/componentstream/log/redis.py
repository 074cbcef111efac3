"""A log in Redis, or what speaks its protocol, for workers on any number of machines."""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import Any, Final, Self, TypeAlias
from urllib.parse import urlsplit

from componentstream._aio.tasks import Tasks
from componentstream.core.errors import MissingExtraError, UsageError
from componentstream.log import _scripts
from componentstream.log._checks import check_acquire, check_append, check_bounds, is_stream_id
from componentstream.log._notify import StoreNotifier
from componentstream.log.base import PAGE, RECHECK, LogPage, follow
from componentstream.log.protocol import (
    LEASE_SECONDS,
    Entry,
    Lease,
    LeaseLostError,
    SequenceError,
    StoreError,
    StreamState,
    StreamStatus,
    TakeOver,
)

try:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript
    from redis.exceptions import RedisError
except ImportError as error:
    raise MissingExtraError("RedisEventLog needs redis-py: pip install 'componentstream[redis]'.") from error

_CONNECTIONS: Final = 16
"""Most calls at once, beside the one that waits; more would only queue up in Redis, which runs one at a time,
and a pool of redis-py has 100 connections."""

_AT_ONCE: Final = 1000
"""Most changes that are heard of at once."""

_SOCKET_TIMEOUT: Final = 10.0
"""Well above what a waiting connection blocks; calls end by the log's own patience."""

_DATABASE: Final = re.compile(r"/?[0-9]*", re.ASCII)

_Argument: TypeAlias = bytes | str | int | float


class RedisEventLog:
    """Resumable streams in Redis, for producers and readers on any number of machines.

    Each call is one script, so that a lease is checked and used in one step. While anyone reads, one more
    connection of the client waits for what is written, for all readers together; these outlast a Redis that
    is away for a few seconds. Do not let Redis evict the keys (``maxmemory-policy noeviction``).

    How much a crash of Redis loses is a matter of its own settings. With ``appendfsync always`` it is nothing
    that was acknowledged. With ``everysec`` it is the last of that, for two seconds at most if only the
    process dies: while the disk is busy, Redis answers before it has written. The producer then gets
    ``SequenceError`` with the last number that is left, and can append the rest again. So does a reader who
    has more than is left, until the log has caught up; if another producer took over meanwhile, what the log
    has under those numbers is not what the reader has.

    Args:
        client: a ``redis.asyncio.Redis`` with a pool of more than 16 connections, a ``socket_timeout`` of
            more than 4 seconds, and without ``decode_responses``. It stays yours to close.
        prefix: what its keys begin with.
        max_entries: most entries of one stream; its oldest are dropped then, and a reader that needs them
            gets ``GapError``. Ten times what a long answer has, sent by the character.
        keep: seconds that a stream is kept after it has ended; Redis forgets it then.
        patience: seconds that a call may take, its turn among the others of this process included; then it
            raises ``StoreError``. One is long for Redis, and short for whoever waits for a stream; a process
            that many readers keep busy needs more.

    Raises:
        UsageError: a bound is not above 0, or the client is no such one.
    """

    def __init__(
        self,
        client: Redis,
        *,
        prefix: str = "componentstream",
        max_entries: int = 1_000_000,
        keep: float = 3600.0,
        patience: float = 1.0,
    ) -> None:
        check_bounds(keep, max_entries)
        if not patience > 0:
            raise UsageError("patience must be a number of seconds above 0.")
        _check_client(client)
        self._client = client
        self._owns_client = False
        self._prefix = prefix
        self._bell = f"{prefix}::bell"
        self._bells = StoreNotifier(self._changes)
        self._closed = False
        self._slots = asyncio.Semaphore(_CONNECTIONS)
        self._calls = Tasks()
        self._patience = patience
        self._max_entries = max_entries
        self._keep = _milliseconds(keep)
        self._acquire = client.register_script(_scripts.ACQUIRE)
        self._append = client.register_script(_scripts.APPEND)
        self._renew = client.register_script(_scripts.RENEW)
        self._finish = client.register_script(_scripts.FINISH)
        self._delete = client.register_script(_scripts.DELETE)
        self._ring = client.register_script(_scripts.RING)
        self._see = client.register_script(_scripts.LOOK)

    @classmethod
    def from_url(cls, url: str, *, max_entries: int = 1_000_000, keep: float = 3600.0) -> Self:
        """Return a log with a client of its own, which is closed with it.

        Args:
            url: ``redis://[[user]:password@]host[:port][/database]``, ``rediss://...`` the same with TLS, or
                ``unix://[[user]:password@]/path[?db=database]``; with options of redis-py after a ``?``.
            max_entries: as for the log itself.
            keep: as for the log itself.

        Raises:
            UsageError: the URL is none of these, or has an option that will not do.
        """
        log = cls(_client(url), max_entries=max_entries, keep=keep)
        log._owns_client = True
        return log

    async def acquire(
        self, stream: str, *, owner: str, ttl: float = LEASE_SECONDS, take_over: TakeOver = "never"
    ) -> Lease | None:
        """Start a stream; see :meth:`EventLog.acquire`."""
        check_acquire(stream, owner, ttl, take_over)
        token = secrets.token_hex(16)
        terms = (owner.encode(), token, _milliseconds(ttl), self._keep, take_over)
        last = await self._run(self._acquire, stream, *terms)
        return None if last is None else Lease(stream=stream, token=token, ttl=ttl, last=last)

    async def append(self, lease: Lease, first_seq: int, payloads: Sequence[bytes]) -> None:
        """Add entries to the end of a stream; see :meth:`EventLog.append`."""
        check_append(first_seq, payloads)
        bounds = (_milliseconds(lease.ttl), self._keep, self._max_entries)
        outcome, *numbers = await self._run(
            self._append, lease.stream, lease.token, *bounds, first_seq, *payloads
        )
        if outcome == b"lease":
            raise LeaseLostError
        if outcome == b"hole":
            raise SequenceError(
                f"The last entry is {numbers[0]}; {first_seq} would leave a hole.", numbers[0]
            )
        if outcome == b"other":
            raise SequenceError(f"Entry {numbers[1]} is in the log with another payload.", numbers[0])

    async def renew(self, lease: Lease) -> None:
        """Make the lease last on; see :meth:`EventLog.renew`."""
        terms = (lease.token, _milliseconds(lease.ttl), self._keep)
        if not await self._run(self._renew, lease.stream, *terms):
            raise LeaseLostError

    async def finish(self, lease: Lease) -> None:
        """End a stream for good; see :meth:`EventLog.finish`."""
        if not await self._run(self._finish, lease.stream, lease.token, self._keep):
            raise LeaseLostError

    def read(self, stream: str, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        """Yield the entries after a number; see :meth:`EventLog.read`."""
        return follow(self._bells, self._look, stream, after)

    async def status(self, stream: str) -> StreamStatus | None:
        """Return what is known of a stream; see :meth:`EventLog.status`."""
        view = await self._look(stream, 0, 0) if is_stream_id(stream) else None
        return None if view is None else view.status

    async def delete(self, stream: str) -> None:
        """Forget a stream; see :meth:`EventLog.delete`."""
        if is_stream_id(stream):
            await self._run(self._delete, stream)
            await self._run(self._ring, stream, self._keep)

    async def aclose(self) -> None:
        """End what waits for Redis; readers that are left get ``StoreError``. Close your client after it."""
        self._closed = True
        await self._bells.aclose()
        await self._calls.aclose()
        if self._owns_client:
            await self._client.aclose()

    async def _look(self, stream: str, after: int, count: int = PAGE) -> LogPage | None:
        shown = await self._run(self._see, stream, after, count)
        if shown is None:
            return None
        born, owner, left, finished, first, last, entries = shown
        state: StreamState = "finished" if finished else "open" if left > 0 else "lost"
        status = StreamStatus(
            stream=stream,
            owner=owner.decode(),
            state=state,
            first=first,
            last=last,
            lease_left=left / 1000 if state == "open" else 0.0,
        )
        return LogPage(born, status, [Entry(seq=seq, payload=payload) for seq, payload in entries])

    async def _changes(self, place: bytes | None) -> tuple[bytes | None, list[str]]:
        if place is None:
            asked: Any = self._client.xrevrange(self._bell, count=1)
            newest = await self._in_time(asked, self._patience)
            return (newest[0][0] if newest else b"0"), []
        waiting: Any = self._client.xread({self._bell: place}, count=_AT_ONCE, block=_milliseconds(RECHECK))
        reply = await self._in_time(waiting, self._patience + RECHECK)
        if not reply:
            # The bell may have been lost, and be rung anew at a time before the one that was heard last.
            return None, []
        # A dict of pages with RESP3, a list of pairs of key and entries with RESP2.
        rung = reply.popitem()[1][0] if isinstance(reply, dict) else reply[0][1]
        return rung[-1][0], [fields[b"s"].decode() for _, fields in rung]

    async def _run(self, script: AsyncScript, stream: str, *arguments: _Argument) -> Any:
        """Return what a script answers, in time."""
        if self._closed:
            raise StoreError("The log was closed.")
        return await self._in_time(self._call(script, stream, *arguments), self._patience)

    async def _call(self, script: AsyncScript, stream: str, *arguments: _Argument) -> Any:
        keys = [f"{self._prefix}:{stream}", self._bell]
        async with self._slots:
            return await script(keys, [stream, *arguments])

    async def _in_time(self, call: Coroutine[Any, Any, Any], seconds: float) -> Any:
        try:
            return await self._calls.run(call, seconds)
        except (RedisError, OSError) as error:  # a timeout is an OSError
            raise StoreError(f"Redis failed, or did not answer in time: {error!r}") from error


def _check_client(client: Redis) -> None:
    pool = client.connection_pool
    if pool.connection_kwargs.get("decode_responses") or client.single_connection_client:
        raise UsageError("A RedisEventLog needs a client with a pool and without decode_responses.")
    if pool.max_connections <= _CONNECTIONS:
        raise UsageError(f"A RedisEventLog needs a client with max_connections above {_CONNECTIONS}.")
    timeout = pool.connection_kwargs.get("socket_timeout")
    if timeout is not None and timeout <= RECHECK:
        raise UsageError(f"A RedisEventLog needs a client with a socket_timeout above {RECHECK:g} seconds.")


def _client(url: str) -> Redis:
    if _is_redis_url(url):
        try:
            client = Redis.from_url(url, socket_timeout=_SOCKET_TIMEOUT)
            pool = client.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # not connected: whether the options are known
        except (ValueError, TypeError, RedisError):
            pass  # what was raised may quote the password
        else:
            return client
    raise UsageError(
        "The URL of a Redis must be redis://[[user]:password@]host[:port][/database], rediss://... or"
        " unix://[[user]:password@]/path, with no options but those of redis-py; escape other characters in"
        " a password (%2F for /)."
    )


def _is_redis_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "unix":
        return parts.hostname is None and len(parts.path) > 1
    return bool(parts.hostname) and _DATABASE.fullmatch(parts.path) is not None


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
