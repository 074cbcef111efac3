"""Read with third-party clients: each receives the events that the library's own `stream` yields."""

import json
import subprocess
from pathlib import Path

import attrs
import pytest

from componentstream.core.event_json import event_from_dict
from componentstream.core.events import ErrorEvent, MessageStop, StatusEvent
from componentstream.drive import stream
from componentstream.testing import EventVerifier, merge_deltas
from tests import parts
from tests.clients.generation import CHUNKS
from tests.servers.running import UVICORN, serving
from tests.timing import WAIT

HERE = Path(__file__).parent
COUNTS = (
    "chunks", "chars", "components_started", "components_completed", "components_by_reason", "errors_by_code",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    parts.module("uvicorn")
    parts.module("starlette")
    with serving([*UVICORN, "app_generation:app"], tmp_path_factory.mktemp("clients"), HERE) as port:
        yield f"http://127.0.0.1:{port}"


def timeless(events):
    """The events without the figures that differ from run to run, and without the cuts between deltas."""
    return merge_deltas([timeless_event(event_from_dict(event.to_dict())) for event in events])


def timeless_event(event):
    if isinstance(event, StatusEvent):
        return attrs.evolve(event, elapsed=0.0)
    if isinstance(event, MessageStop):
        return attrs.evolve(event, stats={name: event.stats[name] for name in COUNTS})
    return event


def expected():
    return timeless(stream(CHUNKS))


def check(lines):
    """Compare the data of the events of a client with the events of the library itself."""
    events = [event_from_dict(json.loads(line)) for line in lines]
    assert timeless(events) == expected()


def test_the_generation_has_prose_mistakes_and_unicode():
    events = expected()
    verifier = EventVerifier()
    verifier.check_all(events)
    codes = {event.code for event in events if isinstance(event, ErrorEvent)}
    assert codes == {
        "invalid_name",
        "invalid_position",
        "unexpected_end",
        "malformed_marker",
        "unclosed_component",
    }
    text = "".join(CHUNKS)
    assert {"\u2028", "\x85", "\x00", "\ufeff", "\u200d"} <= set(text)


def test_httpx2_reads_it(address):
    httpx2 = parts.module("httpx2")
    with httpx2.Client() as client, client.sse(f"{address}/stream") as source:
        check([event.data for event in source])


def test_httpx_sse_reads_it(address):
    httpx, httpx_sse = parts.module("httpx"), parts.module("httpx_sse")
    with httpx.Client() as client, httpx_sse.connect_sse(client, "GET", f"{address}/stream") as source:
        check([event.data for event in source.iter_sse()])


def test_httpx_sse_reports_the_type_of_each_event(address):
    httpx, httpx_sse = parts.module("httpx"), parts.module("httpx_sse")
    with httpx.Client() as client, httpx_sse.connect_sse(client, "GET", f"{address}/stream?named") as source:
        events = list(source.iter_sse())
    check([event.data for event in events])
    types = [json.loads(event.data)["type"] for event in events]
    assert [event.event for event in events] == [{"error": "stream_error"}.get(name, name) for name in types]


def test_eventsource_parser_reads_it_on_node(address):
    script = parts.npm_packages(HERE) / "read.mjs"
    done = subprocess.run(
        [parts.node(), script, f"{address}/stream"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=2 * WAIT,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {name for name, _ in events} == {""}
    check([data for _, data in events])


def test_the_event_source_of_chromium_reads_it(address):
    playwright = parts.module("playwright.sync_api")
    chromium = parts.program("chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        lines = page.evaluate("window.received")
        browser.close()
    check(lines)
