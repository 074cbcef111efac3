"""Running a scenario with a log."""

import asyncio

from componentstream.testing.log_contract._scenario import settled

SHORT = 0.05
"""TTL in seconds of a lease that is meant to expire."""


def run(open_log, scenario):
    """Run a scenario with the log that an asynchronous context manager opens; no task may be left."""

    async def main():
        async with open_log() as log:
            await scenario(log)
        await settled()

    asyncio.run(main())
