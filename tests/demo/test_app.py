"""The demo without a browser: the server with a page, for recordings, for a model, and for other servers."""

import asyncio
import logging
import threading
import time
from contextlib import contextmanager

import pytest

from componentstream import ContentBlockDelta, ErrorEvent
from componentstream.demo.recording import RECORDING
from componentstream.log import open_log
from componentstream.wire import SSEDecoder
from tests import parts
from tests.timing import STORE_WAIT, WAIT, passed_once

httpx2 = parts.module("httpx2")
parts.module("uvicorn")
parts.module("starlette")

from componentstream.demo.app import (  # noqa: E402
    MODEL_TIMEOUTS,
    TOKEN_SECONDS,
    create_model_demo,
    create_page,
    create_recorded_demo,
)
from componentstream.demo.playing import Recording  # noqa: E402 - they need what is asked for above
from componentstream.demo.preview import LivePreview  # noqa: E402
from componentstream.server import JWTBearer, ServerSettings  # noqa: E402
from componentstream.server.serving import LocalServer  # noqa: E402

ROASTERY = Recording.read(RECORDING)


@contextmanager
def serving(app):
    with LocalServer(app, port=0, drain=app.state.streams.drain) as server:
        app.state.stop = server.stop
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            with httpx2.Client(base_url=server.url, timeout=WAIT) as client:
                yield client
        finally:
            server.stop()
            thread.join(WAIT)


@pytest.fixture(scope="module")
def client():
    with serving(create_recorded_demo([ROASTERY], rate=0.0)) as client:
        yield client


def test_the_page_gets_the_recordings_the_speed_and_a_token(client):
    about = client.get("/demo/demo.json").json()
    assert about.pop("token")
    assert about == {
        "api": "../api/",
        "authenticated": True,
        "preview": {"message": "", "src": None, "status": "off"},
        "rate": 0.0,
        "recordings": [
            {"name": "coffee_roastery.jsonl", "title": "Coffee roastery", "chars": ROASTERY.chars}
        ],
    }


def test_the_server_below_api_wants_that_token(client):
    assert client.post("/api/generate", json={"prompt": "x"}).status_code == 401
    headers = {"Authorization": f"Bearer {client.get('/demo/demo.json').json()['token']}"}
    response = client.post("/api/generate", json={"prompt": "x"}, headers=headers)
    events = SSEDecoder().feed(response.content)
    assert events[-1].reason == "complete"
    assert events[-1].stats["components_completed"] == 3
    stream = f"/api/streams/{response.headers['stream-id']}"
    again = client.get(stream, headers=headers | {"Last-Event-ID": "1"})
    assert SSEDecoder().feed(again.content) == events[1:]
    assert client.get(stream).status_code == 401


def test_a_token_holds_for_a_day_and_for_one_demonstration():
    jwt = parts.module("jwt")
    one, other = create_recorded_demo([ROASTERY]), create_recorded_demo([ROASTERY])
    before = time.time()
    token = one.state.new_token()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["aud"]) == ("demo", "componentstream demo")
    assert before - 1 <= claims["exp"] - TOKEN_SECONDS <= time.time()
    assert TOKEN_SECONDS == 86_400
    with serving(other) as client:
        headers = {"Authorization": f"Bearer {token}"}
        assert client.post("/api/generate", json={"prompt": "x"}, headers=headers).status_code == 401


def test_a_model_takes_the_place_of_the_recordings_and_its_exceptions_are_logged(caplog):
    def generate(request):
        if request.prompt == "fail":
            raise RuntimeError("the model has no key")
        yield f"{request.project} {request.version}"

    app = create_model_demo(generate, preview=LivePreview("missing", "build it"))
    with serving(app) as client, caplog.at_level(logging.INFO):
        about = client.get("/demo/demo.json").json()
        headers = {"Authorization": f"Bearer {about['token']}"}
        asked = {"prompt": "x", "project": "bakery", "version": "7"}
        answer = client.post("/api/generate", json=asked, headers=headers)
        failed = client.post("/api/generate", json={"prompt": "fail"}, headers=headers)
    assert (about["recordings"], about["preview"]["status"]) == ([], "missing")
    assert "bakery 7" in answer.text
    assert failed.status_code == 502
    assert "the model has no key" in caplog.text
    assert app.state.preview.status == "missing"
    assert (MODEL_TIMEOUTS.generation, MODEL_TIMEOUTS.chunk) == (600.0, 90.0)


