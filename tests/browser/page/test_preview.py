"""The demo's page with the real preview: on the first screen, after a bad connection, after a freeze."""

import re
import threading
import time

import pytest

from tests import parts
from tests.browser.page.opening import MILLISECONDS, begin, browser, expect, status
from tests.browser.pages import Stage
from tests.listening import serving
from tests.timing import WAIT


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        parts.preview_frames()
        yield started


@pytest.fixture
def page(chromium):
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(MILLISECONDS)
    yield page
    page.close()


def with_preview(create, *arguments, **options):
    """Return an application with the preview that is built."""
    preview = parts.module("componentstream.demo.preview").LivePreview()
    app = create(*arguments, preview=preview, **options)
    assert preview.serve(app)
    return app


def recorded(rate, **options):
    app, playing = parts.module("componentstream.demo.app"), parts.module("componentstream.demo.playing")
    return with_preview(app.create_recorded_demo, playing.recordings(**options), rate)


def component(name, body):
    return f"/// START {name} position=main\nexport function {name}() {{ {body} }}\n/// END {name}\n"


def frame(page):
    return page.frame_locator("#preview iframe")


def settle(page):
    """Wait until every block is live, and run those again that were stopped because the machine is slow.

    A block with a fault is stopped each time.
    """
    end = time.monotonic() + WAIT
    while not (shown := set(statuses(page))) or not shown <= {"live", "behind"}:
        assert time.monotonic() < end, shown
        page.evaluate("() => document.querySelectorAll('.block .trouble button').forEach((b) => b.click())")
        page.wait_for_timeout(500)


def statuses(page):
    return page.locator(".rendering").evaluate_all("all => all.map(e => e.dataset.rendering)")


def rendered(page):
    """Return the visible text of the generated page."""
    return frame(page).locator("body").inner_text()


def test_a_stranger_sees_a_page_being_built_without_a_click(page):
    """In less than two seconds on an idle machine: `tests/browser/screenshot.py` prints the time."""
    with serving(recorded(2.0)) as url:
        page.goto(url)
        expect(frame(page).get_by_text("Small batches since 2011")).to_be_visible()
        status(page, "Streaming")


def test_every_recording_is_rendered_to_its_end(page):
    with serving(recorded(0.0)) as url:
        page.goto(url)
        status(page, "Complete")
        names = page.get_by_label("Recording").locator("option").all_text_contents()
        assert len(names) >= 6
        for name in names:
            page.get_by_label("Recording").select_option(name)
            page.get_by_role("button", name="Generate").click()
            expect(page.locator("#generate")).to_be_enabled()
            settle(page)
            expect(frame(page).locator("body")).to_contain_text(re.compile(r"\w{3}"))


def test_a_page_that_was_cut_off_and_reloaded_ends_as_an_undisturbed_one(page):
    with serving(recorded(0.0, folders=())) as url:
        page.goto(url)
        status(page, "Complete")
        settle(page)
        expect(frame(page).get_by_text("Opening hours")).to_be_visible()
        expect(frame(page).locator("body")).to_have_text(re.compile("Small batches"))
        expected = rendered(page)
        page.evaluate("sessionStorage.clear()")
    with serving(recorded(8.0, folders=())) as url:
        page.goto(url)
        for number in (1, 2):
            expect(page.locator(".block")).not_to_have_count(number - 1)
            page.get_by_role("button", name="Drop the connection").click()
            expect(page.locator("#reconnects")).to_have_text(str(number))
        page.reload()
        status(page, "Complete")
        settle(page)
        expect(frame(page).get_by_text("Opening hours")).to_be_visible()
        expect(frame(page).locator("body")).to_have_text(re.compile("Small batches"))
        assert rendered(page) == expected
        expect(page.locator("#events .event-start")).to_have_count(7)


def test_a_component_that_freezes_the_preview_can_be_run_again(page):
    stage = Stage()
    app = parts.module("componentstream.demo.app")
    with serving(with_preview(app.create_model_demo, stage)) as url:
        page.goto(url)
        begin(page, stage)
        stage.say(
            "/// START Hero position=hero\nexport function Hero() { return <h1>Fine</h1>; }\n/// END Hero\n"
        )
        stage.say(component("Loop", "while (true) {} return <p>x</p>;"))
        stage.leave()
        status(page, "Complete")
        trouble = page.locator(".block .trouble:visible")
        expect(trouble.get_by_role("button", name="Run Loop again")).to_be_visible()
        expect(page.locator(".rendering[data-rendering=frozen]")).to_have_count(1)
        expect(frame(page).get_by_text("Fine")).to_be_visible()
        trouble.get_by_role("button", name="Run Loop again").click()
        expect(page.locator(".rendering[data-rendering=frozen]")).to_have_count(0)
        expect(page.locator(".rendering[data-rendering=frozen]")).to_have_count(1)


def test_a_preview_that_is_built_while_the_page_is_open_appears_by_itself(page):
    app, stage = parts.module("componentstream.demo.app"), Stage()
    preview = parts.module("componentstream.demo.preview").LivePreview("building")
    served = app.create_model_demo(stage, preview=preview)
    with serving(served) as url:
        page.goto(url)
        expect(page.get_by_text("The live preview is being built.")).to_be_visible()
        begin(page, stage)
        stage.say(component("Hero", "return <h1>Hello</h1>;"))
        expect(page.locator(".block .state")).to_contain_text("complete")
        built = threading.Thread(target=preview.serve, args=(served,))
        built.start()
        built.join(WAIT)
        expect(frame(page).get_by_text("Hello")).to_be_visible()
        expect(page.get_by_text("The live preview is being built.")).to_be_hidden()
        stage.leave()
        status(page, "Complete")
