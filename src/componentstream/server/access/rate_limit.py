"""The rate limit: how many requests a client may send in a given time."""

import asyncio
import hashlib
import logging
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from componentstream.core import codes
from componentstream.core.errors import ConfigurationError, MissingExtraError
from componentstream.core.escaping import escape_control_chars
from componentstream.server.access.sliding_window import SlidingWindowCounter
from componentstream.server.errors import RefusedRequestError

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

_MEMORY: Final = "async+memory://"
_REDIS: Final = ("async+redis://", "async+rediss://", "async+redis+unix://")
_MAX_AMOUNT: Final = 1_000_000_000
_STORE_TIMEOUT: Final = 0.5
"""Seconds for a call to the store; every request waits for it before anything else is done."""

_MAX_STORE_CALLS: Final = 16
"""Concurrent calls to the store; more would only queue up in Redis, which is single-threaded."""

_STORE_COOLDOWN: Final = 5.0
"""Seconds before the store is tried again after a failure, so that not every request pays the timeout."""

_logger: Final = logging.getLogger("componentstream.server")


class RateLimiter:
    """Limit the requests of each key in a sliding window, across all workers that share a Redis.

    The requests of the previous window count in proportion to its overlap with the sliding window, as if they
    had been spread evenly. No burst therefore exceeds the amount. A client that spends its amount at the end
    of one window and retries as soon as it may gets less than twice the amount in the length of a window, and
    the amount on average.

    While the shared store fails, or takes longer than half a second, each process counts by itself, starting
    from the requests that it has allowed so far: a client may then send the full amount to each process. A
    warning goes to the logger ``componentstream.server``, and the store is tried again every 5 seconds.

    In memory, the system's monotonic clock counts, and a million keys take 31 MB per window. In Redis, counts
    expire by the clock of its host: setting it forward expires them early, setting it back late.

    Args:
        rate: amount, 1 to a billion, and time, in the notation of the package ``limits``:
            ``100/15 minutes`` or ``5/second``.
        storage: ``async+memory://`` for this process alone, or ``async+redis://host:6379/0``, also
            ``async+rediss://`` with TLS and ``async+redis+unix:///path`` for a socket.

    Raises:
        ConfigurationError: the rate or the storage is not valid.
        MissingExtraError: the storage is Redis, and redis-py is not installed.
    """

    def __init__(self, rate: str, storage: str = _MEMORY) -> None:
        item = _parse_rate(rate)
        self._local = SlidingWindowCounter(item.amount, item.get_expiry())
        self._store = None if storage == _MEMORY else _RedisStore(item, storage)
        self._store_calls = asyncio.Semaphore(_MAX_STORE_CALLS)
        self._retry_store_at = 0.0

    async def check(self, key: str) -> None:
        """Count a request of a key; any string is a valid key.

        Raises:
            RefusedRequestError: 429 with ``Retry-After``; the request is not counted.
        """
        wait = await self._hit(key)
        if wait is not None:
            raise RefusedRequestError(
                HTTPStatus.TOO_MANY_REQUESTS,
                codes.RATE_LIMITED,
                "Too many requests; retry after the seconds in the Retry-After header.",
                # Round up, and never to 0: the request is allowed only after that moment, not at it.
                {"Retry-After": str(int(wait) + 1)},
                retryable=True,
            )

    async def aclose(self) -> None:
        """Close the connections to the store; call it when the application shuts down."""
        if self._store is not None:
            await self._store.aclose()

    async def _hit(self, key: str) -> float | None:
        if self._store is not None:
            async with self._store_calls:
                # Checked inside the semaphore: calls that queued behind a failing one skip the store at once.
                if time.monotonic() >= self._retry_store_at:
                    try:
                        return await self._hit_store(self._store, key)
                    except (StorageError, OSError) as error:  # TimeoutError is an OSError
                        self._suspend_store(error)
        return self._local.hit(key)

    async def _hit_store(self, store: "_RedisStore", key: str) -> float | None:
        async with asyncio.timeout(_STORE_TIMEOUT):
            wait = await store.hit(key)
        if wait is None:
            # Counted here too, so that a store failure does not hand every client a fresh amount.
            self._local.hit(key)
        return wait

    def _suspend_store(self, error: Exception) -> None:
        now = time.monotonic()
        # Up to 16 calls fail together; the first one has moved the time, so that only it is logged.
        if now >= self._retry_store_at:
            _logger.warning(
                "The rate limit store failed; retrying in %.0f seconds. Until then this process counts by "
                "itself. %s",
                _STORE_COOLDOWN,
                escape_control_chars(f"{error!r}"),
            )
        self._retry_store_at = now + _STORE_COOLDOWN


class _RedisStore:
    """Counts in a Redis that several workers share."""

    def __init__(self, item: RateLimitItem, address: str) -> None:
        self._item = item
        self._pool = _connection_pool(address)
        storage = RedisStorage(
            "async+redis://",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="componentstream-rate",
            connection_pool=self._pool,  # type: ignore[arg-type]  # an option of the Redis client
        )
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    async def hit(self, key: str) -> float | None:
        # Clients choose part of their key: hash it, so that the store sees neither its length nor its text.
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        if await self._limiter.hit(self._item, digest):
            return None
        stats = await self._limiter.get_window_stats(self._item, digest)
        # reset_time is by the time of day; bound the wait in case the clock was set between the calls.
        return min(max(0.0, stats.reset_time - time.time()), self._item.get_expiry())

    async def aclose(self) -> None:
        await self._pool.aclose()


def _parse_rate(rate: str) -> RateLimitItem:
    try:
        items = parse_many(rate)
    except ValueError:
        items = []
    numbers = [int(number) for number in re.findall("[0-9]+", rate)] if len(items) == 1 else [0]
    if not all(1 <= number <= _MAX_AMOUNT for number in numbers):
        raise ConfigurationError(
            f"Invalid rate {rate!r:.80}: give an amount and a time, such as '100/15 minutes'."
        )
    return items[0]


def _connection_pool(address: str) -> "ConnectionPool":
    if type(address) is not str or not address.startswith(_REDIS):
        raise ConfigurationError(f"The rate limit storage must begin with {_MEMORY}, {' or '.join(_REDIS)}.")
    try:
        from redis.asyncio import ConnectionPool  # noqa: PLC0415 - needed for a shared limit alone
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(
            "A rate limit in Redis needs redis-py: pip install 'componentstream[redis]'."
        ) from error
    url = address.removeprefix("async+").replace("redis+unix://", "unix://", 1)
    try:
        # One retry, for an idle connection that Redis has closed; more would exceed the timeout.
        return ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 1))
    except ValueError:
        # Leave out the address, and the error that repeats parts of it: they may contain a password.
        raise ConfigurationError("The Redis URL of the rate limit storage is not valid.") from None
