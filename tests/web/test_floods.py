"""Those who ask for too much are refused, and the others are served."""

import asyncio
import re
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from componentstream.server import Principal, ServerSettings, create_app
from componentstream.session.lifecycle import Timeouts
from tests.listening import serving
from tests.timing import WAIT
from tests.web.running import Model, connected, events_of, refusal

OPENS = 5_000
AT_ONCE = 100
SLOWEST = 3.0
"""Seconds that one of a hundred requests of somebody else may take, on a machine that has other work, in
a process that asks as well as answers."""

PATIENT = Timeouts(generation=120.0, chunk=120.0)


def by_header(request):
    return Principal(request.headers["x-user"])


class Stalling(Model):
    """Says one word, and nothing more until it is left; answers those who ask for it at once."""

    async def __call__(self, request):
        yield "Well,"
        if request.prompt == "stall":
            await asyncio.Event().wait()


@contextmanager
def asking(model, **settings):
    settings = {"rate_limit": None, "timeouts": PATIENT, "on_disconnect": "cancel", **settings}
    settings.setdefault("shutdown_grace", 0.5)
    with ExitStack() as stack:
        url = stack.enter_context(serving(create_app(model, ServerSettings(**settings))))
        yield stack.enter_context(httpx2.Client(base_url=url, timeout=WAIT))


def start(client, user=None, prompt="x", **headers):
    headers |= {} if user is None else {"X-User": user}
    return client.post("/generate", json={"prompt": prompt}, headers=headers)


def hold(client, user):
    """Start a generation that runs without its client."""
    response = start(client, user, "stall", Prefer="respond-async")
    return response.json()["stream"] if response.status_code == 202 else refusal(response)[:2]


# The rate.


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_another_address_in_every_request_helps_nobody(proxies):
    """The proxies are as real ones: each writes down, at the end, from where it was called."""
    written = ["203.0.113.9", "10.0.0.1"][:proxies]
    with asking(Model(), rate_limit="5/day", trusted_proxies=proxies) as client:
        statuses = []
        for number in range(10):
            forged = [f"192.0.2.{number}", "8.8.8.8"][: number % 3]
            headers = {"X-Forwarded-For": ", ".join([*forged, *written])} if forged or written else {}
            headers |= {"Forwarded": f"for=192.0.2.{number}", "X-Real-IP": f"192.0.2.{number}"}
            statuses.append(start(client, **headers).status_code)
    assert statuses == [200] * 5 + [429] * 5


def test_addresses_behind_a_proxy_are_counted_each():
    with asking(Model(), rate_limit="2/day", trusted_proxies=1) as client:
        for last in range(3):
            headers = {"X-Forwarded-For": f"6.6.6.6, 203.0.113.{last}"}
            assert [start(client, **headers).status_code for _ in range(3)] == [200, 200, 429]


def test_users_are_counted_each_wherever_they_are():
    with asking(Model(), rate_limit="3/day", authenticate=by_header) as client:
        for user in ("a", "b"):
            assert [start(client, user).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_who_is_refused_is_told_when_to_come_again():
    with asking(Model(), rate_limit="1/2 seconds") as client:
        assert start(client).status_code == 200
        response = start(client)
        assert refusal(response)[:2] == (429, "rate_limited")
        time.sleep(int(response.headers["retry-after"]))
        assert start(client).status_code == 200


def test_tickets_are_counted_too():
    with asking(Model(), rate_limit="3/day", authenticate=by_header) as client:
        stream = start(client, "a").headers["stream-id"]
        path = f"/streams/{stream}/tickets"
        statuses = [client.post(path, headers={"X-User": "a"}).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]


# Generations and readers at once.


def test_who_has_too_many_generations_is_refused_until_one_ends():
    with asking(Stalling(), authenticate=by_header, max_generations_per_user=2) as client:
        first, _ = hold(client, "a"), hold(client, "a")
        assert hold(client, "a") == (429, "too_many_generations")
        assert start(client, "b").status_code == 200
        assert client.delete(f"/streams/{first}", headers={"X-User": "a"}).status_code == 204
        assert isinstance(hold(client, "a"), str)


def test_too_many_generations_of_all_are_refused_until_one_ends():
    with asking(Stalling(), authenticate=by_header, max_generations=3) as client:
        streams = [hold(client, user) for user in "abc"]
        assert hold(client, "d") == (503, "server_busy")
        assert client.delete(f"/streams/{streams[0]}", headers={"X-User": "a"}).status_code == 204
        assert isinstance(hold(client, "d"), str)


def test_too_many_readers_are_refused_until_one_leaves():
    settings = {"authenticate": by_header, "max_readers_per_user": 2, "max_readers": 3}
    with asking(Stalling(), **settings) as client, ExitStack() as readers:

        def read(user):
            path, headers = f"/streams/{streams[user]}", {"X-User": user}
            response = readers.enter_context(client.stream("GET", path, headers=headers))
            return response.status_code if response.status_code == 200 else refusal_of(response)

        streams = {user: hold(client, user) for user in "abc"}
        assert [read("a"), read("a")] == [200, 200]
        assert read("a") == (429, "too_many_readers")
        assert read("b") == 200
        assert read("c") == (503, "server_busy")
        readers.close()
        wait_until(lambda: read("c") == 200)


def refusal_of(response):
    response.read()
    return refusal(response)[:2]


# Very many.


class Others:
    """Somebody else, who asks and asks while something happens.

    Attributes:
        seconds: how long each answer took.
    """

    def __init__(self, url):
        self._url = url
        self.seconds = []

    async def __aenter__(self):
        self._task = asyncio.create_task(self._ask())
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        assert self._task.cancelled(), self._task.exception()

    async def _ask(self):
        headers = {"X-User": "somebody else"}
        async with httpx2.AsyncClient(base_url=self._url, headers=headers, timeout=WAIT) as client:
            while True:
                began = time.monotonic()
                response = await client.post("/generate", json={"prompt": "x"})
                self.seconds.append(time.monotonic() - began)
                assert events_of(response.content)[-1].reason == "complete"
                await asyncio.sleep(0.01)

    def slowest_of_a_hundred(self):
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]


