"""Measure how fast a frame starts, and what ten thousand deltas cost the page.

    python -m tests.preview.speed

The first figure is the time from ``mountPreview`` to the frame's ready, for each frame. The second is the
longest task of the page, as the browser tells, while 10,000 deltas of 20 characters go into one component.
"""

import statistics
import sys

from componentstream.browser.preview import preview_routes
from tests import parts
from tests.browser.pages import chromium
from tests.listening import serving
from tests.preview.serving import host_app

STARTS = 5
DELTAS = 10_000
FRAMES = ("frame.html", "frame.tailwind.html", "frame.charts.html")

FEED = """async (count) => {
    const tasks = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
    observer.observe({ type: "longtask" });
    const line = (i) => `<li>${String(i).padStart(10, "0")}</li>`;
    start(0, "Long", "export default function Long() { return <ul>");
    const began = performance.now();
    for (let i = 0; i < count; i++) {
        delta(0, line(i));
        if (i % 10 === 9) await new Promise((done) => setTimeout(done));
    }
    delta(0, "</ul> }");
    stop(0);
    const fed = performance.now() - began;
    await new Promise((done) => setTimeout(done, 3000));
    const longest = Math.max(0, ...tasks.map((task) => task.duration));
    return { fed, longest, status: latest(0), count: tasks.length };
}"""


def start_times(page, name):
    """Return the milliseconds from the mount to the frame's ready, several times."""
    times = []
    for _ in range(STARTS):
        began = page.evaluate(
            f"() => {{ const now = performance.now(); mount('/preview/{name}'); return now; }}"
        )
        page.wait_for_function("() => reports.some((report) => report.status === 'ready')")
        times.append(page.evaluate("reports.find((report) => report.status === 'ready').at") - began)
    return times


def main():
    """Print the figures; return the exit status."""
    sync_api = parts.module("playwright.sync_api")
    path = parts.program("chromium")
    app = host_app(preview_routes())
    with serving(app) as url, sync_api.sync_playwright() as playwright, chromium(playwright, path) as browser:
        page = browser.new_page()
        page.goto(url)
        page.wait_for_function("() => window.isLoaded")
        for name in FRAMES:
            times = start_times(page, name)
            sys.stdout.write(
                f"{name}: ready after {statistics.median(times):.0f} ms, at most {max(times):.0f}\n"
            )
        page.evaluate("mount('/preview/frame.html')")
        page.wait_for_function("() => reports.some((report) => report.status === 'ready')")
        figures = page.evaluate(FEED, DELTAS)
        sys.stdout.write(
            f"{DELTAS} deltas in {figures['fed']:.0f} ms: {figures['count']} long tasks of the page, "
            f"the longest {figures['longest']:.0f} ms; the component is {figures['status']}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
