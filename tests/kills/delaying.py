"""A proxy that delays the answers of Redis, and knows which streams have an answer on the way."""

import asyncio
import re
from contextlib import asynccontextmanager, suppress

STREAM = re.compile(rb"(?:red|blue)-\d+|k-[0-9a-f]{64}")
"""The stream in a command."""


class DelayingProxy:
    """Forwards bytes; those from Redis after a delay.

    Args:
        port: Port of Redis.
        random: Source of the delays.
        most: Maximum delay in seconds.

    Attributes:
        port: Port of the proxy.
        answers: Number of delayed pieces.
    """

    def __init__(self, port, random, most):
        self.answers = 0
        self._redis = port
        self._random = random
        self._most = most
        self._asked = {}  # the stream that is asked about, by the number of the connection
        self._connections = 0
        self._pumps = set()
        self._serving = set()

    def in_flight(self, stream):
        """Return True if a command for a stream was sent and its answer has not arrived."""
        return stream.encode() in self._asked.values()

    @asynccontextmanager
    async def listening(self):
        """Serve until the end of the block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for pump in self._pumps:
                pump.cancel()
            if self._serving:
                await asyncio.wait(self._serving)

    async def _serve(self, reader, writer):
        self._serving.add(task := asyncio.current_task())
        task.add_done_callback(self._serving.discard)
        self._connections += 1
        number = self._connections
        there, back = await asyncio.open_connection("127.0.0.1", self._redis)
        pumps = {
            asyncio.create_task(self._ask(number, reader, back)),
            asyncio.create_task(self._answer(number, there, writer)),
        }
        self._pumps |= pumps
        # The one that ends first ends the other.
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        self._pumps -= pumps
        for pump in pumps:
            pump.cancel()
        self._asked.pop(number, None)
        writer.close()
        back.close()

    async def _ask(self, number, reader, writer):
        with suppress(OSError):
            while piece := await reader.read(65_536):
                if stream := STREAM.search(piece):
                    self._asked[number] = stream[0]
                writer.write(piece)

    async def _answer(self, number, reader, writer):
        with suppress(OSError):
            while piece := await reader.read(65_536):
                await asyncio.sleep(self._random.uniform(0, self._most))
                self.answers += 1
                writer.write(piece)
                self._asked.pop(number, None)
