"""The application behind uvicorn, over real sockets, alone and mounted in frameworks."""

import asyncio
import gc
import gzip
import importlib
import json
import logging
import socket
import sys
import threading
import time
from contextlib import asynccontextmanager
from functools import partial
from types import CoroutineType
from urllib.parse import urljoin, urlsplit

import pytest

from tests import parts

for name in ("uvicorn", "httpx2", "starlette", "limits", "prometheus_client", "starlette_compress"):
    parts.module(name)
jwt = parts.module("jwt")

import httpx2  # noqa: E402 - checked above
from starlette.applications import Starlette  # noqa: E402
from starlette.exceptions import HTTPException  # noqa: E402
from starlette.routing import Mount, Route  # noqa: E402

from componentstream.core.errors import ConfigurationError, MissingExtraError, UsageError  # noqa: E402
from componentstream.core.events import ContentBlockDelta, ErrorEvent, FindingEvent, StatusEvent  # noqa: E402
from componentstream.log import MemoryEventLog, StoreError  # noqa: E402
from componentstream.server import (  # noqa: E402
    GenerationRequest,
    JWTBearer,
    RefusedRequestError,
    ServerSettings,
    create_app,
)
from componentstream.server.access.rate_limit import RateLimiter  # noqa: E402
from componentstream.server.http import app as app_module  # noqa: E402
from componentstream.session.lifecycle import Timeouts  # noqa: E402
from componentstream.wire import SSEDecoder  # noqa: E402
from tests.listening import serving  # noqa: E402
from tests.server.application import (  # noqa: E402
    ANSWER,
    ENDING,
    SECRET,
    WAIT,
    Model,
    ask,
    asking,
    by_name,
    decoded,
    error_of,
    events_of,
    eventually,
    happens,
    ids_of,
    read_until,
    run,
    settings_of,
    text_of,
    user,
)
from tests.timing import at_best, passed_once  # noqa: E402

NOTHING_HERE = (404, "not_found", "Not found. See openapi.json for the available paths.")
ONLY_SOME_METHODS = (
    405,
    "method_not_allowed",
    "Method not allowed. See the Allow header for the methods of this path.",
)
FAILED = (500, "internal_error", "Internal server error. The operator can find the cause in the server log.")


@pytest.fixture(scope="module")
def model():
    return Model()


@pytest.fixture(scope="module")
def client(model):
    settings = settings_of(timeouts=Timeouts(generation=5.0, chunk=0.4), heartbeat=0.1)
    with asking(create_app(model, settings)) as client:
        yield client


def start(client, prompt="text", **headers):
    return client.post("generate", json={"prompt": prompt}, headers=headers)


# A generation


def test_the_bytes_of_a_provider_are_read_by_the_decoder_of_the_settings():
    chunk = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":%b}]}\n\n'

    async def generate(_request):
        body = chunk % b"null" + chunk % b'"length"' + b"data: [DONE]\n\n"
        for at in range(0, len(body), 7):
            yield body[at : at + 7]

    with asking(create_app(generate, settings_of(decoder="sse"))) as client:
        for _ in range(2):  # each stream has a decoder of its own
            events = events_of(start(client))
            assert text_of(events, 0) == "HiHi"
            assert [event.code for event in events if isinstance(event, ErrorEvent)] == ["source_truncated"]
            assert events[-1].reason == "complete"


@pytest.mark.parametrize("near_misses", [True, False])
def test_near_misses_are_reported_where_they_are_asked_for(near_misses):
    lines = ["- /// START A\n", "/// START B\n", "x\n", "/// END B\n"]
    with asking(create_app(lambda _request: lines, settings_of(near_misses=near_misses))) as client:
        response = start(client)
        events = events_of(response)
        resumed = client.get(f"streams/{response.headers['stream-id']}")
    findings = [event.finding for event in events if isinstance(event, FindingEvent)]
    assert [(finding.rule, finding.line, finding.index) for finding in findings] == (
        [("near-miss", 1, 0)] if near_misses else []
    )
    assert resumed.content == response.content


@pytest.mark.parametrize("prompt", ["text", "late"])
def test_post_streams_a_generation_to_its_end(client, model, prompt):
    body = {"prompt": prompt, "project": "p", "version": "2"}
    response = client.post("generate", json=body)
    events = events_of(response)
    assert model.asked[-1] == GenerationRequest(prompt, "p", "2")
    assert isinstance(events[0], StatusEvent)
    assert (text_of(events, 0), text_of(events, 1)) == ("Here:\n", "<h1>\U0001f600</h1>\n")
    assert events[-1].reason == "complete"
    assert events[-1].stats["components_by_reason"] == {"end": 1}
    assert ids_of(response.content) == list(range(1, len(events) + 1))
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert client.get(f"streams/{response.headers['stream-id']}").content == response.content


