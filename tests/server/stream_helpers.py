"""Streams without a server around them: a log on virtual time, producers, and stored entries."""

import asyncio
import json
import math
from contextlib import aclosing

from componentstream._aio.deadlines import SharedTimeout
from componentstream.core.event_json import event_from_dict
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    MessageStop,
    StatusEvent,
    TextBlock,
)
from componentstream.core.parser import ComponentParser
from componentstream.drive.generation import Generation
from componentstream.log import MemoryEventLog, memory
from componentstream.server.streams.payloads import renderer
from componentstream.server.streams.producer import Producer
from componentstream.session.session import GenerationSession, Timeouts
from componentstream.sources import SourceDecoder
from componentstream.testing import EventVerifier
from componentstream.wire import event_to_json
from tests.drive.virtual import VirtualLoop
from tests.drive.virtual import run as run_virtually
from tests.server.failing_log import FailingLog

STREAM = "s-1"
OWNER = "user 0 ada"
TTL = 9.0
REAL_TIMEOUT = 30.0
"""Seconds for calls of a store in real time, where a busy machine makes them slow."""

PAGE = [
    "Here ", "it is.\n", "/// START Hero\n", "<h1>", "Hi", "</h1>\n", "/// END Hero\n", "And:\n",
    "/// START A\n", "a\n", "/// START B\n", "b\n", "/// END B\n", "c\n", "/// END A\n", "That ", "was it.",
]  # fmt: skip
"""Chunks of an answer with text, components and nesting."""

STATUS = StatusEvent("progress", 1.0, 1, 1, 9)
EVENTS = [
    STATUS,
    DebugEvent({"n": 1}),
    ContentBlockStart(0, TextBlock()),
    ContentBlockDelta(0, "Hi"),
    ContentBlockStop(0, "end", 2),
    ContentBlockStart(1, ComponentBlock("A", "main")),
    ContentBlockDelta(1, "a"),
    ContentBlockStart(2, ComponentBlock("B", "main", parent=1)),
    ErrorEvent("malformed_marker", "No."),
    ContentBlockStop(2, "end", 0),
    ContentBlockStop(1, "end", 1),
    ContentBlockStart(3, TextBlock()),
    ContentBlockDelta(3, "Ho"),
    ContentBlockStop(3, "end", 2),
    MessageStop("complete"),
]
PAYLOADS = [event_to_json(event) for event in EVENTS]
"""A handwritten stream, as events and as payloads."""


def monotonic():
    """Return the time of the event loop, which is also the clock of the log in memory."""
    return asyncio.get_running_loop().time()


def run(coroutine, *, debug=True):
    """Run a coroutine on virtual time, including the leases of logs in memory.

    No task may be left over, and no exception unhandled.
    """
    complaints = []

    async def whole():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        return await coroutine

    before, memory.monotonic = memory.monotonic, monotonic
    try:
        result = run_virtually(whole(), loop_factory=VirtualLoop, debug=debug)
    finally:
        memory.monotonic = before
    assert complaints == []
    return result


def new_log(**bounds):
    """Return a log in memory whose calls can be made to fail."""
    return FailingLog(MemoryEventLog(**bounds))


async def begin(
    log,
    source,
    *,
    stream=STREAM,
    ttl=TTL,
    debug=False,
    hooks=(),
    limits=None,
    batcher=None,
    timeouts=None,
    on_store_failure="continue",
    log_timeout=1.0,
    failures=None,
):
    """Return a producer with its lease, ready to run."""
    lease = await log.acquire(stream, owner=OWNER, ttl=ttl)
    session = GenerationSession(
        parser=ComponentParser(limits=limits) if limits else None,
        timeouts=timeouts or Timeouts(None, None),
        hooks=hooks,
        id=stream,
    )
    generation = Generation(
        session,
        SourceDecoder(),
        batcher,
        asyncio.get_running_loop().time,
        renderer(session, debug=debug),
    )
    return Producer(
        source,
        generation,
        log,
        lease,
        on_store_failure=on_store_failure,
        log_timeout=SharedTimeout(log_timeout),
        on_log_failure=[].append if failures is None else failures.append,
    )


class Watch:
    """A subscriber of a tail that never lags.

    Attributes:
        entries: The entries so far.
        times: When each of them came.
    """

    def __init__(self, tail, seen=lambda _entries: None):
        self.tail = tail
        self.entries = []
        self.times = []
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        tail.subscribe(self._look)

    @property
    def payloads(self):
        return [entry.payload for entry in self.entries]

    @property
    def logged(self):
        return [entry.payload for entry in self.entries if entry.logged]

    def _look(self):
        fresh = self.tail.after(len(self.entries))
        assert fresh is not None
        self.entries += fresh
        self.times += [self._loop.time()] * len(fresh)
        self._seen(fresh)


async def stored(log, stream=STREAM):
    """Return the payloads of a stream in the log, after checking their numbers."""
    status = await log.status(stream)
    entries = []
    if status is not None and status.last:
        async with aclosing(log.read(stream)) as pages:
            async for page in pages:
                entries += page
                if entries[-1].seq == status.last:
                    break
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    return [entry.payload for entry in entries]


async def state(log, stream=STREAM):
    """Return the state of a stream, or None if it does not exist."""
    status = await log.status(stream)
    return None if status is None else status.state


def events_of(payloads):
    return [event_from_dict(json.loads(payload)) for payload in payloads]


def types_of(payloads):
    return [json.loads(payload)["type"] for payload in payloads]


def codes_of(payloads):
    """Return the codes of the errors."""
    return [event["error"]["type"] for event in map(json.loads, payloads) if event["type"] == "error"]


def reason_of(payloads):
    """Return the reason of the only ``message_stop``, which must be the last event."""
    ends = [event["reason"] for event in map(json.loads, payloads) if event["type"] == "message_stop"]
    assert len(ends) == 1
    assert json.loads(payloads[-1])["type"] == "message_stop"
    return ends[0]


def text_of(payloads):
    """Return the text of all blocks."""
    return "".join(
        event["delta"]["text"]
        for event in map(json.loads, payloads)
        if event["type"] == "content_block_delta"
    )


def verify(payloads, *, whole=True):
    """Check payloads against the grammar of events."""
    verifier = EventVerifier()
    verifier.check_all(events_of(payloads))
    if whole:
        verifier.finish()
        reason_of(payloads)


async def chunks_of(subscriber):
    """Yield the chunks that a subscriber sends."""
    while (entries := await subscriber.next()) is not None:
        if chunk := subscriber.render(entries):
            yield chunk


async def paced(*chunks, pause=1.0, end=0.0):
    """Yield a chunk every `pause` seconds, and wait `end` seconds after the last, infinity to never end."""
    for chunk in chunks:
        await asyncio.sleep(pause)
        yield chunk
    if end == math.inf:
        await asyncio.Event().wait()
    await asyncio.sleep(end)


async def settle():
    """Run the event loop until it is idle, without advancing the time."""
    for _ in range(20):
        await asyncio.sleep(0)
