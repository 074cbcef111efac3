"""A page that mounts a preview, served under a strict policy, with a log of every request."""

import sys
from pathlib import Path

from componentstream import browser
from tests import parts

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host</title></head><body>
<input aria-label="Prompt"><button>Generate</button><main></main>
<script type="module" src="/page.js"></script></body></html>"""

SCRIPT = """
import { createPreview, mountPreview } from "/browser/preview/host.js";
const place = document.querySelector("main");
window.secret = "the page's own secret";
window.reports = [];
window.createPreview = createPreview;
window.mountPreview = mountPreview;
window.mount = (src, options = {}) => {
  window.preview?.destroy();
  window.reports = [];
  const note = (report) => window.reports.push({ ...report, at: performance.now() });
  window.preview = mountPreview(place, { src, onStatus: note, ...options });
};
// For the control: the same frame without a sandbox and without the host's care.
window.mountBare = (src) => {
  const frame = document.createElement("iframe");
  const events = [];
  let isReady = false;
  window.reports = [];
  window.preview = {
    apply(event) {
      events.push(event);
      if (isReady) frame.contentWindow.postMessage({ type: "events", events: events.splice(0) }, "*");
    },
    destroy: () => frame.remove(),
  };
  addEventListener("message", ({ data, source }) => {
    if (source !== frame.contentWindow || typeof data?.type !== "string") return;
    if (data.type === "ready") isReady = true;
    window.reports.push({ index: null, status: data.type, ...data, at: performance.now() });
  });
  frame.src = src;
  place.append(document.createElement("section"), frame);
};
window.start = (index, name, text, position = "main") => {
  const content_block = { type: "component", name, position, attributes: {}, parent: null };
  window.preview.apply({ type: "content_block_start", index, content_block });
  if (text) window.delta(index, text);
};
window.delta = (index, text) =>
  window.preview.apply({ type: "content_block_delta", index, delta: { type: "text_delta", text } });
window.stop = (index) =>
  window.preview.apply({ type: "content_block_stop", index, reason: "end", chars: 0, trimmed: 0 });
window.show = (index, name, text, position) => {
  window.start(index, name, text, position);
  window.stop(index);
};
window.latest = (index) => window.reports.findLast((report) => report.index === index)?.status ?? null;
window.isLoaded = true;
"""

STUB = """<!doctype html><html><head><meta charset="utf-8"></head><body><input><script>
window.heard = [];
addEventListener("message", ({ data }) => {
  if (data.type === "ping") {
    if (!window.silent) parent.postMessage({ type: "pong", n: data.n }, "*");
    return;
  }
  heard.push(data);
  for (const { type, index, delta } of data.events ?? []) {
    if (type !== "content_block_delta") continue;
    if (heard.some((message) => message.type === "hold" && message.index === index)) continue;
    queue.push([index, delta.text]);
  }
  next();
});
// The browser sends a message in a later task: what is announced must reach the page before it may loop.
const queue = [];
const next = () => {
  if (queue.length === 0) return;
  const [index, text] = queue.shift();
  parent.postMessage({ type: "rendering", index }, "*");
  setTimeout(() => {
    parent.postMessage({ type: "status", index, status: "live" }, "*");
    if (text.startsWith("run:")) new Function(text.slice(4))();
    next();
  });
};
parent.postMessage({ type: "ready" }, "*");
</script></body></html>"""
"""A frame that answers as the real one does, and runs the text of blocks that ask for it."""

STUB_POLICY = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'"


def host_app(routes=(), *, policy="default-src 'self'; frame-src {frames}", requests=None):
    """Return an application with the page, the modules of the browser, a stub frame and more routes.

    Each request is appended to ``requests`` as its path with the query.
    """
    parts.module("starlette")
    from starlette.applications import Starlette  # noqa: PLC0415 - its absence is told above
    from starlette.middleware import Middleware  # noqa: PLC0415
    from starlette.responses import Response  # noqa: PLC0415
    from starlette.routing import Mount, Route  # noqa: PLC0415
    from starlette.staticfiles import StaticFiles  # noqa: PLC0415

    paths = ["/stub.html", *(route.path for route in routes)]

    def page(request):
        frames = " ".join(f"{str(request.base_url).rstrip('/')}{path}" for path in paths)
        headers = {"Content-Security-Policy": policy.format(frames=frames)} if policy else {}
        return Response(PAGE, media_type="text/html", headers=headers)

    def script(_request):
        return Response(SCRIPT, media_type="text/javascript")

    def stub(_request):
        return Response(STUB, media_type="text/html", headers={"Content-Security-Policy": STUB_POLICY})

    class Noted:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            if scope["type"] == "http" and requests is not None:
                query = scope["query_string"].decode("latin-1")
                requests.append(scope["path"] + (f"?{query}" if query else ""))
            await self.app(scope, receive, send)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/page.js", script),
            Route("/stub.html", stub),
            *routes,
            Mount("/browser", StaticFiles(directory=Path(browser.path()))),
        ],
        middleware=[Middleware(Noted)],
    )


def say(line):
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
