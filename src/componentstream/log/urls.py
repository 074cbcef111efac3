"""Open a log by its URL, for programs whose configuration says where streams are stored."""

from contextlib import AbstractAsyncContextManager, aclosing

from componentstream.core.errors import ConfigurationError
from componentstream.log.memory import MemoryEventLog
from componentstream.log.protocol import EventLog
from componentstream.log.sqlite import SQLiteEventLog


def open_log(
    url: str, *, max_entries: int = 1_000_000, keep: float = 3600.0, call_timeout: float = 1.0
) -> AbstractAsyncContextManager[EventLog]:
    """Return a context manager that opens the log of a URL, and closes it at the end.

    ::

        async with open_log("sqlite:streams.db") as log:
            ...

    The log opens its file, or connects, with its first call; a call that fails raises ``StoreError``.

    Args:
        url: one of

            * ``memory:``, the memory of this process;
            * ``sqlite:PATH``, a file, for the processes of this machine; ``sqlite:///PATH`` is absolute;
            * ``redis://[[user]:password@]host[:port][/database]``, ``rediss://...`` the same with TLS,
              ``unix://[[user]:password@]/path``: Redis, for any number of machines, with options of redis-py
              after a ``?``. It needs the extra ``redis``.
        max_entries: maximum number of entries per stream; the oldest are dropped.
        keep: seconds that a stream is kept after it has ended.
        call_timeout: timeout of a call in seconds; a log in memory does not need it.

    Raises:
        ConfigurationError: the URL has another form, or a bound is invalid. The message does not repeat the
        URL, which
            may contain a password.
        MissingExtraError: the URL needs redis-py, and it is not installed.
    """
    scheme, place = _split(url)
    if scheme == "memory" and not place:
        return aclosing(MemoryEventLog(max_entries=max_entries, keep=keep))
    if scheme == "sqlite" and (path := _path(place)):
        return aclosing(SQLiteEventLog(path, max_entries=max_entries, keep=keep, call_timeout=call_timeout))
    if scheme in {"redis", "rediss", "unix"}:
        from componentstream.log.redis import RedisEventLog  # noqa: PLC0415 - redis-py is optional

        return aclosing(
            RedisEventLog.from_url(url, max_entries=max_entries, keep=keep, call_timeout=call_timeout)
        )
    raise ConfigurationError(
        "The URL of a log must be memory:, sqlite:PATH, redis://HOST, rediss://HOST or unix:///PATH, such as"
        " sqlite:streams.db, sqlite:///var/lib/streams.db or redis://:password@localhost:6379/0."
    )


def _split(url: object) -> tuple[str, str]:
    """Return the parts of a URL before and after its first colon, two empty strings without one."""
    scheme, colon, place = url.partition(":") if isinstance(url, str) else ("", "", "")
    return (scheme, place) if colon else ("", "")


def _path(place: str) -> str | None:
    """Return the path after ``sqlite:``, None if it is a folder, or has a host or options."""
    # A path is taken literally, without percent-decoding, so that every file name can be given.
    if "?" in place or place.endswith("/"):
        return None
    if place.startswith("//"):
        return place[2:] if place.startswith("///") else None
    return place
