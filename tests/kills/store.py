"""Kill what keeps the streams, again and again, and see whether anything acknowledged is missing.

    python tests/kills/store.py --store sqlite --kills 100 --seed 1

A producer writes several streams at once, in a process of its own; readers follow them in another. With
``sqlite`` the producer is killed with SIGKILL at a random moment, and sometimes the readers with it, so that
nobody is left who has the file open. With ``redis-everysec`` and ``redis-always`` a redis-server with an
append-only file is killed and started again, and sometimes the others with it. After each kill the log is
compared with what was acknowledged before, and in the end with what each reader got. If anything contradicts
anything, the status is 1.

Redis with ``everysec`` answers before it has written while the disk is busy, and so may forget what it
acknowledged last. There that is counted: how much, and how many streams went on otherwise than a reader or
an earlier life of the producer knows them.
"""

import argparse
import asyncio
import json
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, aclosing, closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from componentstream.log import StoreError, open_log
from tests.kills.store_ledger import KINDS, Ledger
from tests.kills.store_upstream import name, place
from tests.log.redis_server import RedisServer

STORES = ("sqlite", "redis-everysec", "redis-always")
SLOTS = 4
READERS = 2
"""Readers of each slot."""

_HERE = Path(__file__).parent
_SECONDS = 60
"""How long anything may take."""


class Child:
    """A process that is to be killed, and what it says.

    Args:
        script: which.
        given: its argument.
        hear: called with the words of each line.
    """

    def __init__(self, script, given, hear):
        self.script = script
        self.given = given
        self.hear = hear
        self.spoke = asyncio.Event()

    async def start(self):
        command = [sys.executable, str(_HERE / self.script), json.dumps(self.given)]
        self.process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self):
        rest = b""
        while heard := await self.process.stdout.read(65_536):
            *lines, rest = (rest + heard).split(b"\n")
            for line in lines:
                self.hear(line.decode().split())
                self.spoke.set()
        # What is left is a line that the process had not said to its end.

    async def end(self):
        """Return the status of the process, after all that it said was heard."""
        async with asyncio.timeout(_SECONDS):
            await self.listening
            return await self.process.wait()

    async def kill(self):
        """Kill the process, and make sure that this is what it died of."""
        if self.process.returncode is None:
            self.process.kill()
        status = await self.end()
        if status != -signal.SIGKILL:
            raise RuntimeError(f"{self.script} ended by itself, with status {status}")


