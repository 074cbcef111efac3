"""Compressed streams: each event leaves at once, as browsers read it."""

import json
import zlib

import pytest

from tests import parts
from tests.browser.pages import Stage, chromium
from tests.listening import serving
from tests.web.running import WAIT, connected, events_of

playwright = parts.module("playwright.sync_api")
parts.module("starlette_compress")

from starlette.applications import Starlette  # noqa: E402 - they need what is asked for above
from starlette.responses import HTMLResponse  # noqa: E402
from starlette.routing import Mount, Route  # noqa: E402

from componentstream.server import ServerSettings, create_app  # noqa: E402

LINES = ["/// START Hero\n", "<h1>Hello</h1>\n", "<p>again</p>\n", "/// END Hero\n"]
PAGE = """<!doctype html><title>reads</title><script>
window.seen = [];
async function start() {
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json", Prefer: "respond-async" },
    body: JSON.stringify({ prompt: "a page" }),
  };
  const { stream } = await (await fetch("api/generate", request)).json();
  const source = new EventSource("api/streams/" + stream);
  source.onmessage = ({ data, lastEventId }) => {
    window.seen.push([lastEventId, JSON.parse(data)]);
    if (JSON.parse(data).type === "message_stop") source.close();
  };
}
</script>"""


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def address(stage):
    api = create_app(stage, ServerSettings(compress=True, batch_delay=0.01))
    page = Route("/", HTMLResponse(PAGE))
    with serving(Starlette(routes=[page, Mount("/api", api)])) as url:
        yield url


def test_chromium_gets_each_event_of_a_compressed_stream_before_the_next_is_made(stage, address):
    encodings = []

    def note(response):
        if "/streams/" in response.url:
            encodings.append(response.header_value("content-encoding"))

    with playwright.sync_playwright() as started, chromium(started, parts.program("chromium")) as browser:
        page = browser.new_page()
        page.on("response", note)
        page.goto(address)
        page.evaluate("start()")
        for count, line in enumerate(LINES):
            stage.say(line)
            page.wait_for_function(
                "count => window.seen.filter(([, event]) => event.type !== 'status').length > count",
                arg=count,
                timeout=WAIT * 1000,
            )
        stage.leave()
        page.wait_for_function("window.seen.at(-1)[1].type === 'message_stop'", timeout=WAIT * 1000)
        seen = page.evaluate("window.seen")
    assert encodings == ["zstd"]
    assert [int(id_) for id_, _ in seen] == list(range(1, len(seen) + 1))
    text = [event["delta"]["text"] for _, event in seen if event["type"] == "content_block_delta"]
    assert "".join(text) == "".join(LINES[1:-1])


def test_gzip_is_flushed_behind_each_event(stage, address):
    body = json.dumps({"prompt": "a page"}).encode()
    with connected(address) as raw:
        raw.sendall(
            b"POST /api/generate HTTP/1.1\r\nHost: here\r\nAccept-Encoding: gzip\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        received = raw.makefile("rb")
        gzip = zlib.decompressobj(wbits=31)
        plain = b""
        stage.wait_for_requests(1)
        stage.say(LINES[0])
        headers = b""
        while (line := received.readline()) != b"\r\n":
            headers += line.lower()
        for line, sign in zip(LINES[1:], (b"Hello", b"again", b"content_block_stop"), strict=True):
            stage.say(line)
            while sign not in plain:
                plain += gzip.decompress(chunk(received))
        stage.leave()
        while piece := chunk(received):
            plain += gzip.decompress(piece)
    assert b"content-encoding: gzip\r\n" in headers
    assert b"vary: accept-encoding\r\n" in headers
    assert gzip.eof
    assert events_of(plain)[-1].reason == "complete"


def chunk(received):
    """Return the next chunk of a response in chunks, empty at its end."""
    size = int(received.readline(), 16)
    data = received.read(size)
    assert received.readline() == b"\r\n"
    return data


def test_without_the_setting_nothing_is_compressed(stage):
    with serving(create_app(stage, ServerSettings())) as url, connected(url) as raw:
        raw.sendall(
            b"GET /openapi.json HTTP/1.1\r\nHost: here\r\nAccept-Encoding: gzip, br, zstd\r\n"
            b"Connection: close\r\n\r\n"
        )
        answer = b""
        while piece := raw.recv(65536):
            answer += piece
    assert b"content-encoding" not in answer.lower().partition(b"\r\n\r\n")[0]
