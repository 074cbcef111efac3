import asyncio
import subprocess
import sys
from random import Random

import pytest

from tests.kills import workers
from tests.kills.processes import Notes, Worker
from tests.kills.workers import Options, Run, figures, late, run_all, unexplained

LEASE = 8.0
"""Seconds; a worker that waits for the processor for so long would lose its streams while it lives."""

GRACE = 20.0
"""Seconds; other tests run beside these."""


@pytest.mark.parametrize("log", ["redis", "sqlite"])
def test_no_event_is_missed_or_repeated_when_workers_are_killed(tmp_path, log):
    run = asyncio.run(run_all(Options(kills=2, clients=20, log=log, lease=LEASE, grace=GRACE), tmp_path))
    assert run.wrong + late(run) == []
    counts = run.counts
    assert counts["kills"] == 2
    assert counts["producers hit"] + counts["readers hit"] > 0
    assert counts["producer lost"] > 0
    assert counts["streams"] - counts["never called"] == counts["model calls"] >= 20
    assert (counts["lost"], counts["duplicate"], counts["reordered"]) == (0, 0, 0)


def test_no_event_is_missed_or_repeated_when_something_dies_while_workers_recover(tmp_path):
    options = Options(kills=1, clients=20, log="redis", compound=True, lease=LEASE, grace=GRACE, seed=3)
    run = asyncio.run(run_all(options, tmp_path))
    assert run.wrong + late(run) == []
    assert run.counts["faults"] == 1
    assert run.counts["kills"] + run.counts["redis kills"] == 2
    assert run.counts["producer lost"] > 0
    assert "1 compound faults, " in figures(run, 1.0)


def new_run(tmp_path, log, *, compound=False):
    options = Options(kills=0, clients=0, log=log, compound=compound)
    return Run(options, [], None, Notes(tmp_path / "notes"), Random(1))


def judged(tmp_path, death, faults, *, compound=False):
    run = new_run(tmp_path, "redis", compound=compound)
    run.deaths.append(death)
    run.faults += faults
    return late(run)


def test_an_end_is_due_a_lease_after_the_death_of_the_producer(tmp_path):
    faults = [(5.0, 5.0), (9.99, 9.99), (16.0, 16.0)]
    assert judged(tmp_path, (10.0, 14.9), faults) == []
    assert judged(tmp_path, (10.0, 15.1), faults) == ["0 faults later, 5.1 s after its producer died"]


def test_a_worker_that_dies_as_it_writes_the_end_delays_it_by_what_is_left_of_its_lease(tmp_path):
    faults = [(9.99, 9.99), (12.0, 12.0)]
    assert judged(tmp_path, (10.0, 16.9), faults) == []
    assert judged(tmp_path, (10.0, 17.1), faults) == ["1 faults later, 7.1 s after its producer died"]
    faults = [(9.99, 9.99), (12.0, 12.0), (15.0, 15.0), (18.0, 18.0)]
    assert judged(tmp_path, (10.0, 17.9), faults) == []
    assert judged(tmp_path, (10.0, 18.1), faults) == ["3 faults later, 8.1 s after its producer died"]


def test_the_time_of_a_compound_fault_begins_when_all_is_back(tmp_path):
    for killed in (10.01, 11.01):
        faults = [(10.0, 13.0), (11.0, 13.0)]
        assert judged(tmp_path, (killed, 17.9), faults, compound=True) == []
        assert len(judged(tmp_path, (killed, 18.1), faults, compound=True)) == 1


def test_what_a_worker_says_must_be_explained(tmp_path):
    run = new_run(tmp_path, "redis")
    run.workers.append(Worker(tmp_path, "worker", {}))
    said = [
        "The producer of stream k-1 was lost.",
        "The event log failed; and so on.",
        "Traceback (most recent call last):",
        "  File ...",
        "KeyError: 1",
    ]
    (tmp_path / "worker.log").write_text("\n".join(said))
    assert unexplained(run) == [
        "a worker said: The event log failed; and so on.",
        "a worker said: KeyError: 1",
    ]
    run.outages.append((1.0, 2.0))
    assert unexplained(run) == ["a worker said: KeyError: 1"]


def test_a_stream_may_be_lost_if_redis_was_away_for_the_time_of_a_lease(tmp_path):
    run = new_run(tmp_path, "redis")
    run.outages += [(10.0, 10.5), (20.0, 24.0)]
    assert run.lost_with_redis(9.0, 12.0) is None
    assert run.lost_with_redis(9.0, 19.9) is None
    assert run.lost_with_redis(9.0, 20.1) == 24.0
    assert run.lost_with_redis(23.9, 30.0) == 24.0
    assert run.lost_with_redis(24.1, 30.0) is None


def test_the_script_prints_its_figures(tmp_path):
    done = subprocess.run(
        [sys.executable, workers.__file__, "--kills", "0", "--clients", "0", "--log", "sqlite"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("sqlite: 0 kills of workers (0 live producers, 0 live readers hit), ")
    assert ": 0 lost, 0 duplicate, 0 reordered, 0 wrong, 0 late, in " in done.stdout
    assert done.returncode == 0