class Run:
    """One run.

    Args:
        store: one of ``STORES``.
        kills: how often.
        seed: of all that is random.
        folder: where the store keeps its files.
    """

    def __init__(self, store, kills, seed, folder):
        self.store = store
        self.kills = kills
        self.seed = seed
        self.folder = Path(folder)
        self.chance = random.Random(f"{seed} {store}")
        self.ledger = Ledger(seed, forgetful=store == "redis-everysec")
        self.counts = Counter()
        self.life = 0
        self.takes = ["open", *self.chance.choices(["open", "lost"], [3, 1], k=kills + 1)]
        self.writer = self.readers = self.server = None
        if store == "sqlite":
            self.url = f"sqlite:{self.folder}/log.db"
        else:
            options = ("--appendonly", "yes", "--appendfsync", store.partition("-")[2])
            self.server = RedisServer(self.folder, *options)
            self.url = f"redis://127.0.0.1:{self.server.port}"

    async def run(self):
        """Do it; see the ledger and the counts for what came of it."""
        async with AsyncExitStack() as stack:
            if self.server is not None:
                stack.enter_context(self.server)
            stack.push_async_callback(self._end_children)
            await self._start_readers()
            await self._start_writer()
            for _ in range(self.kills):
                await self._round()
            await self._finish()

    async def _round(self):
        if self.chance.random() < 0.8:
            await self._until(self.writer.spoke.is_set)
        await asyncio.sleep(self.chance.uniform(0, 0.3))
        with_writer = self.server is None or self.chance.random() < 0.25
        with_readers = self.chance.random() < 0.3
        if self.server is not None:
            await self._kill_server()
        if with_writer:
            await self.writer.kill()
            self.counts["writer"] += 1
        if with_readers:
            await self.readers.kill()
            self.counts["readers"] += 1
        if self.server is not None:
            await asyncio.sleep(self.chance.uniform(0, 0.3))
            await asyncio.to_thread(self.server.start)
        elif with_readers:
            self.counts["recovered"] += _size(self.folder / "log.db-wal") > 0
        await self._check(self._open())
        if with_readers:
            await self._start_readers()
        if with_writer:
            self.life += 1
            await self._start_writer()

    async def _kill_server(self):
        self.server.kill()
        if self.server.process.returncode != -signal.SIGKILL:
            raise RuntimeError(f"redis-server ended by itself, with status {self.server.process.returncode}")
        self.counts["server"] += 1

    async def _finish(self):
        """Let a last life of the producer end the streams that it finds, and the readers read them."""
        await self.writer.kill()
        self.life += 1
        await self._start_writer(places=[place(stream) for stream in await self._unfinished()])
        if await self.writer.end() != 0:
            raise RuntimeError("the last producer failed")
        if left := await self._unfinished():
            raise RuntimeError(f"{left} were not finished")
        await self._until(lambda: all(map(self._is_read, self.ledger.streams)))
        await self.readers.kill()
        await self._check(self.ledger.streams)
        for stream in self.ledger.streams:
            self.ledger.compare(stream, _readers_of(stream))

    async def _unfinished(self):
        """Return the streams that have no end in the log; what is forgotten may be the end of one."""
        async with open_log(self.url) as log:
            stands = {stream: await _patiently(log.status, stream) for stream in self.ledger.streams}
        return [stream for stream, status in stands.items() if status is None or status.state != "finished"]

    def _is_read(self, stream):
        return self.ledger.streams[stream].done >= set(_readers_of(stream)) or bool(self.ledger.faults)

    async def _until(self, done):
        async with asyncio.timeout(_SECONDS):
            while not done():  # noqa: ASYNC110 - what is waited for is heard of in many places
                await asyncio.sleep(0.005)

    async def _start_writer(self, places=None):
        """Start a life of the producer, which writes streams in each slot, or these and no others."""
        take_over = self.takes[min(self.life, self.kills)]
        next_one = self.takes[min(self.life + 1, self.kills)]
        self.writer = Child(
            "store_writer.py",
            {
                "url": self.url,
                "seed": self.seed,
                "life": self.life,
                "ttl": 0.5 if next_one == "lost" else 10.0,
                "take_over": take_over,
                "last": places is not None,
                "places": [place(stream) for stream in self._open()] if places is None else places,
            },
            self._hear_writer,
        )
        await self.writer.start()

    async def _start_readers(self):
        places = []
        for reader in range(SLOTS * READERS):
            slot = reader // READERS
            index = self._index(slot, lambda known, reader=reader: reader in known.done)
            places.append([slot, index, len(self.ledger.streams[name(slot, index)].got[reader])])
        given = {"url": self.url, "places": places, "seed": f"{self.seed} {self.life}"}
        self.readers = Child("store_reader.py", given, self._hear_reader)
        await self.readers.start()

    def _index(self, slot, done):
        """Return the index of the first stream of a slot that is not done."""
        index = 0
        while done(self.ledger.streams[name(slot, index)]):
            index += 1
        return index

    def _open(self):
        """Return the streams that are being written."""
        return [name(slot, self._index(slot, lambda known: known.ended)) for slot in range(SLOTS)]

    def _hear_writer(self, words):
        match words:
            case ["took", stream, last]:
                self.ledger.took(stream, int(last))
            case ["hole", stream, last]:
                self.ledger.hole(stream, int(last))
            case ["ack", stream, first, count, life]:
                self.ledger.acknowledge(stream, int(first), int(count), int(life))
            case ["end", stream]:
                self.ledger.end(stream)
            case ["again", _, found]:
                self.counts["repeated"] += 1
                self.counts["found"] += int(found)
            case ["lost", _]:
                self.counts["leases"] += 1
            case _:
                raise ValueError(words)

    def _hear_reader(self, words):
        match words:
            case ["got", reader, stream, *entries]:
                pairs = (entry.split(":") for entry in entries)
                self.ledger.receive(int(reader), stream, [(int(seq), said) for seq, said in pairs])
            case ["end", reader, stream]:
                self.ledger.done(int(reader), stream)
            case ["back", _]:
                self.counts["reconnections"] += 1
            case ["told", reader, stream, after, why]:
                self.ledger.told(int(reader), stream, int(after), why)
            case _:
                raise ValueError(words)

    async def _check(self, streams):
        """Compare the log with the ledger."""
        if self.server is None:
            with closing(sqlite3.connect(self.folder / "log.db")) as connection:
                (found,) = connection.execute("PRAGMA integrity_check").fetchone()
            self.counts["sound"] += found == "ok"
            if found != "ok":
                self.ledger.fault("wrong", f"the file is not sound: {found}")
        acknowledged = {stream: self.ledger.streams[stream].acknowledged for stream in streams}
        async with open_log(self.url) as log:
            for stream, count in acknowledged.items():
                self.ledger.show(stream, await _entries(log, stream), count)
        self.counts["checks"] += 1

    async def _end_children(self):
        for child in (self.writer, self.readers):
            if child is not None and child.process.returncode is None:
                child.process.kill()
                await child.process.wait()

    def figures(self, seconds):
        """Return all of it in one line."""
        ledger, counts = self.ledger.counts, self.counts
        killed = f"writer {counts['writer']}, readers {counts['readers']}"
        if self.server is None:
            killed += f", both with a write-ahead log left behind {counts['recovered']}"
            more = f"integrity_check ok {counts['sound']} of {counts['checks']}"
        else:
            killed = f"redis-server {counts['server']}, {killed}"
            more = f"{counts['repeated']} appends repeated, {counts['found']} of them were there"
        if self.ledger.forgetful:
            more += (
                f"; forgotten by Redis {ledger['forgotten']} entries,"
                f" {ledger['torn']} streams continued otherwise, readers told {ledger['told']} times"
            )
        streams = len(self.ledger.streams)
        parts = [
            f"{self.store}, seed {self.seed}: {self.kills} kills ({killed})",
            f"{ledger['acknowledged']:,} entries of {streams} streams in {ledger['appends']:,} appends",
            f"{ledger['taken']} times begun or taken over",
            f"the log ahead of the acknowledgement {ledger['ahead']} times by {ledger['adopted']} entries",
            more,
            f"{ledger['compared']:,} entries compared",
            f"{ledger['received']:,} received by readers who came back {counts['reconnections']:,} times",
            ", ".join(f"{ledger[kind]} {kind}" for kind in KINDS),
            f"{seconds:.0f} s",
        ]
        return "; ".join(parts)


