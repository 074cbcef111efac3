# ruff: noqa: E501 - a component on one line is easier to compare with the others
"""Run components that loop or explode in the preview, and measure what the page notices of it.

    python -m tests.preview.freezes

For each: the longest that a timer of the page was late, how long after the component was sent its frame was
replaced (if the frame is harmed at all), and whether the components beside it are shown again.
"""

import argparse
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

from componentstream.browser.preview import preview_routes
from tests import parts
from tests.browser.pages import chromium
from tests.listening import serving
from tests.preview.serving import host_app, say

HOST_LATENCY = 100
REPLACED = 2500
"""The required figures in milliseconds."""

IN_EFFECT = {
    "endless loop in an effect": "while (true);",
    "endless loop in a timer": "setTimeout(() => { while (true); }, 50)",
    "endless microtasks": "const again = () => Promise.resolve().then(again); again()",
    "busy loop of 400 ms in each frame": (
        "const again = () => { const end = Date.now() + 400; while (Date.now() < end); requestAnimationFrame(again); };"
        " again()"
    ),
    "busy loop of 900 ms in timers": (
        "const again = () => { const end = Date.now() + 900; while (Date.now() < end); setTimeout(again, 5); }; again()"
    ),
    "elements without end": "while (true) document.body.append(document.createElement('p'))",
    "300,000 elements": (
        "for (let i = 0; i < 300_000; i++) document.body.append(Object.assign(document.createElement('p'), { textContent: i }))"
    ),
    "array without end": "const all = []; while (true) all.push(new Array(1000).fill(all.length))",
    "string that doubles": "let text = 'x'; while (true) text += text",
    "expression that backtracks": "/^(a+)+$/.test('a'.repeat(60) + 'b')",
    "sorting without end": "[...Array(1000).keys()].sort(() => { while (true); })",
    "flood of messages": "setInterval(() => { for (let i = 0; i < 5000; i++) parent.postMessage({ type: 'ready' }, '*') }, 1)",
    "layout in a loop": (
        "while (true) { document.body.style.width = Math.random() * 900 + 'px'; document.body.offsetHeight }"
    ),
    "proxy that calls itself": "const p = new Proxy({}, { get: () => { while (true); } }); p.x",
    "waiting for shared memory": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
}  # fmt: skip

MODULES = {
    "endless loop in render": "export default function Bomb() { while (true); }",
    "endless loop at the top": "while (true);\nexport default function Bomb() { return <p>bomb</p>; }",
    "state set in render": (
        'import { useState } from "react";\nexport default function Bomb() {\n'
        "  const [n, set] = useState(0);\n  set(n + 1);\n  return <p>{n}</p>;\n}"
    ),
    "state set in an effect": (
        'import { useEffect, useState } from "react";\nexport default function Bomb() {\n'
        "  const [n, set] = useState(0);\n  useEffect(() => set(n + 1));\n  return <p>{n}</p>;\n}"
    ),
    "recursion without end": "export default function Bomb() { return <Bomb />; }",
    "a list of a million": (
        "export default function Bomb() {\n  return <ul>{[...Array(1_000_000).keys()].map((n) => <li key={n}>{n}</li>)}</ul>;\n}"
    ),
}  # fmt: skip

HARMLESS = {"state set in render", "state set in an effect", "string that doubles", "waiting for shared memory"}  # fmt: skip
"""Those that React or the engine ends by itself, so that the frame need not be replaced."""


MORE_TIME = {"busy loop of 900 ms in timers": 5000}
"""A frame that answers between long tasks is replaced after four of them."""


def bombs():
    """Return the source of each component by its name."""
    effects = {
        name: 'import { useEffect } from "react";\nexport default function Bomb() {\n'
        f"  useEffect(() => {{ {code} }}, []);\n  return <p>bomb</p>;\n}}"
        for name, code in IN_EFFECT.items()
    }
    return effects | MODULES


