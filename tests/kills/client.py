"""A client that reads a generation to its end, whatever happens to the connections and the workers."""

import asyncio
import json
import time
from collections import Counter

import attrs

from tests.kills.http_client import BrokenError, asking
from tests.kills.judging import Received

PAUSE = 0.05
"""Seconds before the next try."""

HURRIES = 0.1
"""How many of the first requests it gives up before they are answered, to ask once more."""

TAKEN_AGAIN = {"log_unavailable", "server_busy", "server_stopping"}
"""Errors after which the same request may succeed."""


class RefusedError(Exception):
    """An answer that nobody may get here."""


@attrs.define
class Client:
    """Reads streams, one after the other.

    Args:
        ports: of the workers.
        user: who it is.
        random: what it decides by.
        leaves: how many of the connections it drops by itself.

    Attributes:
        counts: connections, reconnects and the like.
        reading: how many events the present connection has brought, by its port; empty without one.
    """

    ports: list
    user: str
    random: object
    leaves: float = 0.2
    counts: Counter = attrs.field(factory=Counter)
    reading: dict = attrs.field(factory=dict)

    async def generate(self, prompt, key):
        """Have something generated, and read it to its end; return its stream and what was received."""
        received = Received()
        stream = None
        while received.ended is None:
            port = self.random.choice(self.ports)
            try:
                if stream is None:
                    stream = await self._begin(port, prompt, key, received)
                else:
                    await self._resume(port, stream, received)
            except BrokenError:
                self.counts["broken"] += 1
            if received.ended is None:
                self.counts["reconnects"] += 1
                await asyncio.sleep(self.random.random() * PAUSE)
        return stream, received

    async def read_again(self, stream):
        """Return a whole stream, read from its start."""
        received = Received()
        while received.ended is None:
            try:
                await self._resume(self.random.choice(self.ports), stream, received, leaves=False)
            except BrokenError:
                await asyncio.sleep(PAUSE)
        return received

    async def has_all(self, stream, last):
        """Wait until a reader that has everything is told so; return what it was told instead, if anything.

        Between the last event and the end of the stream in the log there is a moment, or, where the producer
        was killed in it, the time of a lease; such a reader gets an answer without an event meanwhile.
        """
        while True:
            try:
                port = self.random.choice(self.ports)
                headers = {"Last-Event-ID": last}
                async with asking(
                    port, "GET", f"/streams/{stream}", user=self.user, headers=headers
                ) as answer:
                    if answer.status == 204:
                        return None
                    if await self._accepted(answer):
                        self.counts["asked too early"] += 1
                        if more := [data async for _, data in answer.events()]:
                            return more
            except BrokenError:
                pass
            await asyncio.sleep(PAUSE)

    async def _begin(self, port, prompt, key, received):
        headers = {"Idempotency-Key": key}
        post = asking(port, "POST", "/generate", user=self.user, headers=headers, content={"prompt": prompt})
        hurry = 0.02 * self.random.random() if self.random.random() < HURRIES else None
        try:
            async with asyncio.timeout(hurry) as patience, post as answer:
                patience.reschedule(None)
                if not await self._accepted(answer):
                    # Without a stream the request is repeated; one that died before its first event is read.
                    return answer.headers.get("stream-id")
                stream = answer.headers["stream-id"]
                try:
                    await self._read(port, answer, received, leaves=True)
                except BrokenError:
                    self.counts["broken"] += 1
                return stream
        except TimeoutError:
            self.counts["hurried"] += 1
            return None

    async def _resume(self, port, stream, received, *, leaves=True):
        headers = {"Last-Event-ID": received.last} if received.last else {}
        async with asking(port, "GET", f"/streams/{stream}", user=self.user, headers=headers) as answer:
            if await self._accepted(answer):
                await self._read(port, answer, received, leaves=leaves)

    async def _accepted(self, answer):
        if answer.status == 200:
            return True
        body = await answer.body()
        code = json.loads(body)["error"]["type"]
        if answer.status == 503 and code in TAKEN_AGAIN:
            self.counts["refused"] += 1
            return False
        if code == "producer_lost" and "stream-id" in answer.headers:
            self.counts["lost before the first event"] += 1
            return False
        raise RefusedError(f"{answer.status} {body.decode()}")

    async def _read(self, port, answer, received, *, leaves):
        """Read one answer, to the end of the stream or of the connection, or as long as the client likes."""
        leaving = self.random.randint(1, 12) if leaves and self.random.random() < self.leaves else None
        self.reading = {port: 0}
        try:
            async for id_, data in answer.events():
                if id_ is None:
                    self._take_aside(data)
                    continue
                self.reading[port] += 1
                if received.add(id_, data, time.monotonic()):
                    return
                if self.reading[port] == leaving:
                    self.counts["left"] += 1
                    if self.random.random() < 0.5:
                        answer.abort()
                    return
        finally:
            self.reading = {}
        self.counts["ended early"] += 1

    def _take_aside(self, data):
        """Take an event that is not of the stream."""
        event = json.loads(data)
        if event["type"] != "error" or event["error"]["type"] not in TAKEN_AGAIN:
            raise RefusedError(data.decode())
        self.counts["refused"] += 1
