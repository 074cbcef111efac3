"""The module for browsers, under node: its reader against the library's own, its store and its client."""

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest

import componentstream
from componentstream import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    MessageStop,
    StatusEvent,
    TextBlock,
)
from componentstream.wire import SSEEncoder
from tests import parts
from tests.test_wire_vectors import CASES, cuts, decoded, expected, stream_of
from tests.timing import WAIT

HERE = Path(__file__).parent
CLIENT = Path(componentstream.__file__).parent / "browser" / "componentstream.js"

EVENTS = [
    StatusEvent("started", 0.0, 0, 0, 0),
    ContentBlockStart(0, TextBlock()),
    ContentBlockDelta(0, 'Grüße \u2028 \U0001f600 \r\n\t"quoted" \\ \0'),
    ContentBlockStop(0, "end", 20),
    ContentBlockStart(1, ComponentBlock("Hero", "hero", {"tone": "warm"}, None)),
    ErrorEvent("invalid_position", "Unknown position 'x'.", line=3, index=1),
    ContentBlockDelta(1, "data: {}\n\nevent: error\n"),
    ContentBlockStop(1, "truncated", 24, 2),
    MessageStop("complete", {"chunks": 3, "errors_by_code": {"invalid_position": 1}}),
]


def encoded(**options):
    encoder = SSEEncoder(**options)
    frames = [encoder.encode(event, id=number, retry=number) for number, event in enumerate(EVENTS)]
    return encoder.heartbeat().join(frames)


def as_a_case(name, stream):
    """Return one of our own streams as a case like those of the vectors."""
    assert decoded([stream], "")["events"] == [event.to_dict() for event in EVENTS]
    return {
        "id": name,
        "bytes": stream.decode("latin-1"),
        "events": [event.to_dict() for event in EVENTS],
        "id_after": str(len(EVENTS) - 1),
        "retry": len(EVENTS) - 1,
    }


ALL_CASES = {
    case["id"]: case
    for case in (
        *CASES,
        as_a_case("our-own", encoded()),
        as_a_case("our-own-with-names", encoded(named=True)),
    )
}


def by_the_browser(asked):
    streams = [
        {"pieces": [base64.b64encode(piece).decode() for piece in pieces], "last_event_id": last_event_id}
        for pieces, last_event_id in asked
    ]
    done = subprocess.run(
        [parts.node(), HERE / "read_events.mjs", CLIENT],
        input=json.dumps(streams).encode(),
        capture_output=True,
        timeout=WAIT,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def outcomes():
    """The outcome of the browser's reader for each case in each cut, from one run of Node."""
    asked = [
        (name, pieces, case.get("last_event_id", ""))
        for name, case in ALL_CASES.items()
        for pieces in cuts(stream_of(case))
    ]
    answers = {name: [] for name in ALL_CASES}
    for (name, *_), outcome in zip(asked, by_the_browser([rest for _, *rest in asked]), strict=True):
        answers[name].append(outcome)
    return answers


@pytest.mark.parametrize("name", ALL_CASES)
def test_the_browser_client_reads_the_same_events_at_any_cut(name, outcomes):
    assert len(outcomes[name]) >= 7
    for outcome in outcomes[name]:
        assert outcome == expected(ALL_CASES[name])


TESTS = {"store": 31, "generate": 44, "retry": 41, "hooks": 13}
"""Number of tests in each file of JavaScript."""


def test_the_tests_in_javascript_pass():
    parts.npm_packages(HERE)
    files = [HERE / f"client_{name}.test.mjs" for name in TESTS]
    # In one run, since most of them wait, and Node runs the files side by side.
    done = subprocess.run(
        [parts.node(), "--test", "--test-concurrency=4", "--test-reporter=tap", *files],
        env={**os.environ, "CLIENT": str(CLIENT)},
        capture_output=True,
        text=True,
        timeout=2 * WAIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"# pass {sum(TESTS.values())}\n" in done.stdout
