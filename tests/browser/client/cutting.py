"""A TCP proxy that cuts connections after given numbers of bytes."""

import asyncio
import threading
from contextlib import contextmanager, suppress

from tests.timing import WAIT


class CuttingProxy:
    """Forward connections to the first server that accepts them, and cut them after some bytes from it.

    Attributes:
        ports: Ports of the servers, the preferred one first.
        limits: Numbers of bytes, each for the next connection that brings bytes and has none yet.
        cuts: Number of connections that were cut so far.
    """

    def __init__(self, ports):
        self.ports = ports
        self.limits = []
        self.cuts = 0

    async def serve(self, reader, writer):
        """Forward one connection."""
        from_server, to_server = await self._connect()
        requests = asyncio.create_task(self._forward(reader, to_server))
        try:
            with suppress(ConnectionError):
                await self._respond(from_server, writer)
        finally:
            requests.cancel()
            to_server.close()
            writer.close()

    async def _connect(self):
        *others, last = self.ports
        for port in others:
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return await asyncio.open_connection("127.0.0.1", last)

    async def _forward(self, reader, writer):
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _respond(self, reader, writer):
        left = None
        while data := await reader.read(65536):
            if left is None and self.limits:
                left = self.limits.pop(0)
            writer.write(data if left is None else data[:left])
            await writer.drain()
            if left is not None and (left := left - len(data)) <= 0:
                await asyncio.sleep(0.005)  # let the last bytes reach the client
                writer.transport.abort()
                self.cuts += 1
                return


@contextmanager
def cutting(*ports):
    """Run a proxy of these ports in a thread of its own; give its URL and the proxy."""
    proxy = CuttingProxy(ports)
    loop = asyncio.new_event_loop()
    ready, url = threading.Event(), []

    async def main(stop):
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        url.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        ready.set()
        await stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(main(stop),))
    thread.start()
    assert ready.wait(WAIT)
    try:
        yield url[0], proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(WAIT)
        loop.close()
