"""The demonstration without a browser: its recording, its pages and what stands in their headers."""

import asyncio
import runpy
import threading
import time
from pathlib import Path

import pytest

import parts
from componentstream import ComponentBlock, ContentBlockStart, ErrorEvent, UsageError, parse
from componentstream.lifecycle import Timeouts
from componentstream.recording import Chunk, read_recording
from componentstream.wire import SSEDecoder

httpx2 = parts.module("httpx2")
parts.module("uvicorn")
parts.module("starlette")

from componentstream.server import GenerationRequest  # noqa: E402 - they need what is asked for above
from componentstream.server.demonstration import (  # noqa: E402
    RECORDING,
    RecordedGeneration,
    create_demo,
    create_recorded_demo,
)
from componentstream.server.serving import LocalServer  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
WAIT = 10.0
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
    assert times[-1] < 2.0


def test_a_rate_is_how_many_times_as_fast():
    assert play(RecordedGeneration([Chunk(100.0, "x")], rate=1000.0))[0][1] == pytest.approx(0.1, abs=0.09)


def test_at_rate_0_nothing_is_waited_for():
    assert play(RecordedGeneration([Chunk(1e9, "x")], rate=0.0))[0][1] < 1.0


def test_the_length_is_that_of_what_a_reader_gets():
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


def test_the_recording_of_the_package_is_what_the_example_makes_of_its_text():
    text = "".join(chunk.text for chunk in read_recording(RECORDING))
    record = runpy.run_path(str(ROOT / "examples" / "record.py"))["record"]
    assert RECORDING.read_text(encoding="utf-8").splitlines() == list(record(text))
    assert 2500 < len(text) < 4000


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    path = tmp_path / "answer.txt"
    path.write_text("Hello", encoding="utf-8")
    with pytest.raises(UsageError, match=r"answer\.txt, line 1: this is no JSON in UTF-8\."):
        create_recorded_demo(path)


@pytest.fixture(scope="module")
def client():
    with LocalServer(create_recorded_demo(rate=0.0), port=0) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        with httpx2.Client(base_url=server.url, timeout=WAIT) as client:
            yield client
        server.stop()
        thread.join(WAIT)


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
        ("/componentstream.js", "text/javascript; charset=utf-8"),
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


def test_the_page_is_told_what_is_played(client):
    expected = RecordedGeneration(read_recording(RECORDING)).chars()
    assert client.get("/demo/demo.json").json() == {"recording": "demo.jsonl", "chars": expected}


def test_the_generation_stands_below_api(client):
    response = client.post("/api/generate", json={"prompt": "x"})
    events = SSEDecoder().feed(response.content)
    assert events[-1].reason == "complete"
    assert events[-1].stats["components_completed"] == 3


def test_any_function_can_stand_in_for_the_model():
    def generate(request):
        return [request.prompt]

    with LocalServer(create_demo(generate), port=0) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        about = httpx2.get(f"{server.url}demo/demo.json", timeout=WAIT).json()
        answer = httpx2.get(f"{server.url}api/generate?prompt=back", timeout=WAIT)
        server.stop()
        thread.join(WAIT)
    assert about == {"recording": None, "chars": None}
    assert "back" in answer.text
