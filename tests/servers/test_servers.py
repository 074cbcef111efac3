"""Every adapter behind the servers that it is made for: real processes, real sockets."""

import http.client
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from componentstream.core.events import ContentBlockDelta, ContentBlockStop, ErrorEvent, MessageStop
from componentstream.wire import SSEDecoder
from tests import parts
from tests.servers.running import SERVERS, asking, serving
from tests.servers.scenarios import PAUSE, SECRET, SEND_TIMEOUT, STAMPS
from tests.timing import WAIT, at_best

NEEDS = {
    "uvicorn-httptools": ("uvicorn", "httptools", "starlette"),
    "uvicorn-h11": ("uvicorn", "h11", "fastapi"),
    "hypercorn": ("hypercorn",),
    "granian": ("granian", "starlette"),
    "gunicorn": ("gunicorn",),
    "aiohttp": ("aiohttp",),
    "django-asgi": ("uvicorn", "django"),
    "django-wsgi": ("gunicorn", "django"),
    "flask-werkzeug": ("flask",),
    "flask-gunicorn": ("gunicorn", "flask"),
    "litestar": ("uvicorn", "litestar"),
    "quart": ("hypercorn", "quart"),
    "sanic": ("sanic",),
}
WRAPPED = "/wrapped"
"""Behind a middleware that ends every response normally, even after an error inside."""

PREFIXES = {"django-asgi": ["/async"], "django-wsgi": ["/plain"], "uvicorn-httptools": ["", WRAPPED]}
PLAIN = {"gunicorn", "django-wsgi", "flask-werkzeug", "flask-gunicorn"}
"""Those whose sources are plain iterators."""

IN_TIME = 1.0
SLACK = 0.6
"""Seconds that an event may take from its source to here, on a machine that is busy."""


class Reader:
    """One server, asked for scenarios; it gives the figures of each."""

    def __init__(self, port, prefix, traces):
        self.port = port
        self.prefix = prefix
        self.traces = traces

    def key(self, scenario):
        return f"{self.prefix.strip('/')}-{scenario}"

    def ask(self, scenario, **options):
        return asking(self.port, f"{self.prefix}/{scenario}/{self.key(scenario)}", **options)

    def closing(self, scenario):
        """When a source gave its last chunk, when it was closed, and how long it was not read at most."""
        path = Path(self.traces, self.key(scenario))
        end = time.monotonic() + WAIT
        while not path.exists():
            assert time.monotonic() < end, f"the source of {scenario} was not closed"
            time.sleep(0.01)
        return [float(figure) for figure in path.read_text(encoding="ascii").split()]

    def spread(self):
        with self.ask("spread") as response:
            assert response.status == 200
            assert response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
            assert response.getheader("Cache-Control") == "no-cache, no-transform"
            events = list(arrivals(response))
        assert events[-1][1].reason == "complete"
        stamps = [
            (at, float(line))
            for at, event in events
            if isinstance(event, ContentBlockDelta)
            for line in event.text.split()
        ]
        assert len(stamps) == STAMPS
        return {
            "first": events[0][0] - stamps[-1][1],
            "slowest": max(at - stamp for at, stamp in stamps),
            "spread": stamps[-1][0] - stamps[0][0],
        }

    def endless(self):
        with self.ask("endless", reset=True) as response:
            next(event for _, event in arrivals(response) if isinstance(event, ContentBlockDelta))
            left = time.monotonic()
        return {"closed": self.closing("endless")[1] - left}

    def silent(self):
        with self.ask("silent") as response:
            next(arrivals(response))
            left = time.monotonic()
        return {"closed": self.closing("silent")[1] - left}

    def flood(self):
        with self.ask("flood", receive_buffer=4096, timeout=3.0) as response:
            assert response.status == 200
            last, closed, _ = self.closing("flood")
            data, whole = rest(response)
        assert b'"message_stop"' not in data
        return {"dropped": closed - last, "whole": whole}

    def patient(self):
        with self.ask("patient", receive_buffer=4096) as response:
            assert response.status == 200
            time.sleep(2 * SEND_TIMEOUT)
            left = time.monotonic()
        _, closed, longest = self.closing("patient")
        assert longest > SEND_TIMEOUT, "the source was still read when the reader left"
        return {"closed": closed - left}

    def early(self):
        with self.ask("early") as response:
            body = response.read().decode()
            assert response.status == 502
            assert response.getheader("Content-Type") == "application/json"
        assert SECRET not in body
        assert json.loads(body)["error"]["type"] == "source_failed"
        return {}

    def late(self):
        with self.ask("late") as response:
            assert response.status == 200
            events = [event for _, event in arrivals(response)]
        assert [type(event) for event in events[-3:]] == [ErrorEvent, ContentBlockStop, MessageStop]
        assert (events[-3].code, events[-3].fatal, events[-1].reason) == ("source_failed", True, "failed")
        assert SECRET not in repr(events)
        return {}


def arrivals(response):
    """Yield each event of a response with the time of its arrival, to the clean end of the response."""
    decoder = SSEDecoder()
    while data := response.read1(65536):
        now = time.monotonic()
        for event in decoder.feed(data):
            yield now, event
    decoder.close()


def rest(response):
    """Return the rest of the response to a dropped client that reads again, and whether it ends normally.

    A server may leave the connection open, as Quart does when the task of a request is cancelled.
    """
    try:
        return response.read(), True
    except http.client.IncompleteRead as broken:
        return broken.partial, False
    except (ConnectionError, TimeoutError):
        return b"", False


def figures_of(server, traces):
    """Run all scenarios of a server at once; return their measurements."""
    scenarios = ["spread", "endless", "flood", "patient", "early", "late"]
    if server not in PLAIN:
        scenarios.append("silent")
    with serving(SERVERS[server], traces) as port, ThreadPoolExecutor(16) as pool:
        running = {
            (prefix, scenario): pool.submit(getattr(Reader(port, prefix, traces), scenario))
            for prefix in PREFIXES.get(server, [""])
            for scenario in scenarios
        }
        figures = {name: future.result() for name, future in running.items()}
    log = Path(traces, "server.log").read_text(encoding="utf-8")
    assert "never retrieved" not in log, log
    assert "never awaited" not in log, log
    return figures


@pytest.mark.parametrize("server", SERVERS)
def test_events_arrive_at_once_and_every_end_is_noticed(server, tmp_path):
    for name in NEEDS[server]:
        parts.module(name)
    in_time = set()
    at_best(lambda: len(late(server, Path(tempfile.mkdtemp(dir=tmp_path)), in_time)), below=1)


def late(server, traces, done):
    """Run all scenarios of a server; return the figures that show a delay, which load may cause too.

    Those that have been in time once are added to ``done``, and are not judged again.
    """
    delayed = []
    for (prefix, scenario), figures in figures_of(server, traces).items():
        where = f"{server}{prefix}: {scenario} {figures}"
        assert figures.get("whole", False) is (prefix == WRAPPED and scenario == "flood"), where
        in_time = (
            figures.get("first", -1) < 0  # the first event comes before the source has ended
            and figures.get("slowest", 0) < SLACK
            and figures.get("spread", 1) > STAMPS * PAUSE / 2
            and figures.get("closed", 0) < IN_TIME
            and figures.get("dropped", SEND_TIMEOUT) < SEND_TIMEOUT + IN_TIME
        )
        if in_time:
            done.add((prefix, scenario))
        elif (prefix, scenario) not in done:
            delayed.append(where)
    return delayed
