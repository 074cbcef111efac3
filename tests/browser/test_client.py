"""The module for browsers, under node: its reader against the library's own, its store and its client."""

import base64
import json
import os
import random
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
    WireError,
)
from componentstream.wire import SSEDecoder, SSEEncoder
from tests import parts
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
DELTA = json.dumps(ContentBlockDelta(0, "§").to_dict()).encode()
STOP = json.dumps(ContentBlockStop(0, "end", 1).to_dict()).encode()


def encoded(**options):
    encoder = SSEEncoder(**options)
    frames = [encoder.encode(event, id=number, retry=number) for number, event in enumerate(EVENTS)]
    return encoder.heartbeat().join(frames)


STREAMS = {
    "our own": encoded(),
    "our own with names": encoded(named=True),
    "CRLF": encoded().replace(b"\n", b"\r\n"),
    "CR": encoded().replace(b"\n", b"\r"),
    "all line ends": b"data: " + DELTA + b"\r\n\rdata: " + STOP + b"\n\r\ndata: " + DELTA + b"\r\r\n",
    "byte order mark": b"\xef\xbb\xbfdata: " + DELTA + b"\n\ndata: " + STOP + b"\n\n",
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbfdata: " + DELTA + b"\n\ndata: " + STOP + b"\n\n",
    "comments": b":\n: data: x\ndata: " + DELTA + b"\n:between\n\n:\n\n: after\n",
    "data on several lines": b"data: " + DELTA.replace(b", ", b",\ndata: ") + b"\n\n",
    "no space, two spaces": b"data:" + DELTA + b"\n\ndata:  " + STOP + b"\n\n",
    "fields of others": b"Data: x\ndat: x\ndata : x\nx\n" + b"data: " + DELTA + b"\nfoo: bar\n\n",
    "empty data": b"data\n\ndata:\n\ndata: \n\nevent: message\n\ndata: " + DELTA + b"\n\n",
    "raw UTF-8": f"data: {json.dumps(EVENTS[2].to_dict(), ensure_ascii=False)}\n\n".encode(),
    "broken UTF-8": b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
    b'"text":"\xff a\xc3 \xe2\x82 \xf0\x9f\x98"}}\n\ndata: ' + STOP + b"\n: \xe2\x82\n\n",
    "ids": b"id: 1\ndata: " + DELTA + b"\n\nid: 2\n\nid: a\0b\n\nid: 3\ndata: " + STOP + b"\n",
    "an id that is taken back": b"id: 1\n\nid\n\n",
    "names": b"event: message\ndata: %b\n\nevent: stream_error\ndata: %b\n\n" % (DELTA, DELTA)
    + b"event: add\ndata: %b\n\nevent: add\nevent: error\ndata: %b\n\ndata: %b\n\n" % (STOP, STOP, STOP),
    "types of others": b'data: {"type":"ping"}\n\ndata: {}\n\ndata: {"type":5}\n\ndata: ' + DELTA + b"\n\n",
    "open end": b"data: " + DELTA + b"\n\ndata: " + STOP + b"\n",
    "no JSON": b"data: " + DELTA + b"\n\ndata: {\n\ndata: " + STOP + b"\n\n",
    "no object": b"data: [1]\n\ndata: " + STOP + b"\n\n",
    "null": b"data: null\n\n",
    "nothing": b"",
}


def cuts(stream):
    """Whole, byte by byte, at every place in two, and at random; long streams at fewer places."""
    rng = random.Random(len(stream))
    step = 1 + len(stream) // 400
    yield [stream]
    yield [stream[at : at + 1] for at in range(len(stream))]
    yield from ([stream[:at], stream[at:]] for at in range(1, len(stream), step))
    for _ in range(5):
        places = sorted(rng.choices(range(len(stream) + 1), k=20))
        yield [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


def by_the_library(stream):
    decoder = SSEDecoder()
    events, failure = [], None
    try:
        for piece in (stream, b""):
            events += [event.to_dict() for event in decoder.feed(piece)]
    except WireError:
        failure = "WireError"
    return {"events": events, "id": decoder.last_event_id, "failure": failure}


def by_the_browser(streams):
    pieces = [[base64.b64encode(piece).decode() for piece in stream] for stream in streams]
    done = subprocess.run(
        [parts.node(), HERE / "read_events.mjs", CLIENT],
        input=json.dumps(pieces).encode(),
        capture_output=True,
        timeout=WAIT,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def outcomes():
    """What the browser's reader makes of each stream in each cut, from one run of node."""
    asked = [(name, pieces) for name, stream in STREAMS.items() for pieces in cuts(stream)]
    answers = {name: [] for name in STREAMS}
    for (name, _), outcome in zip(asked, by_the_browser([pieces for _, pieces in asked]), strict=True):
        answers[name].append(outcome)
    return answers


@pytest.mark.parametrize("name", STREAMS)
def test_the_browser_client_reads_the_same_events_at_any_cut(name, outcomes):
    expected = by_the_library(STREAMS[name])
    assert len(outcomes[name]) >= 7
    for outcome in outcomes[name]:
        assert outcome == expected


def test_the_compared_streams_contain_events():
    assert [event["type"] for event in by_the_library(STREAMS["our own"])["events"]] == [
        event.type for event in EVENTS
    ]
    assert by_the_library(STREAMS["no JSON"]) == {
        "events": [json.loads(DELTA)],
        "id": "",
        "failure": "WireError",
    }
    assert by_the_library(STREAMS["ids"])["id"] == "2"
    assert len(by_the_library(STREAMS["names"])["events"]) == 4
    assert by_the_library(STREAMS["open end"])["events"] == [json.loads(DELTA)]


@pytest.mark.parametrize(("name", "tests"), [("store", 31), ("generate", 42), ("retry", 41)])
def test_the_tests_in_javascript_pass(name, tests):
    done = subprocess.run(
        [parts.node(), "--test", "--test-reporter=tap", HERE / f"client_{name}.test.mjs"],
        env={**os.environ, "CLIENT": str(CLIENT)},
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"# pass {tests}\n" in done.stdout