def test_near_misses_are_reported():
    app = create_model_demo(lambda request: [f"{{/* /// START {request.prompt} */}}\n"])
    with serving(app) as client:
        headers = {"Authorization": f"Bearer {app.state.new_token()}"}
        answer = client.post("/api/generate", json={"prompt": "Hero"}, headers=headers)
    (finding,) = [event.finding for event in SSEDecoder().feed(answer.content) if event.type == "finding"]
    assert (finding.rule, finding.line) == ("near-miss", 1)


def test_a_page_can_be_served_beside_the_routes_of_a_server_without_tokens():
    with serving(create_page(lambda request: [request.prompt])) as client:
        about = client.get("/demo/demo.json").json()
        answer = client.post("/generate", json={"prompt": "back"})
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/absent").status_code == 404
    assert about == {
        "api": "../",
        "authenticated": False,
        "preview": {"message": "", "src": None, "status": "off"},
        "rate": 1.0,
        "recordings": [],
        "token": None,
    }
    assert "back" in answer.text


def test_a_page_hands_out_no_token_of_a_server_whose_users_have_theirs():
    settings = ServerSettings(authenticate=JWTBearer.from_secret(b"x" * 32, audience="mine"))
    with serving(create_page(lambda request: [request.prompt], settings)) as client:
        about = client.get("/demo/demo.json", headers={"Host": "my.example"}).json()
        assert client.post("/generate", json={"prompt": "x"}).status_code == 401
    assert (about["token"], about["authenticated"]) == (None, True)


def test_streams_go_into_the_log_that_is_given(tmp_path):
    async def run():
        async with open_log(f"sqlite:{tmp_path / 'demo.db'}", call_timeout=STORE_WAIT) as log:
            app = create_recorded_demo([ROASTERY], rate=0.0, log=log)
            with LocalServer(app, port=0, drain=app.state.streams.drain) as server:
                serving = asyncio.create_task(server.serve())
                headers = {"Authorization": f"Bearer {app.state.new_token()}"}
                async with httpx2.AsyncClient(base_url=server.url, timeout=WAIT) as client:
                    response = await client.post("/api/generate", json={"prompt": "x"}, headers=headers)
                server.stop()
                await serving
            return await log.status(response.headers["stream-id"]), response

    status, response = asyncio.run(run())
    assert status.state == "finished"
    assert status.last == response.text.count("\nid: ")


@passed_once
def test_a_stream_that_is_open_when_the_demonstration_stops_is_ended(tmp_path):
    path = tmp_path / "tale.jsonl"
    path.write_text('{"at": 0, "text": "Once "}\n{"at": 300, "text": "upon a time."}\n', encoding="utf-8")
    app = create_recorded_demo([Recording.read(path)])
    began = None
    with serving(app) as client:
        headers = {"Authorization": f"Bearer {app.state.new_token()}"}
        with client.stream("POST", "/api/generate", json={"prompt": "x"}, headers=headers) as response:
            decoder, events = SSEDecoder(), []
            for piece in response.iter_bytes():
                events += decoder.feed(piece)
                if began is None and any(isinstance(event, ContentBlockDelta) for event in events):
                    began = time.monotonic()
                    app.state.stop()
    assert time.monotonic() - began < 3.0
    assert [(event.code, event.retryable) for event in events if isinstance(event, ErrorEvent)] == [
        ("server_stopping", True)
    ]
    assert events[-1].reason == "failed"
