"""The benchmark of tokens runs, and finds out every side that does not send what it was given."""

import itertools
import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from componentstream import ContentBlockDelta, MessageStop
from componentstream.drive import stream_bytes
from componentstream.testing import EventGrammarError
from componentstream.wire import SSEEncoder

NEEDED = ("httptools", "sse_starlette", "uvicorn")
if sys.platform != "linux":
    pytest.skip("needs Linux", allow_module_level=True)
if not os.environ.get("CI") and not all(map(find_spec, NEEDED)):
    pytest.skip("needs pip install 'componentstream[bench]'", allow_module_level=True)

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

tokens = import_module("tokens")
upstream = import_module("upstream")
workloads = import_module("workloads")

COMPONENT = upstream.ANSWERS["component"]
OURS = b"".join(stream_bytes(COMPONENT.tokens, batcher=None))
DELTAS = b"".join(
    b"data: %b\r\n\r\n" % json.dumps(ContentBlockDelta(1, token).to_dict()).encode()
    for token in COMPONENT.tokens
)
RIGHT = {
    "silent": b"",
    "bare": tokens.CONSTANT * len(COMPONENT.tokens),
    "ours": OURS,
    "batched": b"".join(stream_bytes(COMPONENT.tokens)),
    "sse_starlette": DELTAS,
}


def test_quick_writes_every_figure(tmp_path):
    path = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "tokens.py"), "--quick", "--json", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=250)
    figures = json.loads(path.read_text(encoding="utf-8"))

    assert list(figures) == ["environment", "settings", "loads", "sides"]
    assert figures["settings"] == {"quick": True}
    assert [(load["name"], load["tokens"]) for load in figures["loads"]] == [
        ("flat out", 2 * len(COMPONENT.tokens)),
        ("at pace", 2 * len(COMPONENT.tokens)),
    ]
    assert [(row["load"], row["side"]) for row in figures["sides"]] == [
        (load, side) for load in ("flat out", "at pace") for side in RIGHT
    ]
    bare = figures["sides"][1]
    assert bare["to_bare"] == {"best": 1, "round": 1, "wall": 1}
    for row in figures["sides"][:5]:
        assert 0 < row["server_ns"]["best"] == row["server_ns"]["median"]
        assert row["to_bare"]["best"] == pytest.approx(row["server_ns"]["best"] / bare["server_ns"]["best"])
        assert row["body_bytes"] == pytest.approx(len(RIGHT[row["side"]]) / len(COMPONENT.tokens), abs=1)
    assert "these figures mean nothing" in done.stdout


def test_the_answers_are_the_recorded_page_and_its_first_component():
    page = upstream.ANSWERS["page"]

    assert [len(answer.workload.blocks) for answer in (page, COMPONENT)] == [8, 1]
    assert page.workload.text.startswith(COMPONENT.workload.text)
    for answer in (page, COMPONENT):
        assert "".join(answer.tokens) == answer.workload.text
        assert {len(token) for token in answer.tokens[:-1]} == {4}


@pytest.mark.parametrize("side", RIGHT)
def test_a_side_that_sent_its_tokens_passes(side):
    tokens.check_body(side, RIGHT[side], COMPONENT)


@pytest.mark.parametrize(
    ("side", "body"),
    [
        ("silent", b"x"),
        ("bare", RIGHT["bare"][len(tokens.CONSTANT) :]),
        ("bare", RIGHT["bare"].replace(b"four", b"five", 1)),
        ("ours", OURS.replace(b'"text":"', b'"text":"x', 1)),
        ("ours", OURS[: OURS.rindex(b"data: ")]),
        ("ours", OURS[:-1]),
        ("batched", OURS.replace(b'"complete"', b'"failed"')),
        ("sse_starlette", DELTAS.replace(b"SiteHead", b"SiteFoot", 1).replace(b"/// ", b"//// ", 1)),
        ("sse_starlette", DELTAS[DELTAS.index(b"\n\r\n") + 3 :]),
    ],
    ids=itertools.count(),
)
def test_a_side_that_sent_something_else_is_found_out(side, body):
    assert body != RIGHT[side]
    with pytest.raises((workloads.WrongOutputError, EventGrammarError)):
        tokens.check_body(side, body, COMPONENT)


def test_two_message_stops_are_found_out():
    twice = OURS + SSEEncoder().encode(MessageStop("complete"))

    with pytest.raises(EventGrammarError, match="nothing may follow message_stop"):
        tokens.check_body("ours", twice, COMPONENT)
