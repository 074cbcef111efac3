"""Both sides of the benchmark of near misses do their work."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from componentstream.core.events import FindingEvent

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

near_misses = import_module("near_misses")
workloads = import_module("workloads")


def test_the_measured_parser_reports_near_misses():
    assert any(isinstance(event, FindingEvent) for event in near_misses.finder().feed("- /// START Hero\n"))


def test_quick_writes_every_figure(tmp_path):
    path = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "near_misses.py"), "--quick", "--json", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=250)
    figures = json.loads(path.read_text(encoding="utf-8"))

    pairs = [(text, size) for text in near_misses.TEXTS for size in workloads.SIZES]
    assert figures["quick"] is True
    assert [(row["text"], row["size"]) for row in figures["near_misses"]] == pairs
    for row in figures["near_misses"]:
        assert row["ratio"] == pytest.approx(row["ns"]["near_misses"] / row["ns"]["parser"])
    assert "| ratio |" in done.stdout
