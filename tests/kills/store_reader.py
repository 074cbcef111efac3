"""Readers to be killed: ``python store_reader.py '{"url": ..., "places": [[slot, index, after]], ...}'``.

Each reads the streams of a slot one after the other and says on the standard output what it got. It comes
back after its last entry whenever it was cut off, and leaves now and then of its own accord.
"""

import asyncio
import json
import random
import sys
from contextlib import aclosing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from componentstream.log import (
    GapError,
    ProducerLostError,
    SequenceError,
    StoreError,
    StreamUnknownError,
    open_log,
)
from tests.kills.store_upstream import digest, name, say

_PAUSE = 0.01
_LEAVES = 0.05


async def follow(log, reader, place, chance):
    """Read the streams of a slot from a place on."""
    slot, index, after = place
    while True:
        stream = name(slot, index)
        try:
            async with aclosing(log.read(stream, after)) as pages:
                async for page in pages:
                    say("got", reader, stream, *(f"{entry.seq}:{digest(entry.payload)}" for entry in page))
                    after = page[-1].seq
                    if chance.random() < _LEAVES:
                        say("back", reader)
                        break
                else:
                    say("end", reader, stream)
                    index, after = index + 1, 0
        except StreamUnknownError:
            await asyncio.sleep(_PAUSE)
        except (StoreError, ProducerLostError):
            say("back", reader)
            await asyncio.sleep(_PAUSE)
        except (GapError, SequenceError) as error:
            say("told", reader, stream, after, type(error).__name__)
            await asyncio.sleep(_PAUSE)


async def main(*, url, places, seed):
    async with open_log(url) as log:
        await asyncio.gather(
            *(
                follow(log, reader, place, random.Random(f"{seed} {place}"))
                for reader, place in enumerate(places)
            )
        )


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
