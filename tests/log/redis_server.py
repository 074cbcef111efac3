"""A redis-server for tests, and logs on it."""

import signal
import socket
import subprocess
import time
import uuid
from contextlib import asynccontextmanager

import redis.asyncio

from componentstream.log import RedisEventLog
from tests.log.running import run
from tests.parts import program
from tests.timing import STORE_WAIT, WAIT


class RedisServer:
    """A redis-server on a free port, with its files in a folder; a context manager.

    Args:
        folder: where it writes.
        options: further options, such as ``"--appendonly", "yes"``.
    """

    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def start(self):
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        command = [program("redis-server"), *place, "--save", "", *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + WAIT
        while not self._answers():
            assert self.process.poll() is None, "redis-server ended"
            assert time.monotonic() < end, "redis-server does not answer"
            time.sleep(0.01)

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()


@asynccontextmanager
async def opened(port, *, protocol=3, retry=None, prefix=None, **options):
    client = redis.asyncio.Redis(port=port, protocol=protocol, **({"retry": retry} if retry else {}))
    try:
        log = RedisEventLog(
            client, **{"prefix": prefix or uuid.uuid4().hex, "call_timeout": STORE_WAIT} | options
        )
        yield log
        await log.aclose()
    finally:
        await client.aclose()


def on_redis(server, scenario, **options):
    """Run a scenario with a log, and a client of its own that the log does not use."""

    async def with_client(log):
        async with redis.asyncio.Redis(port=server.port) as client:
            await client.flushall()
            await scenario(log, client)

    run(lambda: opened(server.port, prefix="p", **options), with_client)
