"""The demonstration in a real browser: a server in a thread, a page of Chromium, and a source that obeys."""

import asyncio
import threading
import time
from contextlib import contextmanager

from tests.timing import WAIT

WIDTH, HEIGHT = 1200, 800


@contextmanager
def chromium(playwright, path):
    """Start the browser; give it."""
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
    try:
        yield browser
    finally:
        browser.close()


class Stage:
    """A model that says what it is told to, when it is told to, and notes how it was left.

    Call :meth:`say`, :meth:`fail` and :meth:`leave` from the test's thread. It plays one generation at once.
    """

    def __init__(self):
        self.requests = []
        self.closed_at = None
        self._closed = threading.Event()
        self._loop = None
        self._lines = None

    async def __call__(self, request):
        self.closed_at = None
        self._closed.clear()
        self._lines = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self.requests.append(request)
        try:
            while (line := await self._lines.get()) is not None:
                if isinstance(line, Exception):
                    raise line
                yield line
        finally:
            self.closed_at = time.monotonic()
            self._closed.set()

    def say(self, text):
        self._put(text)

    def fail(self, problem):
        self._put(problem)

    def leave(self):
        self._put(None)

    def wait_for_requests(self, count):
        end = time.monotonic() + WAIT
        while len(self.requests) < count:
            assert time.monotonic() < end, "nothing was asked for"
            time.sleep(0.005)

    def wait_until_closed(self):
        assert self._closed.wait(WAIT), "the source was not closed"
        return self.closed_at

    def _put(self, line):
        self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
