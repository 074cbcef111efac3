"""The benchmark of the server with its log runs, and finds out every stream that lost something."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from componentstream import ContentBlockDelta, ContentBlockStart
from componentstream.drive import stream
from componentstream.wire import SSEDecoder, SSEEncoder

NEEDED = ("httptools", "redis", "sse_starlette", "uvicorn")
if sys.platform != "linux":
    pytest.skip("needs Linux", allow_module_level=True)
if not os.environ.get("CI") and not all(map(find_spec, NEEDED)):
    pytest.skip("needs pip install 'componentstream[bench,redis]'", allow_module_level=True)

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

logged = import_module("logged")
paced = import_module("paced")
stalling = import_module("stalling")
stores = import_module("stores")
streams = import_module("streams")
worker = import_module("worker")
workloads = import_module("workloads")

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECES = ["000 ", "001 ", "002 "]
LOAD = paced.Paced(streams=1, seconds=1, rate=3)
ACCOUNT = [3, sha256(b"000 001 002 \n").hexdigest(), 10.0]
SOURCE = ["/// START Pieces\n", *PIECES, "\n/// END Pieces\n"]


def numbered(chunks, *, first=1):
    encoder = SSEEncoder()
    return [encoder.encode(event, id=number) for number, event in enumerate(stream(chunks), first)]


EVENTS = numbered(SOURCE)


def answer(events, *, cut=0):
    body = b"".join(events)
    whole = HEAD + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return whole[: len(whole) - cut]


def in_parts(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


def taken(data, *, size=50, asked=9.0, step=0.01):
    """Return what would be taken if parts of some bytes had come one by one, from the tenth second on."""
    return paced.Taken(asked, [(10 + place * step, part) for place, part in enumerate(in_parts(data, size))])


@pytest.mark.parametrize("store", stores.STORES)
def test_quick_writes_every_figure(tmp_path, store):
    path = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "logged.py"), "--quick", "--log", store, "--json", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=250)

    assert done.returncode == 0, done.stderr
    figures = json.loads(path.read_text(encoding="utf-8"))
    assert list(figures) == ["environment", "settings", "missing", "stores"]
    assert figures["settings"]["quick"] is True
    assert "these figures mean nothing" in done.stdout
    if store == "redis" and shutil.which("redis-server") is None:
        assert not os.environ.get("CI")
        assert figures["stores"] == []
        assert "redis was left out: redis-server is not installed" in done.stdout
        return
    assert figures["missing"] == {}
    (row,) = figures["stores"]
    assert row["store"] == store
    assert [flat["server"] for flat in row["flat_out"]] == ["unmerged", "server"]
    each, merged = row["flat_out"]
    assert each["tokens_per_second"] > each["events_per_second"] > 0
    assert merged["tokens_per_second"] > 10 * merged["events_per_second"] > 0
    assert min(each["server_ns_per_event"], merged["server_ns_per_event"]) > 0
    for pace in row["paced"]:
        assert list(pace["delay_ms"]) == list(pace["first_ms"]) == ["50", "99", "99.9", "100"]
        assert pace["delay_ms"]["50"] <= pace["delay_ms"]["100"]
        assert 0 < pace["first_ms"]["50"] <= pace["first_ms"]["100"]
        assert pace["cpu"] > 0
    of_a_stream = len(numbered([SOURCE[0], *["000 "] * 20, SOURCE[-1]]))
    assert row["paced"][0]["events_per_second"] == 3 * of_a_stream / 0.5
    assert row["paced"][1]["events_per_second"] < row["paced"][0]["events_per_second"]
    held_up = row["stalling"]
    assert held_up["dropped"] == 3
    assert 0.5 <= held_up["seconds"]["first"] <= held_up["seconds"]["last"]
    assert list(held_up["others"]) == ["alone", "readers", "stalled"]
    for other in held_up["others"].values():
        assert list(other["delay_ms"]) == ["50", "99", "99.9", "100"]
        assert other["most_bytes"] >= held_up["base_bytes"] > 0
    assert f"| {store} |".ljust(9) in done.stdout


def test_a_log_that_does_not_run_here_is_named_and_left_out(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda _program: None)
    assert stores.missing("redis") == "redis-server is not installed: apt-get install redis-server"
    assert [stores.missing(store) for store in ("memory", "sqlite", "")] == ["", "", ""]

    figures = logged.measure_all(["redis"], quick=True)
    logged.print_tables(figures)

    assert figures["stores"] == []
    assert "redis was left out: redis-server is not installed" in capsys.readouterr().out


@pytest.mark.parametrize("size", [1, 7, 50, 10_000])
def test_a_stream_is_read_however_its_bytes_come(size):
    reader = streams.EventReader(numbered=True)
    events = [event for part in in_parts(answer(EVENTS), size) for event in reader.feed(part)]
    reader.finish()

    assert events == SSEDecoder().feed(b"".join(EVENTS))
    assert reader.count == len(events)


def test_ids_are_looked_at_only_where_there_are_some():
    bare = [SSEEncoder().encode(event) for event in stream(SOURCE)]
    data = answer(bare)

    assert streams.EventReader(numbered=False).feed(data) == SSEDecoder().feed(b"".join(bare))
    with pytest.raises(streams.WrongStreamError, match="event 1 has the id ''"):
        streams.EventReader(numbered=True).feed(data)


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (answer(EVENTS, cut=5), "it broke off"),
        (answer(EVENTS[:-1]), "its message_stop are "),
        (answer(numbered(SOURCE, first=0)), "event 1 has the id '0'"),
        (answer([*EVENTS[:3], *EVENTS[4:]]), "event 4 has the id '5'"),
        (answer([*EVENTS[:3], EVENTS[2], *EVENTS[3:]]), "event 4 has the id '3'"),
        (answer([EVENTS[0].replace(b"status", b"statue"), *EVENTS[1:]]), "event 1 has the id '2'"),
        (answer(EVENTS).replace(b'"complete"', b'"failed"  '), "its message_stop are "),
        (answer([EVENTS[0], EVENTS[1].replace(b'"index":0', b'"index":1'), *EVENTS[2:]]), "index"),
        (b"no HTTP at all", "Expected HTTP/"),
    ],
    ids=itertools.count(),
)
def test_a_stream_that_is_not_whole_is_found_out(data, wrong):
    with pytest.raises(streams.WrongStreamError, match=wrong):
        taken(data).events()


def test_a_delay_counts_from_when_a_piece_was_due_until_all_of_it_came():
    deltas = [event for event in stream(SOURCE) if isinstance(event, ContentBlockDelta)]
    assert [delta.text for delta in deltas] == [*PIECES, "\n"]
    parts = [HEAD] + [b"%x\r\n%b\r\n" % (len(event), event) for event in EVENTS] + [b"0\r\n\r\n"]
    came = [10 + place / 8 for place in range(len(parts))]
    stream_taken = paced.Taken(9.0, list(zip(came, parts, strict=True)))

    delays = paced.delays_of(stream_taken, ACCOUNT, LOAD)

    first = next(place for place, event in enumerate(stream(SOURCE)) if isinstance(event, ContentBlockDelta))
    assert delays == pytest.approx([came[1 + first + number] - 10 - number / 3 for number in range(3)])
    assert stream_taken.seconds_to_the_first() == came[first] - 9
    assert isinstance(list(stream(SOURCE))[first - 1], ContentBlockStart)


@pytest.mark.parametrize(
    ("chunks", "account"),
    [
        (["/// START Pieces\n", "000 002 ", "\n/// END Pieces\n"], ACCOUNT),
        (["/// START Pieces\n", "000 002 001 ", "\n/// END Pieces\n"], ACCOUNT),
        (SOURCE, [2, *ACCOUNT[1:]]),
    ],
)
def test_pieces_other_than_those_that_were_sent_are_found_out(chunks, account):
    with pytest.raises(workloads.WrongOutputError, match="characters came, not the"):
        paced.delays_of(taken(answer(numbered(chunks))), account, LOAD)


class CallResult:
    """A worker that tells what it was told to."""

    def __init__(self, drops):
        self._drops = drops

    def ask(self, target):
        assert target == "/drops"
        return self._drops


@pytest.mark.parametrize(
    ("drops", "readers", "wrong"),
    [
        ([0.5], 0.0, "1 of 2 readers were dropped; 0 are left"),
        ([0.5, 0.6], 1.0, "2 of 2 readers .* 1 are left"),
    ],
)
def test_readers_who_are_not_dropped_are_found_out(monkeypatch, drops, readers, wrong):
    monkeypatch.setattr(stalling, "_readers", lambda _worker: readers)
    monkeypatch.setattr(stalling, "_GRACE", 0.0)

    with pytest.raises(workloads.WrongOutputError, match=wrong):
        stalling._drops(CallResult(drops), 2, 0.01)


def test_the_readers_who_were_dropped_are_told_in_order(monkeypatch):
    monkeypatch.setattr(stalling, "_readers", lambda _worker: 0.0)

    assert stalling._drops(CallResult([0.7, 0.5]), 2, 1.0) == [0.5, 0.7]
