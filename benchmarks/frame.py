"""Figures of the preview's frame in Chromium: the time of a render, of the start, and of a Tailwind class.

    python benchmarks/frame.py [FOLDER_OF_COMPONENTS]

Each component is streamed some times. The times of the first round are shown, in which all code is new to the
browser, and the best time of each delta, because other programs disturb a clock on the wall.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import parts  # noqa: E402 - the folder of the project comes first
from tests.browser.pages import chromium  # noqa: E402
from tests.browser.preview.frames import mount, packages, serving  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

COMPONENTS = ROOT / "tests" / "browser" / "components"
DELTA = 13
MAX_CHARS = 8 * 1024
MEASURE = "([name, text, size]) => measure(name, text, size)"
ROUNDS = 5
STARTS = 15
CLASSES = 15

APPLY = """async (name) => {
  const id = "x" + name;
  const start = performance.now();
  window.postMessage({ type: "events", events: [
    { type: "content_block_start", index: +name, content_block:
      { type: "component", name: "Page" + name, position: "main", attributes: {}, parent: null } },
    { type: "content_block_delta", index: +name, delta: { type: "text_delta", text:
      `export default () => <p id="${id}" className="pt-[${name}px]">x</p>;` } },
    { type: "content_block_stop", index: +name, reason: "end", trimmed: 0 } ] }, "*");
  const frame = () => new Promise(requestAnimationFrame);
  while (document.getElementById(id) === null) await frame();
  const shown = performance.now();
  const padding = () => getComputedStyle(document.getElementById(id)).paddingTop;
  while (padding() !== name + "px") await new Promise(setTimeout);
  return [shown - start, performance.now() - shown];
}"""


def main(folder: str | Path = COMPONENTS) -> None:
    """Print the figures."""
    sync_api = parts.module("playwright.sync_api")
    with sync_api.sync_playwright() as playwright, chromium(playwright, parts.program("chromium")) as browser:
        renders(browser, Path(folder))
        with serving() as url:
            starts(browser, url)
            classes(browser, url)


def renders(browser: "Browser", folder: Path) -> None:
    """Stream every component and print the times of the deltas that change its code."""
    page = browser.new_page()
    page.add_script_tag(content=bundled())
    first: list[float] = []
    best: list[float] = []
    failed: list[str] = []
    files = sorted(folder.glob("*.tsx"))
    for file in files:
        text = file.read_text(encoding="utf-8")
        rounds = [page.evaluate(MEASURE, [file.stem, text, DELTA]) for _ in range(ROUNDS)]
        for same in zip(*(one["times"] for one in rounds), strict=True):
            if same[0]["changed"] and same[0]["at"] <= MAX_CHARS:
                first.append(same[0]["ms"])
                best.append(min(one["ms"] for one in same))
        if rounds[0]["status"] != "live":
            failed.append(file.name)
    page.close()
    print(f"render: {len(files)} components in deltas of {DELTA} characters, {len(first)} renders")
    print("  required: median <= 4, p95 <= 16")
    print(f"  first round: {figures(first)}")
    print(f"  best of {ROUNDS}: {figures(best)}")
    if failed:
        print(f"  not live at the end: {', '.join(failed)}")


def starts(browser: "Browser", url: str) -> None:
    """Print the time from the mounting of each frame until it is ready."""
    for name in ("frame.html", "frame.tailwind.html", "frame.charts.html"):
        times = []
        for _ in range(STARTS):
            page = browser.new_page()
            page.goto(url)
            mount(page, name)
            times.append(page.evaluate("readyAt - mountedAt"))
            page.close()
        print(f"start of {name}: {figures(times)}; required of frame.html: <= 500")


def classes(browser: "Browser", url: str) -> None:
    """Print how long after its element is shown a new Tailwind class applies."""
    page = browser.new_page()
    page.goto(url + "frame.tailwind.html")
    page.wait_for_selector("#page", state="attached")
    times = [page.evaluate(APPLY, str(number))[1] for number in range(1, CLASSES + 1)]
    print(f"Tailwind class: {figures(times)}; required: <= 30")


def figures(times: list[float]) -> str:
    """Return the median, two percentiles and the maximum."""
    ordered = sorted(times)
    p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.95, 0.99))
    middle = f"best {ordered[0]:.1f} ms, median {statistics.median(ordered):.1f}"
    return f"{middle}, p95 {p95:.1f}, p99 {p99:.1f}, max {ordered[-1]:.1f}"


def bundled() -> str:
    """Return the script that measures."""
    preview = packages()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "measure.js")
        command = [
            str(preview / "node_modules" / ".bin" / "esbuild"),
            str(ROOT / "benchmarks" / "frame_entry.js"),
            "--bundle",
            "--minify",
            "--format=iife",
            '--define:process.env.NODE_ENV="production"',
            f"--outfile={output}",
            "--log-level=warning",
        ]
        environment = os.environ | {"NODE_PATH": str(preview / "node_modules")}
        subprocess.run(command, check=True, env=environment)  # noqa: S603 - our own command
        return output.read_text(encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
