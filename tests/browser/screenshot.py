"""Make the picture of the demonstration: python tests/browser/screenshot.py docs/demo.png."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from componentstream.demo.app import create_recorded_demo
from tests.browser.pages import HEIGHT, WIDTH, chromium
from tests.listening import serving

ENOUGH = 260
"""Characters of the last component at which the picture is taken."""


def take(path, rate=2.0, scheme="light"):
    with (
        serving(create_recorded_demo(rate=rate)) as url,
        sync_playwright() as playwright,
        chromium(playwright, shutil.which("chromium")) as browser,
    ):
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
        page.goto(url)
        page.get_by_role("button", name="Generate").click()
        page.wait_for_function(
            "n => document.querySelectorAll('.block')[2]?.querySelector('code').textContent.length > n",
            arg=ENOUGH,
        )
        page.screenshot(path=path)


if __name__ == "__main__":
    take(Path(sys.argv[1]), *sys.argv[2:3])
