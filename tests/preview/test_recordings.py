"""The preview in Chromium from end to end: recorded answers over a real server, state while code grows."""

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from componentstream.demo.recording import read_recording
from tests import parts
from tests.browser.pages import chromium
from tests.listening import serving
from tests.preview.serving import host_app
from tests.timing import WAIT

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "examples" / "data", ROOT / "src" / "componentstream" / "demo" / "recordings")
RECORDINGS = {path.stem: path for folder in FOLDERS for path in sorted(folder.glob("*.jsonl"))}
PAGES = {
    "climbing_gym": ("Book a visit", "Fall off", "Three halls", "Pay for the wall", "allez", "on us", "©"),
    "tea_club": ("Second Flush", "Four small tins", "Morning Fog", "farms", "pause", "Join for", "by hand"),
}
"""The recordings whose last component shows the seven before it, with words of each of these."""

CHUNKS_AT_ONCE = 12

FOLLOW = """async (name) => {
  const { generate } = await import("/browser/componentstream.js");
  mount("/preview/frame.html");
  window.generation = generate(`/generate/${name}`, {});
  preview.follow(generation.store);
  const { status, blocks } = await generation.done;
  return { status, indexes: blocks.filter(({ type }) => type === "component").map(({ index }) => index) };
}"""
LATEST = """() => Object.fromEntries(reports
  .filter(({ index }) => index !== null)
  .map(({ index, status, message }) => [index, [status, message]]))"""


@pytest.fixture(scope="module")
def server():
    """A server that generates recordings and serves the frame, and a browser."""
    sync_api = parts.module("playwright.sync_api")
    parts.module("uvicorn")
    parts.module("starlette")
    path = parts.program("chromium")
    parts.program("npm")
    from starlette.routing import Route  # noqa: PLC0415 - its absence is told above

    from componentstream.adapters.starlette import ComponentStreamResponse  # noqa: PLC0415
    from componentstream.browser.preview import build, preview_routes  # noqa: PLC0415

    async def chunks_of(name):
        for number, chunk in enumerate(read_recording(RECORDINGS[name])):
            yield chunk.text
            if number % CHUNKS_AT_ONCE == 0:
                await asyncio.sleep(0.001)

    async def generate(request):
        return ComponentStreamResponse(chunks_of(request.path_params["name"]))

    build()
    routes = [*preview_routes(), Route("/generate/{name}", generate, methods=["POST"])]
    with (
        serving(host_app(routes)) as url,
        sync_api.sync_playwright() as playwright,
        chromium(playwright, path) as browser,
    ):
        yield SimpleNamespace(url=url, context=browser.new_context())


@pytest.fixture
def page(server):
    page = server.context.new_page()
    page.set_default_timeout(1000 * WAIT)
    page.goto(server.url)
    page.wait_for_function("() => window.isLoaded")
    yield page
    page.close()


def frame_of(page):
    """The frame that the preview shows."""
    [frame] = [frame for frame in page.frames if frame.parent_frame is not None]
    return frame


def assert_live(page, indexes):
    """Wait until the preview says of every component that it is live.

    A frame on a busy machine answers its watchdog late. A block that was held for that is run again, as a
    person would do; one that really freezes the frame is held again, and never becomes live.
    """
    live = {str(index): ["live", None] for index in indexes}
    end = time.monotonic() + WAIT
    while (latest := page.evaluate(LATEST)) != live and time.monotonic() < end:
        for index, (status, _) in latest.items():
            if status == "frozen":
                page.evaluate("(index) => preview.run(index)", int(index))
        page.wait_for_timeout(100)
    assert latest == live


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_streams_through_a_server_and_every_component_is_rendered(page, name):
    outcome = page.evaluate(FOLLOW, name)
    assert outcome["status"] == "complete"
    indexes = outcome["indexes"]
    assert indexes
    assert_live(page, indexes)
    assert page.evaluate("reports.filter((report) => report.status === 'failed')") == []
    assert frame_of(page).evaluate("document.querySelectorAll('#page .cs-host *').length") > 0


@pytest.mark.parametrize("name", PAGES)
def test_a_layout_that_comes_last_shows_every_section_once_and_in_order(page, name):
    outcome = page.evaluate(FOLLOW, name)
    indexes = outcome["indexes"]
    assert_live(page, indexes)
    frame = frame_of(page)
    frame.wait_for_function("() => document.querySelector('[data-region]') === null")
    sections = frame.evaluate(
        "[...document.querySelectorAll('.min-h-screen .cs-host')].map((host) => host.textContent)"
    )
    for section, words in zip(sections, PAGES[name], strict=True):
        assert words in section
    whole = frame.evaluate("document.body.textContent.trim()")
    assert len(whole) == len(frame.evaluate("document.querySelector('.min-h-screen').textContent.trim()"))


COUNTER = """import { useState } from "react";
export default function Counter() {
  const [count, setCount] = useState(0);
  const [words, setWords] = useState("");
  return (
    <section className="panel">
      <button id="add" onClick={() => setCount(count + 1)}>count {count}</button>
      <input id="field" value={words} onChange={(event) => setWords(event.target.value)} />
"""
LAYOUT = """function RootLayout() {
  return (
    <div className="page">
      <header>A page</header>
      <main><Counter /></main>
      <footer>The end</footer>
    </div>
  );
}
"""
KEPT = """() => {
  const [button, field] = [document.querySelector("#add"), document.querySelector("#field")];
  return { same: button === marked.button && field === marked.field, count: button.textContent,
    words: field.value, focused: document.activeElement === field };
}"""


def test_state_focus_and_nodes_are_kept_while_the_code_grows_and_when_the_root_takes_over(page):
    page.evaluate("mount('/preview/frame.html')")
    page.evaluate("(text) => start(0, 'Counter', text)", COUNTER)
    page.wait_for_function("() => latest(0) === 'live'")
    frame = frame_of(page)
    frame.click("#add")
    frame.click("#add")
    frame.locator("#field").press_sequentially("hello")
    frame.evaluate(
        "window.marked = { button: document.querySelector('#add'), field: document.querySelector('#field') }"
    )
    kept = {"same": True, "count": "count 2", "words": "hello", "focused": True}
    for number in range(24):
        page.evaluate("(text) => delta(0, text)", f"      <p>Line {number}</p>\n")
        frame.wait_for_function("(count) => document.querySelectorAll('p').length === count", arg=number + 1)
        assert frame.evaluate(KEPT) == kept
    page.evaluate(
        "(text) => { delta(0, text); stop(0); start(1, 'RootLayout', '', 'root') }", "</section>);\n}\n"
    )
    for at in range(0, len(LAYOUT), 5):
        page.evaluate("(text) => delta(1, text)", LAYOUT[at : at + 5])
        assert frame.evaluate(KEPT) == kept
    page.evaluate("stop(1)")
    frame.wait_for_function("() => document.querySelector('.page main #add') !== null")
    frame.wait_for_function("() => document.querySelector('.page footer') !== null")
    assert frame.evaluate(KEPT) == kept
    assert frame.evaluate("document.querySelectorAll('#add').length") == 1
    frame.locator("#field").press_sequentially("!")
    assert frame.evaluate(KEPT) == {**kept, "words": "hello!"}
