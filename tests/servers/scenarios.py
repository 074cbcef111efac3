"""The sources that every application under test streams, one for each scenario.

A source that is closed writes a file named by the request, with the time of its last chunk, the time of its
closing, and the longest pause between chunks. The monotonic clock, which all processes of the machine share,
gives these times and those in the chunks.
"""

import asyncio
import os
import time
from pathlib import Path

SEND_TIMEOUT = 0.5
PAUSE = 0.04
STAMPS = 10
HEARTBEAT = 0.15
SECRET = "/srv/prompts/secret.txt"  # noqa: S105 - not a real secret

START = "/// START Hero\n"
END = "/// END Hero\n"
FLOOD = "\N{GRINNING FACE}" * 16384 + "\n"
"""Twelve bytes a character on the wire, in text outside of components, of which a stream may have 16 Mi."""


def options(scenario):
    """Return the options of the adapter; one scenario does not tolerate a stalled client."""
    return {"send_timeout": SEND_TIMEOUT if scenario == "flood" else 60.0, "heartbeat": HEARTBEAT}


class SourceFailedError(Exception):
    """The exception of a failing source; clients must not see its message."""


def steps(scenario):
    """Yield the steps of a source: seconds to wait, text, None for a stamp, an exception to raise."""
    if scenario == "spread":
        yield START
        for _ in range(STAMPS):
            yield PAUSE
            yield None
        yield END
    elif scenario == "endless":
        yield START
        while True:
            yield PAUSE
            yield None
    elif scenario == "silent":
        yield START
        yield 3600.0
    elif scenario in {"flood", "patient"}:
        while True:
            yield FLOOD
    elif scenario == "early":
        yield PAUSE
        yield SourceFailedError(SECRET)
    elif scenario == "late":
        yield START
        yield PAUSE
        yield None
        yield SourceFailedError(SECRET)


class Trace:
    """Records the activity of a source, for the process of the test to read."""

    def __init__(self, key):
        self.path = Path(os.environ["TRACES"], key)
        self.last = time.monotonic()
        self.longest = 0.0

    def step(self):
        self.pause()
        return f"{self.last}\n"

    def pause(self):
        now = time.monotonic()
        self.longest = max(self.longest, now - self.last)
        self.last = now

    def close(self):
        draft = self.path.with_suffix(".draft")
        last = self.last
        self.pause()
        draft.write_text(f"{last} {self.last} {self.longest}", encoding="ascii")
        draft.rename(self.path)


def chunks(scenario, key):
    """Return the source of a scenario."""
    trace = Trace(key)
    try:
        for step in steps(scenario):
            if isinstance(step, float):
                time.sleep(step)
            elif isinstance(step, Exception):
                raise step
            else:
                stamp = trace.step()
                yield step or stamp
    finally:
        trace.close()


async def achunks(scenario, key):
    """Return the same source, asynchronous."""
    trace = Trace(key)
    try:
        for step in steps(scenario):
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, Exception):
                raise step
            else:
                stamp = trace.step()
                yield step or stamp
    finally:
        trace.close()
