"""Every side of the benchmarks does its work, so none of them can be fast by being wrong."""

import gc
import json
import os
import platform
import subprocess
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from componentstream import ComponentBlock, ContentBlockDelta, ContentBlockStart, ContentBlockStop, ErrorEvent

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

clock = import_module("clock")
costs = import_module("costs")
parsing = import_module("parsing")
peers = import_module("peers")
workloads = import_module("workloads")

WORKLOADS = workloads.build_workloads(small=True)

each_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
each_size = pytest.mark.parametrize("size", workloads.SIZES)
each_peer = pytest.mark.parametrize("peer", peers.PEERS, ids=lambda peer: peer.name)


class Canned:
    """A side that returns the same events for every chunk."""

    def __init__(self, *events):
        self._events = list(events)

    def feed(self, _text):
        return self._events

    def close(self):
        return []


HERO = workloads.Workload("hero", "/// START Hero\nab\n/// END Hero\n", (workloads.Block("Hero", "ab\n"),))
START = ContentBlockStart(0, ComponentBlock("Hero", "main"))
DELTA = ContentBlockDelta(0, "ab\n")
STOP = ContentBlockStop(0, "end", 3)


@each_size
@each_workload
def test_the_parser_returns_the_blocks_of_each_workload(workload, size):
    workloads.check("componentstream", workloads.parser, workloads.cut(workload.text, size), workload)


@each_size
@each_workload
def test_the_floors_do_their_work(workload, size):
    parsing.check_floors(workload, size)


@each_workload
@each_peer
def test_each_peer_returns_the_blocks_of_each_workload(peer, workload):
    if peer.missing:
        assert not os.environ.get("CI"), f"{peer.name} is missing: pip install '{peers.EXTRA}'"
        pytest.skip(f"needs {peers.EXTRA}")
    document = peer.write(workload)
    for size in workloads.SIZES:
        chunks = [chunk.encode() for chunk in workloads.cut(document, size)]
        workloads.check(peer.name, partial(peer.make, workload), chunks, workload)


@each_workload
def test_both_ways_to_bytes_lead_back_to_the_events(workload):
    chunks, events = costs.check_wire(workload)

    assert "".join(chunks) == workload.text
    assert sum(type(event) is ContentBlockStart for event in events) == len(workload.blocks)


def test_the_full_workloads_are_as_long_as_they_are_said_to_be():
    lengths = {workload.name: len(workload.text) for workload in workloads.build_workloads()}

    assert 500_000 <= lengths.pop("one component") <= 500_100
    assert len(lengths) == len(WORKLOADS) - 1
    assert all(240_000 <= length <= 260_000 for length in lengths.values())


def test_the_components_of_a_workload_have_names_of_their_own():
    names = [block.name for block in workloads.build_workloads()[0].blocks]

    assert names[:2] == ["SiteHeader1", "Hero1"]
    assert len(names) == len(set(names)) == 96


def test_a_side_that_returns_the_blocks_passes():
    workloads.check("canned", lambda: Canned(START, DELTA, STOP), [HERO.text], HERO)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [DELTA],
        [START, STOP],
        [START, DELTA],
        [START, DELTA, STOP, START],
        [START, ContentBlockDelta(0, "ab"), STOP],
        [START, ContentBlockDelta(1, "ab\n"), STOP],
        [ContentBlockStart(0, ComponentBlock("Head", "main")), DELTA, STOP],
        [START, DELTA, STOP, ErrorEvent("malformed_marker", "")],
    ],
)
def test_a_side_that_returns_something_else_is_found_out(events):
    with pytest.raises(workloads.WrongOutputError, match="wrong did not return the blocks of hero, cut in 1"):
        workloads.check("wrong", lambda: Canned(*events), [HERO.text], HERO)


def test_the_sides_take_turns_and_the_best_of_each_counts():
    order = []
    times = {"a": [9, 5, 3, 4], "b": [1, 7, 8, 6]}

    def side(name):
        def run():
            assert not gc.isenabled()
            order.append(name)
            return times[name].pop(0) if times[name] else 99

        return run

    best = clock.best_of({"a": side("a"), "b": side("b")}, 3)

    assert best == {"a": 3, "b": 6}
    assert order[:8] == ["a", "b"] * 4
    assert gc.isenabled()


def test_a_single_round_is_the_one_that_counts():
    times = [5, 3]

    assert clock.best_of({"a": lambda: times.pop(0)}, 1) == {"a": 5}


def test_a_peer_that_is_not_installed_is_reported_with_the_extra():
    absent = peers.Peer("absent", "no_such_module_anywhere", peers.Expat, peers.to_xml)

    assert peers.missing([*peers.PEERS[:1], absent]) == {"absent": "pip install 'componentstream[bench]'"}


def test_a_parser_does_not_grow_with_what_it_is_fed():
    memory = costs.measure_memory("const a = 1;\n  return a;\n", parsers=10, feeds=20_000)

    assert memory["feeds"] == 20_000
    assert memory["growth_bytes"] < 1_000
    assert memory["idle_bytes"].keys() == {"fresh", "in a component", "holding a candidate"}
    assert all(0 < size < 10_000 for size in memory["idle_bytes"].values())


def test_quick_writes_every_figure(tmp_path):
    path = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "run.py"), "--quick", "--json", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=250)
    figures = json.loads(path.read_text(encoding="utf-8"))

    installed = [peer.name for peer in peers.PEERS if not peer.missing]
    pairs = [(workload.name, size) for workload in WORKLOADS for size in workloads.SIZES]
    assert list(figures) == [
        "environment", "settings", "parser", "peers", "missing_peers", "wire", "memory", "imports",
    ]  # fmt: skip
    assert figures["environment"]["python"].endswith(platform.python_version())
    assert figures["settings"] == {"quick": True, "repeat": 1}
    assert [(row["workload"], row["size"]) for row in figures["parser"]] == pairs
    for row in figures["parser"]:
        assert list(row["ns"]) == ["floor", "loop", "find_prefix", "find_lines", "ours"]
        assert row["ours_to"]["floor"] == pytest.approx(row["ns"]["ours"] / row["ns"]["floor"])
    assert [(row["workload"], row["size"], row["peer"]) for row in figures["peers"]] == [
        (*pair, peer) for pair in pairs for peer in installed
    ]
    for row in figures["peers"]:
        assert row["peer_to_ours"] == pytest.approx(row["ns"] / row["ours_ns"])
    assert figures["missing_peers"] == peers.missing()
    assert figures["wire"]["ours_to"].keys() == {"dumps_framed", "dumps"}
    assert figures["memory"].keys() == {"parsers", "idle_bytes", "feeds", "growth_bytes", "peak_bytes"}
    assert figures["imports"]["ms"].keys() == {"python", "attrs", "componentstream"}
    assert "these figures mean nothing" in done.stdout


def test_fewer_than_one_round_is_refused():
    command = [sys.executable, str(BENCHMARKS / "run.py"), "--repeat", "0"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert "give a whole number from 1 up" in done.stderr
