"""Let subscribers join, lag and resume at random while a stream is written, and check their entries.

    python tests/server/junctions.py --runs 10000

In each run a real producer writes a stream, in a burst or slowly. Subscribers join at random, after the
number that they have, some of them on another worker. They take entries at once or after seconds, when the
tail has dropped them. Calls of the log take event loop iterations or time, and some fail, executed or not.
Sometimes the stream is stopped or taken over, or its producer dies.

Afterwards every subscriber must have received the entries of the log from its number on: none lost, none
doubled, in order, with their numbers, and the whole well-formed. Time is virtual, except with ``--file``,
where the log is an SQLite file.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from componentstream.log import MemoryEventLog, SQLiteEventLog, StoreError
from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.subscriber import StreamSubscriber
from componentstream.server.streams.takeover import end_cancelled, finish_abandoned
from componentstream.wire import SSEEncoder
from tests.server.failing_log import FailingLog, Trouble
from tests.server.stream_helpers import (
    OWNER,
    REAL_TIMEOUT,
    STREAM,
    begin,
    chunks_of,
    run,
    state,
    stored,
    verify,
)

BEAT = SSEEncoder().heartbeat()
ENDINGS = ("itself",) * 6 + ("stopped", "taken over", "died")


class RestlessLog(FailingLog):
    """A log whose calls take loop iterations or time, and sometimes fail, but never for long."""

    def __init__(self, log, rng, figures, scale):
        super().__init__(log)
        self._rng = rng
        self._figures = figures
        self._scale = scale
        self._some = rng.choice((0.0, 0.02, 0.1))

    def _trouble(self, name):
        rng = self._rng
        fails = name not in {"status", "acquire"} and rng.random() < self._some
        self._figures["troubles"] += fails
        return Trouble(
            error=StoreError("no") if fails else None,
            gets_through=rng.random() < 0.5 and fails,
            turns=rng.choice((0, 0, 1, 2, 5)),
            seconds=rng.choice((0, 0, 0, 0.01, 0.1)) * self._scale,
            closing=rng.choice((0, 0, 0, 0.01, 0.1)) * self._scale,
        )


class CountedSubscriber(StreamSubscriber):
    """A subscriber whose moves between log and tail are counted."""

    __slots__ = ("figures", "where")

    async def _available(self):
        tail = self._tail
        here = tail is not None and not tail.fenced and tail.after(self._after) is not None
        where = "tail" if here else "log"
        if self.where and where != self.where:
            self.figures["went over to the tail" if here else "went back to the log"] += 1
        self.where = where
        return await super()._available()


class Run:
    """One stream, its producer and its subscribers."""

    def __init__(self, rng, log, figures, scale):
        self.rng = rng
        self.log = log
        self.figures = figures
        self.scale = scale
        self.got = []
        self.producer = None

    async def source(self):
        rng = self.rng
        chars = rng.choice((1, 1, 1, 300, 3000))
        pauses = rng.choice(((0.0,), (0.0, 0.0, 0.002), (0.0, 0.02), (0.05, 0.2, 1.0)))
        for number in range(rng.choice((3, 30, 100, 350))):
            await asyncio.sleep(rng.choice(pauses) * self.scale)
            yield f"{number} {'x' * chars}\n"
            if rng.random() < 0.05:
                yield "/// START A\n/// END A\n" * rng.choice((1, 30))

    async def read(self):
        rng = self.rng
        await asyncio.sleep(rng.choice((0.0, 0.01, 0.3, 1.0, 5.0)) * rng.random() * self.scale)
        status = await self.log.log.status(STREAM)
        after = rng.choice((0, rng.randint(0, status.last)))
        subscriber = CountedSubscriber(
            self.log,
            status,
            self.producer.tail if rng.random() < 0.8 else None,
            EventFilter(after, debug=True),
            finish_abandoned=self.finish_abandoned,
            heartbeat=rng.choice((0.05, 15.0)) * self.scale,
            log_timeout=20.0 * self.scale,
        )
        subscriber.figures, subscriber.where = self.figures, ""
        lags = rng.choice(((0.0,), (0.0,), (0.0, 0.0, 0.05), (0.0,) * 8 + (2.5,)))
        chunks = []
        try:
            async for chunk in chunks_of(subscriber):
                if chunk != BEAT:
                    chunks.append(chunk)
                for _ in range(rng.choice((0, 0, 1, 3))):
                    await asyncio.sleep(0)
                await asyncio.sleep(rng.choice(lags) * self.scale)
        finally:
            await subscriber.aclose()
        self.got.append((after, b"".join(chunks)))

    async def finish_abandoned(self, status):
        await finish_abandoned(self.log, status.stream, status.owner, 2.0 * self.scale)

    async def meddle(self, ending, task):
        await asyncio.sleep(self.rng.choice((0.01, 0.5, 3.0)) * self.rng.random() * self.scale)
        if ending == "stopped":
            self.producer.stop()
        elif ending == "taken over":
            await end_cancelled(self.log.log, STREAM, OWNER, 2.0 * self.scale)
        elif ending == "died":
            task.cancel()

    async def whole(self):
        rng = self.rng
        lease = rng.choice((5.0, 60.0)) * self.scale
        self.producer = await begin(self.log, self.source(), ttl=lease, log_timeout=20.0 * self.scale)
        task = asyncio.create_task(self.producer.run())
        ending = rng.choice(ENDINGS)
        meddling = asyncio.create_task(self.meddle(ending, task))
        subscribers = [asyncio.create_task(self.read()) for _ in range(rng.randint(1, 5))]
        await asyncio.wait([task, meddling, *subscribers])
        for done in (meddling, *subscribers):
            done.result()
        self.figures[f"ended: {ending}"] += 1
        await self.judge()

    async def judge(self):
        log = self.log.log
        assert await state(log) == "finished"
        payloads = await stored(log)
        verify(payloads)
        frames = [b"data: %b\nid: %d\n\n" % (payload, seq) for seq, payload in enumerate(payloads, 1)]
        for after, received in self.got:
            assert (received == b"".join(frames[after:])) is True, (
                f"a subscriber after {after} got other entries"
            )
            self.figures["records"] += len(payloads) - after
        self.figures["runs"] += 1
        self.figures["readers"] += len(self.got)


def run_once(seed, figures, path=None):
    """Play one run."""
    rng = random.Random(seed)

    async def in_memory():
        await Run(rng, RestlessLog(MemoryEventLog(), rng, figures, 1.0), figures, 1.0).whole()

    async def in_a_file():
        log = SQLiteEventLog(path / f"{seed}.db", call_timeout=REAL_TIMEOUT)
        try:
            await Run(rng, RestlessLog(log, rng, figures, 0.05), figures, 0.05).whole()
        finally:
            await log.aclose()

    try:
        if path is None:
            run(in_memory(), debug=False)
        else:
            asyncio.run(in_a_file())
    except BaseException as error:
        error.add_note(f"in run {seed}")
        raise


def run_many(seeds, path=None):
    """Play runs and return the figures; raise the first fault."""
    figures = Counter()
    for seed in seeds:
        run_once(seed, figures, path)
    return figures


def main(arguments=None):
    """Play runs from the command line; return the exit status."""
    options = argparse.ArgumentParser(
        description="Play subscribers that join and lag while a stream is written."
    )
    options.add_argument("--runs", type=int, default=10_000)
    options.add_argument("--first", type=int, default=0, help="the seed of the first run")
    options.add_argument("--file", action="store_true", help="with an SQLite file, in real time")
    given = options.parse_args(arguments)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) if given.file else None
        figures = run_many(range(given.first, given.first + given.runs), path)
    seen = ", ".join(f"{name} {count:,}" for name, count in sorted(figures.items()))
    sys.stdout.write(f"{seen}; in {time.monotonic() - begun:.0f} s: nothing missing, nothing twice\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