def test_deltas_are_merged():
    chunks = [f"{number} " for number in range(200)]
    with asking(create_app(lambda _request: chunks, settings_of())) as client:
        events = events_of(start(client))
    assert text_of(events, 0) == "".join(chunks)
    assert sum(isinstance(event, ContentBlockDelta) for event in events) < 15


@pytest.mark.parametrize("kind", ["list", "generator", "async generator", "bytes"])
def test_generate_may_return_any_iterable(kind):
    async def agenerator():
        for chunk in ANSWER:
            yield chunk

    answers = {
        "list": lambda _request: list(ANSWER),
        "generator": lambda _request: (chunk for chunk in ANSWER),
        "async generator": lambda _request: agenerator(),
        "bytes": lambda _request: [chunk.encode() for chunk in ANSWER],
    }
    with asking(create_app(answers[kind], settings_of())) as client:
        assert text_of(events_of(start(client)), 1) == "<h1>\U0001f600</h1>\n"


def test_events_are_sent_while_the_model_writes_and_heartbeats_while_it_is_silent(client):
    with client.stream("POST", "generate", json={"prompt": "held"}) as response:
        decoder, received, events = SSEDecoder(), b"", []
        pieces = response.iter_raw()
        while not any(isinstance(event, ContentBlockDelta) for event in events):
            received += (piece := next(pieces))
            events += decoder.feed(piece)
        deltas = [event for event in events if isinstance(event, ContentBlockDelta)]
        assert deltas[0].text == "Here:\n"
        assert b"chunk_timeout" not in received
        for piece in pieces:
            received += piece
            events += decoder.feed(piece)
    assert received.count(b": keep-alive\n") >= 1
    assert [event.code for event in events if isinstance(event, ErrorEvent)] == ["chunk_timeout"]
    assert events[-1].reason == "timeout"


# Rejected requests


def test_unknown_path_is_not_found(client):
    for path in (
        "",
        "x",
        "generat",
        "generate/x",
        "streams",
        "streams/",
        "streams/x/y",
        "tickets",
        "metrics/x",
    ):
        response = client.get(path)
        assert error_of(response) == NOTHING_HERE
        assert "location" not in response.headers


def test_trailing_slash_is_ignored(client):
    whole = start(client)
    path = f"streams/{whole.headers['stream-id']}"
    assert client.get(f"{path}/").content == client.get(f"{path}//").content == whole.content
    assert client.post("generate/", json={"prompt": "text"}).status_code == 200
    assert client.post(f"{path}/tickets/").status_code == 201
    assert client.get("health/").json() == {"status": "ok"}
    assert error_of(client.put("generate/")) == ONLY_SOME_METHODS


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("generate", {"POST"}),
        ("streams/x", {"GET", "HEAD", "DELETE"}),
        ("streams/x/tickets", {"POST"}),
        ("health", {"GET", "HEAD"}),
        ("metrics", {"GET", "HEAD"}),
        ("openapi.json", {"GET", "HEAD"}),
    ],
)
def test_each_path_has_its_methods(client, path, methods):
    for method in {"GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"} - methods:
        response = client.request(method, path)
        assert error_of(response) == ONLY_SOME_METHODS
        assert set(response.headers["allow"].split(", ")) == methods


def test_openapi_document_follows_the_settings():
    with asking(create_app(Model(), settings_of(max_body_bytes=100, authenticate=by_name))) as client:
        described = client.get("openapi.json").json()
        assert described["servers"] == [{"url": "/"}]
        assert set(described["paths"]) == {
            "/generate", "/streams/{stream}", "/streams/{stream}/tickets", "/health", "/metrics",
            "/openapi.json",
        }  # fmt: skip
        assert "securitySchemes" in described["components"]
        assert "At most 100 bytes of JSON" in json.dumps(described["components"])
    with asking(create_app(Model(), settings_of(metrics=False))) as client:
        assert "/metrics" not in client.get("openapi.json").json()["paths"]
        assert error_of(client.get("metrics")) == NOTHING_HERE


@pytest.mark.parametrize("body", [b"{", b"[" * 60_000, b'{"prompt": 5}'], ids=["cut off", "deep", "a number"])
def test_invalid_body_gets_a_json_error(client, body):
    response = client.post("generate", content=body, headers={"Content-Type": "application/json"})
    status, code, message = error_of(response)
    assert (status, code) == (400, "invalid_request")
    assert 'Send {"prompt": "..."' in message


