"""Worker processes that are killed and restarted, and the resources that they share."""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.kills.http_client import BrokenError, asking
from tests.log.redis_server import RedisServer
from tests.servers.running import free_port

ROOT = Path(__file__).resolve().parents[2]
STARTING = 60.0
KILLED = -9


class Worker:
    """One worker process at a time, always on the same port.

    Args:
        folder: Folder of its output.
        name: Name of the output file.
        environment: Environment variables of the process.

    Attributes:
        killed: Time of death of each killed process, by PID.
    """

    def __init__(self, folder, name, environment):
        self.port = free_port()
        self.killed = {}
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        self._output = folder / f"{name}.log"
        self._process = None

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        """Start the process, without waiting until it answers."""
        command = [sys.executable, "-m", "uvicorn", "tests.kills.app_worker:app", "--port", str(self.port)]
        command += ["--log-level", "warning", "--no-access-log"]
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=self._environment, stdout=output, stderr=subprocess.STDOUT
            )

    async def answering(self):
        """Wait until it answers."""
        end = time.monotonic() + STARTING
        while time.monotonic() < end:
            assert self._process.poll() is None, f"the worker ended: {self.output()[-2000:]}"
            with suppress(BrokenError):
                async with asking(self.port, "GET", "/health", user="nobody"):
                    return
            await asyncio.sleep(0.02)
        raise AssertionError(f"the worker does not answer: {self.output()[-2000:]}")

    def kill(self):
        """Kill the process, and check that the signal ended it."""
        self.killed[self.pid] = time.monotonic()
        self._process.kill()
        assert self._process.wait() == KILLED
        return self.pid

    def stop(self):
        """End the process if it is still running."""
        self._process.kill()
        self._process.wait()

    def output(self):
        """Return its output."""
        return self._output.read_text(encoding="utf-8", errors="replace")


class Notes:
    """The notes of the models of all processes.

    Attributes:
        calls: Number of calls of the model, by prompt.
        callers: PID of the last caller, by prompt.
        live: Prompts that are being answered, by PID.
    """

    def __init__(self, path):
        self.path = path
        self.path.touch()
        self.calls = {}
        self.callers = {}
        self.live = {}
        self._read = 0

    def update(self):
        """Read the new notes."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode().splitlines():
            note, pid, prompt = line.split(" ", 2)
            live = self.live.setdefault(int(pid), set())
            if note == "begin":
                self.calls[prompt] = self.calls.get(prompt, 0) + 1
                self.callers[prompt] = int(pid)
                live.add(prompt)
            else:
                live.discard(prompt)


@asynccontextmanager
async def a_log(kind, folder):
    """Yield the URL of a log and, for Redis, its server, which loses nothing when it is killed."""
    if kind == "sqlite":
        yield f"sqlite:{folder / 'log.db'}", None
        return
    # Rewritten often, so that Redis restarts within the TTL of a lease.
    options = ("--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-min-size", "4mb")
    with RedisServer(folder, *options) as server:
        yield f"redis://127.0.0.1:{server.port}", server


@asynccontextmanager
async def workers(count, folder, environment):
    """Run workers, and yield them when all answer."""
    started = [Worker(folder, f"worker{number}", environment) for number in range(count)]
    try:
        for worker in started:
            worker.start()
        for worker in started:
            await worker.answering()
        yield started
    finally:
        for worker in started:
            worker.stop()
