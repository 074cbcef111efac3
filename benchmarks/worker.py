"""Starting the process that is measured, and reading from it over sockets."""

import json
import os
import resource
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import httptools

_SERVING: Final = Path(__file__).with_name("serving.py")
_RECEIVE: Final = 262_144
_SILENCE: Final = 60.0
_STOPPING: Final = 10.0


class NoAnswerError(Exception):
    """The process that is measured does not answer."""


@attrs.frozen
class Worker:
    """A running process that is measured."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Return the seconds that the processor has worked for it."""
        seconds: float = self.ask("/cpu")
        return seconds

    def rest(self) -> float:
        """Have it collect its garbage, so that nobody else has to; return :meth:`cpu` after that."""
        seconds: float = self.ask("/rest")
        return seconds

    def memory(self) -> int:
        """Return how many bytes of it are resident."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * resource.getpagesize()

    def ask(self, target: str) -> Any:
        """Return the JSON value that it answers with."""
        response = Response()
        response.feed(b"".join(fetch(self.port, [target])[0]))
        return json.loads(b"".join(response.take()))


@contextmanager
def working(*options: str, buffer: int | None = None) -> Generator[Worker, None, None]:
    """Start a worker on the last processor and go to the first; stop it in the end.

    With a single processor, or where processes cannot be bound to one, they share what there is.

    Args:
        options: of ``serving.py``.
        buffer: bytes that the system takes from the worker for a reader who takes nothing, some millions by
            default.
    """
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    with socket.socket() as listener:
        if buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        listener.bind(("127.0.0.1", 0))
        listener.listen(2048)
        port = listener.getsockname()[1]
        bound = ["--cpu", str(cpus[-1])] if len(cpus) > 1 else []
        command = [sys.executable, str(_SERVING), str(listener.fileno()), *bound, *options]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])  # noqa: S603 - our own
    with ExitStack() as stack:
        stack.callback(_stop, process)
        if len(cpus) > 1:
            os.sched_setaffinity(0, cpus[:-1])
            stack.callback(os.sched_setaffinity, 0, cpus)
        yield Worker(port, process.pid)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def may_open(files: int) -> None:
    """Raise this process's limit of open files, which the worker inherits.

    Raises:
        SystemExit: the system does not allow it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= files:
        return
    if hard != resource.RLIM_INFINITY and hard < files:
        raise SystemExit(
            f"{files} open files are needed, {hard} allowed; raise the limit: ulimit -Hn {files}."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))


@attrs.frozen
class Post:
    """A request to generate something.

    Attributes:
        target: the path.
        project: which of the models of ``serving.py``.
        prompt: what it is asked.
    """

    target: str
    project: str
    prompt: str


def ask_for(port: int, target: str | Post, *, window: int | None = None) -> socket.socket:
    """Send a request, and return the socket that the answer comes from; it does not block.

    Args:
        port: of the worker.
        target: a path for a GET, or what to post.
        window: bytes that may come without being read, as many as the system likes by default.
    """
    connection = socket.socket()
    if window is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    connection.settimeout(_SILENCE)
    connection.connect(("127.0.0.1", port))
    connection.sendall(_request(target))
    connection.settimeout(0)
    return connection


def _request(target: str | Post) -> bytes:
    if isinstance(target, str):
        return f"GET {target} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode()
    body = json.dumps({"project": target.project, "prompt": target.prompt})
    head = f"POST {target.target} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def fetch(port: int, targets: Sequence[str | Post]) -> list[list[bytes]]:
    """Ask for all targets at once; return what came for each, as it came, HTTP and all.

    It does nothing but receive, so that it is no slower than any server.

    Raises:
        NoAnswerError: nothing came for a minute.
    """
    received: list[list[bytes]] = []
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for target in targets:
            received.append([])
            connection = stack.enter_context(ask_for(port, target))
            selector.register(connection, selectors.EVENT_READ, (connection, received[-1]))
        while selector.get_map():
            ready = selector.select(_SILENCE)
            if not ready:
                raise NoAnswerError(f"Nothing came for {_SILENCE:g} seconds.")
            for key, _ in ready:
                connection, chunks = key.data
                if data := connection.recv(_RECEIVE):
                    chunks.append(data)
                else:
                    selector.unregister(connection)
    return received


class Response:
    """One HTTP response, read incrementally.

    Attributes:
        whole: its end has come.
        came: when the latest bytes came, in seconds of ``time.monotonic``.
    """

    def __init__(self) -> None:
        self.whole = False
        self.came = 0.0
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Take bytes as they come from the socket."""
        self.came = time.monotonic()
        self._parser.feed_data(data)

    def take(self) -> list[bytes]:
        """Return the pieces of the body that have come since the last call."""
        body, self._body = self._body, []
        return body

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body from the parser."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Take the end from the parser."""
        self.whole = True