def test_other_media_type_gets_a_json_error(client):
    response = client.post("generate", content=b"{}")
    assert error_of(response)[:2] == (415, "unsupported_media_type")
    assert response.headers["accept"] == "application/json"


def raw(url, request, *, stays=True):
    """Send bytes; return the response up to the end of the connection or a timeout."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), WAIT) as connection:
        connection.sendall(request)
        answer = b""
        while stays and (piece := connection.recv(65536)):
            answer += piece
            if b"\r\n\r\n" in answer and answer.endswith(b"}}"):
                break
        return answer


HEAD = b"POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def test_long_body_is_rejected_before_it_is_complete():
    model = Model()
    piece = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    with serving(create_app(model, settings_of(body_timeout=WAIT))) as url:
        for request in (
            HEAD + b"Content-Length: 100000000\r\n\r\n",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + 3 * piece,
        ):
            answer = raw(url, request)
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b"exceeds 65536 bytes" in answer
    assert model.asked == []


def test_slow_body_is_rejected_in_time():
    model = Model()
    with serving(create_app(model, settings_of(body_timeout=0.2))) as url:
        answer = raw(url, HEAD + b'Content-Length: 100\r\n\r\n{"prompt":')
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"\r\nconnection: close\r\n" in answer.lower()
        assert b'"type":"request_timeout"' in answer
    assert model.asked == []


def test_client_that_disconnects_during_its_request_is_not_logged_as_a_failure(caplog):
    model = Model()
    with asking(create_app(model, settings_of())) as client:
        raw(str(client.base_url), HEAD + b"Content-Length: 100\r\n\r\n{", stays=False)
        time.sleep(0.1)
        assert start(client).status_code == 200
        assert b'refused_requests_total{code="other"} 0.0' in client.get("metrics").content
    assert len(model.asked) == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


# Requests that the application rejects


def refusing(error):
    def generate(_request):
        raise error

    return generate


@pytest.mark.parametrize(
    ("error", "expected", "headers"),
    [
        (RefusedRequestError(409, "conflict", "No.", {"X-Why": "so"}),
         (409, "conflict", "No."), {"x-why": "so"}),
        (HTTPException(429, "Five pages a day.", {"Retry-After": "7"}),
         (429, "refused", "Five pages a day."), {"retry-after": "7"}),
        (HTTPException(404, "Project not found."), (404, "refused", "Project not found."), {}),
        (HTTPException(405, "Not in this way."), (405, "refused", "Not in this way."), {}),
        (HTTPException(404), NOTHING_HERE, {}),
        (HTTPException(403, {"reason": "no"}), (403, "refused", "{'reason': 'no'}"), {}),
    ],
    ids=["a refusal", "429", "404", "405", "404 as the routes say it", "not in words"],
)  # fmt: skip
def test_generate_may_reject_a_request_with_its_own_message(error, expected, headers):
    with asking(create_app(refusing(error), settings_of(max_generations=1))) as client:
        for _ in range(2):
            response = start(client, **{"Idempotency-Key": "k1"})
            assert error_of(response) == expected
            assert headers.items() <= dict(response.headers).items()


def test_exception_in_generate_gets_a_json_error_without_its_message(caplog):
    calls = []

    def generate(request):
        calls.append(request)
        if len(calls) == 1:
            raise RuntimeError(SECRET)
        return None if len(calls) == 2 else list(ANSWER)

    log = MemoryEventLog()
    with asking(create_app(generate, settings_of(max_generations=1, log=log))) as client:
        # uvicorn closes the connection after an exception, sometimes only when the next request is under way.
        for _ in range(2):
            response = start(client, **{"Connection": "close", "Idempotency-Key": "k1"})
            assert error_of(response) == FAILED
        assert log._streams == {}
        assert events_of(start(client, **{"Idempotency-Key": "k1"}))[-1].reason == "complete"
    assert SECRET in caplog.text


def test_exception_in_the_stream_is_reported_without_its_message(client):
    early = start(client, "early")
    assert error_of(early) == (502, "source_failed", "The source failed.")
    assert early.json()["error"]["retryable"] is False
    assert "retry-after" not in early.headers
    late = start(client, "break")
    events = events_of(late)
    assert [event.code for event in events if isinstance(event, ErrorEvent)] == ["source_failed"]
    assert events[-1].reason == "failed"
    for response in (early, late):
        assert SECRET.encode() not in response.content
        assert b"RuntimeError" not in response.content


def test_silent_model_is_reported_by_the_status():
    settings = settings_of(timeouts=Timeouts(generation=5.0, chunk=0.1), heartbeat=None)
    with asking(create_app(Model(), settings)) as client:
        response = start(client, "silent")
    assert error_of(response)[:2] == (504, "chunk_timeout")
    assert response.json()["error"]["retryable"] is True
    assert response.headers["retry-after"] == "1"


# Contents of the server log


SECRET_OF_TOKENS = "0123456789abcdef0123456789abcdef"  # noqa: S105 - a key of this test alone
JSON = {"Content-Type": "application/json"}
HIDDEN = ("xyzzy", SECRET, "Error(", "Traceback", ".py", "componentstream.")
PROMPT = "xyzzy: a private prompt"


class Failing(MemoryEventLog):
    """A log that is down when it is told to be."""

    down = False

    async def status(self, stream):
        self._fail()
        return await super().status(stream)

    async def acquire(self, stream, **options):
        self._fail()
        return await super().acquire(stream, **options)

    def _fail(self):
        if self.down:
            raise StoreError("down\nwith it\u202e")


def test_no_response_or_log_line_contains_prompts_tokens_classes_or_paths(caplog):
    caplog.set_level(logging.INFO)
    claims = {"sub": "ada", "aud": "pages", "exp": int(time.time()) + 60}
    token = jwt.encode(claims, SECRET_OF_TOKENS, "HS256")
    mine = {"Authorization": f"Bearer {token}"}
    bearer = JWTBearer.from_secret(SECRET_OF_TOKENS, audience="pages")
    log = Failing()
    said = []
    with asking(create_app(Model(), settings_of(authenticate=bearer, log=log))) as client:
        whole = start(client, f"text {PROMPT}", **mine)
        path = f"streams/{whole.headers['stream-id']}"
        ticket = client.post(f"{path}/tickets", headers=mine).json()["ticket"]
        said += [
            whole,
            start(client, f"early {PROMPT}", **mine),
            start(client, f"break {PROMPT}", **mine),
            start(client, PROMPT, **{**mine, "Idempotency-Key": "a b"}),
            start(client, PROMPT),
            client.post("generate", json={"prompt": PROMPT, "project": 1}, headers=mine),
            client.post("generate", content=f'{{"prompt": "{PROMPT}"', headers={**mine, **JSON}),
            client.get(path, params={"ticket": ticket}),
            client.get(path, params={"ticket": ticket}),
            client.get(path, params={"access_token": token}),
            client.get(f"streams/{PROMPT}", headers=mine),
            client.get(path, headers={**mine, "Last-Event-ID": PROMPT}),
            client.get(path, headers={**mine, "Last-Event-ID": "99"}),
            client.get(path, params={"from": PROMPT}, headers=mine),
            client.get(PROMPT, headers=mine),
            client.put("generate", headers=mine),
        ]
        log.down = True
        said += [start(client, PROMPT, **mine), client.get(path, headers=mine), client.get("health")]
    assert [response.status_code for response in said] == [
        200, 502, 200, 400, 401, 400, 400, 200, 401, 400, 404, 400, 400, 400, 404, 405, 503, 503, 503,
    ]  # fmt: skip
    ours = [record for record in caplog.records if record.name.split(".")[0] not in ("httpx2", "httpcore2")]
    lines = [record.getMessage() for record in ours if record.levelno >= logging.INFO]
    for text in [response.text for response in said] + lines:
        for hidden in (token, ticket, *HIDDEN):
            assert hidden not in text.replace(r"StoreError('down\nwith it\u202e')", "")
    assert "The event log failed; a request was rejected: StoreError('down\\nwith it\\u202e')" in lines


def test_failing_log_is_reported_and_a_running_stream_continues():
    log = Failing()
    with (
        asking(create_app(model := Model(), settings_of(log=log))) as client,
        client.stream("POST", "generate", json={"prompt": "held"}) as response,
    ):
        got = read_until(pieces := response.iter_raw(), b"Here:")
        log.down = True
        for refused in (start(client), client.get(f"streams/{response.headers['stream-id']}")):
            assert error_of(refused)[:2] == (503, "log_unavailable")
            assert refused.headers["retry-after"] == "1"
        health = client.get("health")
        assert (health.status_code, health.json()) == (503, {"status": "log_unavailable"})
        log.down = False
        assert client.get("health").json() == {"status": "ok"}
        model.go_on()
        got += b"".join(pieces)
    assert decoded(got)[-1].reason == "complete"
    assert len(model.asked) == 1


# Readers that leave


def test_generation_continues_when_its_client_disconnects():
    with asking(create_app(model := Model(), settings_of())) as client:
        with client.stream("POST", "generate", json={"prompt": "held"}) as response:
            read_until(response.iter_raw(), b"Here:")
        path = f"streams/{response.headers['stream-id']}"
        eventually(lambda: b"componentstream_readers 0.0" in client.get("metrics").content)
        assert model.closed == 0
        model.go_on()
        eventually(lambda: model.closed == 1)
        events = events_of(client.get(path))
    assert text_of(events, 1) == "<h1>\U0001f600</h1>\n"
    assert text_of(events, 2) == ENDING
    assert events[-1].reason == "complete"


def test_generation_can_be_cancelled_when_its_last_client_disconnects():
    at_best(seconds_until_a_generation_without_clients_is_closed, below=1.0)


def seconds_until_a_generation_without_clients_is_closed():
    with asking(create_app(model := Model(), settings_of(on_disconnect="cancel"))) as client:
        with client.stream("POST", "generate", json={"prompt": "endless"}) as response:
            mine = response.iter_raw()  # to forget it would be to leave
            read_until(mine, b"Here:")
            path = f"streams/{response.headers['stream-id']}"
            with client.stream("GET", path) as other:
                pieces = other.iter_raw()
                read_until(pieces, b"Here:")
                response.close()
                eventually(lambda: b"componentstream_readers 1.0" in client.get("metrics").content)
                got = read_until(pieces, b"more")
                assert model.closed == 0
                assert b"message_stop" not in got
            left = time.monotonic()
        eventually(lambda: model.closed == 1)
        closed = time.monotonic()
        assert events_of(client.get(path))[-1].reason == "cancelled"
    return closed - left


def leave_before_the_answer_begins(client, model, **headers):
    """Ask for an answer that is silent, and leave; that nothing has come shows that the id is not known."""
    address = urlsplit(str(client.base_url))
    begun = model.begun
    with socket.create_connection((address.hostname, address.port), WAIT) as connection:
        fields = {"Host": "x", "Content-Type": "application/json", "Content-Length": "20", **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        connection.sendall(f'POST /generate HTTP/1.1\r\n{head}\r\n{{"prompt": "silent"}}'.encode())
        eventually(lambda: model.begun == begun + 1)
        connection.settimeout(0)
        with pytest.raises(BlockingIOError):
            connection.recv(1)


def test_generation_that_cannot_be_found_again_ends_with_its_connection():
    with asking(create_app(model := Model(), settings_of())) as client:
        leave_before_the_answer_begins(client, model)
        eventually(lambda: model.closed == 1)


def test_generation_with_a_key_outlives_its_connection():
    with asking(create_app(model := Model(), settings_of())) as client:
        leave_before_the_answer_begins(client, model, **{"Idempotency-Key": "page-1"})
        eventually(lambda: b"componentstream_readers 0.0" in client.get("metrics").content)
        assert model.closed == 0
        model.go_on()
        response = client.post("generate", json={"prompt": "silent"}, headers={"Idempotency-Key": "page-1"})
        assert events_of(response)[-1].reason == "complete"
        assert (model.begun, model.closed) == (1, 1)


def left_in_cycles():
    """Return the objects of the package that only the garbage collector frees, by type or coroutine name."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        names = [
            thing.__qualname__ if isinstance(thing, CoroutineType) else type(thing).__qualname__
            for thing in gc.garbage
            if type(thing).__module__.startswith("componentstream.")
            or (isinstance(thing, CoroutineType) and "/componentstream/" in thing.cr_code.co_filename)
        ]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    return names


