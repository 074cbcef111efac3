"""The part of the preview in the page, in Chromium: with a stub frame that obeys the test, or attacks."""

from types import SimpleNamespace

import pytest

from tests import parts
from tests.browser.pages import chromium
from tests.listening import serving
from tests.preview.serving import host_app
from tests.timing import WAIT

MILLISECONDS = 1000 * WAIT


@pytest.fixture(scope="module")
def host():
    """A served page, and a browser."""
    sync_api = parts.module("playwright.sync_api")
    parts.module("uvicorn")
    path = parts.program("chromium")
    requests = []
    app = host_app(requests=requests)
    with serving(app) as url, sync_api.sync_playwright() as playwright, chromium(playwright, path) as browser:
        yield SimpleNamespace(url=url, context=browser.new_context(), requests=requests)


@pytest.fixture
def page(host):
    """The page with a mounted preview whose frame is ready; nothing may be complained of in its console."""
    complaints = []
    page = host.context.new_page()
    page.set_default_timeout(MILLISECONDS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(host.url)
    page.wait_for_function("() => window.isLoaded")
    mount(page)
    yield page
    page.close()
    assert complaints == []


def mount(page, options="{}"):
    page.evaluate(f"mount('/stub.html', {options})")
    wait_for_frames(page, 1)


def wait_for_frames(page, count):
    """Wait until so many frames have become ready since the mount."""
    page.wait_for_function("n => reports.filter(r => r.status === 'ready').length >= n", arg=count)


def frame_of(page):
    # The browser may still be taking the one before it down.
    return [frame for frame in page.frames if frame.parent_frame is not None][-1]


def heard(page, kind="events"):
    return [message for message in frame_of(page).evaluate("heard") if message["type"] == kind]


def events(page):
    return [event for message in heard(page) for event in message["events"]]


def texts(page):
    return [event["delta"]["text"] for event in events(page) if event["type"] == "content_block_delta"]


def latest(page, index, status):
    page.wait_for_function("([i, s]) => latest(i) === s", arg=[index, status])


def test_the_frame_is_sandboxed_labelled_and_named_by_the_page(page):
    frame = page.locator("section.componentstream-preview iframe")
    assert frame.get_attribute("sandbox") == "allow-scripts"
    assert frame.get_attribute("title") == "Generated preview"
    assert page.get_by_text("generated preview", exact=True).is_visible()
    assert page.locator("section").evaluate("e => getComputedStyle(e).borderTopWidth") == "1px"
    assert frame_of(page).evaluate("self.origin") == "null"


def test_events_reach_the_frame_joined_per_animation_frame(page):
    page.evaluate("start(0, 'Hero', 'a'); for (const c of 'bcdef') delta(0, c); stop(0)")
    latest(page, 0, "live")
    assert [event["type"] for event in events(page)] == [
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
    ]
    assert texts(page) == ["abcdef"]


def test_what_is_not_an_event_of_a_block_is_left_out(page):
    page.evaluate("""() => {
        preview.apply({ type: "status", phase: "started" });
        preview.apply({ type: "novelty", index: 0 });
        delta(7, "of an unknown block");
        preview.apply({ type: "content_block_delta", index: 0, delta: { type: "other" } });
        start(0, "Hero", "x");
        start(0, "Twin", "");
    }""")
    latest(page, 0, "live")
    assert [(event["type"], event["index"]) for event in events(page)] == [
        ("content_block_start", 0),
        ("content_block_delta", 0),
    ]


def test_a_replay_sends_everything_to_a_new_frame(page):
    page.evaluate("start(0, 'Hero', 'a'); start(1, 'Menu', 'b')")
    latest(page, 1, "live")
    page.evaluate("stop(1); stop(0); preview.replay(); delta(0, 'late')")
    wait_for_frames(page, 2)
    page.wait_for_function("() => document.querySelectorAll('iframe').length === 1")
    frame_of(page).wait_for_function("() => heard.some((message) => message.type === 'events')")
    assert texts(page) == ["alate", "b"]
    assert [event["index"] for event in events(page) if event["type"] == "content_block_stop"] == [1, 0]


def test_the_theme_is_told_and_follows_the_system_where_it_is_automatic(page):
    page.emulate_media(color_scheme="light")
    frame = frame_of(page)
    frame.wait_for_function("() => heard.at(-1)?.theme === 'light'")
    page.emulate_media(color_scheme="dark")
    frame.wait_for_function("() => heard.at(-1)?.theme === 'dark'")
    page.evaluate("preview.setTheme('light')")
    frame.wait_for_function("() => heard.at(-1)?.theme === 'light'")
    assert page.locator("section").evaluate("e => e.style.colorScheme") == "light"


def test_the_height_is_clamped_and_numbers_of_other_kinds_are_ignored(page):
    frame = frame_of(page)
    height = "document.querySelector('iframe').offsetHeight"

    def say(value):
        frame.evaluate(f"parent.postMessage({{ type: 'height', height: {value} }}, '*')")

    say("500.2")
    page.wait_for_function(f"() => {height} === 501")
    for wrong in ("NaN", "Infinity", "-1", "'9999px'", "[900]", "{}", "null"):
        say(wrong)
    say("1")
    page.wait_for_function(f"() => {height} === 120")
    say("1e15")
    page.wait_for_function(f"() => {height} === 2400")


def test_a_fixed_height_is_kept(page):
    mount(page, "{ height: 300 }")
    frame_of(page).evaluate("parent.postMessage({ type: 'height', height: 900 }, '*')")
    page.evaluate("start(0, 'Hero', 'a')")
    latest(page, 0, "live")
    assert page.locator("iframe").evaluate("e => e.offsetHeight") == 300


SPOOFS = [
    "{ type: 'status', index: 9, status: 'live' }",
    "{ type: 'status', index: 0, status: 'frozen' }",
    "{ type: 'status', index: 0, status: '<b>' }",
    "{ type: 'status', index: 0, status: 'failed', message: { html: 1 } }",
    "{ type: 'status', index: 0, status: 'failed', href: 'https://evil.test' }",
    "{ type: 'status', index: '0', status: 'failed' }",
    "{ type: 'status', index: -1, status: 'failed' }",
    "{ type: 'status', index: 0.5, status: 'failed' }",
    "{ type: 'pong', n: 1 }",
    "{ type: 'pong' }",
    "{ type: 'ready' }",
    "{ type: 'events', events: [] }",
    "{ type: 'constructor' }",
    "{ type: '__proto__' }",
    "{ type: ['ready'] }",
    "'ready'",
    "null",
    "7",
    "[]",
    "new Map([['type', 'ready']])",
]


def test_spoofed_messages_change_nothing(page):
    page.evaluate("start(0, 'Hero', 'a')")
    latest(page, 0, "live")
    before = page.evaluate("[reports.length, document.body.innerHTML]")
    frame = frame_of(page)
    for spoof in SPOOFS:
        frame.evaluate(f"parent.postMessage({spoof}, '*')")
    frame.evaluate(
        "parent.postMessage({ type: 'status', index: 0, status: 'behind', message: 'x'.repeat(9999) }, '*')"
    )
    latest(page, 0, "behind")
    assert page.evaluate("[reports.length - 1, document.body.innerHTML]") == before
    assert page.evaluate("reports.at(-1).message.length") == 500
    assert len(heard(page)) == 1


def test_messages_of_another_window_are_ignored(page):
    page.evaluate("start(0, 'Hero', 'a')")
    latest(page, 0, "live")
    page.evaluate("postMessage({ type: 'status', index: 0, status: 'failed' }, '*')")
    page.evaluate("""() => new Promise((done) => {
        const other = document.createElement("iframe");
        other.src = "/stub.html";
        other.sandbox = "allow-scripts";
        addEventListener("message", (event) => event.source === other.contentWindow && done());
        document.body.append(other);
    })""")
    other = next(
        frame for frame in page.frames if frame.url.endswith("stub.html") and frame != page.frames[1]
    )
    other.evaluate("parent.postMessage({ type: 'status', index: 0, status: 'failed' }, '*')")
    page.evaluate("delta(0, 'b')")
    page.wait_for_timeout(100)
    assert page.evaluate("latest(0)") == "live"


def test_a_frame_that_falls_silent_is_replaced_and_the_guilty_block_held(page):
    page.evaluate(
        "show(0, 'Hero', 'fine'); show(1, 'Loop', 'run:while (true);'); start(2, 'Footer', 'fine too')"
    )
    wait_for_frames(page, 2)
    latest(page, 1, "frozen")
    latest(page, 2, "live")
    assert page.evaluate("latest(0)") == "live"
    assert [message["index"] for message in heard(page, "hold")] == [1]
    assert page.evaluate("reports.find((r) => r.status === 'frozen').name") == "Loop"
    assert page.get_by_text("Loop froze the preview and was stopped.").is_visible()
    page.evaluate("delta(2, ', and more')")
    page.wait_for_timeout(50)
    page.get_by_role("button", name="Run Loop again").click()
    frame_of(page).wait_for_function("() => heard.at(-1).type === 'run' && heard.at(-1).index === 1")
    assert page.get_by_role("button", name="Run Loop again").count() == 0
    assert page.evaluate("latest(1)") == "waiting"


def test_a_frame_that_answers_but_is_always_busy_is_replaced(page):
    busy = "const end = Date.now() + 400; while (Date.now() < end); requestAnimationFrame(loop)"
    page.evaluate("show(0, 'Hero', 'fine')")
    latest(page, 0, "live")
    page.evaluate("code => show(1, 'Busy', code)", f"run:const loop = () => {{ {busy} }}; loop()")
    wait_for_frames(page, 2)
    latest(page, 1, "frozen")
    latest(page, 0, "live")


def test_a_flood_of_messages_replaces_the_frame(page):
    page.evaluate(
        "code => show(0, 'Flood', code)",
        "run:setInterval(() => { for (let i = 0; i < 3000; i++) parent.postMessage(i, '*') }, 10)",
    )
    wait_for_frames(page, 2)
    latest(page, 0, "frozen")
    assert "sent too many messages" in page.evaluate("reports.find((r) => r.status === 'frozen').message")


def test_a_frame_that_leaves_its_page_is_replaced(page, host):
    page.evaluate("show(0, 'Leaver', 'run:location.href = \"/stub.html?secret\"')")
    wait_for_frames(page, 2)
    latest(page, 0, "frozen")
    assert "tried to leave" in page.evaluate("reports.find((r) => r.status === 'frozen').message")
    page.evaluate("show(1, 'Other', 'run:location.href = \"/leave\"')")
    wait_for_frames(page, 3)
    latest(page, 1, "frozen")
    assert "/leave" not in host.requests


def test_a_frame_that_fills_the_history_is_replaced_and_the_page_goes_back(page):
    before = page.evaluate("history.length")
    fill = "run:for (let i = 0; i < 20; i++) setTimeout(() => { location.hash = i; }, 5 * i)"
    page.evaluate("code => show(0, 'Trap', code)", fill)
    latest(page, 0, "frozen")
    assert "filled the history" in page.evaluate("reports.find((r) => r.status === 'frozen').message")
    wait_for_frames(page, 2)
    page.wait_for_timeout(2000)
    # An entry of the page's own takes the place of those that it has gone back from.
    page.evaluate("history.pushState(null, '', '#own')")
    assert page.evaluate("history.length") <= before + 2


def test_a_preview_that_keeps_freezing_stops_until_it_is_asked_again(page):
    for index in range(7):
        page.evaluate(f"show({index}, 'Leaver', 'run:location.href = \"/stub.html?{index}\"')")
    page.wait_for_function("() => reports.at(-1).status === 'unavailable'")
    assert page.locator("iframe").count() == 0
    assert page.locator("button", has_text="Run Leaver again").count() == 5
    page.evaluate("preview.replay()")
    wait_for_frames(page, 8)


def test_a_block_that_freezes_by_a_timer_is_found_though_another_was_rendered_after_it(page):
    page.evaluate("show(0, 'Hero', 'fine'); show(1, 'Timer', 'run:setTimeout(() => { while (true); }, 100)')")
    page.evaluate("show(2, 'Footer', 'fine too')")
    latest(page, 1, "frozen")
    latest(page, 0, "live")
    latest(page, 2, "live")
    page.wait_for_timeout(500)
    assert page.evaluate("[0, 1, 2].map(latest)") == ["live", "frozen", "live"]
    page.evaluate("delta(2, ', and more')")
    frame_of(page).wait_for_function("() => heard.at(-1).events?.at(-1).delta?.text === ', and more'")


def test_a_frame_that_names_another_block_than_the_guilty_one_is_not_believed(page):
    lie = "parent.postMessage({ type: 'rendering', index: 0 }, '*'); setTimeout(() => { while (true); }, 50)"
    page.evaluate("code => { show(0, 'Hero', 'fine'); show(1, 'Liar', code); }", f"run:{lie}")
    latest(page, 1, "frozen")
    latest(page, 0, "live")


THIEF = "run:setTimeout(() => { document.querySelector('input').focus(); window.thefts = 1 }, 50)"


def test_focus_that_code_has_taken_is_given_back(page):
    page.get_by_label("Prompt").click()
    page.evaluate("code => show(0, 'Thief', code)", THIEF)
    frame_of(page).wait_for_function("() => window.thefts")
    page.wait_for_function("() => document.hasFocus() && document.activeElement.ariaLabel === 'Prompt'")
    frame_of(page).wait_for_function("() => !document.hasFocus()")
    page.keyboard.type("my prompt")
    assert page.get_by_label("Prompt").input_value() == "my prompt"


def test_a_frame_that_keeps_taking_the_focus_is_replaced(page):
    page.get_by_label("Prompt").click()
    page.evaluate("code => show(0, 'Thief', code)", THIEF.replace("setTimeout", "setInterval"))
    latest(page, 0, "frozen")
    page.wait_for_function("() => document.activeElement.ariaLabel === 'Prompt'")


def test_focus_is_left_to_a_user_who_clicks_or_tabs_into_the_frame(page):
    page.get_by_role("button", name="Generate").click()
    frame = page.frame_locator("iframe")
    frame.locator("input").click()
    page.keyboard.type("inside")
    frame_of(page).wait_for_function("() => document.querySelector('input').value === 'inside'")
    page.wait_for_timeout(100)
    assert page.evaluate("document.activeElement.tagName") == "IFRAME"
    assert frame.locator("input").input_value() == "inside"
    page.get_by_role("button", name="Generate").click()
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.keyboard.press("Tab")
    page.wait_for_timeout(100)
    assert page.evaluate("document.activeElement.tagName") == "IFRAME"


def test_a_store_is_followed_through_two_generations(page):
    page.evaluate("""async () => {
        const { BlockStore } = await import("/browser/componentstream.js");
        window.store = new BlockStore();
        store.connect();
        preview.follow(store);
        window.feed = (text) => store.apply([
            { type: "content_block_start", index: 0,
              content_block: { type: "component", name: "Hero", position: "main", parent: null } },
            { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }]);
        feed("first");
    }""")
    latest(page, 0, "live")
    page.evaluate("""store.apply([
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: " more" } },
        { type: "content_block_stop", index: 0, reason: "end", chars: 10, trimmed: 0 },
        { type: "message_stop", reason: "complete", stats: {} }])""")
    frame_of(page).wait_for_function("() => heard.at(-1).events?.at(-1).type === 'message_stop'")
    assert "".join(texts(page)) == "first more"
    page.evaluate("store.connect(); feed('second')")
    wait_for_frames(page, 2)
    frame_of(page).wait_for_function("() => heard.some((message) => message.type === 'events')")
    assert texts(page) == ["second"]


def test_destroying_a_preview_removes_all_of_it(page):
    page.evaluate("preview.destroy(); start(0, 'Hero', 'a'); preview.replay(); preview.run(0)")
    assert page.locator("section").count() == 0
    assert page.locator("iframe").count() == 0


@pytest.mark.parametrize(
    "call", ["mountPreview(null, { src: '/a' })", "mountPreview(document.body, { src: '' })"]
)
def test_a_mount_without_an_element_or_a_url_is_refused(page, call):
    assert page.evaluate(f"() => {{ try {{ {call}; }} catch (e) {{ return e.name; }} }}") == "TypeError"


def test_a_listener_that_throws_is_reported_and_does_no_harm(page):
    page.evaluate("""() => {
        window.addEventListener("error", (event) => {
            event.preventDefault();
            window.thrown = event.message;
        });
        window.count = 0;
        mount("/stub.html", { onStatus: () => { window.count++; throw new Error("of the listener"); } });
        start(0, "Hero", "a");
    }""")
    page.wait_for_function("() => window.count >= 3")
    assert "of the listener" in page.evaluate("window.thrown")
