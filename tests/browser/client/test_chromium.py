"""The client in Chromium, against a real server: frames, hidden tabs, reloads, and streams by EventSource."""

import re
import secrets
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from tests import parts
from tests.browser.client.cutting import cutting
from tests.browser.pages import Stage, chromium
from tests.listening import serving

TOKEN = secrets.token_hex(8)
DOCUMENT = Path(__file__).parents[3] / "docs" / "browser.md"
PAGE = """<!doctype html><title>page</title><script type="module">
window.client = await import("/componentstream/componentstream.js");
window.CountingStore = class extends client.BlockStore {
  applied = [];
  apply(events) { this.applied.push(...events); super.apply(events); }
};
window.store = new CountingStore();
window.retry = { maxTries: 20, minDelay: 5, maxDelay: 100 };
window.headers = { Authorization: "Bearer %s" };
window.restored = client.restore("page", { store, retry, headers });
window.ready = true;
</script>"""


@pytest.fixture(scope="module")
def site():
    """A server whose model is a stage, below a proxy that cuts, and a browser."""
    sync_api = parts.module("playwright.sync_api")
    parts.module("uvicorn")
    server = parts.module("componentstream.server")
    browser_routes = parts.module("componentstream.browser.routes").browser_routes
    routing = parts.module("starlette.routing")
    responses = parts.module("starlette.responses")
    stage = Stage()

    def authenticate(request):
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise server.RefusedRequestError(401, "unauthorized", "Send a bearer token.")
        return server.Principal("someone")

    settings = server.ServerSettings(
        authenticate=authenticate, rate_limit=None, max_generations_per_user=100, max_readers_per_user=100
    )
    api = server.create_app(stage, settings)
    page = responses.HTMLResponse(PAGE % TOKEN)
    app = parts.module("starlette.applications").Starlette(
        routes=[routing.Route("/", page), *browser_routes(), routing.Mount("/api", api)],
        lifespan=lambda _: api.router.lifespan_context(api),
    )
    path = parts.program("chromium")
    with (
        serving(app) as direct,
        cutting(urlsplit(direct).port) as (url, proxy),
        sync_api.sync_playwright() as playwright,
        chromium(playwright, path) as browser,
    ):
        yield SimpleNamespace(stage=stage, url=url, proxy=proxy, browser=browser)


@pytest.fixture
def page(site):
    """A page of its own tab; nothing may be thrown in it."""
    thrown = []
    context = site.browser.new_context()
    page = context.new_page()
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.goto(site.url)
    page.wait_for_function("window.ready")
    yield page
    context.close()
    assert thrown == []


DELTAS = """async () => {
  const store = new client.BlockStore();
  const block = { type: "component", name: "Hero", position: "main", attributes: {}, parent: null };
  store.apply([{ type: "content_block_start", index: 0, content_block: block }]);
  await store.published();
  let told = 0, frames = 0, running = true;
  store.subscribe(() => { told += 1; });
  const count = () => { frames += 1; if (running) requestAnimationFrame(count); };
  requestAnimationFrame(count);
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    let sent = 0;
    port1.onmessage = () => {
      for (let turn = 0; turn < 10; turn += 1) {
        const delta = { type: "text_delta", text: "0123456789" };
        store.apply([{ type: "content_block_delta", index: 0, delta }]);
      }
      sent += 10;
      if (sent < 10000) port2.postMessage(null); else resolve();
    };
    port2.postMessage(null);
  });
  await store.published();
  running = false;
  return { told, frames, chars: store.getSnapshot().blocks[0].text.length };
}"""


def test_listeners_are_called_at_most_once_for_each_frame(page):
    counts = page.evaluate(DELTAS)
    assert counts["chars"] == 100_000
    # One more for the timer that helps out when a frame takes long, as on a busy machine.
    assert 1 <= counts["told"] <= 2 * counts["frames"] + 1
    assert counts["told"] < 1000


HIDDEN = """async (later) => {
  const frames = window.requestAnimationFrame;
  window.requestAnimationFrame = () => 0;
  const hidden = { value: "hidden", configurable: true };
  const hide = () => Object.defineProperty(document, "visibilityState", hidden);
  if (!later) hide();
  const store = new client.BlockStore();
  const began = performance.now();
  store.connect();
  if (later) {
    hide();
    document.dispatchEvent(new Event("visibilitychange"));
  }
  await store.published();
  const took = performance.now() - began;
  delete document.visibilityState;
  window.requestAnimationFrame = frames;
  return took;
}"""


@pytest.mark.parametrize("later", [False, True])
def test_a_hidden_tab_is_told_at_once(page, later):
    assert min(page.evaluate(HIDDEN, later) for _ in range(10)) < 100


def test_a_page_without_frames_is_told_all_the_same(page):
    took = page.evaluate("""async () => {
      window.requestAnimationFrame = () => 0;
      const store = new client.BlockStore();
      const began = performance.now();
      store.connect();
      await store.published();
      return performance.now() - began;
    }""")
    assert took >= 200


def begin(page, stage, options="{}"):
    before = len(stage.requests)
    page.evaluate("""(options) => {
      window.generation = client.generate("/api/generate", { prompt: "x" },
        { store, retry, headers, ...options });
    }""", {} if options == "{}" else options)  # fmt: skip
    stage.wait_for_requests(before + 1)


def wait_for_text(page, text):
    page.wait_for_function("(text) => store.getBlock(0)?.text === text", arg=text)


