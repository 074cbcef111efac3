"""The demonstration as a person has it: Chromium, a real server, and a source that the test controls."""

import re
import time
from types import SimpleNamespace

import pytest

from tests import parts
from tests.browser.pages import Stage, chromium
from tests.listening import serving
from tests.timing import at_best

expect = None
HOSTILE = '<script>window.hurt = 1</script><img src=x onerror="window.hurt = 2">'
IN_TIME = 1.0


@pytest.fixture(scope="module")
def demo():
    """A server whose model is a stage, and a browser."""
    sync_api = parts.module("playwright.sync_api")
    parts.module("uvicorn")
    module = parts.module("componentstream.demo.app")
    path = parts.program("chromium")
    global expect  # noqa: PLW0603 - the library may be missing when this file is read
    expect = sync_api.expect
    stage = Stage()
    app = module.create_demo(stage, recording="tale.jsonl", chars=100)
    with serving(app) as url, sync_api.sync_playwright() as playwright, chromium(playwright, path) as browser:
        context = browser.new_context()
        yield SimpleNamespace(stage=stage, url=url, context=context, module=module)


@pytest.fixture
def page(demo):
    """The page, freshly loaded; nothing may be complained of in its console."""
    complaints = []
    page = demo.context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(demo.url)
    yield page
    page.close()
    assert complaints == []


def begin(page, stage):
    """Ask for a generation; return when the model has heard of it."""
    before = len(stage.requests)
    page.get_by_role("button", name="Generate").click()
    stage.wait_for_requests(before + 1)


def status(page, text):
    expect(page.get_by_role("status")).to_have_text(text)


def test_the_idle_page_shows_its_name_and_an_empty_state(page):
    status(page, "Ready")
    expect(page.locator("#recorded")).to_have_text(
        "This demo plays the recording tale.jsonl; the prompt has no effect."
    )
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    expect(page.get_by_text("No errors so far.")).to_be_visible()


def test_blocks_appear_and_grow_while_they_are_written(page, demo):
    begin(page, demo.stage)
    demo.stage.say("Two parts:\n/// START Hero position=hero tone=warm\n<h1>One")
    status(page, "Streaming")
    hero = page.get_by_role("region", name="Source of Hero")
    expect(hero).to_have_text("<h1>One")
    article = page.locator("article.block")
    expect(article.locator(".state")).to_have_text("writing, 7 characters")
    expect(article.locator(".position")).to_have_text("hero")
    expect(article.locator(".attribute")).to_have_text("tone=warm")
    expect(page.locator(".prose")).to_have_text("Two parts:")
    expect(page.get_by_role("button", name="Generate")).to_be_disabled()
    expect(page.locator("#components")).to_have_text("0 of 1")

    demo.stage.say(" and more \U0001f600</h1>\n")
    expect(hero).to_have_text("<h1>One and more \U0001f600</h1>")
    expect(article.locator(".state")).to_have_text("writing, 24 characters")

    demo.stage.say("/// START Title\ndeep\n/// END Title\n/// END Hero\n")
    expect(article).to_have_count(2)
    expect(article.first.locator(".state")).to_have_text("complete, 24 characters")
    assert article.nth(1).evaluate("element => element.style.getPropertyValue('--depth')") == "1"
    expect(page.locator("#components")).to_have_text("2 of 2")

    demo.stage.leave()
    status(page, "Complete")
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    expect(page.locator("#characters")).to_have_text("40")
    assert demo.stage.requests[-1].prompt == "A landing page for a small coffee roastery."
    assert (demo.stage.requests[-1].project, demo.stage.requests[-1].version) == ("roastery", "1")


def test_the_progress_bar_follows_the_characters(page, demo):
    bar = page.get_by_role("progressbar", name="Progress")
    begin(page, demo.stage)
    expect(bar).to_have_js_property("value", 0)
    demo.stage.say("/// START Hero\n" + "x" * 50)
    expect(bar).to_have_js_property("value", 0.5)
    demo.stage.say("\n/// END Hero\n")
    demo.stage.leave()
    status(page, "Complete")
    expect(bar).to_have_js_property("value", 1)


