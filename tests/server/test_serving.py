import asyncio
import importlib
import os
import signal
import socket
import sys
import threading
import time

import pytest

import parts
from componentstream import MissingExtraError, UsageError

httpx2 = parts.module("httpx2")
parts.module("uvicorn")
parts.module("starlette")

from componentstream.server.serving import LocalServer  # noqa: E402 - it needs what is asked for above

WAIT = 10.0


class Endless:
    """An application that never stops answering, and notes when it is cancelled."""

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


def test_it_listens_at_a_free_port_and_says_where():
    with LocalServer(hello, port=0) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        assert server.url.startswith("http://127.0.0.1:")
        assert httpx2.get(server.url, timeout=WAIT).text == "hello"
        server.stop()
        thread.join(WAIT)
        assert not thread.is_alive()


def test_whoever_comes_before_it_runs_is_answered_when_it_does():
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


def test_an_interrupt_cancels_what_is_open_and_is_no_error(capfd):
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


def test_a_port_that_is_taken_is_the_users_mistake():
    with LocalServer(hello, port=0) as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        with pytest.raises(UsageError) as caught:
            LocalServer(hello, port=port)
    message = str(caught.value)
    assert message.startswith(f"Cannot listen at port {port} of 127.0.0.1: Address already in use")
    assert message.endswith("Choose others with --host and --port; port 0 is any that is free.")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "." * 300])
def test_a_host_that_is_none_is_the_users_mistake(host):
    with pytest.raises(UsageError, match="Cannot listen at port 0 of"):
        LocalServer(hello, host=host, port=0)


def test_an_address_of_version_6_stands_in_brackets():
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
        ("starlette", "componentstream.server", "componentstream.server needs Starlette"),
    ],
)
def test_what_is_not_installed_is_named(monkeypatch, missing, module, message):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, module)
    with pytest.raises(MissingExtraError) as caught:
        importlib.import_module(module)
    assert str(caught.value) == f"{message}: pip install 'componentstream[server]'."
