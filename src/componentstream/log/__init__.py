"""Resumable event logs: the entries of each stream so far, for clients that reconnect and for other workers.

:class:`EventLog` is the interface. ``MemoryEventLog`` stores streams in this process, ``SQLiteEventLog`` in a
file that the processes of one machine share, and ``RedisEventLog``, with the extra ``redis``, in Redis;
:func:`open_log` opens a log by its URL. ``componentstream.log.base`` has the parts, and the instructions, for
a log of your own::

    log = SQLiteEventLog("streams.db")
    lease = await log.acquire("s-1", owner="ada")
    if lease is not None:  # otherwise another producer writes it
        await log.append(lease, 1, [b"...", b"..."])
        await log.finish(lease)

    async for entries in log.read("s-1", after=1):
        ...
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from componentstream.log.memory import MemoryEventLog
from componentstream.log.protocol import (
    Entry,
    EventLog,
    GapError,
    Lease,
    LeaseLostError,
    LogError,
    ProducerLostError,
    SequenceError,
    StoreError,
    StreamState,
    StreamStatus,
    StreamUnknownError,
    TakeOver,
)
from componentstream.log.sqlite import SQLiteEventLog
from componentstream.log.urls import open_log

if TYPE_CHECKING:
    from componentstream.log.redis import RedisEventLog

__all__ = [
    "Entry",
    "EventLog",
    "GapError",
    "Lease",
    "LeaseLostError",
    "LogError",
    "MemoryEventLog",
    "ProducerLostError",
    "RedisEventLog",
    "SQLiteEventLog",
    "SequenceError",
    "StoreError",
    "StreamState",
    "StreamStatus",
    "StreamUnknownError",
    "TakeOver",
    "open_log",
]

# So that ``import *`` works without redis-py; the name itself then raises an error that says how to get it.
if find_spec("redis") is None:
    __all__.remove("RedisEventLog")  # noqa: PYI056 - mypy and pyright do support it


def __getattr__(name: str) -> object:
    # RedisEventLog is imported on first use, so that the package can be imported without redis-py.
    if name == "RedisEventLog":
        from componentstream.log import redis  # noqa: PLC0415 - see above

        return redis.RedisEventLog
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
