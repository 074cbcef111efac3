import asyncio
import importlib
import os
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from componentstream import MissingExtraError, UsageError
from tests import parts

httpx2 = parts.module("httpx2")
parts.module("uvicorn")
parts.module("starlette")

from componentstream.server.serving import LocalServer  # noqa: E402 - it needs the modules above
from tests.timing import WAIT  # noqa: E402


class Endless:
    """An application whose response never ends, and which records its cancellation."""

    def __init__(self):
        self.cancelled = threading.Event()

    async def __call__(self, _scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        try:
            await asyncio.sleep(WAIT)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


async def hello(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def test_it_listens_on_a_free_port_and_has_its_url():
    with LocalServer(hello, port=0) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        assert server.url.startswith("http://127.0.0.1:")
        assert httpx2.get(server.url, timeout=WAIT).text == "hello"
        server.stop()
        thread.join(WAIT)
        assert not thread.is_alive()


def test_a_client_that_connects_before_it_runs_is_answered():
    with LocalServer(hello, port=0) as server:
        answers = []
        client = threading.Thread(target=lambda: answers.append(httpx2.get(server.url, timeout=WAIT).text))
        client.start()
        time.sleep(0.1)
        thread = threading.Thread(target=server.run)
        thread.start()
        client.join(WAIT)
        server.stop()
        thread.join(WAIT)
    assert answers == ["hello"]


def test_an_interrupt_cancels_open_responses_without_an_error(capfd):
    app = Endless()
    with LocalServer(app, port=0) as server:

        def interrupt():
            with httpx2.stream("GET", server.url, timeout=WAIT) as response:
                next(response.iter_raw())
                os.kill(os.getpid(), signal.SIGINT)
                app.cancelled.wait(WAIT)

        client = threading.Thread(target=interrupt)
        client.start()
        began = time.monotonic()
        server.run()
        assert time.monotonic() - began < WAIT / 2
        client.join(WAIT)
    assert app.cancelled.is_set()
    assert capfd.readouterr() == ("", "")


@contextmanager
def running(server):
    """Run a server in a thread, and yield the errors that it raises."""
    raised = []

    def run():
        try:
            server.run()
        except Exception as problem:  # noqa: BLE001 - whatever it is
            raised.append(problem)

    thread = threading.Thread(target=run)
    with server:
        thread.start()
        yield raised
        server.stop()
        thread.join(WAIT)
        assert not thread.is_alive()


class Drained:
    """An application whose responses end when it is drained."""

    def __init__(self, seconds=0.0, problem=None):
        self.seconds = seconds
        self.problem = problem
        self.cancelled = threading.Event()
        self.draining = threading.Event()
        self._end = asyncio.Event()

    async def __call__(self, scope, _receive, send):
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begin ", "more_body": True})
        try:
            await self._end.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        await send({"type": "http.response.body", "body": b"end"})

    async def drain(self):
        self.draining.set()
        await asyncio.sleep(self.seconds)
        if self.problem is not None:
            raise self.problem
        self._end.set()


def read_while_it_stops(server, then=lambda: None):
    """Start reading, stop the server, and return all bytes."""
    pieces = []
    with httpx2.stream("GET", server.url, timeout=WAIT) as response:
        try:
            for piece in response.iter_raw():
                pieces.append(piece)
                server.stop()
                then()
        except httpx2.RemoteProtocolError:
            pieces.append(b"cut off")
    return b"".join(pieces)


def test_open_responses_are_drained_and_delivered_when_it_stops():
    app = Drained(0.2)
    server = LocalServer(app, port=0, drain=app.drain)
    with running(server) as raised:
        assert read_while_it_stops(server) == b"begin end"
    assert raised == []
    assert not app.cancelled.is_set()


def test_new_connections_are_refused_while_it_drains():
    app = Drained(0.5)
    server = LocalServer(app, port=0, drain=app.drain)
    refused = []

    def connect():
        assert app.draining.wait(WAIT)
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(server.url, timeout=WAIT)
        refused.append(True)

    with running(server):
        assert read_while_it_stops(server, lambda: None if refused else connect()) == b"begin end"
    assert refused == [True]


def test_a_drain_that_takes_too_long_is_given_up():
    app = Drained(WAIT)
    server = LocalServer(app, port=0, drain=app.drain, grace=0.2)
    began = time.monotonic()
    with running(server) as raised:
        assert read_while_it_stops(server) == b"begin cut off"
    assert time.monotonic() - began < WAIT / 2
    assert app.cancelled.is_set()
    assert raised == []


def test_an_error_of_the_drain_is_raised_after_the_server_has_stopped():
    app = Drained(0.0, ValueError("no"))
    server = LocalServer(app, port=0, drain=app.drain)
    with running(server) as raised:
        assert read_while_it_stops(server) == b"begin cut off"
    assert [str(problem) for problem in raised] == ["no"]
    assert app.cancelled.is_set()


def test_a_response_that_stays_open_after_the_drain_is_cancelled():
    app = Endless()
    drained = threading.Event()

    async def drain():
        drained.set()

    server = LocalServer(app, port=0, drain=drain)
    with running(server):
        assert read_while_it_stops(server) == b"xcut off"
    assert drained.is_set()
    assert app.cancelled.is_set()


def test_a_second_interrupt_skips_the_drain():
    app = Drained(WAIT)
    server = LocalServer(app, port=0, drain=app.drain, grace=WAIT)

    def interrupt_twice():
        with httpx2.stream("GET", server.url, timeout=WAIT) as response:
            next(response.iter_raw())
            os.kill(os.getpid(), signal.SIGINT)
            assert app.draining.wait(WAIT)
            os.kill(os.getpid(), signal.SIGINT)
            assert app.cancelled.wait(WAIT)

    client = threading.Thread(target=interrupt_twice)
    with server:
        client.start()
        began = time.monotonic()
        server.run()
    client.join(WAIT)
    assert time.monotonic() - began < WAIT / 2


class Lively:
    """An application with a lifespan, which records what happens."""

    def __init__(self, startup="startup.complete"):
        self.startup = startup
        self.notes = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.notes.append(scope["client"][0])
            await hello(scope, receive, send)
            return
        self.notes.append((await receive())["type"])
        await send({"type": f"lifespan.{self.startup}"})
        self.notes.append((await receive())["type"])
        await send({"type": "lifespan.shutdown.complete"})

    async def drain(self):
        self.notes.append("drain")


def test_the_lifespan_starts_first_and_ends_after_the_drain():
    app = Lively()
    server = LocalServer(app, port=0, drain=app.drain)
    with running(server):
        assert httpx2.get(server.url, timeout=WAIT).text == "hello"
    assert app.notes == ["lifespan.startup", "127.0.0.1", "drain", "lifespan.shutdown"]


def run(server):
    server.run()


def serve(server):
    asyncio.run(server.serve())


@pytest.mark.parametrize("way", [run, serve])
def test_a_lifespan_that_fails_to_start_is_a_usage_error(way):
    server = LocalServer(Lively("startup.failed"), port=0)
    with server, pytest.raises(UsageError) as caught:
        way(server)
    assert str(caught.value) == "The application failed to start; see the error above."


@pytest.mark.parametrize("way", [run, serve])
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_shuts_it_down_cleanly_and_is_not_raised_again(way, sign):
    app = Lively()
    server = LocalServer(app, port=0, drain=app.drain)

    def ask():
        answers.append(httpx2.get(server.url, timeout=WAIT).text)
        os.kill(os.getpid(), sign)

    answers = []
    client = threading.Thread(target=ask)
    with server:
        client.start()
        way(server)
    client.join(WAIT)
    assert answers == ["hello"]
    assert app.notes == ["lifespan.startup", "127.0.0.1", "drain", "lifespan.shutdown"]


def test_forwarded_addresses_are_not_trusted():
    app = Lively()
    server = LocalServer(app, port=0)
    with running(server):
        httpx2.get(server.url, headers={"X-Forwarded-For": "192.0.2.1"}, timeout=WAIT)
    assert app.notes[1] == "127.0.0.1"


def test_a_port_that_is_in_use_is_a_usage_error():
    with LocalServer(hello, port=0) as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        with pytest.raises(UsageError) as caught:
            LocalServer(hello, port=port)
    message = str(caught.value)
    assert message.startswith(f"Cannot listen on port {port} of 127.0.0.1: Address already in use")
    assert message.endswith("Choose another with --host and --port; port 0 is any free port.")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "." * 300, "\udcff"])
def test_an_unknown_host_is_a_usage_error(host):
    with pytest.raises(UsageError, match="Cannot listen on port 0 of"):
        LocalServer(hello, host=host, port=0)


def test_an_ipv6_address_is_in_brackets_in_the_url():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with LocalServer(hello, host="::1", port=0) as server:
        assert server.url.startswith("http://[::1]:")


@pytest.mark.parametrize(
    ("missing", "module", "message"),
    [
        ("uvicorn", "componentstream.server.serving", "componentstream.server.serving needs uvicorn"),
        ("starlette", "componentstream.server", "componentstream.server needs starlette"),
    ],
)
def test_a_missing_extra_is_named(monkeypatch, missing, module, message):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, module)
    with pytest.raises(MissingExtraError) as caught:
        importlib.import_module(module)
    assert str(caught.value) == f"{message}: pip install 'componentstream[server]'."
