"""Another process with an SQLite log: ``python other_process.py FILE write|read STREAM``.

``write`` appends entries, three at a time, and prints the number of the last one that was acknowledged;
``read`` prints each entry that it gets.
"""

import asyncio
import sys

from componentstream.log import SQLiteEventLog


def say(message):
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


async def write(log, stream, count):
    lease = await log.acquire(stream, owner="ada")
    say("started")
    for first in range(1, count + 1, 3):
        await log.append(lease, first, [b"%d" % seq for seq in range(first, first + 3)])
        say(first + 2)
    await log.finish(lease)


async def read(log, stream):
    say("started")
    async for page in log.read(stream):
        for entry in page:
            say(entry.payload.decode())


async def main(file, action, stream, *counts):
    log = SQLiteEventLog(file, call_timeout=10.0)
    if action == "write":
        await write(log, stream, *map(int, counts))
    else:
        await read(log, stream)
    await log.aclose()


asyncio.run(main(*sys.argv[1:]))
