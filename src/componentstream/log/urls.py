"""The log that a URL names, for programs whose configuration says where streams are kept."""

from contextlib import AbstractAsyncContextManager, aclosing

from componentstream.core.errors import UsageError
from componentstream.log.memory import MemoryEventLog
from componentstream.log.protocol import EventLog
from componentstream.log.sqlite import SQLiteEventLog


def open_log(
    url: str, *, max_entries: int = 1_000_000, keep: float = 3600.0
) -> AbstractAsyncContextManager[EventLog]:
    """Return a context manager that gives the log a URL names, and closes it in the end.

    ::

        async with open_log("sqlite:streams.db") as log:
            ...

    Nothing is opened or connected before the first call of the log; one that fails raises ``StoreError``.

    Args:
        url: one of

            * ``memory:``, the memory of this process;
            * ``sqlite:PATH``, a file, for the processes of this machine; ``sqlite:///PATH`` from the root;
            * ``redis://[[user]:password@]host[:port][/database]``, ``rediss://...`` the same with TLS,
              ``unix://[[user]:password@]/path``: Redis, for any number of machines, with options of redis-py
              after a ``?``. It needs the extra ``redis``.
        max_entries: most entries of one stream; its oldest are dropped then.
        keep: seconds that a stream is kept after it has ended.

    Raises:
        UsageError: the URL is none of these, or a bound is not above 0. The message does not repeat the URL,
            which may hold a password.
        MissingExtraError: a Redis is named and redis-py is not installed.
    """
    scheme, place = _split(url)
    if scheme == "memory" and not place:
        return aclosing(MemoryEventLog(max_entries=max_entries, keep=keep))
    if scheme == "sqlite" and (path := _path(place)):
        return aclosing(SQLiteEventLog(path, max_entries=max_entries, keep=keep))
    if scheme in {"redis", "rediss", "unix"}:
        from componentstream.log.redis import RedisEventLog  # noqa: PLC0415 - redis-py is optional

        return aclosing(RedisEventLog.from_url(url, max_entries=max_entries, keep=keep))
    raise UsageError(
        "The URL of a log must be memory:, sqlite:PATH, redis://HOST, rediss://HOST or unix:///PATH, such as"
        " sqlite:streams.db, sqlite:///var/lib/streams.db or redis://:password@localhost:6379/0."
    )


def _split(url: object) -> tuple[str, str]:
    """Return what stands before the colon of a URL and what after it, two empty texts if there is none."""
    scheme, colon, place = url.partition(":") if isinstance(url, str) else ("", "", "")
    return (scheme, place) if colon else ("", "")


def _path(place: str) -> str | None:
    """Return the path in what follows ``sqlite:``, None if a host, a folder or options stand there."""
    if "?" in place or place.endswith("/"):
        return None
    if place.startswith("//"):
        return place[2:] if place.startswith("///") else None
    return place