async def opened(url, request):
    """Open a connection, send a request, and return the head of the answer and the connection."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        writer.close()
    return head, writer


async def open_many(url, request):
    """Return how many of very many requests got which status, while somebody else was served."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one():
        async with turns:
            return await opened(url, request)

    async with Others(url) as others:
        answers = await asyncio.gather(*(one() for _ in range(OPENS)))
    statuses = [int(head.split()[1]) for head, _ in answers]
    assert all(b"\r\nretry-after: " in head.lower() for head, _ in answers if b" 429 " in head[:15])
    assert len(others.seconds) > 20
    assert others.slowest_of_a_hundred() < SLOWEST
    return {status: statuses.count(status) for status in set(statuses)}, [writer for _, writer in answers]


async def leave(writers):
    for writer in writers:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


def request_of(method, path, body=b""):
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nX-User: greedy\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_one_user_who_starts_thousands_of_generations_is_refused_and_others_are_served():
    async def main(url):
        statuses, writers = await open_many(url, request_of("POST", "/generate", b'{"prompt": "stall"}'))
        assert statuses == {200: 10, 429: OPENS - 10}
        await leave(writers)

    with asking(Stalling(), authenticate=by_header) as client:
        asyncio.run(main(str(client.base_url)))
        wait_until(lambda: start(client, "greedy").status_code == 200)


def test_one_user_who_reads_a_stream_thousands_of_times_is_refused_and_others_are_served():
    async def main(url, stream):
        statuses, writers = await open_many(url, request_of("GET", f"/streams/{stream}"))
        assert statuses == {200: 100, 429: OPENS - 100}
        await leave(writers)

    with asking(Stalling(), authenticate=by_header, on_disconnect="continue") as client:
        stream = hold(client, "greedy")
        asyncio.run(main(str(client.base_url), stream))
        wait_until(lambda: b"componentstream_readers 0.0" in client.get("/metrics").content)


def wait_until(reached):
    end = time.monotonic() + WAIT
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_connections_on_which_nothing_comes_keep_nobody_waiting():
    with asking(Model(), authenticate=by_header) as client, ExitStack() as stack:
        for number in range(300):
            raw = stack.enter_context(connected(str(client.base_url)))
            raw.sendall(b"POST /generate HTTP/1.1\r\nX-Slow: "[: number % 35])
        began = time.monotonic()
        assert events_of(start(client, "b").content)[-1].reason == "complete"
        assert time.monotonic() - began < SLOWEST


def test_refusals_are_counted_by_code():
    with asking(Stalling(), authenticate=by_header, rate_limit="3/day", max_generations_per_user=1) as client:
        hold(client, "a")
        assert hold(client, "a") == (429, "too_many_generations")
        start(client, "a")
        assert hold(client, "a") == (429, "rate_limited")
        lines = client.get("/metrics").text.split("\n")
    name = "componentstream_refused_requests_total"
    assert f'{name}{{code="too_many_generations"}} 2.0' in lines
    assert f'{name}{{code="rate_limited"}} 1.0' in lines


def test_the_script_says_what_others_wait_for():
    script = Path(__file__).with_name("exhaustion.py")
    command = [sys.executable, script, "--opens=100", "--rate=100"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=2 * WAIT)
    assert done.returncode == 0, done.stderr
    for where in ("alone", "beside the flood"):
        assert re.search(rf"\d+ requests of the other user {where}: 50 % \S+ ms, 99 % \S+ ms\n", done.stdout)
    assert "100 opens of the greedy user, 100 a second: {'200': 10, '429': 90}\n" in done.stdout
