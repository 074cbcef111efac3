"""The application under test: a model that follows instructions, servers, and clients."""

import asyncio
import contextlib
import json
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import attrs

from componentstream.core.events import ContentBlockDelta
from componentstream.server import Principal, RefusedRequestError, ServerSettings, create_app
from componentstream.testing import EventVerifier
from componentstream.wire import SSEDecoder
from tests import parts
from tests.listening import serving
from tests.timing import WAIT

SECRET = "the key is hunter2"  # noqa: S105 - must never leave the server
ANSWER = ["Here:\n/// STA", "RT Hero\n<h1>", "\U0001f600</h1>\n", "/// END Hero\n"]
ENDING = "The end.\n"


class Model:
    """A model that does as the prompt says, and records its calls.

    ``held`` waits in the middle of its answer for :meth:`go_on`, ``silent`` before it begins; ``endless``
    never ends by itself; ``stubborn`` does not end when it is cancelled, but for :meth:`go_on`.

    Attributes:
        asked: The requests.
        begun: Number of answers that have begun.
        closed: Number of answers that have ended.
    """

    def __init__(self):
        self.asked = []
        self.begun = 0
        self.closed = 0
        self._go = threading.Event()

    def __call__(self, request):
        self.asked.append(request)
        return self.answer(request.prompt.partition(" ")[0])

    def go_on(self):
        """Let the answers that are held continue."""
        self._go.set()

    async def answer(self, prompt):
        self.begun += 1
        try:
            if prompt == "early":
                raise RuntimeError(SECRET)
            if prompt == "silent":
                await self._held()
            for chunk in ANSWER:
                yield chunk
                if prompt == "break":
                    raise RuntimeError(SECRET)
                if prompt == "late":
                    await asyncio.sleep(0.02)
            async for chunk in self._rest(prompt):
                yield chunk
        finally:
            self.closed += 1

    async def _rest(self, prompt):
        if prompt == "held":
            await self._held()
            yield ENDING
        elif prompt == "stubborn":
            while not self._go.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.01)
        elif prompt == "endless":
            while True:
                yield "more and more\n"
                await asyncio.sleep(0.01)

    async def _held(self):
        while not self._go.is_set():  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.005)


def by_name(request):
    """Authenticate a user whose token is the name: the simplest `authenticate`."""
    scheme, _, name = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not name:
        raise RefusedRequestError(401, "unauthorized", "Say who you are.", {"WWW-Authenticate": "Bearer"})
    return Principal(name, {"debug": name == "dora"})


def user(name):
    """Return the headers of a user for :func:`by_name`."""
    return {"Authorization": f"Bearer {name}"}


def eventually(check, seconds=WAIT):
    """Wait until a check returns a true value, and return that."""
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)
    return found


async def happens(check, seconds=WAIT):
    """Wait on the event loop until a check returns a true value, and return that."""
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)
    return found


# Over sockets


@contextmanager
def asking(app, **options):
    """Serve an application with uvicorn, and yield a client of it."""
    httpx2 = parts.module("httpx2")
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    with serving(app, **options) as url, httpx2.Client(base_url=url, timeout=WAIT, limits=limits) as client:
        yield client


def read_until(pieces, text):
    """Read until a text has arrived; return all bytes so far."""
    got = b""
    while text not in got:
        got += next(pieces)
    return got


def whole_blocks(got):
    """Return the server-sent events that have arrived completely."""
    return got[: got.rfind(b"\n\n") + 2]


# Without sockets


def run(scenario):
    """Run a coroutine on its own event loop; no task may be left over."""

    async def whole():
        await scenario
        await happens(lambda: asyncio.all_tasks() == {asyncio.current_task()})

    asyncio.run(whole())


def settings_of(**settings):
    """Return settings without limits and with a short shutdown, unless given otherwise."""
    many = dict.fromkeys(("max_generations_per_user", "max_readers_per_user"), 1000)
    return ServerSettings(**{"rate_limit": None, "shutdown_grace": 0.2, **many, **settings})


@asynccontextmanager
async def application(model=None, **settings):
    """Run an application on the running event loop, and yield a function that sends requests to it."""
    app = create_app(model or Model(), settings_of(**settings))
    async with app.router.lifespan_context(app):
        yield partial(ask, app)


@attrs.frozen
class Answer:
    """The response of an application."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self):
        return json.loads(self.content)


async def ask(app, method, path, *, headers=None, prompt=None, body=b"", query="", client="192.0.2.1"):
    """Send a request to an application on the running event loop; return the whole response."""
    given = list((headers or {}).items()) if not isinstance(headers, list) else list(headers)
    if prompt is not None:
        body = json.dumps({"prompt": prompt}).encode()
    if body:
        given.append(("Content-Type", "application/json"))
    sent = []
    done = asyncio.Event()
    requests = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        if requests:
            return requests.pop()
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given],
        "client": (client, 1), "server": ("x", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    start, *bodies = sent
    return Answer(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(message["body"] for message in bodies),
    )


# Responses


def events_of(answer):
    """Return the events of a complete stream, checked."""
    assert status_of(answer) == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = decoded(answer.content)
    EventVerifier().check_all(events)
    return events


def decoded(content):
    """Return the events in these bytes."""
    decoder = SSEDecoder()
    return decoder.feed(content) + decoder.close()


def ids_of(content):
    """Return the ids in these bytes, in order."""
    return [int(line[4:]) for line in content.split(b"\n") if line.startswith(b"id: ")]


def text_of(events, index):
    """Return the text of a block."""
    return "".join(e.text for e in events if isinstance(e, ContentBlockDelta) and e.index == index)


def error_of(answer):
    """Return status, code and message of an error response, checked."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    value = json.loads(answer.content)
    error = value["error"]
    assert value == {
        "type": "error",
        "error": {
            "type": error["type"], "message": error["message"], "fatal": True,
            "retryable": error["retryable"], "recovered": False, "line": None, "index": None,
        },
    }  # fmt: skip
    assert type(error["retryable"]) is bool
    return status_of(answer), error["type"], error["message"]


def status_of(answer):
    """Return the status of a response, of `ask` or of an HTTP client."""
    return answer.status if isinstance(answer, Answer) else answer.status_code
