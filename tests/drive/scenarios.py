"""Ways in which a generation may go: sources with their habits, and consumers with theirs."""

import asyncio
import time
from contextlib import aclosing

import attrs

from componentstream.adapters.asgi import ASGIStream
from componentstream.adapters.generic import astart_response
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.drive import astream, astream_bytes
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession, Timeouts
from tests.drive.kinds import SourceError

PAGE = [
    "Hel",
    "lo\n",
    "/// STA",
    "RT Hero\n",
    "<h1>",
    "é</h1>\n",
    "/// START In",
    "ner\nx\n",
    "/// END Inner\n",
]
PAGE += ["y\n", "/// E", "ND Hero\n", "b", "ye"]


class ThrownError(Exception):
    """What a consumer throws."""


# Sources


class Watch:
    """What is known of a source: how often it was read and closed, and when."""

    def __init__(self, world):
        self.world = world
        self.read = self.closed = 0
        self.cleaning = False
        self.always = False  # to be closed even if it was not read
        self.closing_at = self.closed_at = None

    def close(self):
        self.closed += 1
        self.cleaning = True
        self.closing_at = self.world.loop.time()

    def is_closed(self, error=None):
        self.cleaning = False
        self.closed_at = self.world.loop.time()
        if error is not None:
            raise error


async def generator(watch, chunks, *, pause=0.01, end=None, cleanup=(), error=None):
    """An asynchronous generator with its ways; `end` is waited for, or raised, behind the chunks."""
    try:
        for chunk in chunks:
            watch.read += 1
            if pause is not None:
                await asyncio.sleep(pause)
            yield chunk
        watch.read += 1
        if isinstance(end, Exception):
            raise end
        if end is not None:
            await asyncio.sleep(end)
    finally:
        watch.close()
        for seconds in cleanup:
            await asyncio.sleep(seconds)
        watch.is_closed(error)


async def stubborn(watch, chunks):
    """An asynchronous generator that takes a cancellation for a slip, and goes on."""
    try:
        for chunk in chunks:
            watch.read += 1
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                await asyncio.sleep(0.01)
            yield chunk
    finally:
        watch.close()
        watch.is_closed()


def plain_generator(watch, chunks):
    try:
        for chunk in chunks:
            watch.read += 1
            time.sleep(0.0005)
            yield chunk
    finally:
        watch.close()
        watch.is_closed()


class Stream:
    """An iterator with an `aclose`, as provider streams are."""

    def __init__(self, watch, chunks):
        watch.always = True
        self.watch = watch
        self.chunks = iter(chunks)

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.watch.read += 1
        await asyncio.sleep(0.01)
        for chunk in self.chunks:
            return chunk
        raise StopAsyncIteration

    async def aclose(self):
        self.watch.close()
        await asyncio.sleep(0.01)
        self.watch.is_closed()


class Response:
    """What makes an iterator; both are closed."""

    def __init__(self, watch, chunks):
        self.inner = Watch(watch.world)
        self.stream = Stream(self.inner, chunks)
        watch.always = True
        self.watch = watch

    def __aiter__(self):
        self.watch.read += 1
        return self.stream

    async def aclose(self):
        assert self.inner.closed == self.watch.read
        self.watch.close()
        self.watch.is_closed()


# Scenarios


@attrs.define
class World:
    """One run of a scenario."""

    loop: asyncio.AbstractEventLoop
    seen: list = attrs.field(factory=list)
    wire: bytearray = attrs.field(factory=bytearray)
    records: list = attrs.field(factory=list)
    at_event: int = 0
    mode: str = "once"
    injected: bool = False
    injected_at: float = 0.0
    watch: Watch = None

    def session(self, *, generation=None, chunk=None, parser=None):
        return GenerationSession(
            parser=parser, timeouts=Timeouts(generation, chunk), hooks=[self.records.append]
        )

    def injects(self):
        self.injected = True
        self.injected_at = self.loop.time()

    async def consume(self, stream, *, pace=None, most=None):
        """Read a stream as its consumer does, or leave it at the event at which it is to be left."""
        taken = 0
        async with aclosing(stream) as items:
            async for item in items:
                if isinstance(item, bytes):
                    self.wire += item
                else:
                    self.seen.append(item)
                taken += 1
                if taken == self.at_event:
                    self.injects()
                    if self.mode == "throw":
                        await items.athrow(ThrownError())
                    return
                if taken == most:
                    return
                if pace is not None:
                    await asyncio.sleep(pace)

    async def drop(self, stream):
        """Read a stream to an event, and forget it."""
        async for item in stream:
            if isinstance(item, bytes):
                self.wire += item
            else:
                self.seen.append(item)
            self.at_event -= 1
            if not self.at_event:
                self.injects()
                return

    async def serve(self, answer, *, pace=None, leaves=None):
        """Answer a request as a server does, for a reader with these ways."""

        async def receive():
            await asyncio.sleep(1e9 if leaves is None else leaves)
            return {"type": "http.disconnect"}

        async def send(message):
            self.wire += message.get("body", b"")
            if pace is not None:
                await asyncio.sleep(pace)

        await answer({"type": "http", "method": "GET", "headers": []}, receive, send)


