"""A client that reads a generation to its end in spite of broken connections and killed workers."""

import asyncio
import json
import time
from collections import Counter

import attrs

from tests.kills.http_client import BrokenError, asking
from tests.kills.judging import Received

PAUSE = 0.05
"""Maximum pause in seconds before a retry."""

HURRIES = 0.1
"""Share of the first requests that the client gives up before the answer, and repeats."""

TAKEN_AGAIN = {"log_unavailable", "server_busy", "server_stopping"}
"""Errors after which the client repeats the request."""


class RefusedError(Exception):
    """An answer that must not occur here."""


@attrs.define
class Client:
    """Reads one stream after the other.

    Args:
        ports: Ports of the workers.
        user: Name of the user.
        random: Source of its decisions.
        leaves: Share of its connections that it drops by itself.

    Attributes:
        counts: Connections, reconnects and the like.
        reading: Number of events on the current connection, by port; empty without one.
    """

    ports: list
    user: str
    random: object
    leaves: float = 0.2
    counts: Counter = attrs.field(factory=Counter)
    reading: dict = attrs.field(factory=dict)

    async def generate(self, prompt, key):
        """Start a generation and read it to its end; return the stream and the received events."""
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
        """Read a stream from its start to its end."""
        received = Received()
        while received.ended is None:
            try:
                await self._resume(self.random.choice(self.ports), stream, received, leaves=False)
            except BrokenError:
                await asyncio.sleep(PAUSE)
        return received

    async def has_all(self, stream, last):
        """Wait until a client that has all events gets 204; return the events that it gets instead, if any.

        The last event is in the log shortly before the stream is finished, or, if the producer was killed in
        between, up to a lease before. In that time the client gets a response without events.
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
        """Read one response to the end of the stream or the connection, or until the client leaves."""
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
        """Handle an event without an ID, which is not stored."""
        event = json.loads(data)
        if event["type"] != "error" or event["error"]["type"] not in TAKEN_AGAIN:
            raise RefusedError(data.decode())
        self.counts["refused"] += 1
