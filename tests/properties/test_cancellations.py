import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from componentstream.session.session import GenerationSession
from tests.drive.scenarios import SCENARIOS, Scenario, World, events, generator
from tests.properties import cancellations
from tests.properties.cancellations import MODES, Complaints, run_once, sweep


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_left_behind_wherever_a_scenario_is_cancelled(name):
    scenario = SCENARIOS[name]
    injections = 0
    with Complaints() as complaints:
        for number, mode in enumerate(MODES):
            # Each mode at other points, so that together they are spread over the scenario.
            counts, wrong = sweep(scenario, mode, first=1 + 2 * number, stride=23, debug=number == 0)
            assert wrong == []
            injections += counts["injections"]
    assert injections > 0
    assert complaints.said == []


def leaks(watch):
    """A source that is closed twice."""

    async def twice():
        try:
            async for chunk in generator(watch, ["a", "b"]):
                yield chunk
        finally:
            watch.close()

    return twice()


def test_a_source_that_is_closed_twice_is_found():
    outcome = run_once(Scenario(leaks, events()), 3, "once")
    assert (outcome.reached, outcome.injected) == (True, 1)
    assert outcome.wrong == ["the source was closed 2 times, not 1"]


def test_a_cancellation_that_is_swallowed_is_found(monkeypatch):
    async def deaf(_, stream, **__):
        try:
            async for _ in stream:
                pass
        except asyncio.CancelledError:
            pass

    monkeypatch.setattr(World, "consume", deaf)
    outcome = run_once(SCENARIOS["steady"], 5, "once")
    assert "the cancellation did not come back" in outcome.wrong


def test_a_missing_end_is_found(monkeypatch):
    monkeypatch.setattr(World, "session", lambda *_, **__: GenerationSession())
    assert run_once(SCENARIOS["steady"], 5, "once").wrong == ["hooks heard of these ends: []"]


def test_the_script_prints_its_counts(tmp_path):
    done = subprocess.run(
        [sys.executable, Path(cancellations.__file__), "--only", "stalled before", "--stride", "5", "--fast"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    first, last = done.stdout.splitlines()
    assert first.startswith("stalled before the first chunk: ")
    assert last.startswith("1 scenarios, 8 modes, ")
    assert last.endswith(" s: 0 wrong")
    assert done.returncode == 0
