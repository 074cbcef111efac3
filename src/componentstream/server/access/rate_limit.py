"""How much one client may ask for: requests in a time, streams at once, and who a client is."""

import asyncio
import hashlib
import ipaddress
import logging
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from starlette.requests import HTTPConnection

from componentstream.core import codes
from componentstream.core.errors import MissingExtraError, UsageError
from componentstream.core.escaping import escape_control_chars
from componentstream.server.access.sliding_window import SlidingWindowCounter
from componentstream.server.errors import RefusedRequestError

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

_MEMORY: Final = "async+memory://"
_REDIS: Final = ("async+redis://", "async+rediss://", "async+redis+unix://")
_HIGHEST_AMOUNT: Final = 1_000_000_000
_PATIENCE: Final = 0.5
"""Seconds that a store may take; a request waits for it before anything else is done."""

_AT_ONCE: Final = 16
"""Most calls to a store at once; more would only queue up in Redis, which runs one at a time."""

_PAUSE: Final = 5.0
"""Seconds that a store is left alone after it failed, so that not every request waits for it."""

_logger: Final = logging.getLogger("componentstream.server")


class RateLimiter:
    """So many requests in a time for each key, over all workers if they share a Redis.

    The time is a sliding window: what was asked for in the window before counts by the share of it that is
    still within the time, as if it had come evenly. So no moment lets a burst of more than the amount
    through. Who spends all of it at the end of one window and waits for the free places of the next gets
    less than twice the amount in a stretch as long as a window, and the amount on average.

    While the shared store fails, or takes longer than half a second, every process goes on from what it has
    let through itself: a client may then ask each for the full amount, but neither does everybody get in nor
    nobody. A warning goes to the logger ``componentstream.server``, and the store is tried again every 5
    seconds.

    In memory, nobody's clock matters but the system's monotonic one, and a million keys take 31 MB a window.
    In Redis, counts expire by the clock of its machine: set forward it frees them early, set back late.

    Args:
        rate: as in ``100/15 minutes`` or ``5/second``: the amount, from 1 to a billion, and the time.
        storage: ``async+memory://`` for this process alone, or ``async+redis://host:6379/0``, also
            ``async+rediss://`` with TLS and ``async+redis+unix:///path`` for a socket.

    Raises:
        UsageError: the rate or the storage is not understood.
        MissingExtraError: the storage is Redis, and redis-py is not installed.
    """

    def __init__(self, rate: str, storage: str = _MEMORY) -> None:
        item = _item(rate)
        self._seconds = item.get_expiry()
        self._counted_here = SlidingWindowCounter(item.amount, self._seconds)
        self._store = None if storage == _MEMORY else _Store(item, storage)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._resume_at = 0.0

    async def check(self, key: str) -> None:
        """Count a request of a key, any text at all.

        Raises:
            RefusedRequestError: 429 with ``Retry-After``; the request is not counted.
        """
        wait = await self._hit(key)
        if wait is not None:
            raise RefusedRequestError(
                HTTPStatus.TOO_MANY_REQUESTS,
                codes.RATE_LIMITED,
                "There were too many requests; the header Retry-After says when the next one may come.",
                # The place is free only after that moment, not at it.
                {"Retry-After": str(int(wait) + 1)},
                retryable=True,
            )

    async def aclose(self) -> None:
        """Close the connections to the store; call it when the application ends."""
        if self._store is not None:
            await self._store.aclose()

    async def _hit(self, key: str) -> float | None:
        if self._store is not None:
            async with self._turns:
                # Whoever waited for a turn behind one that failed waits no longer.
                if time.monotonic() >= self._resume_at:
                    try:
                        return await self._hit_store(self._store, key)
                    except (StorageError, OSError) as problem:  # a timeout is an OSError
                        self._leave_alone(problem)
        return self._counted_here.hit(key)

    async def _hit_store(self, store: "_Store", key: str) -> float | None:
        async with asyncio.timeout(_PATIENCE):
            wait = await store.hit(key)
        if wait is None:
            self._counted_here.hit(key)
        return wait

    def _leave_alone(self, problem: Exception) -> None:
        now = time.monotonic()
        if now >= self._resume_at:
            _logger.warning(
                "The store of the rate limit failed, and is tried again in %.0f seconds; this process counts "
                "by itself meanwhile. %s",
                _PAUSE,
                escape_control_chars(f"{problem!r}"),
            )
        self._resume_at = now + _PAUSE


class _Store:
    """Counts in a Redis that several workers share."""

    def __init__(self, item: RateLimitItem, address: str) -> None:
        self._item = item
        self._pool = _pool(address)
        storage = RedisStorage(
            "async+redis://",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="componentstream-rate",
            connection_pool=self._pool,  # type: ignore[arg-type]  # it is an option of the client
        )
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    async def hit(self, key: str) -> float | None:
        # A client may have chosen a part of its key: the store is to see neither its length nor its text.
        place = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        if await self._limiter.hit(self._item, place):
            return None
        stats = await self._limiter.get_window_stats(self._item, place)
        return min(max(0.0, stats.reset_time - time.time()), self._item.get_expiry())

    async def aclose(self) -> None:
        await self._pool.aclose()


def _item(rate: str) -> RateLimitItem:
    try:
        items = parse_many(rate)
    except ValueError:
        items = []
    numbers = [int(number) for number in re.findall("[0-9]+", rate)] if len(items) == 1 else [0]
    if not all(1 <= number <= _HIGHEST_AMOUNT for number in numbers):
        raise UsageError(f"A rate is an amount and a time, such as '100/15 minutes', not {rate!r:.80}.")
    return items[0]


