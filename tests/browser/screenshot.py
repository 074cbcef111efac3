"""Take pictures of the demo: python tests/browser/screenshot.py FOLDER [NAME ...].

Without names it takes all of them: light, dark and wide in the middle of a stream, finished, phone, and
readme, the picture that opens the README.
"""

import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import expect, sync_playwright

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from componentstream.demo.app import create_recorded_demo
from componentstream.demo.playing import recordings
from componentstream.demo.preview import LivePreview
from tests.browser.pages import chromium
from tests.listening import serving
from tests.timing import WAIT

MILLISECONDS = 1000 * WAIT
END = "VisitFooter"


class Picture(NamedTuple):
    """How a picture is taken: when the source of the component `during` has the text `at`, or at the end."""

    width: int
    height: int
    scheme: str = "light"
    during: str = "CoffeeList"
    at: str = "Tastes of"


PICTURES = {
    "light": Picture(1280, 800),
    "dark": Picture(1280, 800, "dark"),
    "wide": Picture(2560, 1300),
    "finished": Picture(1440, 900, during=END, at=""),
    "phone": Picture(360, 740, during="HeroSection", at="Visit the roastery"),
    "readme": Picture(1600, 900, during="CoffeeList", at="for 250 g"),
}


def take(browser, url, path, picture):
    """Open the demo, which plays its recording at once, and take one picture."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height}, color_scheme=picture.scheme
    )
    page = context.new_page()
    page.set_default_timeout(MILLISECONDS)
    began = time.monotonic()
    page.goto(url)
    expect(page.frame_locator("#preview iframe").get_by_text("since 2011")).to_be_visible()
    sys.stdout.write(f"{path}: the first words after {time.monotonic() - began:.1f} s\n")
    source = page.get_by_role("region", name=f"Source of {picture.during}")
    expect(source).to_contain_text(picture.at, timeout=MILLISECONDS)
    if not picture.at:
        expect(page.get_by_role("status")).to_have_text("Complete", timeout=MILLISECONDS)
    page.wait_for_timeout(400)  # the preview is drawn, and the page has scrolled
    page.screenshot(path=path)
    context.close()


def main(folder, *names):
    """Take the pictures with these names, or all of them."""
    preview = LivePreview()
    app = create_recorded_demo(recordings(), 2.0, preview=preview)
    if not preview.serve(app):
        sys.exit(preview.message)
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = shutil.which("chromium")
    with serving(app) as url, sync_playwright() as playwright, chromium(playwright, path) as browser:
        for name in names or PICTURES:
            take(browser, url, Path(folder, f"{name}.png"), PICTURES[name])


if __name__ == "__main__":
    main(*sys.argv[1:])