def reload(page):
    page.reload()
    page.wait_for_function("window.ready")


WHOLE = """async (id) => {
  const other = new CountingStore();
  const snapshot = await client.resume("/api/generate", id, { store: other, headers }).done;
  return {
    once: JSON.stringify(store.applied) === JSON.stringify(other.applied),
    equal: JSON.stringify(store.getSnapshot()) === JSON.stringify(snapshot),
    status: snapshot.status,
    blocks: snapshot.blocks.map(({ name, text }) => [name, text]),
  };
}"""
UNDISTURBED = {"once": True, "equal": True, "status": "complete", "blocks": [["Hero", "one two three "]]}


def test_a_page_that_is_reloaded_twice_has_the_same_snapshot_in_the_end(page, site):
    begin(page, site.stage, {"keep": "page"})
    # Before the first event there is no response, and the reloaded page sends its request again.
    reload(page)
    assert page.evaluate("restored !== null")
    site.stage.say("/// START Hero\none ")
    wait_for_text(page, "one ")
    reload(page)
    wait_for_text(page, "one ")
    site.stage.say("two ")
    wait_for_text(page, "one two ")
    reload(page)
    site.stage.say("three ")
    wait_for_text(page, "one two three ")
    site.stage.leave()
    page.wait_for_function("store.ended")
    assert page.evaluate(WHOLE, page.evaluate("restored.streamId")) == UNDISTURBED
    assert len(site.stage.requests) == 1
    # The finished answer is there after a reload too; once it is forgotten, nothing is.
    reload(page)
    page.wait_for_function("store.ended")
    wait_for_text(page, "one two three ")
    page.evaluate("client.forget('page')")
    reload(page)
    assert page.evaluate("restored") is None


def test_a_stream_is_read_by_event_source_with_a_new_ticket_for_each_connection(page, site):
    asked = []
    page.on(
        "request", lambda request: asked.append((request.method, urlsplit(request.url).path.split("/")[-1]))
    )
    begin(page, site.stage, {"transport": "eventsource"})
    site.stage.say("/// START Hero\none ")
    wait_for_text(page, "one ")
    site.proxy.limits = [1]
    site.stage.say("two ")
    wait_for_text(page, "one two ")
    site.stage.say("three ")
    site.stage.leave()
    page.wait_for_function("store.ended")
    stream = page.evaluate("generation.streamId")
    assert page.evaluate(WHOLE, stream) == UNDISTURBED
    assert site.proxy.limits == []
    tickets = [number for number, request in enumerate(asked) if request == ("POST", "tickets")]
    assert len(tickets) >= 2
    assert ("POST", "generate") in asked
    # A stream of which there is nothing more, one that is unknown, and a rejected token.
    assert page.evaluate(REFUSED, stream) == [
        ["complete", []],
        ["failed", ["stream_unknown"]],
        ["failed", ["unauthorized"]],
    ]


REFUSED = """async (id) => {
  const resume = async (id, headers, lastEventId = "") => {
    const options = { transport: "eventsource", headers, lastEventId, retry: false };
    const { status, errors } = await client.resume("/api/generate", id, options).done;
    return [status, errors.map(({ type }) => type)];
  };
  return [
    await resume(id, headers, generation.lastEventId),
    await resume("s-unknown", headers),
    await resume(id, {}),
  ];
}"""


def test_stop_ends_a_stream_that_is_read_by_event_source(page, site):
    begin(page, site.stage, {"transport": "eventsource"})
    site.stage.say("/// START Hero\none ")
    wait_for_text(page, "one ")
    page.evaluate("generation.stop()")
    site.stage.wait_until_closed()
    assert page.evaluate("store.getSnapshot().status") == "cancelled"


def test_the_page_of_the_documentation_shows_the_blocks_and_stops(page, site):
    [html] = re.findall(r"```html\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    page.set_extra_http_headers({"Authorization": f"Bearer {TOKEN}"})
    page.route("**/documented", lambda route: route.fulfill(body=html, content_type="text/html"))
    before = len(site.stage.requests)
    page.goto(f"{site.url}/documented")
    site.stage.wait_for_requests(before + 1)
    site.stage.say("/// START Hero\n<b>one")
    page.wait_for_function("document.querySelector('pre')?.textContent === '<b>one'")
    assert page.locator("#status").text_content() == "streaming"
    page.get_by_role("button", name="Stop").click()
    site.stage.wait_until_closed()
    page.wait_for_function("document.querySelector('#status').textContent === 'cancelled'")


def test_the_documentation_restores_a_page_as_the_client_does(page, site):
    blocks = re.findall(r"```js\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    [script] = [block for block in blocks if "const options" in block]
    html = f"<!doctype html><script type=module>{script}; window.generation = generation</script>"
    page.set_extra_http_headers({"Authorization": f"Bearer {TOKEN}"})
    page.route("**/documented", lambda route: route.fulfill(body=html, content_type="text/html"))
    before = len(site.stage.requests)
    page.goto(f"{site.url}/documented")
    site.stage.wait_for_requests(before + 1)
    site.stage.say("/// START Hero\none ")
    has_text = "window.generation?.store.getBlock(0)?.text === 'one '"
    page.wait_for_function(has_text)
    page.reload()
    page.wait_for_function(has_text)
    site.stage.leave()
    page.wait_for_function("generation.store.ended")
    assert len(site.stage.requests) == before + 1