def test_streams_leave_nothing_to_the_garbage_collector():
    def read(client, prompt, text):
        with client.stream("POST", "generate", json={"prompt": prompt}) as response:
            read_until(response.iter_raw(), text)

    with asking(create_app(model := Model(), settings_of(on_disconnect="cancel"))) as client:
        read(client, "page", b"message_stop")
        gc.collect()
        gc.disable()
        try:
            read(client, "page", b"message_stop")
            read(client, "break", b"message_stop")
            read(client, "endless", b"Here:")
            eventually(lambda: model.closed == model.begun == 4)
            eventually(lambda: b"componentstream_readers 0.0" in client.get("metrics").content)
            assert left_in_cycles() == []
        finally:
            gc.enable()


def test_stopped_generation_is_closed_within_a_second():
    at_best(seconds_until_a_stopped_generation_is_closed, below=1.0)


def seconds_until_a_stopped_generation_is_closed():
    with asking(create_app(model := Model(), settings_of())) as client:
        with client.stream("POST", "generate", json={"prompt": "endless"}) as response:
            pieces = response.iter_raw()
            got = read_until(pieces, b"Here:")
            path = f"streams/{response.headers['stream-id']}"
            began = time.monotonic()
            assert client.delete(path).status_code == 204
            eventually(lambda: model.closed == 1)
            closed = time.monotonic()
            got += b"".join(pieces)
        assert decoded(got)[-1].reason == "cancelled"
        assert client.delete(path).status_code == 204
        assert client.get(path).content == got
    return closed - began


