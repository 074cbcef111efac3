"""Sources that record whether they were read and closed, and the expected events of their streams."""

import asyncio
import json
import threading
import time

from componentstream.session.session import ErrorWindow, GenerationSession, Timeouts
from componentstream.wire import SSEDecoder
from tests.timing import WAIT

PAGE = ["/// START Hero\n", "<h1>hi</h1>\n", "/// END Hero\n"]
TYPES = [
    "status",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "status",
    "status",
    "message_stop",
]
"""The types of the events of PAGE."""

SECRET = "the prompt at /srv/prompts"  # noqa: S105 - not a real secret
LONG = 30.0


class SourceFailedError(Exception):
    """The exception of a failing source."""


class Source:
    """A plain and an asynchronous source of steps.

    A step is text to yield, seconds to wait, an event (of threads or asyncio, as the source is read) to wait
    for, or an exception to raise.
    """

    def __init__(self, *steps):
        self.steps = steps
        self.read = 0
        self.closed = 0

    def plain(self):
        return Plain(self)

    async def chunks(self):
        try:
            for step in self.steps:
                self.read += 1
                if isinstance(step, float):
                    await asyncio.sleep(step)
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    yield given(step)
        finally:
            self.closed += 1

    async def awaited(self):
        """Return the asynchronous source when it is awaited, as client libraries do."""
        await asyncio.sleep(0)
        return self.chunks()


class Plain:
    """A plain iterator that can be closed before it is started."""

    def __init__(self, source):
        self.source = source
        self.steps = iter(source.steps)

    def __iter__(self):
        return self

    def __next__(self):
        step = next(self.steps)
        self.source.read += 1
        if isinstance(step, float):
            time.sleep(step)
            return next(self)
        if isinstance(step, threading.Event):
            step.wait(WAIT)
            return next(self)
        return given(step)

    def close(self):
        self.source.closed += 1


def given(step):
    if isinstance(step, Exception):
        raise step
    return step


def endless():
    return Source(*PAGE[:2], *["more\n"] * 1_000_000)


def failing_session():
    """A session that ends at the first error."""
    return GenerationSession(error_window=ErrorWindow(max_errors=0))


def hasty_session():
    """A session with a chunk timeout of 0.05 seconds."""
    return GenerationSession(timeouts=Timeouts(chunk=0.05), id="s1")


def watched_session(hook):
    """A session that calls a hook."""
    return GenerationSession(hooks=[hook], id="s1")


async def until(happened):
    """Wait until a condition holds."""
    async with asyncio.timeout(WAIT):
        while not happened():  # noqa: ASYNC110 - the condition has no event to wait for
            await asyncio.sleep(0.01)


def decoded(body):
    decoder = SSEDecoder()
    return [*decoder.feed(body), *decoder.close()]


def types(body):
    return [event.type for event in decoded(body)]


def error_of(body):
    return json.loads(body)["error"]
