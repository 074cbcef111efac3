"""What tests of the demo's page share: a browser, a page of a served demo, and its parts."""

from contextlib import contextmanager

from tests import parts
from tests.browser.pages import chromium
from tests.timing import WAIT

MILLISECONDS = 1000 * WAIT


@contextmanager
def browser():
    """Start Chromium; give a context of it, and set how long its pages are waited for."""
    sync_api = parts.module("playwright.sync_api")
    parts.module("uvicorn")
    path = parts.program("chromium")
    sync_api.expect.set_options(timeout=MILLISECONDS)
    with sync_api.sync_playwright() as playwright, chromium(playwright, path) as started:
        yield started


def expect(locator):
    """Return the assertions of playwright for a locator; it may be missing when a test is collected."""
    return parts.module("playwright.sync_api").expect(locator)


def status(page, text):
    """Wait until the page shows a status."""
    expect(page.get_by_role("status")).to_have_text(text)


def source(page, name):
    """Return the source of a component."""
    return page.get_by_role("region", name=f"Source of {name}", exact=True)


def begin(page, stage):
    """Ask for a generation; return when the model has heard of it."""
    before = len(stage.requests)
    page.get_by_role("button", name="Generate").click()
    stage.wait_for_requests(before + 1)
