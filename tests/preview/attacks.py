"""Run hostile components in the preview, and show that none of them reaches anything.

    python -m tests.preview.attacks

The first part runs each component alone, in a mounted preview under the policies of the documents. The
second, the control, runs the same components in the same frame without sandbox, policies and the host's part:
it shows that each canary would have been seen.
"""

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from componentstream.browser.preview import preview_routes
from tests import parts
from tests.listening import serving
from tests.preview.canaries import Canaries, logged_chromium, looked_up
from tests.preview.hostile import components
from tests.preview.serving import host_app, say

SETTLE = 0.6
"""Seconds that a component has after it was rendered."""

ENOUGH = 5
"""Steps back after which a history counts as filled."""

DONE = """n => [...Array(n).keys()].every((i) =>
    ['live', 'failed', 'behind', 'frozen'].includes(latest(i + 1)))"""


@dataclass
class Outcome:
    """What the components of a run have reached, by kind of harm."""

    ran: int = 0
    tcp: list = field(default_factory=list)
    udp: list = field(default_factory=list)
    dns: list = field(default_factory=list)
    host: list = field(default_factory=list)
    own_url: list = field(default_factory=list)
    pages: list = field(default_factory=list)
    leaked: list = field(default_factory=list)
    history: dict = field(default_factory=dict)
    focus: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    not_run: list = field(default_factory=list)

    def harm(self):
        """Return every harm that was done, by kind; history may grow by one."""
        found = {
            kind: getattr(self, kind)
            for kind in (
                "tcp",
                "udp",
                "dns",
                "host",
                "own_url",
                "pages",
                "leaked",
                "focus",
                "changed",
                "not_run",
            )
        }
        found["history"] = {name: growth for name, growth in self.history.items() if growth > 1}
        return {kind: harm for kind, harm in found.items() if harm}


def run(groups=None, *, protected=True, sources=None, show=lambda _line: None, settle=SETTLE):
    """Run components, by default each alone; return their outcome.

    ``groups`` are lists of their names; those of a list run in one frame.
    """
    sync_api = parts.module("playwright.sync_api")
    chromium = parts.program("chromium")
    codes = components()
    groups = [[name] for name in codes] if groups is None else groups
    numbers = {name: number for number, name in enumerate(codes)}
    outcome, requests = Outcome(), []
    routes = preview_routes(folder=sources) if protected else bare(preview_routes(folder=sources))
    app = (
        host_app(routes, requests=requests) if protected else host_app(routes, requests=requests, policy=None)
    )
    with contextlib.ExitStack() as stack:
        log = Path(stack.enter_context(tempfile.TemporaryDirectory()), "net.json")
        canaries = stack.enter_context(Canaries())
        url = stack.enter_context(serving(app))
        playwright = stack.enter_context(sync_api.sync_playwright())
        with logged_chromium(playwright, chromium, log) as browser:
            attack = Attack(browser, url, outcome, settle, "mount" if protected else "mountBare")
            for names in groups:
                canaries.label = label = ", ".join(names)
                attack.run(label, [canaries.fill(codes[name], numbers[name], url) for name in names])
                show(f"{outcome.ran:4d} {label}")
        outcome.tcp, outcome.udp, outcome.dns = canaries.tcp, canaries.udp, looked_up(log)
    outcome.host = [path for path in requests if path.startswith("/secret-")]
    outcome.own_url = [path for path in requests if path.startswith("/preview/") and "?" in path]
    return outcome


def bare(routes):
    """Return routes with the same paths that send the frame without any policy."""
    from starlette.responses import Response  # noqa: PLC0415 - its absence is told before
    from starlette.routing import Route  # noqa: PLC0415

    def without_policy(endpoint):
        def respond(request):
            response = endpoint(request)
            body = response.body
            kept = {key: response.headers[key] for key in ("content-encoding",) if key in response.headers}
            return Response(body, media_type="text/html", headers=kept)

        return respond

    return [Route(route.path, without_policy(route.endpoint), name=route.name) for route in routes]


