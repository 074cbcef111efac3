"""A log in Redis, or a server that speaks its protocol, for workers on any number of machines."""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import Any, Final, Self, TypeAlias
from urllib.parse import urlsplit

from componentstream._aio.tasks import Tasks
from componentstream.core.errors import ConfigurationError, MissingExtraError
from componentstream.log import _scripts
from componentstream.log.base import (
    PAGE,
    RECHECK,
    LogPage,
    StoreNotifier,
    check_acquire,
    check_append,
    check_bounds,
    check_call_timeout,
    follow,
    is_stream_id,
    sequence_conflict,
    sequence_gap,
)
from componentstream.log.protocol import (
    LEASE_SECONDS,
    Entry,
    Lease,
    LeaseLostError,
    StoreError,
    StreamState,
    StreamStatus,
    TakeOver,
)

try:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript
    from redis.exceptions import RedisError
except ImportError as _error:
    raise MissingExtraError("RedisEventLog needs redis-py: pip install 'componentstream[redis]'.") from _error

_CONNECTIONS: Final = 16
"""Maximum number of concurrent calls, besides the one that waits for changes. More would only queue in Redis,
which runs one at a time, and a pool of redis-py has 100 connections."""

_CHANGES_AT_ONCE: Final = 1000
"""Maximum number of changes that are fetched at once."""

_SOCKET_TIMEOUT: Final = 10.0
"""Socket timeout in seconds, well above the time that the waiting connection blocks; calls have their own."""

_DATABASE: Final = re.compile(r"/?[0-9]*", re.ASCII)

_Argument: TypeAlias = bytes | str | int | float


