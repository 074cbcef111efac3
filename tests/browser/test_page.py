"""The demonstration as a person has it: Chromium, a real server, and a source that the test controls."""

import io
import re
import time
import zipfile
from types import SimpleNamespace

import pytest

from componentstream import Limits
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
    app = module.create_page(stage, api="/api")
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
    expect(page.get_by_role("heading", name="componentstream")).to_be_visible()
    expect(page.get_by_label("Recording")).to_be_hidden()
    expect(page.get_by_label("Access token")).to_be_hidden()
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    expect(page.get_by_text("No mistakes so far.")).to_be_visible()
    expect(page.get_by_text("The live preview is off.")).to_be_visible()


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


def test_a_recording_is_played_at_once_and_the_progress_bar_follows_its_characters(demo):
    stage = Stage()
    recordings = [{"name": f"{name}.jsonl", "title": name.title(), "chars": 100} for name in ("tale", "epic")]
    app = demo.module.create_page(stage, offer=lambda: {"recordings": recordings, "rate": 2.0})
    with serving(app) as url:
        page = demo.context.new_page()
        page.goto(url)
        stage.wait_for_requests(1)
        assert (stage.requests[0].project, stage.requests[0].version) == ("tale.jsonl", "2")
        bar = page.get_by_role("progressbar", name="Progress")
        expect(bar).to_have_js_property("value", 0)
        stage.say("/// START Hero\n" + "x" * 50)
        expect(bar).to_have_js_property("value", 0.5)
        stage.say("\n/// END Hero\n")
        stage.leave()
        status(page, "Complete")
        expect(bar).to_have_js_property("value", 1)

        expect(page.get_by_label("Project")).to_be_hidden()
        page.get_by_label("Recording").select_option("Epic")
        page.get_by_label("Speed").select_option("At once")
        begin(page, stage)
        assert (stage.requests[1].project, stage.requests[1].version) == ("epic.jsonl", "0")
        stage.leave()
        status(page, "Complete")
        page.close()


def test_without_a_known_length_the_progress_bar_is_indeterminate(page, demo):
    begin(page, demo.stage)
    demo.stage.say("/// START Hero\nx")
    status(page, "Streaming")
    expect(page.get_by_role("progressbar")).to_have_js_property("position", -1)
    demo.stage.leave()
    status(page, "Complete")
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 1)


def notes(page):
    return page.get_by_role("log", name="Notes").get_by_role("listitem")


def test_a_mistake_that_was_handled_is_a_note_and_no_error(page, demo):
    begin(page, demo.stage)
    demo.stage.say("/// START Hero position=moon\nx")
    expect(notes(page)).to_have_count(1)
    expect(notes(page).locator("strong")).to_have_text("Note")
    expect(notes(page).locator("code")).to_have_text("invalid_position")
    expect(notes(page).locator(".where")).to_have_text("line 1")
    expect(notes(page).locator("p")).to_have_text(re.compile(r"^Unknown position 'moon'; 'main' was used\."))
    status(page, "Streaming")
    demo.stage.say("\n/// END Hero;\n")
    expect(notes(page)).to_have_count(2)
    expect(notes(page).nth(1).locator("strong")).to_have_text("Handled")
    demo.stage.say("/// START Menu\ny")
    demo.stage.leave()
    status(page, "Complete")
    expect(notes(page)).to_have_count(3)
    expect(page.locator(".block .state").nth(1)).to_have_text("cut off, 1 character")
    expect(page.locator("#notes .error")).to_have_count(0)
    expect(page.locator("#failure")).to_be_hidden()


def test_text_that_was_dropped_is_a_note(demo):
    stage = Stage()
    limits = SimpleNamespace(settings=parts.module("componentstream.server").ServerSettings)
    settings = limits.settings(limits=Limits(max_component_chars=10))
    with serving(demo.module.create_page(stage, settings)) as url:
        page = demo.context.new_page()
        page.goto(url)
        begin(page, stage)
        stage.say("/// START Hero\n" + "x" * 15 + "\n/// END Hero\n")
        expect(page.locator(".block .state")).to_have_text("complete, 10 characters, 6 dropped")
        expect(notes(page).get_by_text("Hero was too long: 6 characters dropped.")).to_be_visible()
        stage.leave()
        status(page, "Complete")
        page.close()


def test_a_source_that_fails_ends_the_generation_as_failed(page, demo):
    begin(page, demo.stage)
    demo.stage.say("/// START Hero\nx")
    status(page, "Streaming")
    demo.stage.fail(RuntimeError("the key is hunter2"))
    status(page, "Failed")
    expect(page.locator("#notes li.error code")).to_have_text("source_failed")
    expect(page.locator(".block .state")).to_have_text("aborted, 1 character")
    assert "hunter2" not in page.content()

    expect(page.locator("#failure-text")).to_have_text(notes(page).locator("p").text_content())
    before = len(demo.stage.requests)
    page.get_by_role("button", name="Try again").click()
    demo.stage.wait_for_requests(before + 1)
    assert demo.stage.requests[-1] == demo.stage.requests[-2]
    expect(page.locator("#failure")).to_be_hidden()
    demo.stage.leave()
    status(page, "Complete")


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
    expect(notes(page)).to_have_count(1)
    page.get_by_role("button", name="Stop").click()
    begin(page, demo.stage)
    demo.stage.say("/// START Footer\ny")
    expect(page.get_by_role("region", name="Source of Footer")).to_have_text("y")
    expect(page.locator(".block")).to_have_count(1)
    expect(notes(page)).to_have_count(0)
    demo.stage.leave()
    status(page, "Complete")


