"""The demo's page for everybody: axe-core, keyboard, announcements, themes, narrow and wide screens."""

import itertools
import re

import pytest

from tests import parts
from tests.browser.page.opening import begin, browser, expect, source, status
from tests.browser.page.test_units import BROWSER
from tests.browser.pages import Stage
from tests.listening import serving

ANSWER = (
    "Prose.\n/// START Hero position=moon tone=warm\n" + "const a = <h1 id='x'>{1}</h1>; // end\n" * 40
    + "/// END Hero;\n/// START Menu\n/* half"
)  # fmt: skip


@pytest.fixture(scope="module")
def demo():
    app = parts.module("componentstream.demo.app")
    stage = Stage()
    recordings = [{"name": "tale.jsonl", "title": "Tale", "chars": 100}]
    served = app.create_page(stage, offer=lambda: {"recordings": recordings})
    with serving(app.create_page(stage)) as url, serving(served) as replay, browser() as chromium:
        yield chromium, stage, url, replay


@pytest.fixture
def opened(demo):
    """The page of a model, in the middle of an answer with a mistake that was handled."""
    chromium, stage, url, _ = demo
    page = chromium.new_page()
    page.goto(url)
    begin(page, stage)
    stage.say(ANSWER)
    expect(source(page, "Menu")).to_have_text("/* half")
    yield page, stage
    stage.leave()
    page.close()


def violations(page):
    """Return the rules of axe-core that the page breaks, with the elements."""
    page.evaluate((parts.npm_packages(BROWSER) / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("async () => (await axe.run(document, { iframes: false })).violations")
    return {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in found}


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened, scheme, width):
    page, stage = opened
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    background = {"light": "rgb(244, 245, 248)", "dark": "rgb(17, 20, 26)"}[scheme]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background
    assert violations(page) == {}
    stage.fail(RuntimeError("no"))
    status(page, "Failed")
    expect(page.locator("#failure")).to_be_visible()
    assert violations(page) == {}


def test_axe_finds_nothing_on_a_page_with_recordings(demo):
    chromium, stage, _, replay = demo
    page = chromium.new_page()
    page.goto(replay)
    stage.wait_for_requests(1)
    status(page, "Connecting")
    assert violations(page) == {}
    stage.leave()
    status(page, "Complete")
    page.close()


def test_the_theme_can_be_chosen_and_is_kept(demo):
    chromium, _, url, _ = demo
    page = chromium.new_page()
    page.emulate_media(color_scheme="light")
    page.goto(url)
    colour = "getComputedStyle(document.body).backgroundColor"
    page.get_by_role("radio", name="Dark").check(force=True)
    assert page.evaluate(colour) == "rgb(17, 20, 26)"
    page.reload()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    assert page.evaluate(colour) == "rgb(17, 20, 26)"
    page.get_by_role("radio", name="Auto").check(force=True)
    assert page.evaluate(colour) == "rgb(244, 245, 248)"
    page.close()


FOCUSED = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at.matches("input[type=radio]") ? at.nextElementSibling : at);
  const name = at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.id || at.textContent;
  return [name.trim(), style.outlineStyle !== "none"];
}"""


def test_everything_can_be_reached_by_keyboard_in_the_order_of_the_page_and_shows_its_focus(opened):
    page, _ = opened
    page.locator(".skip").focus()
    reached = [page.evaluate(FOCUSED)]
    for _ in range(22):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    names = [name for name, _ in reached]
    assert names[: names.index("Log of events") + 1] == [
        "Skip to the preview", "Auto", "Prompt", "Project", "Version", "stop",
        "Page of the answer", "download-all", "Blocks of the answer",
        "Copy Hero", "Download Hero", "Expand Hero", "Source of Hero",
        "Copy Menu", "Download Menu", "Expand Menu", "Source of Menu", "notes-log", "drop",
        "Log of events",
    ]  # fmt: skip
    shown = reached[1 : names.index("Log of events") + 1]  # the first has not been reached by a key
    assert [name for name, is_visible in shown if not is_visible] == []


def test_the_focus_is_kept_when_a_button_is_disabled(opened):
    page, stage = opened
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    status(page, "Stopped")
    expect(page.get_by_role("button", name="Generate")).to_be_focused()
    before = len(stage.requests)
    page.keyboard.press("Enter")
    stage.wait_for_requests(before + 1)
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    stage.leave()
    status(page, "Complete")
    expect(page.get_by_role("button", name="Generate")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Version")).to_be_focused()


def test_the_focus_is_kept_when_the_answer_grows(opened):
    page, stage = opened
    copy = page.get_by_role("button", name="Copy Hero")
    copy.focus()
    stage.say(" more */\n/// END Menu\n/// START Footer\nx")
    expect(source(page, "Footer")).to_have_text("x")
    expect(copy).to_be_focused()


def test_announcements_are_polite_and_few(demo):
    chromium, stage, url, _ = demo
    page = chromium.new_page()
    page.goto(url)
    page.evaluate("""() => {
      window.said = [];
      const region = document.getElementById("announcements");
      new MutationObserver(() => said.push([performance.now(), region.textContent]))
        .observe(region, { childList: true, characterData: true, subtree: true });
    }""")
    assert page.locator("#announcements").get_attribute("aria-live") == "polite"
    begin(page, stage)
    for number in range(12):
        stage.say(f"/// START Part{number} position=main\nx\n/// END Part{number}\n")
        expect(page.locator(".block")).to_have_count(number + 1)
    expect(page.locator("#announcements")).to_contain_text("12 of 12")
    said = page.evaluate("said")
    text = " ".join(text for _, text in said)
    assert all(f"Part{number}" in text for number in range(12))
    times = [time for time, _ in said]
    assert all(later - earlier > 2900 for earlier, later in itertools.pairwise(times))
    stage.leave()
    status(page, "Complete")
    page.close()


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_no_screen_needs_scrolling_sideways(opened, width):
    page, _ = opened
    page.set_viewport_size({"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for name in ("Generate", "Stop", "Download all"):
        box = page.get_by_role("button", name=re.compile(f"^{name}$")).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