class RedisEventLog:
    """Resumable streams in Redis, for producers and clients on any number of machines.

    Each call is one script, so the lease is checked and used in one atomic step. While anything is being
    read, one more connection waits for changes, for all clients together; these survive a Redis that is away
    for a few seconds. Do not let Redis evict the keys (``maxmemory-policy noeviction``).

    The settings of Redis decide how much its crash loses. With ``appendfsync always`` nothing that was
    acknowledged is lost. With ``everysec`` up to the last two seconds of acknowledged writes are lost, even
    if only the process dies: while the disk is busy, Redis answers before it has written. The producer then
    gets ``SequenceError`` with the last number that is left, and can append the rest again. A client that has
    more than is left gets the same error until the log has caught up; if another producer took over
    meanwhile, the entries under those numbers are not the ones that the client has.

    Args:
        client: a ``redis.asyncio.Redis`` with a pool of more than 16 connections, a ``socket_timeout`` of
            more than 4 seconds, and without ``decode_responses``. Close it yourself, after the log.
        prefix: prefix of every key.
        max_entries: maximum number of entries per stream; the oldest are dropped, and a client that needs
            them gets ``GapError``. The default is ten times a long answer, sent character by character.
        keep: seconds that a stream is kept after it has ended; Redis deletes it then.
        call_timeout: timeout of a call in seconds, including its wait for a connection; after that it raises
            ``StoreError``. One second is long for Redis and short for a client that waits; raise it for a
            process whose event loop is busy with many clients.

    Raises:
        ConfigurationError: a bound is invalid, or the client is not configured as described.
    """

    def __init__(
        self,
        client: Redis,
        *,
        prefix: str = "componentstream",
        max_entries: int = 1_000_000,
        keep: float = 3600.0,
        call_timeout: float = 1.0,
    ) -> None:
        check_bounds(keep, max_entries)
        check_call_timeout(call_timeout)
        _check_client(client)
        self._client = client
        self._owns_client = False
        self._prefix = prefix
        self._changes_key = f"{prefix}::changes"
        self._notifier = StoreNotifier(self._changes)
        self._closed = False
        self._slots = asyncio.Semaphore(_CONNECTIONS)
        self._calls = Tasks("componentstream log")
        self._call_timeout = call_timeout
        self._max_entries = max_entries
        self._keep = _milliseconds(keep)
        self._acquire = client.register_script(_scripts.ACQUIRE)
        self._append = client.register_script(_scripts.APPEND)
        self._renew = client.register_script(_scripts.RENEW)
        self._finish = client.register_script(_scripts.FINISH)
        self._delete = client.register_script(_scripts.DELETE)
        self._notify = client.register_script(_scripts.NOTIFY)
        self._load = client.register_script(_scripts.LOAD)

    @classmethod
    def from_url(
        cls, url: str, *, max_entries: int = 1_000_000, keep: float = 3600.0, call_timeout: float = 1.0
    ) -> Self:
        """Return a log with its own client, which is closed with it.

        Args:
            url: ``redis://[[user]:password@]host[:port][/database]``, ``rediss://...`` the same with TLS, or
                ``unix://[[user]:password@]/path[?db=database]``; with options of redis-py after a ``?``.
            max_entries: as for the log itself.
            keep: as for the log itself.
            call_timeout: as for the log itself.

        Raises:
            ConfigurationError: the URL has another form, or an option in it is not usable.
        """
        log = cls(_client(url), max_entries=max_entries, keep=keep, call_timeout=call_timeout)
        log._owns_client = True
        return log

    async def acquire(
        self, stream: str, *, owner: str, ttl: float = LEASE_SECONDS, take_over: TakeOver = "never"
    ) -> Lease | None:
        """Start a stream; see :meth:`EventLog.acquire`."""
        check_acquire(stream, owner, ttl, take_over)
        # Generated here, not in the script, so that a repeated call is recognised; see `_scripts.ACQUIRE`.
        token = secrets.token_hex(16)
        arguments = (owner.encode(), token, _milliseconds(ttl), self._keep, take_over)
        last = await self._run(self._acquire, stream, *arguments)
        return None if last is None else Lease(stream=stream, token=token, ttl=ttl, last=last)

    async def append(self, lease: Lease, first_seq: int, payloads: Sequence[bytes]) -> None:
        """Append entries to a stream; see :meth:`EventLog.append`."""
        check_append(first_seq, payloads)
        bounds = (_milliseconds(lease.ttl), self._keep, self._max_entries)
        outcome, *numbers = await self._run(
            self._append, lease.stream, lease.token, *bounds, first_seq, *payloads
        )
        if outcome == b"lease":
            raise LeaseLostError
        if outcome == b"gap":
            raise sequence_gap(first_seq, numbers[0])
        if outcome == b"conflict":
            raise sequence_conflict(numbers[1], numbers[0])

    async def renew(self, lease: Lease) -> None:
        """Extend the lease; see :meth:`EventLog.renew`."""
        arguments = (lease.token, _milliseconds(lease.ttl), self._keep)
        if not await self._run(self._renew, lease.stream, *arguments):
            raise LeaseLostError

    async def finish(self, lease: Lease) -> None:
        """End a stream for good; see :meth:`EventLog.finish`."""
        if not await self._run(self._finish, lease.stream, lease.token, self._keep):
            raise LeaseLostError

    def read(self, stream: str, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        """Yield the entries after a number; see :meth:`EventLog.read`."""
        return follow(self._notifier, self._load_page, stream, after)

    async def status(self, stream: str) -> StreamStatus | None:
        """Return the status of a stream; see :meth:`EventLog.status`."""
        page = await self._load_page(stream, 0, 0) if is_stream_id(stream) else None
        return None if page is None else page.status

    async def delete(self, stream: str) -> None:
        """Delete a stream; see :meth:`EventLog.delete`."""
        if is_stream_id(stream):
            # Two scripts, see `_scripts`. If the second is lost, clients notice within RECHECK seconds.
            await self._run(self._delete, stream)
            await self._run(self._notify, stream, self._keep)

    async def aclose(self) -> None:
        """Cancel every wait; remaining clients get ``StoreError``. Close your ``client`` after it."""
        self._closed = True  # first, so that the clients woken by the next line find the log closed
        await self._notifier.aclose()
        await self._calls.aclose()
        if self._owns_client:
            await self._client.aclose()

    async def _load_page(self, stream: str, after: int, count: int = PAGE) -> LogPage | None:
        reply = await self._run(self._load, stream, after, count)
        if reply is None:
            return None
        incarnation, owner, left, finished, first, last, entries = reply
        state: StreamState = "finished" if finished else "open" if left > 0 else "lost"
        status = StreamStatus(
            stream=stream,
            owner=owner.decode(),
            state=state,
            first=first,
            last=last,
            lease_left=left / 1000 if state == "open" else 0.0,
        )
        return LogPage(incarnation, status, [Entry(seq=seq, payload=payload) for seq, payload in entries])

    async def _changes(self, position: bytes | None) -> tuple[bytes | None, list[str]]:
        # The id of the newest change, not "$": that would miss changes between two calls of XREAD.
        if position is None:
            newest: Any = self._client.xrevrange(self._changes_key, count=1)
            found = await self._in_time(newest, self._call_timeout)
            return (found[0][0] if found else b"0"), []
        waiting: Any = self._client.xread(
            {self._changes_key: position}, count=_CHANGES_AT_ONCE, block=_milliseconds(RECHECK)
        )
        # This call has neither a slot nor the plain timeout of the others: it blocks on purpose.
        reply = await self._in_time(waiting, self._call_timeout + RECHECK)
        if not reply:
            # Redis may have lost the key, and new changes may get ids before the position. So start over.
            return None, []
        # RESP3 replies with a dict of pages, RESP2 with a list of pairs of key and entries.
        changes = reply.popitem()[1][0] if isinstance(reply, dict) else reply[0][1]
        return changes[-1][0], [fields[b"s"].decode() for _, fields in changes]

    async def _run(self, script: AsyncScript, stream: str, *arguments: _Argument) -> Any:
        """Return the reply of a script."""
        if self._closed:
            raise StoreError("The log was closed.")
        return await self._in_time(self._call(script, stream, *arguments), self._call_timeout)

    async def _call(self, script: AsyncScript, stream: str, *arguments: _Argument) -> Any:
        keys = [f"{self._prefix}:{stream}", self._changes_key]
        # redis-py opens a connection per concurrent call and raises when its pool is empty; here calls queue.
        async with self._slots:
            return await script(keys, [stream, *arguments])

    async def _in_time(self, call: Coroutine[Any, Any, Any], seconds: float) -> Any:
        try:
            # A task of its own, because redis-py may swallow a cancellation: it is cancelled until it ends,
            # and the caller does not wait for that.
            return await self._calls.run(call, seconds)
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            raise StoreError(f"Redis failed, or did not answer in time: {error!r}") from error


def _check_client(client: Redis) -> None:
    pool = client.connection_pool
    if pool.connection_kwargs.get("decode_responses") or client.single_connection_client:
        raise ConfigurationError("A RedisEventLog needs a client with a pool and without decode_responses.")
    if pool.max_connections <= _CONNECTIONS:
        raise ConfigurationError(f"A RedisEventLog needs a client with max_connections above {_CONNECTIONS}.")
    timeout = pool.connection_kwargs.get("socket_timeout")
    if timeout is not None and timeout <= RECHECK:
        raise ConfigurationError(
            f"A RedisEventLog needs a client with a socket_timeout above {RECHECK:g} seconds."
        )


def _client(url: str) -> Redis:
    if _is_redis_url(url):
        try:
            client = Redis.from_url(url, socket_timeout=_SOCKET_TIMEOUT)
            pool = client.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # does not connect, but checks the options
        except (ValueError, TypeError, RedisError):
            pass  # raise below, outside this block: the message of this error may quote the password
        else:
            return client
    raise ConfigurationError(
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
