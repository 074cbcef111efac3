"""The demonstration without a browser: its recording, its pages and what stands in their headers."""

import asyncio
import runpy
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from componentstream import (
    ComponentBlock,
    ConfigurationError,
    ContentBlockDelta,
    ContentBlockStart,
    ErrorEvent,
    parse,
)
from componentstream.demo.recording import Chunk, read_recording
from componentstream.log import open_log
from componentstream.session.lifecycle import Timeouts
from componentstream.wire import SSEDecoder
from tests import parts
from tests.timing import STORE_WAIT, WAIT, at_best, passed_once

httpx2 = parts.module("httpx2")
parts.module("uvicorn")
parts.module("starlette")

from componentstream.demo.app import (  # noqa: E402
    RECORDING,
    TOKEN_SECONDS,
    RecordedGeneration,
    create_demo,
    create_recorded_demo,
)
from componentstream.server import GenerationRequest  # noqa: E402 - they need what is asked for above
from componentstream.server.serving import LocalServer  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
CHUNKS = [Chunk(0.05, "/// START He"), Chunk(0.1, "ro\nx"), Chunk(0.25, "y\n/// END Hero\n")]


def play(generation):
    """The texts of a generation and the seconds at which they came."""

    async def run():
        began = time.monotonic()
        return [
            (text, time.monotonic() - began)
            async for text in generation(GenerationRequest(prompt="anything"))
        ]

    return asyncio.run(run())


def test_a_recording_is_played_at_its_own_pace():
    texts, times = zip(*play(RecordedGeneration(CHUNKS)), strict=True)
    assert texts == ("/// START He", "ro\nx", "y\n/// END Hero\n")
    assert all(at >= chunk.at - 0.002 for at, chunk in zip(times, CHUNKS, strict=True))
    at_best(lambda: play(RecordedGeneration(CHUNKS))[-1][1], below=2.0)


def test_a_rate_is_how_many_times_as_fast():
    generation = RecordedGeneration([Chunk(100.0, "x")], rate=1000.0)
    assert at_best(lambda: play(generation)[0][1], below=0.19) > 0.01


def test_rate_0_plays_without_pauses():
    assert play(RecordedGeneration([Chunk(1e9, "x")], rate=0.0))[0][1] < WAIT


def test_the_length_is_that_of_the_text_a_client_receives():
    assert RecordedGeneration(CHUNKS).chars() == len("xy\n")
    assert RecordedGeneration([]).chars() == 0


def test_the_timeouts_leave_room_for_the_recording():
    chunks = [Chunk(10.0, "a"), Chunk(40.0, "b"), Chunk(60.0, "c")]
    assert RecordedGeneration(chunks).timeouts() == Timeouts(generation=90.0, chunk=45.0)
    assert RecordedGeneration(chunks, rate=2.0).timeouts() == Timeouts(generation=60.0, chunk=30.0)
    assert RecordedGeneration(chunks, rate=0.0).timeouts() == Timeouts(generation=30.0, chunk=15.0)
    assert RecordedGeneration([]).timeouts() == Timeouts(generation=30.0, chunk=15.0)
    assert RecordedGeneration(chunks, rate=1e-308).timeouts() == Timeouts(generation=None, chunk=None)


def test_the_recording_of_the_package_has_three_components_prose_and_one_mistake():
    texts = [chunk.text for chunk in read_recording(RECORDING)]
    events = list(parse(texts))
    starts = [event for event in events if isinstance(event, ContentBlockStart)]
    components = [start.block.name for start in starts if isinstance(start.block, ComponentBlock)]
    assert components == ["HeroSection", "CoffeeList", "VisitFooter"]
    assert len(starts) == 7
    assert [event.code for event in events if isinstance(event, ErrorEvent)] == ["invalid_position"]


def test_the_recording_of_the_package_is_the_output_of_the_example():
    text = "".join(chunk.text for chunk in read_recording(RECORDING))
    record = runpy.run_path(str(ROOT / "examples" / "record.py"))["record"]
    assert RECORDING.read_text(encoding="utf-8").splitlines() == list(record(text))
    assert 2500 < len(text) < 4000


def test_a_file_that_is_not_a_recording_is_rejected(tmp_path):
    path = tmp_path / "answer.txt"
    path.write_text("Hello", encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"answer\.txt, line 1: the line is not valid JSON in UTF-8\."
    ):
        create_recorded_demo(path)


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
    with serving(create_recorded_demo(rate=0.0, host="Demo.test")) as client:
        yield client


def test_the_front_door_leads_to_the_page(client):
    response = client.get("/")
    assert (response.status_code, response.headers["location"]) == (307, "/demo/")
    assert "<title>componentstream demo</title>" in client.get("/demo/").text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/demo/", "text/html; charset=utf-8"),
        ("/demo/demo.js", "text/javascript; charset=utf-8"),
        ("/demo/demo.css", "text/css; charset=utf-8"),
        ("/demo/demo.json", "application/json"),
    ],
)
def test_every_page_has_its_type_and_allows_nothing_from_elsewhere(client, path, kind):
    response = client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, kind)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ")
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert client.put(path).status_code == 405


def test_the_pages_name_no_other_host(client):
    for path in ("/demo/", "/demo/demo.js", "/demo/demo.css", "/componentstream.js"):
        text = client.get(path).text
        assert "http:" not in text
        assert "https:" not in text
        assert "innerHTML" not in text


def test_the_page_gets_the_name_of_the_recording_and_a_token(client):
    expected = RecordedGeneration(read_recording(RECORDING)).chars()
    response = client.get("/demo/demo.json")
    about = response.json()
    assert (about["recording"], about["chars"], sorted(about)) == (
        "recording.jsonl",
        expected,
        ["chars", "recording", "token"],
    )
    assert response.headers["cache-control"] == "no-store"


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
    one, other = create_recorded_demo(), create_recorded_demo()
    before = time.time()
    token = one.state.new_token()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["aud"]) == ("demo", "componentstream demo")
    assert before - 1 <= claims["exp"] - TOKEN_SECONDS <= time.time()
    assert TOKEN_SECONDS == 86_400
    with serving(other) as client:
        headers = {"Authorization": f"Bearer {token}"}
        assert client.post("/api/generate", json={"prompt": "x"}, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("192.0.2.7:8000", 200),
        ("[::1]:8000", 200),
        ("demo.test:8000", 200),
        ("evil.example:8000", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
    ],
)
def test_the_token_is_not_given_to_a_name_that_was_made_to_mean_this_machine(client, host, status):
    response = client.get("/demo/demo.json", headers={"Host": host})
    assert response.status_code == status
    if status == 421:
        error = response.json()["error"]
        assert error["type"] == "misdirected_request"
        assert error["message"] == "Open this page by the address that the server printed."


def test_any_function_can_stand_in_for_the_model_and_without_tokens():
    def generate(request):
        return [request.prompt]

    with serving(create_demo(generate)) as client:
        about = client.get("/demo/demo.json").json()
        answer = client.post("/api/generate", json={"prompt": "back"})
    assert about == {"recording": None, "chars": None, "token": None}
    assert "back" in answer.text


def test_streams_go_into_the_log_that_is_given(tmp_path):
    async def run():
        async with open_log(f"sqlite:{tmp_path / 'demo.db'}", call_timeout=STORE_WAIT) as log:
            app = create_recorded_demo(rate=0.0, log=log)
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
    app = create_recorded_demo(path)
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