def test_model_output_is_shown_as_text_and_never_run(page, demo):
    begin(page, demo.stage)
    demo.stage.say(f"{HOSTILE}\n/// START {HOSTILE}\n/// START Hero\n{HOSTILE}")
    source = page.get_by_role("region", name="Source of Hero")
    expect(source).to_have_text(HOSTILE)
    expect(page.locator(".prose")).to_contain_text(HOSTILE)
    expect(notes(page)).to_have_count(1)
    demo.stage.leave()
    status(page, "Complete")
    assert page.locator("#blocks script, #blocks img, #notes script, #events img").count() == 0
    assert page.evaluate("window.hurt") is None


def test_a_model_that_fails_before_its_first_word_is_shown_too(demo):
    page = demo.context.new_page()  # whose console reports the status 502
    page.goto(demo.url)
    begin(page, demo.stage)
    demo.stage.fail(RuntimeError("no"))
    status(page, "Failed")
    expect(page.locator("#notes li.error code")).to_have_text("source_failed")
    page.close()


def test_a_page_that_gets_no_token_says_why_and_asks_for_nothing(demo):
    page = demo.context.new_page()  # whose console reports the status 421
    error = {"type": "misdirected_request", "message": "Open this page by its address."}
    page.route("**/demo.json", lambda route: route.fulfill(status=421, json={"error": error}))
    page.goto(demo.url)
    expect(page.locator("#hint")).to_have_text("Open this page by its address.")
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


def test_a_block_can_be_copied_downloaded_and_expanded(page, demo):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    begin(page, demo.stage)
    demo.stage.say(
        "/// START Hero\n" + "<h1>Grüße</h1>\n" * 40 + "/// END Hero\n/// START hero\nx\n/// END hero\n"
    )
    demo.stage.leave()
    status(page, "Complete")
    text = "<h1>Grüße</h1>\n" * 40
    page.get_by_role("button", name="Copy Hero", exact=True).click()
    expect(page.get_by_role("button", name="Copy Hero", exact=True)).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text

    with page.expect_download() as caught:
        page.get_by_role("button", name="Download Hero", exact=True).click()
    assert caught.value.suggested_filename == "Hero.tsx"
    assert caught.value.path().read_text(encoding="utf-8") == text

    with page.expect_download() as caught:
        page.get_by_role("button", name="Download all").click()
    archive = zipfile.ZipFile(io.BytesIO(caught.value.path().read_bytes()))
    assert archive.testzip() is None
    assert archive.namelist() == ["Hero.tsx", "hero-2.tsx"]
    assert archive.read("Hero.tsx").decode() == text

    source = page.get_by_role("region", name="Source of Hero", exact=True)
    height = source.bounding_box()["height"]
    expander = page.get_by_role("button", name="Expand Hero", exact=True)
    expander.click()
    expander = page.get_by_role("button", name="Collapse Hero", exact=True)
    expect(expander).to_have_attribute("aria-expanded", "true")
    assert source.bounding_box()["height"] > 2 * height


def test_the_source_is_coloured_and_its_text_unchanged(page, demo):
    begin(page, demo.stage)
    for piece in ("/// START Hero\ncon", "st a = <h1 cla", 'ssName="x">{b}</h', "1>; // end"):
        demo.stage.say(piece)
    source = page.get_by_role("region", name="Source of Hero")
    expect(source).to_have_text('const a = <h1 className="x">{b}</h1>; // end')
    expect(source.locator(".token-keyword")).to_have_text(["const"])
    expect(source.locator(".token-attribute")).to_have_text(["className"])
    expect(source.locator(".token-comment")).to_have_text("// end")
    demo.stage.leave()
    status(page, "Complete")


def test_the_events_are_written_down_and_deltas_are_counted(page, demo):
    begin(page, demo.stage)
    demo.stage.say("/// START Hero\nab")
    expect(page.get_by_role("region", name="Source of Hero")).to_have_text("ab")
    demo.stage.say("cd\n/// END Hero\n")
    demo.stage.leave()
    status(page, "Complete")
    lines = page.locator("#events li")
    texts = [line.split(maxsplit=1)[1] for line in lines.evaluate_all("all => all.map(e => e.innerText)")]
    assert [" ".join(text.split()) for text in texts if not text.startswith("status")] == [
        "start Hero in main",
        "delta Hero: 5 characters in 2 deltas",
        "stop Hero: end",
        "end complete",
    ]


def test_a_narrow_screen_needs_no_scrolling_sideways(page, demo):
    page.set_viewport_size({"width": 360, "height": 640})
    begin(page, demo.stage)
    demo.stage.say("/// START Hero\n" + "wide " * 100 + "\n")
    expect(page.get_by_role("region", name="Source of Hero")).to_contain_text("wide")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    demo.stage.leave()
    status(page, "Complete")