def test_without_a_known_length_the_progress_bar_is_indeterminate(demo):
    stage = Stage()
    with serving(demo.module.create_demo(stage)) as url:
        page = demo.context.new_page()
        page.goto(url)
        expect(page.locator("#recorded")).to_be_hidden()
        begin(page, stage)
        stage.say("/// START Hero\nx")
        status(page, "Streaming")
        expect(page.get_by_role("progressbar")).to_have_js_property("position", -1)
        stage.leave()
        status(page, "Complete")
        expect(page.get_by_role("progressbar")).to_have_js_property("value", 1)
        page.close()


def test_an_error_is_shown_when_it_happens(page, demo):
    begin(page, demo.stage)
    demo.stage.say("/// START Hero position=moon\nx")
    errors = page.get_by_role("log").get_by_role("listitem")
    expect(errors).to_have_count(1)
    expect(errors.locator("code")).to_have_text("invalid_position")
    expect(errors.locator(".where")).to_have_text("line 1")
    expect(errors.locator("p")).to_have_text(re.compile(r"^Unknown position 'moon'; 'main' was used\."))
    status(page, "Streaming")
    demo.stage.leave()
    status(page, "Complete")
    expect(errors).to_have_count(2)
    expect(page.locator(".block .state")).to_have_text("cut off, 1 character")


def test_a_source_that_fails_ends_the_generation_as_failed(page, demo):
    begin(page, demo.stage)
    demo.stage.say("/// START Hero\nx")
    status(page, "Streaming")
    demo.stage.fail(RuntimeError("the key is hunter2"))
    status(page, "Failed")
    expect(page.locator("#errors li.fatal code")).to_have_text("source_failed")
    expect(page.locator(".block .state")).to_have_text("aborted, 1 character")
    assert "hunter2" not in page.content()


def test_the_stop_button_closes_the_source_within_a_second(page, demo):
    def seconds_until_closed():
        begin(page, demo.stage)
        demo.stage.say("/// START Hero\nx")
        status(page, "Streaming")
        stopped = time.monotonic()
        page.get_by_role("button", name="Stop").click()
        seconds = demo.stage.wait_until_closed() - stopped
        status(page, "Stopped")
        return seconds

    at_best(seconds_until_closed, below=IN_TIME)
    expect(page.locator(".block .state")).to_have_text("aborted, 1 character")
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()


def test_another_generation_begins_anew(page, demo):
    begin(page, demo.stage)
    demo.stage.say("/// START Hero position=moon\nx")
    expect(page.locator("#errors li")).to_have_count(1)
    page.get_by_role("button", name="Stop").click()
    begin(page, demo.stage)
    demo.stage.say("/// START Footer\ny")
    expect(page.get_by_role("region", name="Source of Footer")).to_have_text("y")
    expect(page.locator(".block")).to_have_count(1)
    expect(page.locator("#errors li")).to_have_count(0)
    demo.stage.leave()
    status(page, "Complete")


def test_model_output_is_shown_as_text_and_never_run(page, demo):
    begin(page, demo.stage)
    demo.stage.say(f"{HOSTILE}\n/// START {HOSTILE}\n/// START Hero\n{HOSTILE}")
    source = page.get_by_role("region", name="Source of Hero")
    expect(source).to_have_text(HOSTILE)
    expect(page.locator(".prose")).to_contain_text(HOSTILE)
    expect(page.locator("#errors li")).to_have_count(1)
    demo.stage.leave()
    status(page, "Complete")
    assert page.locator("#blocks script, #blocks img, #errors script").count() == 0
    assert page.evaluate("window.hurt") is None


def test_a_model_that_fails_before_its_first_word_is_shown_too(demo):
    page = demo.context.new_page()  # whose console reports the status 502
    page.goto(demo.url)
    begin(page, demo.stage)
    demo.stage.fail(RuntimeError("no"))
    status(page, "Failed")
    expect(page.locator("#errors li.fatal code")).to_have_text("source_failed")
    page.close()


