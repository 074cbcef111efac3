"""Measure what a token costs a server, from the source to the socket, and print the figures as tables.

python benchmarks/tokens.py                     # some minutes, on a machine that does nothing else
python benchmarks/tokens.py --json figures.json
python benchmarks/tokens.py --quick             # seconds; shows that all of it runs, its figures mean nothing
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

import attrs
from serving import CONSTANT, SIDES
from tables import describe_machine, print_machine, print_table
from upstream import ANSWERS, Answer
from worker import Response, Worker, fetch, working
from workloads import WrongOutputError, check

from componentstream import Event, MessageStop, StatusEvent
from componentstream.testing import EventVerifier
from componentstream.wire import SSEDecoder

_FLOOR: Final = "bare"


@attrs.frozen
class Load:
    """How many streams there are at once, of which answer, and how fast.

    `rate` is in tokens a second; 0 is as fast as the server can. A pass of `rounds` counts for each side.
    """

    name: str
    answer: str
    streams: int
    rate: float
    rounds: int

    @property
    def tokens(self) -> int:
        """How many tokens a pass has."""
        return self.streams * len(ANSWERS[self.answer].tokens)


LOADS: Final = (
    Load("flat out", "page", streams=20, rate=0, rounds=11),
    Load("at pace", "component", streams=50, rate=100, rounds=5),
)
QUICK_LOADS: Final = (
    Load("flat out", "component", streams=2, rate=0, rounds=1),
    Load("at pace", "component", streams=2, rate=2_000, rounds=1),
)


@attrs.frozen
class Pass:
    """One pass of a side.

    Times are in nanoseconds, and these and the bytes are for one token; `reader_busy` is the part of the time
    that this process worked.
    """

    server_ns: float
    wall_ns: float
    reader_busy: float
    body_bytes: float


class _Blocks:
    """The events of a response without those of the session, for `check`; it holds them to their grammar."""

    def __init__(self) -> None:
        self._decoder = SSEDecoder()
        self._verifier = EventVerifier()
        self._endings: list[str] = []

    def feed(self, data: bytes) -> list[Event]:
        """Return the events of the blocks."""
        events = self._decoder.feed(data)
        self._verifier.check_all(events)
        self._endings += [event.reason for event in events if isinstance(event, MessageStop)]
        return [event for event in events if not isinstance(event, StatusEvent | MessageStop)]

    def close(self) -> list[Event]:
        """See that the stream has ended as it should."""
        self._verifier.finish()
        if self._endings != ["complete"]:
            raise WrongOutputError(f"Its message_stop are {self._endings}.")
        return []


def check_body(side: str, body: bytes, answer: Answer) -> None:
    """See that the answer has arrived.

    Raises:
        WrongOutputError: something else has.
    """
    if side in {"ours", "batched"}:
        check(side, _Blocks, [body], answer.workload)
    elif side == "bare":
        if body != CONSTANT * len(answer.tokens):
            raise WrongOutputError("bare did not send its constant for each token.")
    elif side == "silent":
        if body:
            raise WrongOutputError("silent sent something.")
    else:
        deltas = (json.loads(block.removeprefix(b"data: ")) for block in body.split(b"\r\n\r\n")[:-1])
        if "".join(delta["delta"]["text"] for delta in deltas) != answer.workload.text:
            raise WrongOutputError(f"{side} did not send the tokens.")


def run(worker: Worker, side: str, load: Load) -> Pass:
    """Read the streams of one side, check every one of them, and return what they cost.

    Raises:
        WrongOutputError: something else has arrived than was sent.
    """
    targets = [f"/{side}/{load.answer}?rate={load.rate:g}"] * load.streams
    cpu_before = worker.rest()
    began, worked = time.perf_counter(), time.process_time()
    received = fetch(worker.port, targets)
    wall, work = time.perf_counter() - began, time.process_time() - worked
    cpu = worker.cpu() - cpu_before
    size = 0
    for chunks in received:
        response = Response()
        response.feed(b"".join(chunks))
        body = b"".join(response.take())
        if not response.whole:
            raise WrongOutputError(f"A stream of {side} broke off.")
        check_body(side, body, ANSWERS[load.answer])
        size += len(body)
    return Pass(cpu / load.tokens * 1e9, wall / load.tokens * 1e9, work / wall, size / load.tokens)


def measure(worker: Worker, load: Load) -> list[dict[str, object]]:
    """Return a row for each side; they take turns, and a first round does not count if there are more."""
    passes: dict[str, list[Pass]] = {side: [] for side in SIDES}
    for number in range(load.rounds + (load.rounds > 1)):
        print(f"{load.name}, round {number}", file=sys.stderr)
        for side, done in passes.items():
            done.append(run(worker, side, load))
    return [
        _row(load, side, done[-load.rounds :], passes[_FLOOR][-load.rounds :])
        for side, done in passes.items()
    ]


def _row(load: Load, side: str, passes: list[Pass], floor: list[Pass]) -> dict[str, object]:
    rounds = list(zip(passes, floor, strict=True))
    return {
        "load": load.name,
        "side": side,
        "server_ns": _best_and_median([one.server_ns for one in passes]),
        "wall_ns": _best_and_median([one.wall_ns for one in passes]),
        "to_bare": {
            "best": min(one.server_ns for one in passes) / min(one.server_ns for one in floor),
            "round": median(one.server_ns / bare.server_ns for one, bare in rounds),
            "wall": median(one.wall_ns / bare.wall_ns for one, bare in rounds),
        },
        "body_bytes": median(one.body_bytes for one in passes),
        "reader_busy": max(one.reader_busy for one in passes),
    }


def _best_and_median(times: list[float]) -> dict[str, float]:
    return {"best": min(times), "median": median(times)}


def measure_all(*, quick: bool) -> dict[str, Any]:
    """Return all figures, as they are written to the JSON file."""
    machine = describe_machine("uvicorn", "httptools", "starlette", "sse-starlette")
    loads = QUICK_LOADS if quick else LOADS
    with working() as worker:
        rows = [row for load in loads for row in measure(worker, load)]
    return {
        "environment": machine,
        "settings": {"quick": quick},
        "loads": [{**attrs.asdict(load), "tokens": load.tokens} for load in loads],
        "sides": rows,
    }


def print_tables(figures: Mapping[str, Any]) -> None:
    """Print the figures as tables in Markdown."""
    print_machine(figures["environment"])
    if figures["settings"]["quick"]:
        print("\nWith --quick the texts are small and run once: these figures mean nothing.")
    for load in figures["loads"]:
        speed = f"{load['rate']:g} tokens a second each" if load["rate"] else "as fast as they go"
        print(f"\n### A token on a server, {load['name']}: {load['streams']} streams, {speed}\n")
        print_table(
            ("side", "server µs", "median", "best / bare", "/ bare", "wall µs", "bytes", "reader busy"),
            (
                (
                    row["side"],
                    f"{row['server_ns']['best'] / 1e3:.1f}",
                    f"{row['server_ns']['median'] / 1e3:.1f}",
                    f"{row['to_bare']['best']:.2f}",
                    f"{row['to_bare']['round']:.2f}",
                    f"{row['wall_ns']['best'] / 1e3:.1f}",
                    f"{row['body_bytes']:.0f}",
                    f"{row['reader_busy']:.0%}",
                )
                for row in figures["sides"]
                if row["load"] == load["name"]
            ),
        )


def main() -> None:
    """Measure what the command line asks for."""
    arguments = argparse.ArgumentParser(description="Measure what a token costs a server.")
    arguments.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    arguments.add_argument("--quick", action="store_true", help="only show that everything runs")
    options = arguments.parse_args()
    figures = measure_all(quick=options.quick)
    print_tables(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
