"""What every application under test streams: the sources of some scenarios, which tell when they are closed.

A source writes, when it is closed, a file that is named by the request: the time of its last chunk, the
time of the closing, and the longest pause between chunks. The clock is the monotonic one, which all processes
of the machine share; it stamps the chunks too.
"""

import asyncio
import os
import time
from pathlib import Path

SEND_TIMEOUT = 0.5
PAUSE = 0.04
STAMPS = 10
HEARTBEAT = 0.15
SECRET = "/srv/prompts/secret.txt"  # noqa: S105 - not one that opens anything

START = "/// START Hero\n"
END = "/// END Hero\n"
FLOOD = "\N{GRINNING FACE}" * 16384 + "\n"
"""Twelve bytes a character on the wire, in text outside of components, of which a stream may have 16 Mi."""


def options(scenario):
    """What an application passes to its adapter; only in one scenario a stalled reader is put up with."""
    return {"send_timeout": 60.0 if scenario == "patient" else SEND_TIMEOUT, "heartbeat": HEARTBEAT}


class SourceFailedError(Exception):
    """What a source raises; nobody outside may see what it says."""


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
    """Notes what a source does, for the process of the test to read."""

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
    """The source of a scenario."""
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
    """The same, asynchronous."""
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
