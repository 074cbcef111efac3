"""Where the server keeps its streams in a benchmark: a log of each kind, on this machine alone."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

STORES: Final = ("memory", "sqlite", "redis")
_STARTING: Final = 10.0
_STOPPING: Final = 10.0


def missing(store: str) -> str:
    """Return what is missing for a kind of log, empty if nothing is."""
    if store == "redis" and shutil.which("redis-server") is None:
        return "redis-server is not installed: apt-get install redis-server"
    return ""


@contextmanager
def kept_in(store: str) -> Generator[str, None, None]:
    """Give the URL of an empty log of a kind; a Redis runs meanwhile, and all is gone in the end."""
    with TemporaryDirectory(prefix="componentstream-") as folder:
        if store == "redis":
            with _redis(folder) as place:
                yield f"unix://{place}"
        elif store == "sqlite":
            yield f"sqlite://{folder}/streams.db"
        else:
            yield "memory:"


@contextmanager
def _redis(folder: str) -> Generator[str, None, None]:
    """Run a Redis that keeps nothing on disk, on the processors that are left to the benchmark."""
    place = f"{folder}/redis.socket"
    command = ["redis-server", "--port", "0", "--unixsocket", place, "--save", "", "--dir", folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        if hasattr(os, "sched_setaffinity") and len(cpus := sorted(os.sched_getaffinity(0))) > 1:
            os.sched_setaffinity(process.pid, cpus[:-1])
        _wait_for(place)
        yield place
    finally:
        process.terminate()
        process.wait(_STOPPING)


def _wait_for(place: str) -> None:
    end = time.monotonic() + _STARTING
    while True:
        with socket.socket(socket.AF_UNIX) as connection:
            if Path(place).exists() and connection.connect_ex(place) == 0:
                return
        if time.monotonic() > end:
            raise TimeoutError("redis-server does not answer.")
        time.sleep(0.01)