# Pages of other origins


def test_only_listed_origins_are_allowed():
    settings = settings_of(allowed_origins=["https://app.example"], authenticate=by_name)
    with asking(create_app(refusing(RuntimeError()), settings)) as client:
        for origin in ("https://app.example", "https://evil.example", "null"):
            headers = {"Origin": origin}
            expected = origin if origin == "https://app.example" else None
            before = client.options("generate", headers={**headers, "Access-Control-Request-Method": "POST"})
            assert before.status_code == (200 if expected else 400)
            responses = [
                before, start(client, **headers), start(client, **headers, **user("ada"), Connection="close"),
                client.get("x", headers=headers), client.get("health", headers=headers),
            ]  # fmt: skip
            assert [response.status_code for response in responses[1:]] == [401, 500, 404, 200]
            for response in responses:
                assert response.headers.get("access-control-allow-origin") == expected
                assert "Origin" in response.headers["vary"]
    with asking(create_app(Model(), settings_of())) as client:
        response = client.get("health", headers={"Origin": "https://app.example"})
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"allowed_origins": ["*"]}, "is not an origin as browsers send it"),
        (
            {"allowed_origins": "https://app.example"},
            "allowed_origins must be a list of origins, such as .*, not str",
        ),
        ({"rate_limit": "often"}, "Invalid rate 'often': give an amount and a time"),
        ({"rate_limit_storage": "memcached://x"}, "The rate limit storage must begin with"),
        ({"ticket_seconds": 31}, "ServerSettings: ticket_seconds must be at most 30 seconds, not 31."),
    ],
)
def test_invalid_settings_are_refused_when_the_application_is_made(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        create_app(Model(), ServerSettings(**settings))


@pytest.mark.parametrize("settings", [None, {"debug": True}, ServerSettings, "settings"])
def test_settings_of_another_type_are_refused_with_the_type_to_use(settings):
    with pytest.raises(UsageError) as caught:
        create_app(Model(), settings)
    assert str(caught.value) == (
        f"create_app: settings must be ServerSettings, not {type(settings).__name__} {settings!r:.80}. "
        "Write create_app(generate, ServerSettings(...))."
    )


def nothing():
    return ["text"]


def several(prompt, project):
    return [prompt, project]


def by_keyword(*, request):
    return [request]


def one(request):
    return [request]


@pytest.mark.parametrize("generate", ["my_app:generate", None, 7, ["text"], object()])
def test_generate_that_is_not_callable_is_refused(generate):
    with pytest.raises(UsageError) as caught:
        create_app(generate)
    assert str(caught.value) == (
        f"create_app: generate must be a function of one argument, not {type(generate).__name__} "
        f"{generate!r:.80}. Pass the function itself: create_app(generate)."
    )


def test_generate_that_was_called_already_is_refused():
    async def generate(request):
        return [request]

    coroutine = generate(None)
    with pytest.raises(
        UsageError, match=r"not coroutine .* Pass the function itself: create_app\(generate\)\.$"
    ):
        create_app(coroutine)
    coroutine.close()


@pytest.mark.parametrize(
    ("generate", "reason"),
    [
        (nothing, "nothing() does not: too many positional arguments."),
        (several, "several(prompt, project) does not: missing a required argument: 'project'."),
        (by_keyword, "by_keyword(*, request) does not: too many positional arguments."),
        (partial(one, None), "partial() does not: too many positional arguments."),
    ],
)
def test_generate_that_does_not_accept_one_argument_is_refused(generate, reason):
    with pytest.raises(UsageError) as caught:
        create_app(generate)
    assert str(caught.value) == (
        f"create_app: generate must accept one positional argument, the GenerationRequest, but {reason}"
    )


@pytest.mark.parametrize(
    "generate",
    [one, Model(), partial(several, project="p"), lambda request, limit=3: [request] * limit, iter],
)
def test_every_callable_of_one_argument_is_accepted(generate):
    create_app(generate)


def test_callable_without_a_signature_is_accepted(monkeypatch):
    def no_signature(_function):
        raise ValueError("no signature found")

    monkeypatch.setattr(app_module, "signature", no_signature)
    create_app(nothing)


# Compression


def test_compressed_stream_sends_each_event_immediately():
    with asking(create_app(model := Model(), settings_of(compress=True))) as client:
        headers = {"Accept-Encoding": "gzip"}
        with client.stream("POST", "generate", json={"prompt": "held"}, headers=headers) as response:
            assert response.headers["content-encoding"] == "gzip"
            got = b""
            for piece in response.iter_bytes():
                got += piece
                if b"Here:" in got:
                    model.go_on()  # the rest comes when the first has been read
        assert decoded(got)[-1].reason == "complete"
        path = f"streams/{response.headers['stream-id']}"
        plain = client.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == got
        described = client.get("openapi.json", headers=headers)
        assert described.headers["content-encoding"] == "gzip"


def test_responses_are_not_compressed_by_default(client):
    response = start(client, **{"Accept-Encoding": "gzip, br, zstd"})
    assert "content-encoding" not in response.headers
    assert not response.content.startswith(gzip.compress(b"")[:2])


# The end


@passed_once
def test_open_streams_get_their_end_when_the_server_shuts_down():
    app = create_app(model := Model(), settings_of(shutdown_grace=1.0))
    got = {}

    def read(prompt):
        with httpx2.stream("POST", f"{url}generate", json={"prompt": prompt}, timeout=WAIT) as response:
            pieces = response.iter_raw()
            got[prompt] = read_until(pieces, b"Here:")
            begun.release()
            got[prompt] += b"".join(pieces)

    def go_on():
        eventually(lambda: app.state.streams.draining)
        model.go_on()

    begun = threading.Semaphore(0)
    clients = [threading.Thread(target=read, args=(prompt,)) for prompt in ("held", "endless")]
    clients.append(threading.Thread(target=go_on))
    with serving(app, drain=app.state.streams.drain) as url:
        for client in clients:
            client.start()
        assert begun.acquire(timeout=WAIT)
        assert begun.acquire(timeout=WAIT)
        began = time.monotonic()
    for client in clients:
        client.join(WAIT)
    assert time.monotonic() - began < 3.0
    assert model.closed == 2
    assert decoded(got["held"])[-1].reason == "complete"
    endless = decoded(got["endless"])
    assert [event.code for event in endless if isinstance(event, ErrorEvent)] == ["server_stopping"]
    assert endless[-1].reason == "failed"


def test_new_generations_are_rejected_during_shutdown():
    async def scenario():
        app = create_app(model := Model(), settings_of(shutdown_grace=2.0))
        async with app.router.lifespan_context(app):
            reading = asyncio.create_task(ask(app, "POST", "/generate", prompt="held"))
            await happens(lambda: model.begun)
            draining = asyncio.create_task(app.state.streams.drain())
            await asyncio.sleep(0)
            refused = await ask(app, "POST", "/generate", prompt="text")
            assert error_of(refused) == (503, "server_stopping", "The server is shutting down; retry.")
            assert refused.headers["retry-after"] == "1"
            health = await ask(app, "GET", "/health")
            assert (health.status, health.json()) == (503, {"status": "server_stopping"})
            model.go_on()
            assert events_of(await reading)[-1].reason == "complete"
            await draining

    run(scenario())


def test_end_of_the_lifespan_ends_all_streams_and_tasks():
    async def scenario():
        app = create_app(model := Model(), settings_of(shutdown_grace=0.1))
        async with app.router.lifespan_context(app):
            reading = asyncio.create_task(ask(app, "POST", "/generate", prompt="endless"))
            await happens(lambda: model.begun)
        assert events_of(await reading)[-1].reason == "failed"
        assert model.closed == 1

    run(scenario())


def test_end_of_the_lifespan_closes_the_rate_limit_store(monkeypatch):
    closed = []

    async def aclose(limiter):
        closed.append(limiter)

    async def scenario():
        app = create_app(Model(), ServerSettings())
        async with app.router.lifespan_context(app):
            assert closed == []
        assert len(closed) == 1

    monkeypatch.setattr(RateLimiter, "aclose", aclose)
    run(scenario())


def test_lifespan_ends_cleanly_when_the_outer_application_fails():
    async def scenario():
        app = create_app(model := Model(), settings_of(shutdown_grace=0.1))
        context = app.router.lifespan_context(app)
        await context.__aenter__()
        await ask(app, "POST", "/generate", prompt="endless", headers={"Prefer": "respond-async"})
        await happens(lambda: model.begun)
        problem = RuntimeError("around it")
        assert not await context.__aexit__(RuntimeError, problem, None)
        assert model.closed == 1

    run(scenario())


# Mounted


def lifespan_of(app):
    @asynccontextmanager
    async def lifespan(_outer):
        async with app.router.lifespan_context(app):
            yield

    return lifespan


def in_starlette(app):
    from starlette.responses import PlainTextResponse  # noqa: PLC0415 - an extra

    hello = Route("/hello", lambda _request: PlainTextResponse("hello"))
    return Starlette(routes=[Mount("/api", app), hello], lifespan=lifespan_of(app))


def in_fastapi(app):
    fastapi = parts.module("fastapi")
    outer = fastapi.FastAPI(lifespan=lifespan_of(app))
    outer.mount("/api", app)
    outer.get("/hello")(lambda: "hello")
    return outer


def in_litestar(app):
    litestar = parts.module("litestar")
    types = parts.module("litestar.types")

    async def mounted(scope: types.Scope, receive: types.Receive, send: types.Send) -> None:
        await app({**scope, "root_path": "/api"}, receive, send)

    async def hello() -> str:
        return "hello"

    routes = [litestar.asgi("/api", is_mount=True, copy_scope=True)(mounted), litestar.get("/hello")(hello)]
    return litestar.Litestar(routes, lifespan=[lifespan_of(app)], openapi_config=None)


def in_django(app):
    parts.module("django")
    from django.conf import settings  # noqa: PLC0415 - an extra
    from django.core.asgi import get_asgi_application  # noqa: PLC0415
    from django.http import HttpResponse  # noqa: PLC0415
    from django.test.utils import override_settings  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415

    if not settings.configured:
        settings.configure()
    urls = (path("hello", lambda _request: HttpResponse("hello")),)
    changed = override_settings(ROOT_URLCONF=urls, ALLOWED_HOSTS=["*"], MIDDLEWARE=[])

    async def outer(scope, receive, send):
        if scope["type"] == "lifespan":
            with changed:
                nonlocal django
                django = get_asgi_application()
                await app(scope, receive, send)
        elif scope["path"].startswith("/api/"):
            await app({**scope, "root_path": f"{scope['root_path']}/api"}, receive, send)
        else:
            await django(scope, receive, send)

    django = None
    return outer


@pytest.mark.parametrize("mounted", [in_starlette, in_fastapi, in_litestar, in_django])
def test_application_can_be_mounted(mounted):
    app = create_app(model := Model(), settings_of(authenticate=by_name))
    mine = user("ada")
    with asking(mounted(app)) as client:
        assert client.get("hello").text.strip('"') == "hello"
        whole = client.post("api/generate", json={"prompt": "text"}, headers=mine)
        assert events_of(whole)[-1].reason == "complete"
        later = {**mine, "Prefer": "respond-async"}
        accepted = client.post("api/generate", json={"prompt": "held"}, headers=later)
        assert accepted.status_code == 202
        place = urljoin(str(accepted.url), accepted.headers["location"])
        assert urlsplit(place).path == f"/api/streams/{accepted.json()['stream']}"
        with client.stream("GET", place, headers=mine) as response:
            got = read_until(response.iter_raw(), b"Here:")
        ticket = client.post(f"{place}/tickets", headers=mine).json()["ticket"]
        model.go_on()
        rest = client.get(place, params={"ticket": ticket, "after": ids_of(got)[-1]})
        assert decoded(rest.content)[-1].reason == "complete"
        assert client.get(place, headers=user("bob")).status_code == 404
        assert client.delete(place, headers=mine).status_code == 204
        assert error_of(client.get("api/nothing")) == NOTHING_HERE
        assert error_of(client.put("api/generate")) == ONLY_SOME_METHODS
        assert client.get("api/openapi.json").json()["servers"] == [{"url": "/api"}]
        assert client.get("api/health").json() == {"status": "ok"}
        client.post("api/generate", json={"prompt": "endless"}, headers=later)
        eventually(lambda: model.begun == 3)
    assert model.closed == 3  # the lifespan has ended the open generations
    assert app.state.streams.draining


def test_mounted_application_reports_failures_in_its_own_format():
    app = create_app(refusing(RuntimeError(SECRET)), settings_of())
    with asking(in_starlette(app)) as client:
        response = client.post("api/generate", json={"prompt": "x"}, headers={"Connection": "close"})
        assert error_of(response) == FAILED


# Without a library

LIBRARIES = ["cryptography", "jwt", "limits", "prometheus_client", "starlette"]


@pytest.mark.parametrize("missing", LIBRARIES)
def test_missing_library_is_reported_with_the_extra(monkeypatch, missing):
    for library in LIBRARIES:
        parts.module(library)
    for name in [name for name in sys.modules if name.startswith("componentstream.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError) as caught:
        importlib.import_module("componentstream.server")
    assert str(caught.value) == (
        f"componentstream.server needs {missing}: pip install 'componentstream[server]'."
    )
