"""An event log of your own: one JSON file per stream, for one process that may be restarted.

    python examples/own_log.py

Every change rewrites the file of its stream, which is simple and atomic, but slow for long streams.
"""

import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import attrs

from componentstream.log import Entry, Lease, LeaseLostError, StoreError, StreamState, StreamStatus, base
from componentstream.log.protocol import TakeOver


@attrs.define(eq=False)
class _Stream:
    owner: str
    token: str
    until: float  # expiry of the lease; once the stream has ended, the time of its end
    finished: bool = False
    first: int = 1
    payloads: list[str] = attrs.field(factory=list)  # each byte as one character

    @property
    def last(self) -> int:
        return self.first + len(self.payloads) - 1

    def state(self) -> StreamState:
        return "finished" if self.finished else "open" if time.time() < self.until else "lost"


class FileEventLog:
    """Resumable streams in a folder."""

    # No method awaits between reading and writing a stream, so each is atomic on the event loop of the log.

    def __init__(self, folder: Path, *, max_entries: int = 1_000_000, keep: float = 3600.0) -> None:
        base.check_bounds(keep, max_entries)
        self.folder, self.max_entries, self.keep = folder, max_entries, keep
        self.notifier, self.closed = base.Notifier(), False
        self.streams = {path.stem: _Stream(**json.loads(path.read_text())) for path in folder.glob("*.json")}

    async def acquire(
        self, stream: str, *, owner: str, ttl: float = 10.0, take_over: TakeOver = "never"
    ) -> Lease | None:
        """See ``EventLog.acquire``."""
        base.check_acquire(stream, owner, ttl, take_over)
        found = self._find(stream)
        if found and (found.owner != owner or found.state() not in base.TAKEOVER_STATES[take_over]):
            return None
        found = found or _Stream(owner, token="", until=0.0)
        found.token, found.until = secrets.token_hex(16), time.time() + ttl
        self._save(stream, found)
        return Lease(stream=stream, token=found.token, ttl=ttl, last=found.last)

    async def append(self, lease: Lease, first_seq: int, payloads: Sequence[bytes]) -> None:
        """See ``EventLog.append``."""
        base.check_append(first_seq, payloads)
        stream = self._check_lease(lease)
        if first_seq > stream.last + 1:
            raise base.sequence_gap(first_seq, stream.last)
        texts = [payload.decode("latin-1") for payload in payloads]
        for seq, text in enumerate(texts[: stream.last + 1 - first_seq], first_seq):
            if seq >= stream.first and stream.payloads[seq - stream.first] != text:
                raise base.sequence_conflict(seq, stream.last)
        stream.payloads += texts[stream.last + 1 - first_seq :]
        trimmed = max(0, len(stream.payloads) - self.max_entries)
        del stream.payloads[:trimmed]
        stream.first += trimmed
        stream.until = time.time() + lease.ttl
        self._save(lease.stream, stream)

    async def renew(self, lease: Lease) -> None:
        """See ``EventLog.renew``."""
        stream = self._check_lease(lease)
        stream.until = time.time() + lease.ttl
        self._save(lease.stream, stream)

    async def finish(self, lease: Lease) -> None:
        """See ``EventLog.finish``."""
        stream = self._find(lease.stream)
        if not (stream and stream.finished and stream.token == lease.token):
            stream = self._check_lease(lease)
            stream.finished, stream.until = True, time.time()
            self._save(lease.stream, stream)

    def read(self, stream: str, after: int = 0) -> AsyncGenerator[list[Entry], None]:
        """See ``EventLog.read``."""
        return base.follow(self.notifier, self._load, stream, after)

    async def status(self, stream: str) -> StreamStatus | None:
        """See ``EventLog.status``."""
        page = await self._load(stream, 0)
        return page.status if page else None

    async def delete(self, stream: str) -> None:
        """See ``EventLog.delete``."""
        if self.streams.pop(stream, None):
            (self.folder / f"{stream}.json").unlink(missing_ok=True)
            self.notifier.notify(stream)

    async def aclose(self) -> None:
        """See ``EventLog.aclose``."""
        self.closed = True
        self.notifier.notify_all()

    def _find(self, name: str) -> _Stream | None:
        stream = self.streams.get(name)
        return stream if stream and time.time() < stream.until + self.keep else None

    def _check_lease(self, lease: Lease) -> _Stream:
        stream = self._find(lease.stream)
        if stream is None or stream.token != lease.token or stream.state() != "open":
            raise LeaseLostError
        return stream

    def _save(self, name: str, stream: _Stream) -> None:
        self.streams[name] = stream
        try:
            (self.folder / "new").write_text(json.dumps(attrs.asdict(stream)))
            (self.folder / "new").replace(self.folder / f"{name}.json")
        except OSError as error:
            raise StoreError(f"The file of stream {name} failed: {error}") from error
        self.notifier.notify(name)

    async def _load(self, name: str, after: int) -> base.LogPage | None:
        if self.closed:
            raise StoreError("The log was closed.")
        if (stream := self._find(name)) is None:
            return None
        state, first, last = stream.state(), stream.first, stream.last
        left = stream.until - time.time() if state == "open" else 0.0
        status = StreamStatus(
            stream=name, owner=stream.owner, state=state, first=first, last=last, lease_left=max(0.0, left)
        )
        seqs = range(max(after + 1, first), min(after + base.PAGE, last) + 1)
        entries = [Entry(seq=seq, payload=stream.payloads[seq - first].encode("latin-1")) for seq in seqs]
        return base.LogPage(stream, status, entries)


async def main() -> None:
    """Write a stream, and read it after a restart."""
    with tempfile.TemporaryDirectory() as folder:
        log = FileEventLog(Path(folder))
        lease = await log.acquire("s-1", owner="ada")
        assert lease is not None
        await log.append(lease, 1, [b"Hello", b"world"])
        await log.finish(lease)
        restarted = FileEventLog(Path(folder))
        async for entries in restarted.read("s-1", after=1):
            print(entries)


if __name__ == "__main__":
    asyncio.run(main())
