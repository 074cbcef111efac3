"""Each example of a framework, started and read over a socket as its own text says."""

import asyncio
import os
import re
import runpy
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from componentstream.core.buffer import ComponentBuffer
from componentstream.core.events import ContentBlockDelta, MessageStop
from componentstream.demo.recording import read_recording
from componentstream.drive import parse
from componentstream.wire import SSEDecoder
from tests import parts
from tests.browser.pages import chromium
from tests.servers.running import STOPPING, free_port, wait_for

EXAMPLES = Path(__file__).parents[2] / "examples"
DATA = EXAMPLES / "data"
NEEDS = {
    "with_aiohttp": ["aiohttp"],
    "with_asgi": ["uvicorn"],
    "with_django_asgi": ["uvicorn", "django"],
    "with_django_wsgi": ["django"],
    "with_fastapi": ["uvicorn", "fastapi"],
    "with_flask": ["flask"],
    "with_litestar": ["uvicorn", "litestar"],
    "with_quart": ["quart"],
    "with_sanic": ["sanic"],
    "with_starlette": ["uvicorn", "starlette"],
    "with_wsgi": [],
}
RATE = 40
"""Plays the landing page in three seconds, which is time enough for its first event on a busy machine."""

SHORT = "international"
"""A recording that is played to its end in little more than half a second."""


@contextmanager
def started(name, folder):
    """Run an example; give the address in the line that it prints; stop it."""
    port = free_port()
    log = Path(folder, "log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, EXAMPLES / f"{name}.py"],
            env={**os.environ, "PORT": str(port), "RATE": str(RATE)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(port, process, log)
        [address] = re.findall(r'^curl -N "(.*)"$', log.read_text(encoding="utf-8"), re.MULTILINE)
        assert address.startswith(f"http://127.0.0.1:{port}/")
        yield address
    finally:
        process.terminate()
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def events_at(address, body=None):
    """Yield the events of the response to a GET, or to a POST of a body, as they arrive."""
    httpx2 = parts.module("httpx2")
    decoder = SSEDecoder()
    request = {"method": "GET"} if body is None else {"method": "POST", "json": body}
    with httpx2.Client(trust_env=False) as client, client.stream(url=address, **request) as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        for data in response.iter_raw():
            yield from decoder.feed(data)
    decoder.close()


def components_of(events):
    buffer = ComponentBuffer()
    for event in events:
        buffer.apply(event)
    return buffer.components


@pytest.mark.parametrize("name", NEEDS)
def test_an_example_streams_what_the_model_writes_while_it_writes(name, tmp_path):
    for need in NEEDS[name]:
        parts.module(need)
    long, short = (read_recording(DATA / f"{recording}.jsonl") for recording in ("landing_page", SHORT))
    with started(name, tmp_path) as address:
        asked = time.monotonic()
        with closing(events_at(address)) as events:
            first = next(event for event in events if isinstance(event, ContentBlockDelta))
        assert time.monotonic() < asked + long[-1].at / RATE, (
            "it came when the last chunk may have been there"
        )
        played = list(events_at(address.replace("a+landing+page", SHORT)))
        posted = list(events_at(address.partition("?")[0], {"prompt": SHORT}))
    assert first.text in "".join(chunk.text for chunk in long)
    for events in (played, posted):
        assert isinstance(events[-1], MessageStop)
        assert events[-1].reason == "complete"
        assert components_of(events) == components_of(parse([chunk.text for chunk in short]))


def test_an_example_serves_a_page_that_shows_the_components_in_a_browser(tmp_path):
    sync_api = parts.module("playwright.sync_api")
    for need in NEEDS["with_fastapi"]:
        parts.module(need)
    path = parts.program("chromium")
    with (
        started("with_fastapi", tmp_path) as address,
        sync_api.sync_playwright() as playwright,
        chromium(playwright, path) as browser,
    ):
        page = browser.new_page()
        page.goto(address.partition("generate?")[0])
        page.get_by_label("Prompt").fill(SHORT)
        page.get_by_role("button", name="Generate").click()
        sync_api.expect(page.get_by_role("status")).to_have_text("complete")
        names = page.locator("h2").all_text_contents()
    components = components_of(parse([chunk.text for chunk in read_recording(DATA / f"{SHORT}.jsonl")]))
    assert [name for name in names if name != "text"] == [component.name for component in components]


def test_every_example_of_a_framework_is_tested_here():
    assert {path.stem for path in EXAMPLES.glob("with_*.py")} == set(NEEDS)


@pytest.mark.parametrize(
    ("prompt", "recording"),
    [
        ("", "landing_page"),
        ("a landing page for a bakery", "landing_page"),
        ("Please make a compound menu.", "compound_menu"),
        ("../../pyproject.toml", "landing_page"),
    ],
)
def test_the_model_plays_the_recording_that_the_prompt_names(prompt, recording, monkeypatch):
    monkeypatch.setenv("RATE", "0")
    model = runpy.run_path(str(EXAMPLES / "model.py"))

    async def answer():
        return [chunk async for chunk in model["generate"](prompt)]

    expected = [chunk.text for chunk in read_recording(DATA / f"{recording}.jsonl")]
    assert asyncio.run(answer()) == expected
    assert list(model["generate_sync"](prompt)) == expected
