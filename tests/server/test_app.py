"""The application behind uvicorn, asked over real sockets."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest

import parts

uvicorn = parts.module("uvicorn")
httpx2 = parts.module("httpx2")
parts.module("starlette")

from starlette.applications import Starlette  # noqa: E402 - they need what is asked for above
from starlette.routing import Mount  # noqa: E402

from componentstream.events import ContentBlockDelta, ErrorEvent, MessageStop, StatusEvent  # noqa: E402
from componentstream.lifecycle import Timeouts  # noqa: E402
from componentstream.server import GenerationRequest, ServerSettings, create_app  # noqa: E402
from componentstream.server.serving import LocalServer  # noqa: E402
from componentstream.testing import EventVerifier  # noqa: E402
from componentstream.wire import SSEDecoder  # noqa: E402

WAIT = 10.0
IN_TIME = 1.0
ANSWER = ["Here:\n/// STA", "RT Hero\n<h1>", "\U0001f600</h1>\n", "/// END Hero\n"]


class Model:
    """A model that does what the prompt says, and notes what it was asked and when it was left."""

    def __init__(self):
        self.asked = []
        self.closed = threading.Event()
        self.closed_at = None

    def __call__(self, request):
        self.asked.append(request)
        self.closed.clear()
        if request.prompt == "plain":
            return list(ANSWER)
        if request.prompt == "raise":
            raise RuntimeError("the key is hunter2")
        return self.answer(request.prompt)

    async def answer(self, prompt):
        try:
            if prompt == "early":
                raise RuntimeError("the key is hunter2")
            for chunk in ANSWER:
                yield chunk.encode() if prompt == "bytes" else chunk
                if prompt == "break":
                    raise RuntimeError("the key is hunter2")
                if prompt in ("endless", "stall"):
                    await self.go_on(prompt)
            if prompt == "many":
                for number in range(200):
                    yield f"{number} "
        finally:
            self.closed_at = time.monotonic()
            self.closed.set()

    async def go_on(self, prompt):
        if prompt == "stall":
            await asyncio.sleep(WAIT)
        await asyncio.sleep(0.02)

    def wait_until_closed(self):
        assert self.closed.wait(WAIT), "the source was not closed"
        return self.closed_at


@contextmanager
def serving(app):
    with LocalServer(app, port=0) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server.url
        finally:
            server.stop()
            thread.join(WAIT)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def model():
    return Model()


@pytest.fixture(scope="module")
def client(model):
    settings = ServerSettings(timeouts=Timeouts(generation=5.0, chunk=0.5), heartbeat=0.2)
    app = Starlette(routes=[Mount("/api", create_app(model, settings))])
    with serving(app) as url, httpx2.Client(base_url=url, timeout=WAIT) as client:
        yield client


def events_of(response):
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    decoder = SSEDecoder()
    events = decoder.feed(response.content) + decoder.close()
    verifier = EventVerifier()
    verifier.check_all(events)
    return events


def text_of(events, index):
    return "".join(e.text for e in events if isinstance(e, ContentBlockDelta) and e.index == index)


def refusal(response):
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    error = response.json()["error"]
    assert error["fatal"] is True
    return response.status_code, error["type"], error["message"]


@pytest.mark.parametrize("prompt", ["text", "bytes", "plain"])
def test_a_post_streams_a_generation_to_its_end(client, model, prompt):
    response = client.post("/api/generate", json={"prompt": prompt, "project": "p", "version": "2"})
    events = events_of(response)
    assert model.asked[-1] == GenerationRequest(prompt, "p", "2")
    assert isinstance(events[0], StatusEvent)
    assert (text_of(events, 0), text_of(events, 1)) == ("Here:\n", "<h1>\U0001f600</h1>\n")
    assert events[-1].reason == "complete"
    assert events[-1].stats["components_by_reason"] == {"end": 1}


def test_a_get_streams_the_same(client, model):
    response = client.get("/api/generate", params={"prompt": "text", "project": "p", "version": "2"})
    assert text_of(events_of(response), 1) == "<h1>\U0001f600</h1>\n"
    assert model.asked[-1] == GenerationRequest("text", "p", "2")


def test_a_head_gets_the_headers_and_no_generation(client, model):
    model.closed.clear()
    response = client.head("/api/generate", params={"prompt": "text"})
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert not model.closed.is_set()


def test_deltas_are_merged(client):
    events = events_of(client.post("/api/generate", json={"prompt": "many"}))
    assert text_of(events, 2) == "".join(f"{number} " for number in range(200))
    assert sum(isinstance(event, ContentBlockDelta) for event in events) < 15


def test_each_request_has_a_session_of_its_own(client):
    for _ in range(2):
        events = events_of(client.post("/api/generate", json={"prompt": "text"}))
        assert events[-1].stats["chunks"] == len(ANSWER)


def test_events_come_while_the_model_writes_and_silence_is_broken(client):
    with client.stream("POST", "/api/generate", json={"prompt": "stall"}) as response:
        decoder, received, events = SSEDecoder(), b"", []
        pieces = response.iter_raw()
        while not any(isinstance(event, ContentBlockDelta) for event in events):
            received += (piece := next(pieces))
            events += decoder.feed(piece)
        assert events[-1].text == "Here:\n"
        for piece in pieces:
            received += piece
            events += decoder.feed(piece)
    assert received.count(b": keep-alive\n") == 2
    assert [e.code for e in events if isinstance(e, ErrorEvent)] == ["chunk_timeout"]
    assert events[-1].reason == "timeout"


def test_a_client_that_leaves_closes_the_source_within_a_second(client, model):
    with client.stream("POST", "/api/generate", json={"prompt": "stall"}) as response:
        next(response.iter_raw())
    left = time.monotonic()
    assert model.wait_until_closed() - left < 0.4  # sooner than the timeout of the chunk


def test_a_model_that_breaks_is_told_in_the_stream_without_its_words(client):
    response = client.post("/api/generate", json={"prompt": "break"})
    events = events_of(response)
    assert isinstance(events[-1], MessageStop)
    assert events[-1].reason == "failed"
    assert b"hunter2" not in response.content


def test_a_model_that_breaks_before_its_first_word_is_told_as_json_without_its_words(client):
    response = client.post("/api/generate", json={"prompt": "early"})
    assert refusal(response) == (502, "source_failed", "The source failed.")
    assert b"hunter2" not in response.content


def test_a_function_that_raises_is_told_as_json_without_its_words(client):
    # uvicorn closes the connection after an exception, sometimes only when the next request is under way.
    response = client.post("/api/generate", json={"prompt": "raise"}, headers={"Connection": "close"})
    assert refusal(response) == (500, "internal_error", "The server failed; its log says why.")
    assert b"hunter2" not in response.content


@pytest.mark.parametrize("body", [b"{", b"[" * 60_000, b'{"prompt": 5}'])
def test_a_bad_body_is_told_as_json(client, body):
    began = time.monotonic()
    response = client.post("/api/generate", content=body, headers={"Content-Type": "application/json"})
    assert time.monotonic() - began < IN_TIME
    status, code, message = refusal(response)
    assert (status, code) == (400, "invalid_request")
    assert 'Send {"prompt": "..."' in message


def test_a_long_body_is_refused_before_it_has_come():
    model = Model()
    with serving(create_app(model)) as url:
        _, address = url.rstrip("/").split("//")
        host, port = address.split(":")
        head = "POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        for rest in (
            b"Content-Length: 100000000\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b" " * 0x8000 + b"\r\n" * 1
            + (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 2,
        ):  # fmt: skip
            with socket.create_connection((host, int(port)), WAIT) as raw:
                raw.sendall(head.encode() + rest)
                answer = raw.recv(65536)
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b"longer than 65536 bytes" in answer
    assert model.asked == []


def test_another_media_type_and_another_method_and_another_path_are_refused(client):
    assert refusal(client.post("/api/generate", content=b"{}"))[:2] == (415, "unsupported_media_type")
    other = client.put("/api/generate", json={"prompt": "x"})
    assert refusal(other) == (405, "method_not_allowed", "Use GET or POST.")
    assert set(other.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert refusal(client.get("/api/other")) == (
        404,
        "not_found",
        "There is nothing here; the generation is at /generate.",
    )


def test_debugging_cannot_be_asked_for(client):
    def kinds(response):
        return [type(event) for event in events_of(response)]

    plain = client.get("/api/generate", params={"prompt": "plain"})
    debug = client.get("/api/generate", params={"prompt": "plain", "debug": "1"})
    assert kinds(plain) == kinds(debug)


def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_failure():
    model = Model()
    with serving(create_app(model)) as url:
        _, address = url.rstrip("/").split("//")
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), WAIT) as raw:
            raw.sendall(
                b"POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 100\r\n\r\n{"
            )
            time.sleep(0.1)
        answer = httpx2.post(f"{url}generate", json={"prompt": "plain"}, timeout=WAIT)
    assert answer.status_code == 200
    assert len(model.asked) == 1


def test_the_function_may_refuse_a_request_in_its_own_words():
    from starlette.exceptions import HTTPException  # noqa: PLC0415 - an extra

    def generate(_request):
        raise HTTPException(429, "Five pages a day.", {"Retry-After": "7"})

    with serving(create_app(generate)) as url:
        response = httpx2.get(f"{url}generate", params={"prompt": "x"}, timeout=WAIT)
    assert refusal(response) == (429, "refused", "Five pages a day.")
    assert response.headers["retry-after"] == "7"


def test_the_answer_is_json_that_a_reader_of_events_understands(client):
    response = client.post("/api/generate", json={})
    assert json.loads(response.content)["type"] == "error"
    assert response.json()["error"]["retryable"] is False
