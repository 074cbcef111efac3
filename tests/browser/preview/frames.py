"""A bare host page that mounts the built frames, for tests and figures."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from componentstream.browser import path as browser_path
from componentstream.browser.preview import build
from tests import parts
from tests.timing import WAIT

FRAMES = ("frame.html", "frame.tailwind.html", "frame.charts.html")

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host</title></head><body>
<input aria-label="Prompt"><script src="/page.js"></script></body></html>"""
SCRIPT = """
window.messages = [];
window.mount = (src) => {
  window.mountedAt = performance.now();
  document.querySelector("iframe")?.remove();
  window.messages = [];
  const frame = document.createElement("iframe");
  frame.style.cssText = "width: 800px; height: 500px";
  frame.src = src;
  document.body.append(frame);
};
window.addEventListener("message", ({ data }) => {
  window.messages.push(data);
  if (data.type === "ready") window.readyAt = performance.now();
});
window.send = (message) => document.querySelector("iframe").contentWindow.postMessage(message, "*");
window.start = (index, name, position = "main") => {
  const content_block = { type: "component", name, position, attributes: {}, parent: null };
  window.send({ type: "events", events: [{ type: "content_block_start", index, content_block }] });
};
window.feed = (index, text) => window.send({ type: "events", events: [
  { type: "content_block_delta", index, delta: { type: "text_delta", text } }] });
window.stop = (index) => window.send({ type: "events", events: [
  { type: "content_block_stop", index, reason: "end", trimmed: 0 }] });
window.show = (index, name, text, position) => {
  start(index, name, position);
  feed(index, text);
  stop(index);
};
"""


def packages():
    """Install the npm packages of the frame's lock file; return their folder."""
    return parts.npm_packages(browser_path() / "preview")


@contextmanager
def serving(frames: Path | None = None):
    """Serve the host page and the frames, each with its policy; give the address."""
    frames = build() if frames is None else frames
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.frames = frames
    server.manifest = json.loads((frames / "manifest.json").read_text(encoding="utf-8"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.lstrip("/")
        own = f"http://127.0.0.1:{self.server.server_port}/"
        sources = " ".join(own + frame for frame in FRAMES)
        policy = f"default-src 'self'; style-src 'self' 'unsafe-inline'; frame-src {sources}"
        if name in FRAMES:
            body = (self.server.frames / name).read_bytes()
            self.answer("text/html; charset=utf-8", body, self.server.manifest[name]["csp"])
        elif name == "page.js":
            self.answer("text/javascript", SCRIPT.encode(), policy)
        elif name == "":
            self.answer("text/html; charset=utf-8", PAGE.encode(), policy)
        else:
            self.send_error(404)

    def answer(self, kind, body, policy):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def wait_for_message(page, condition):
    """Wait for a message to the host, whose policy refuses the function with which Playwright waits."""
    end = time.monotonic() + WAIT
    while not page.evaluate(f"messages.some((one) => {condition})"):
        assert time.monotonic() < end, page.evaluate("messages")
        page.wait_for_timeout(20)


def mount(page, name="frame.html"):
    """Mount a frame, wait until it is ready, and return it."""
    page.evaluate("name => mount('/' + name)", name)
    wait_for_message(page, "one.type === 'ready'")
    return page.frames[1]
