"""Resumable event logs: what a stream has said so far, for readers that come back and for other workers.

:class:`EventLog` says what a log offers. ``MemoryEventLog`` keeps it in this process, ``SQLiteEventLog`` in a
file that the processes of one machine share, and :class:`componentstream.log.redis.RedisEventLog` in Redis;
:func:`open_log` opens the one that a URL names::

    log = SQLiteEventLog("streams.db")
    lease = await log.acquire("s-1", owner="ada")
    if lease is not None:  # otherwise someone else writes it
        await log.append(lease, 1, [b"...", b"..."])
        await log.finish(lease)

    async for entries in log.read("s-1", after=1):
        ...
"""

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

__all__ = [
    "Entry",
    "EventLog",
    "GapError",
    "Lease",
    "LeaseLostError",
    "LogError",
    "MemoryEventLog",
    "ProducerLostError",
    "SQLiteEventLog",
    "SequenceError",
    "StoreError",
    "StreamState",
    "StreamStatus",
    "StreamUnknownError",
    "TakeOver",
    "open_log",
]
