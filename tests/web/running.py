"""The server behind uvicorn, and a model for it, for tests that ask over real sockets."""

import asyncio
import socket
import time
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests import parts

for name in ("uvicorn", "httpx2", "starlette", "limits", "prometheus_client"):
    parts.module(name)

from componentstream.server import Principal, RefusedRequestError  # noqa: E402 - it needs what is asked for above
from componentstream.testing import EventVerifier  # noqa: E402
from componentstream.wire import SSEDecoder  # noqa: E402
from tests.timing import WAIT  # noqa: E402

CHEAP = 1.0
"""Seconds of processor time within which the server and its client must have dealt with a hostile request."""

AT_ONCE = 10.0
"""Seconds within which a request is answered that the server need not wait for. A busy machine takes some of
them; a server that waits, say for the rest of a body, takes longer than all of them."""

USERS = ["me", "another", "debugger"]
ANSWER = ["Here:\n/// STA", "RT Hero\n<h1>", "\U0001f600</h1>\n", "/// END Hero\n"]


class Model:
    """A model that gives one answer, or stalls in the middle of it; it records its requests."""

    def __init__(self):
        self.asked = []

    async def __call__(self, request):
        self.asked.append(request)
        yield ANSWER[0]
        if request.prompt == "stall":
            await asyncio.sleep(WAIT)
        for chunk in ANSWER[1:]:
            yield chunk


def by_name(request):
    """Authenticate a known user whose token is the name; `debugger` may see debug events."""
    scheme, _, name = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or name not in USERS:
        raise RefusedRequestError(401, "unauthorized", "Who are you?", {"WWW-Authenticate": "Bearer"})
    return Principal(name, {"debug": True} if name == "debugger" else {})


def token_of(name):
    return {"Authorization": f"Bearer {name}"}


def connected(url):
    """Return a socket to the server, for requests that HTTP libraries do not send."""
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), WAIT)


def read_to_end(raw):
    """Return all bytes until the server closes the connection.

    A server that rejects a request before its end closes with unread input. TCP then resets the connection:
    sending fails, and so does reading, but only after everything has been read that the server had sent.
    """
    received = b""
    with suppress(ConnectionError):
        while piece := raw.recv(65536):
            received += piece
    return received


def exchange(url, *pieces):
    """Send bytes as they are; return all bytes until the server closes the connection."""
    with connected(url) as raw:
        with suppress(ConnectionError):
            for piece in pieces:
                raw.sendall(piece)
        return read_to_end(raw)


@contextmanager
def cheap():
    """Check that the block needs little of the processor, and does not wait for anything."""
    wall, processor = time.monotonic(), time.process_time()
    yield
    assert time.process_time() - processor < CHEAP
    assert time.monotonic() - wall < AT_ONCE


def events_of(content):
    """Return the events of a complete stream, checked."""
    decoder = SSEDecoder()
    events = decoder.feed(content) + decoder.close()
    EventVerifier().check_all(events)
    return events


def refusal(response):
    """Return status, code and message of a refusal, checked."""
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    value = response.json()
    assert value.keys() == {"type", "error"}
    assert value["type"] == "error"
    error = value["error"]
    assert error.keys() == {"type", "message", "fatal", "retryable", "recovered", "line", "index"}
    assert (error["fatal"], error["line"], error["index"]) == (True, None, None)
    if response.status_code in (429, 503):
        assert error["retryable"] is True
        assert int(response.headers["retry-after"]) >= 1
    return response.status_code, error["type"], error["message"]