def test_a_page_that_gets_no_token_says_why_and_asks_for_nothing(demo):
    page = demo.context.new_page()  # whose console reports the status 421
    error = {"type": "misdirected_request", "message": "Open this page by its address."}
    page.route("**/demo.json", lambda route: route.fulfill(status=421, json={"error": error}))
    page.goto(demo.url)
    expect(page.locator("#recorded")).to_have_text("Open this page by its address.")
    expect(page.get_by_role("button", name="Generate")).to_be_disabled()
    page.close()


def test_the_newest_text_is_in_sight_unless_the_reader_has_gone_elsewhere(page, demo):
    begin(page, demo.stage)
    demo.stage.say("/// START Hero\n" + "line\n" * 200 + "last one")
    source = page.get_by_role("region", name="Source of Hero")
    expect(source).to_contain_text("last one")
    page.wait_for_function("() => document.querySelector('.source').scrollTop > 1000")
    source.evaluate("element => { element.scrollTop = 0; }")
    demo.stage.say(" more")
    expect(source).to_contain_text("last one more")
    assert source.evaluate("element => element.scrollTop") == 0
    demo.stage.leave()
    status(page, "Complete")


def test_every_text_has_enough_contrast(page, demo):
    """The ratio of WCAG 2, level AA, of each text to what is behind it."""
    begin(page, demo.stage)
    demo.stage.say("Prose.\n/// START Hero position=moon tone=warm\nx\n/// END Hero\n/// START Menu\ny")
    expect(page.locator(".block")).to_have_count(2)
    for scheme, background in (("light", "rgb(244, 245, 248)"), ("dark", "rgb(17, 20, 26)")):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background
        ratios = page.evaluate(CONTRASTS)
        assert len(ratios) > 20
        assert {text: ratio for text, ratio in ratios if ratio < 4.5} == {}
    demo.stage.leave()
    status(page, "Complete")


CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((v) => v / 255).map(
      (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const own = (element) => [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((e) => !e.matches("noscript, :disabled") && (own(e) || e.matches("input, textarea")))
    .map((e) => {
      const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
      return [e.tagName + " " + (e.id || e.className || e.textContent), (a + 0.05) / (b + 0.05)];
    });
}"""


def test_everything_can_be_reached_by_keyboard_and_has_a_name(page, demo):
    begin(page, demo.stage)
    demo.stage.say("/// START Hero\nx")
    expect(page.get_by_role("region", name="Source of Hero")).to_be_visible()
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"prompt", "project", "version", "stop", "main", "source"} <= set(reached)
    unnamed = page.evaluate(
        "() => [...document.querySelectorAll('input, textarea')].filter(e => e.labels.length === 0).length"
    )
    assert unnamed == 0
    page.get_by_role("button", name="Stop").press("Enter")
    status(page, "Stopped")


def test_a_narrow_screen_needs_no_scrolling_sideways(page, demo):
    page.set_viewport_size({"width": 360, "height": 640})
    begin(page, demo.stage)
    demo.stage.say("/// START Hero\n" + "wide " * 100 + "\n")
    expect(page.get_by_role("region", name="Source of Hero")).to_contain_text("wide")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    demo.stage.leave()
    status(page, "Complete")


def test_the_recording_that_comes_with_the_package_plays_to_its_end(demo):
    with serving(demo.module.create_recorded_demo(rate=40.0)) as url:
        page = demo.context.new_page()
        page.goto(url)
        page.get_by_role("button", name="Generate").click()
        status(page, "Complete")
        names = page.locator(".block h3").all_text_contents()
        assert names == ["HeroSection", "CoffeeList", "VisitFooter"]
        expect(page.locator("#components")).to_have_text("3 of 3")
        expect(page.locator("#errors li code")).to_have_text("invalid_position")
        states = page.locator(".block .state").all_text_contents()
        assert all(re.fullmatch(r"complete, [\d,]+ characters", state) for state in states)
        page.close()