@dataclass
class Figures:
    """Measurements of one component in milliseconds, None for what did not happen."""

    name: str
    latency: float
    replaced: float | None
    ready: float | None
    shown: bool
    blamed: bool

    def faults(self):
        """Return the requirements that are not met."""
        checks = {
            "latency": self.latency <= HOST_LATENCY,
            "replaced": (self.replaced is None and self.name in HARMLESS)
            or (self.replaced is not None and self.replaced <= MORE_TIME.get(self.name, REPLACED)),
            "shown": self.shown,
            "blamed": self.blamed or self.replaced is None,
        }
        return [name for name, met in checks.items() if not met]


MEASURE = """() => {
    window.late = 0;
    let last = performance.now();
    const tick = () => {
        const now = performance.now();
        window.late = Math.max(window.late, now - last - 10);
        last = now;
        window.ticking = setTimeout(tick, 10);
    };
    window.ticking = setTimeout(tick, 10);
}"""
BESIDE = "export default function {name}() {{ return <b>{name} is shown</b>; }}"


def measure(page, name, code, wait):
    """Mount a preview, send a bomb between two other components, and return the figures."""
    page.evaluate("mount('/preview/frame.html')")
    page.wait_for_function("() => reports.some((report) => report.status === 'ready')")
    page.evaluate("code => show(0, 'Before', code)", BESIDE.format(name="Before"))
    page.wait_for_function("() => latest(0) === 'live'")
    page.evaluate(MEASURE)
    sent = page.evaluate("code => { show(1, 'Bomb', code); return performance.now(); }", code)
    page.evaluate("code => show(2, 'After', code)", BESIDE.format(name="After"))
    shown = "() => latest(0) === 'live' && latest(2) === 'live'"
    is_replaced = "() => reports.filter((report) => report.status === 'ready').length > 1"
    timeout = 1000 * (wait / 2 if name in HARMLESS else wait)
    for condition in (is_replaced, shown):
        with contextlib.suppress(parts.module("playwright.sync_api").TimeoutError):
            page.wait_for_function(condition, timeout=timeout)
            # The new frame begins by telling that its blocks wait.
            page.wait_for_timeout(200)
    latency = page.evaluate("clearTimeout(ticking), window.late")
    reports = page.evaluate("reports")
    replaced = [report["at"] - sent for report in reports if report["status"] == "replaced"]
    ready = [report["at"] - sent for report in reports if report["status"] == "ready"][1:]
    frozen = {index for index in (0, 1, 2) if page.evaluate(f"latest({index}) === 'frozen'")}
    return Figures(
        name,
        latency,
        replaced[0] if replaced else None,
        ready[0] - replaced[0] if ready else None,
        page.evaluate(shown),
        frozen == {1},
    )


def run(names=None, *, sources=None, wait=6.0):
    """Yield the figures of components, all or those named."""
    sync_api = parts.module("playwright.sync_api")
    path = parts.program("chromium")
    app = host_app(preview_routes(folder=sources))
    with serving(app) as url, sync_api.sync_playwright() as playwright, chromium(playwright, path) as browser:
        for name, code in bombs().items():
            if names is not None and name not in names:
                continue
            page = browser.new_page()
            page.goto(url)
            page.wait_for_function("() => window.isLoaded")
            yield measure(page, name, code, wait)
            page.close()


def main():
    """Print the figures of every component; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=Path, help="the source folder of a frame that was built elsewhere")
    parser.add_argument("--only", help="run the components whose name contains this")
    options = parser.parse_args()
    names = None if options.only is None else {name for name in bombs() if options.only in name}
    failed = 0
    say(f"{'component':36} {'page late':>9} {'replaced':>9} {'ready':>6}  others")
    for figures in run(names, sources=options.sources):
        replaced = "-" if figures.replaced is None else f"{figures.replaced:.0f}"
        ready = "-" if figures.ready is None else f"{figures.ready:.0f}"
        others = "shown" if figures.shown else "MISSING"
        faults = figures.faults()
        failed += bool(faults)
        say(
            f"{figures.name:36} {figures.latency:9.0f} {replaced:>9} {ready:>6}  {others} {' '.join(faults)}",
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