@attrs.frozen
class Scenario:
    """A source, and what is made of it.

    Attributes:
        source: makes the source of its watch.
        stream: makes the stream of the source, in a world.
        served: the stream is an ASGI application.
        pace: seconds that the consumer takes for each item.
        leaves: seconds after which a reader leaves.
        most: items after which the consumer stops.
        slow: seconds that closing the source takes, so that it may be late by that.
        whole: the consumer comes to see the end, if nothing is injected.
        real: needs real time, because of a thread.
    """

    source: object
    stream: object
    served: bool = False
    pace: float | None = None
    leaves: float | None = None
    most: int | None = None
    slow: float = 0.0
    whole: bool = True
    real: bool = False


def events(*, limits=Limits(), batches=False, **ours):
    """A stream of events, with these timeouts."""

    def make(world, source):
        session = world.session(parser=ComponentParser(limits=limits), **ours)
        batcher = DeltaBatcher() if batches else None
        return astream(source, session=session, batcher=batcher, clock=world.loop.time)

    return make


def asgi(**options):
    """A response; as its clock is that of the wall, it has nothing that waits for a time."""

    def make(world, source):
        return ASGIStream(source, session=world.session(), heartbeat=None, batcher=None, **options)

    return make


def forgotten(**options):
    """A response of a framework that iterates over the body, and never closes it."""

    def make(world, source):
        async def answer(_scope, _receive, send):
            reply = await astart_response(
                source, method="GET", session=world.session(), heartbeat=None, batcher=None, **options
            )
            async for chunk in reply.body:
                await send({"body": chunk})

        return answer

    return make


def wire(**options):
    """A stream of bytes; the timeouts go to its session."""
    ours = {name: options.pop(name) for name in ("generation", "chunk") if name in options}

    def make(world, source):
        return astream_bytes(source, session=world.session(**ours), clock=world.loop.time, **options)

    return make


SCENARIOS = {
    "steady": Scenario(lambda w: generator(w, PAGE), events()),
    "in memory, never waits": Scenario(lambda w: generator(w, PAGE * 8, pause=None), events()),
    "stalled": Scenario(lambda w: generator(w, PAGE[:6], end=1e9), events(chunk=0.5)),
    "stalled before the first chunk": Scenario(lambda w: generator(w, [], end=1e9), wire(chunk=0.5)),
    "too long": Scenario(lambda w: generator(w, PAGE, pause=0.1), events(generation=0.75)),
    "cleans up with awaits": Scenario(
        lambda w: generator(w, PAGE, cleanup=(0, 0.01, 0)), events(generation=0.085)
    ),
    "slow to close": Scenario(lambda w: generator(w, PAGE, cleanup=(3,)), events(), slow=3),
    "slow to close when stalled": Scenario(
        lambda w: generator(w, PAGE[:4], end=1e9, cleanup=(3,)), wire(chunk=0.5), slow=3
    ),
    "list": Scenario(lambda _: PAGE * 20, events()),
    "list, as bytes": Scenario(lambda _: [chunk.encode() for chunk in PAGE * 20], wire()),
    "plain generator": Scenario(lambda w: plain_generator(w, PAGE[:8]), events(), real=True),
    "provider stream": Scenario(lambda w: Stream(w, PAGE), wire(batcher=None)),
    "response": Scenario(lambda w: Response(w, PAGE), events()),
    "response, stalled": Scenario(lambda w: Response(w, PAGE), events(chunk=0.005)),
    "batches": Scenario(lambda w: generator(w, PAGE), events(batches=True)),
    "heartbeats": Scenario(lambda w: generator(w, PAGE[:7], pause=0.5), wire(heartbeat=0.2)),
    "slow consumer": Scenario(lambda w: generator(w, PAGE, pause=0.001), events(), pace=0.02),
    "lagging consumer": Scenario(lambda w: generator(w, PAGE * 12, pause=0.001), wire(), pace=0.3),
    "consumer gone": Scenario(
        lambda w: generator(w, PAGE * 12, pause=0.001), wire(send_timeout=0.5), pace=20, whole=False
    ),
    "consumer stops": Scenario(lambda w: generator(w, PAGE), events(), most=6, whole=False),
    "raises": Scenario(lambda w: generator(w, PAGE[:8], end=SourceError()), events()),
    "raises, and again when closed": Scenario(
        lambda w: generator(w, PAGE[:8], end=SourceError(), error=SourceError()), wire()
    ),
    "cannot be closed": Scenario(lambda w: generator(w, PAGE[:8], error=SourceError()), events()),
    "parser gives up": Scenario(lambda w: generator(w, PAGE), events(limits=Limits(max_total_chars=30))),
    "of a kind that is unknown": Scenario(lambda w: generator(w, ["a", "b", 7]), events()),
    "response of a server": Scenario(lambda w: generator(w, PAGE), asgi(), served=True),
    "response, slow reader": Scenario(lambda w: generator(w, PAGE), asgi(), served=True, pace=0.03),
    "response, reader leaves": Scenario(
        lambda w: generator(w, PAGE, cleanup=(0.01, 0.01)), asgi(), served=True, leaves=0.075, whole=False
    ),
    "response, reader stalls": Scenario(
        lambda w: generator(w, PAGE), asgi(send_timeout=0.5), served=True, pace=1e9, whole=False
    ),
    "response, raises early": Scenario(
        lambda w: generator(w, [], end=SourceError()), asgi(), served=True, whole=False
    ),
    "response, raises late": Scenario(
        lambda w: generator(w, PAGE[:8], end=SourceError()), asgi(), served=True
    ),
    "response, forgotten": Scenario(lambda w: generator(w, PAGE), forgotten(), served=True, pace=0.005),
    "stubborn": Scenario(lambda w: stubborn(w, PAGE), events(generation=0.085), slow=0.02),
}
