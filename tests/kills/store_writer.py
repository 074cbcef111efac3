"""A producer to be killed: ``python store_writer.py '{"url": ..., "seed": ..., ...}'``.

It writes one stream in each slot and then the next, a batch at a time, and says on its standard output what
became of it. A store that fails is asked again, with the same batch, until it answers; one that has forgotten
entries is told them again. A batch is acknowledged when its line is in the pipe.
"""

import asyncio
import json
import random
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from componentstream.log import LeaseLostError, SequenceError, StoreError, open_log
from tests.kills.store_upstream import BATCH, OWNER, length, name, payload, say

_PAUSE = 0.01


class Writer:
    """One life of the producer.

    Args:
        log: where it writes.
        seed: of the run.
        life: counts the lives.
        ttl: of its leases.
        take_over: what it takes over.
        last: whether to begin no further stream.
    """

    def __init__(self, log, *, seed, life, ttl, take_over, last):
        self.log = log
        self.seed = seed
        self.life = life
        self.ttl = ttl
        self.take_over = take_over
        self.last = last
        self.chance = random.Random(f"{seed} writer {life}")

    async def write(self, slot, index):
        """Write the streams of a slot, from the one with this index."""
        while True:
            stream = name(slot, index)
            while (lease := await self.lease(stream)) is not None:
                with suppress(LeaseLostError):
                    await self.rest(lease)
                    break
                say("lost", stream)
            say("end", stream)
            if self.last:
                return
            index += 1

    async def lease(self, stream):
        """Return the lease of a stream, None if it is finished."""
        while True:
            with suppress(StoreError):
                lease = await self.log.acquire(stream, owner=OWNER, ttl=self.ttl, take_over=self.take_over)
                if lease is not None:
                    say("took", stream, lease.last)
                    return lease
                status = await self.log.status(stream)
                if status is not None and status.state == "finished":
                    return None
            await asyncio.sleep(_PAUSE)

    async def rest(self, lease):
        """Write what is missing of a stream, and finish it."""
        end = length(self.seed, lease.stream)
        seq = lease.last + 1
        while seq <= end:
            batch = range(seq, min(seq + self.chance.randint(1, BATCH), end + 1))
            try:
                await self.append(lease, batch)
            except SequenceError as error:
                say("hole", lease.stream, error.last)
                seq = error.last + 1
                continue
            say("ack", lease.stream, seq, len(batch), self.life)
            seq = batch.stop
            await asyncio.sleep(self.chance.choice([0, 0, 0.002, 0.01]))
        await self.until_done(lambda: self.log.finish(lease))

    async def append(self, lease, batch):
        said = [payload(self.seed, lease.stream, seq, self.life) for seq in batch]
        with suppress(StoreError):
            await self.log.append(lease, batch.start, said)
            return
        status = await self.until_done(lambda: self.log.status(lease.stream))
        say("again", lease.stream, int(status is not None and status.last == batch.stop - 1))
        await self.until_done(lambda: self.log.append(lease, batch.start, said))

    async def until_done(self, call):
        """Make a call, and again while the store fails."""
        while True:
            with suppress(StoreError):
                return await call()
            await asyncio.sleep(_PAUSE)


async def main(*, url, places, **how):
    async with open_log(url) as log:
        writer = Writer(log, **how)
        await asyncio.gather(*(writer.write(slot, index) for slot, index in places))


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