def _pool(address: str) -> "ConnectionPool":
    if type(address) is not str or not address.startswith(_REDIS):
        raise UsageError(f"The storage of a rate limit begins with {_MEMORY}, {' or '.join(_REDIS)}.")
    try:
        from redis.asyncio import ConnectionPool  # noqa: PLC0415 - only who shares a limit needs it
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(
            "A rate limit in Redis needs redis-py: pip install 'componentstream[redis]'."
        ) from error
    url = address.removeprefix("async+").replace("redis+unix://", "unix://", 1)
    try:
        # One repetition, for a connection that Redis closed long ago; more would outlast our patience.
        return ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 1))
    except ValueError:
        # The problem, and the address, may have a password in it.
        raise UsageError("The address of the rate limit's Redis is not understood.") from None


Kind: TypeAlias = Literal["generations", "readers"]
"""What slots are for; it decides the code and the message of a rejection."""

_TOO_MANY: Final[Mapping[Kind, str]] = {
    "generations": codes.TOO_MANY_GENERATIONS,
    "readers": codes.TOO_MANY_READERS,
}


class Slots:
    """So many things at once, in this process and for each user.

    Take a slot in the task that does the work, and release it in the ``finally`` of that same task. A
    handler that takes one for a response that never begins would keep it for ever. Use it in one event
    loop; nothing here waits.

    Args:
        total: most slots of all users together.
        per_user: most slots of one user.
        kind: what they are for.
        retry_after: whole seconds after which another try makes sense. Nobody knows when a slot is
            released; 5 are few for a person and enough for a server.
    """

    def __init__(
        self, total: int, per_user: int, kind: Kind = "generations", *, retry_after: int = 5
    ) -> None:
        self._total = total
        self._per_user = per_user
        self._kind = kind
        self._headers = {"Retry-After": str(retry_after)}
        self._taken = 0
        self._by_user: dict[str, int] = {}

    @property
    def taken(self) -> int:
        """How many slots are taken."""
        return self._taken

    def take(self, user: str) -> "Slot":
        """Take a slot for a user, any text that tells users apart.

        Raises:
            RefusedRequestError: 429 if this user has too many, 503 if all have; with ``Retry-After``.
        """
        if self._by_user.get(user, 0) >= self._per_user:
            raise RefusedRequestError(
                HTTPStatus.TOO_MANY_REQUESTS,
                _TOO_MANY[self._kind],
                f"You have {self._per_user} {self._kind} open here, which is the most; wait until one ends.",
                self._headers,
                retryable=True,
            )
        if self._taken >= self._total:
            raise RefusedRequestError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                codes.SERVER_BUSY,
                "The server is busy; try again later.",
                self._headers,
                retryable=True,
            )
        self._taken += 1
        self._by_user[user] = self._by_user.get(user, 0) + 1
        return Slot(self, user)

    def _give_back(self, user: str) -> None:
        self._taken -= 1
        self._by_user[user] -= 1
        if not self._by_user[user]:
            del self._by_user[user]


class Slot:
    """One slot that is taken; made by :meth:`Slots.take`."""

    __slots__ = ("_slots", "_user")

    def __init__(self, slots: Slots, user: str) -> None:
        self._slots: Slots | None = slots
        self._user = user

    def release(self) -> None:
        """Give the slot back; doing so again does nothing."""
        slots, self._slots = self._slots, None
        if slots is not None:
            slots._give_back(self._user)  # noqa: SLF001 - the two are one thing


def client_address(request: HTTPConnection, trusted_proxies: int = 0) -> str:
    """Return a text that stands for the address that a request came from, to keep limits by.

    Each proxy writes the address that it was called from at the end of ``X-Forwarded-For``. What stands
    before the addresses of your own proxies was written by the client, who may write anything; so the one
    that counts is as far from the right as there are proxies. The header ``Forwarded`` is not read:
    hardly a proxy writes it, and one that does not know it passes on what a client wrote.

    An IPv6 address is given as its network of 64 bits: providers hand out at least that much to each
    customer, who could use another address for every request.

    Args:
        request: what came in.
        trusted_proxies: how many proxies of your own every request comes through; they must be the only way
            in. With 0, and where the header is too short or has no address there, it is the other end of
            the connection. Keep the server from reading the header itself (uvicorn: ``proxy_headers=False``).

    Returns:
        ``192.0.2.7``, ``2001:db8:1:2::/64``, a name where the server gives one for the other end, or
        nothing if that has none, as on a Unix socket.
    """
    peer = request.client.host if request.client is not None else ""
    if trusted_proxies > 0:
        header = ",".join(request.headers.getlist("x-forwarded-for"))
        entries = header.rsplit(",", trusted_proxies)[-trusted_proxies:]
        address = _address(entries[0]) if len(entries) == trusted_proxies else None
        if address is not None:
            return address
    return _address(peer) or peer


# An address alone, or with a port: 192.0.2.7:80, [2001:db8::1], [2001:db8::1]:80.
_HOST: Final = re.compile(
    r"\[(?P<inner>[0-9a-f:.]+)(?:%[^\]]*)?\](?::[0-9]{1,5})?"
    r"|(?P<four>[0-9.]+)(?::[0-9]{1,5})?"
    r"|(?P<six>[0-9a-f:.]+)(?:%.*)?",
    re.IGNORECASE | re.ASCII,
)


def _address(text: str) -> str | None:
    match = _HOST.fullmatch(text.strip())
    if match is None:
        return None
    try:
        address = ipaddress.ip_address(match["inner"] or match["four"] or match["six"])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, 64), strict=False))