def _readers_of(stream):
    slot, _ = place(stream)
    return range(slot * READERS, (slot + 1) * READERS)


def _size(path):
    return path.stat().st_size if path.exists() else 0


async def _patiently(call, *arguments):
    """Make a call of the log, and again while the store is too busy to answer."""
    end = time.monotonic() + _SECONDS
    while True:
        try:
            return await call(*arguments)
        except StoreError:
            if time.monotonic() > end:
                raise


async def _entries(log, stream):
    """Return what a log has of a stream at this moment."""
    status = await _patiently(log.status, stream)
    entries = []
    while status is not None and len(entries) < status.last:
        entries += await _patiently(_page, log, stream, len(entries))
    return entries


async def _page(log, stream, after):
    async with aclosing(log.read(stream, after)) as pages:
        return await anext(pages)


def main(arguments=None):
    """Run it; return the exit status."""
    options = argparse.ArgumentParser(description="Kill what keeps the streams, and look what is missing.")
    options.add_argument("--store", choices=STORES, required=True)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args(arguments)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(given.store, given.kills, given.seed, folder)
        asyncio.run(run.run())
    sys.stdout.write(run.figures(time.monotonic() - begun) + "\n")
    sys.stdout.write("".join(f"{fault}\n" for fault in run.ledger.faults[:50]))
    return 1 if run.ledger.faults else 0


if __name__ == "__main__":
    sys.exit(main())