class Attack:
    """One browser with the page; runs a component and notes what it does to the page."""

    def __init__(self, browser, url, outcome, settle, mount):
        self._browser, self._url, self._outcome, self._settle = browser, url, outcome, settle
        self._mount = mount

    def run(self, name, codes):
        """Run components in a new page."""
        outcome, context = self._outcome, self._browser.new_context(accept_downloads=True)
        page = context.new_page()
        context.on("page", lambda other: outcome.pages.append(f"{name}: popup {other.url}"))
        page.on("dialog", lambda dialog: (outcome.pages.append(f"{name}: {dialog.type}"), dialog.dismiss()))
        page.on("download", lambda download: outcome.pages.append(f"{name}: download {download.url}"))
        page.goto(self._url)
        page.wait_for_function("() => window.isLoaded")
        page.evaluate(f"{self._mount}('/preview/frame.html')")
        page.wait_for_function("() => reports.some((report) => report.status === 'ready')")
        page.get_by_label("Prompt").click()
        before = page.evaluate("[history.length, location.href, document.title]")
        page.evaluate("show(0, 'Bystander', 'export default () => <b>bystander</b>')")
        page.evaluate("codes => codes.forEach((code, i) => show(i + 1, `Attack${i}`, code))", codes)
        with contextlib.suppress(parts.module("playwright.sync_api").TimeoutError):
            # A component that fails, or whose frame was replaced, has had its chance too.
            page.wait_for_function(DONE, arg=len(codes), timeout=5000)
        page.wait_for_timeout(1000 * self._settle)
        try:
            self._judge(page, name, before, len(codes))
        except sync_error():
            outcome.changed.append(f"{name}: the page is gone")
        context.close()
        outcome.ran += len(codes)

    def _judge(self, page, name, before, count):
        outcome = self._outcome
        with contextlib.suppress(Exception):
            page.wait_for_function("() => document.activeElement.ariaLabel === 'Prompt'", timeout=2000)
        length, href, title = page.evaluate("[history.length, location.href, document.title]")
        if [href, title] != before[1:] or page.evaluate("document.querySelectorAll('section').length") != 1:
            outcome.changed.append(name)
        if page.evaluate("document.activeElement.ariaLabel") != "Prompt":
            outcome.focus.append(name)
        if page.evaluate(f"reports.some(({{ index }}) => index !== null && index > {count})"):
            outcome.changed.append(f"{name}: status of an unknown block")
        if page.evaluate("latest(1)") is None:
            outcome.not_run.append(name)
        for frame in page.frames[1:]:
            with contextlib.suppress(Exception):
                outcome.leaked += [f"{name}: {text}" for text in frame.evaluate("window.leaked ?? []")]
        outcome.history[name] = steps_back(page) - 1 if length - before[0] > 1 else length - before[0]


def sync_error():
    """Return the exception of the browser's driver."""
    return parts.module("playwright.sync_api").Error


def steps_back(page):
    """Return how often a user must press Back to leave the page for the blank one before it."""
    page.wait_for_timeout(500)  # in which the page goes back by itself
    for step in range(1, ENOUGH):
        with contextlib.suppress(Exception):
            page.evaluate("history.back()")
            page.wait_for_timeout(200)
        if page.url == "about:blank":
            return step
    return ENOUGH


def main():
    """Run both parts; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=Path, help="the source folder of a frame that was built elsewhere")
    parser.add_argument("--only", help="run the components whose name contains this")
    parser.add_argument("--no-control", action="store_true", help="leave the control out")
    options = parser.parse_args()
    groups = [[name] for name in components() if options.only is None or options.only in name]
    show = say if sys.stdout.isatty() else lambda _line: None
    began = time.monotonic()
    outcome = run(groups, sources=options.sources, show=show)
    say(f"{outcome.ran} components in {time.monotonic() - began:.0f} s")
    for kind in ("tcp", "udp", "dns", "host", "own_url", "pages", "leaked", "focus", "changed", "not_run"):
        reached = getattr(outcome, kind)
        say(f"  {kind:8} {len(reached)} {reached or ''}")
    say(f"  history  {max(outcome.history.values())} {outcome.harm().get('history', '')}")
    if not options.no_control:
        control = run(groups, protected=False, sources=options.sources, show=show)
        say(f"control, without any policy: {control.ran} components")
        for kind in ("tcp", "udp", "dns", "host", "pages", "leaked", "focus", "changed"):
            say(f"  {kind:8} {len(set(getattr(control, kind)))}")
        say(f"  history  {max(control.history.values())}")
    return 1 if outcome.harm() else 0


if __name__ == "__main__":
    assert shutil.which("chromium"), "apt-get install chromium"
    sys.exit(main())
