"""Measure what the server does with a log behind it: events a second, delays, readers who take nothing.

python benchmarks/logged.py                     # some minutes, on a machine that does nothing else
python benchmarks/logged.py --log sqlite        # one kind of log
python benchmarks/logged.py --json figures.json
python benchmarks/logged.py --quick             # seconds; shows that all of it runs, its figures mean nothing

It ends with an error if anything was lost. It needs Linux, for the memory of the worker.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import attrs
from paced import Paced, Taking, delays_of, percentiles
from stalling import Stalling, measure_stalling, print_stalling
from stores import STORES, kept_in, missing
from streams import EventReader
from tables import describe_machine, print_machine, print_table
from tokens import check_body
from upstream import ANSWERS
from worker import Post, Response, Worker, fetch, may_open, working

_SPARE_FILES: Final = 100

SERVERS: Final = {"unmerged": "none", "server": "256, 50 ms"}
"""The servers of a worker, and how they merge deltas: not at all, or as by default."""


@attrs.frozen
class FlatOut:
    """So many streams at once of an answer in tokens of four characters, as fast as they go."""

    answer: str
    streams: int
    rounds: int

    def requests(self, server: str) -> list[Post]:
        """Return what asks for them."""
        return [Post(f"/{server}/generate", "tokens", f"answer={self.answer}&rate=0")] * self.streams


_SHORT: Final = Paced(streams=1, seconds=0.001, rate=1000)
_WARM: Final = 20


@attrs.frozen
class Plan:
    """All that is measured of one kind of log."""

    flat_out: FlatOut
    paced: Paced
    firsts: int
    stalling: Stalling


FULL: Final = Plan(
    FlatOut("page", streams=20, rounds=5),
    Paced(streams=100, seconds=30, rate=50),
    firsts=1000,
    stalling=Stalling(
        stalled=Paced(streams=300, seconds=24, rate=4, size=4096),
        read=Paced(streams=100, seconds=24, rate=10),
        send_timeout=5,
    ),
)
QUICK: Final = Plan(
    FlatOut("component", streams=2, rounds=1),
    Paced(streams=3, seconds=0.5, rate=40),
    firsts=5,
    stalling=Stalling(
        stalled=Paced(streams=3, seconds=0.4, rate=200, size=4096),
        read=Paced(streams=2, seconds=0.4, rate=50),
        send_timeout=0.5,
    ),
)


def measure_flat_out(worker: Worker, load: FlatOut) -> list[dict[str, Any]]:
    """Return a row for each server; they take turns, and a first round does not count if there are more."""
    passes: dict[str, list[dict[str, float]]] = {server: [] for server in SERVERS}
    for _ in range(load.rounds + (load.rounds > 1)):
        for server, done in passes.items():
            done.append(run_flat_out(worker, load, server))
    return [
        {"server": server, **{name: median(one[name] for one in done[-load.rounds :]) for name in done[0]}}
        for server, done in passes.items()
    ]


def run_flat_out(worker: Worker, load: FlatOut, server: str) -> dict[str, float]:
    """Read all streams, check every one of them, and return what they cost.

    Raises:
        WrongStreamError: a stream is not whole.
        WrongOutputError: it has another text.
    """
    cpu_before = worker.rest()
    began, worked = time.perf_counter(), time.process_time()
    received = fetch(worker.port, load.requests(server))
    wall, work = time.perf_counter() - began, time.process_time() - worked
    cpu = worker.cpu() - cpu_before
    events = 0
    for chunks in received:
        reader, response = EventReader(numbered=True), Response()
        events += len(reader.feed(b"".join(chunks)))
        reader.finish()
        response.feed(b"".join(chunks))
        check_body("ours", b"".join(response.take()), ANSWERS[load.answer])
    tokens = load.streams * len(ANSWERS[load.answer].tokens)
    return {
        "events_per_second": events / wall,
        "tokens_per_second": tokens / wall,
        "server_ns_per_event": cpu / events * 1e9,
        "reader_busy": work / wall,
    }


def measure_paced(worker: Worker, load: Paced, firsts: int, server: str) -> dict[str, Any]:
    """Return the delays of paced streams, and of the first events of others that come meanwhile.

    Raises:
        WrongStreamError: a stream is not whole.
        WrongOutputError: it has another text.
    """
    names = [f"{server}-{number}" for number in range(load.streams)]
    spread = 1 / load.rate
    requests = [
        *((number * spread / load.streams, load.request(server, name)) for number, name in enumerate(names)),
        *(
            (spread + number * (load.seconds - spread) / firsts, _SHORT.request(server, "first"))
            for number in range(firsts)
        ),
    ]
    cpu_before = worker.rest()
    taken = Taking(worker).run(requests, load.seconds)
    cpu = worker.cpu() - cpu_before
    upstreams = worker.ask("/upstreams")
    streams, others = taken[: load.streams], taken[load.streams :]
    delays = [
        delay
        for name, stream in zip(names, streams, strict=True)
        for delay in delays_of(stream, upstreams[name], load)
    ]
    return {
        "server": server,
        "events_per_second": sum(len(stream.events()) for stream in streams) / load.seconds,
        "delay_ms": percentiles(delays),
        "first_ms": percentiles([other.seconds_to_the_first() for other in others]),
        "cpu": cpu / load.seconds,
    }


def measure_store(store: str, plan: Plan) -> dict[str, Any]:
    """Return all figures of one kind of log."""
    with kept_in(store) as url:
        with working("--log", url) as worker:
            fetch(worker.port, [_SHORT.request(server, "warm") for server in SERVERS] * _WARM)
            print(f"{store}, flat out", file=sys.stderr)
            flat_out = measure_flat_out(worker, plan.flat_out)
            print(f"{store}, at pace", file=sys.stderr)
            paced = [measure_paced(worker, plan.paced, plan.firsts, server) for server in SERVERS]
        print(f"{store}, stalled readers", file=sys.stderr)
        stalling = measure_stalling(url, plan.stalling)
    return {"store": store, "flat_out": flat_out, "paced": paced, "stalling": stalling}


def measure_all(stores: Sequence[str], *, quick: bool) -> dict[str, Any]:
    """Return all figures, as they are written to the JSON file."""
    plan = QUICK if quick else FULL
    may_open(2 * (plan.stalling.stalled.streams + plan.stalling.read.streams) + _SPARE_FILES)
    lacking = {store: lack for store in stores if (lack := missing(store))}
    return {
        "environment": describe_machine("uvicorn", "httptools", "starlette", "redis"),
        "settings": {"quick": quick, **attrs.asdict(plan)},
        "missing": lacking,
        "stores": [measure_store(store, plan) for store in stores if store not in lacking],
    }


def print_tables(figures: Mapping[str, Any]) -> None:
    """Print the figures as tables in Markdown."""
    print_machine(figures["environment"])
    plan = figures["settings"]
    if plan["quick"]:
        print("\nWith --quick there is little of everything: these figures mean nothing.")
    for store, lack in figures["missing"].items():
        print(f"\n{store} was left out: {lack}.")
    streams, rounds = plan["flat_out"]["streams"], plan["flat_out"]["rounds"]
    print(f"\n### Flat out: {streams} streams, as fast as they go, median of {rounds}\n")
    print_table(
        ("log", "merged", "events/s", "tokens/s", "server µs per event", "reader busy"),
        (
            (
                store["store"],
                SERVERS[row["server"]],
                f"{row['events_per_second']:,.0f}",
                f"{row['tokens_per_second']:,.0f}",
                f"{row['server_ns_per_event'] / 1e3:.1f}",
                f"{row['reader_busy']:.0%}",
            )
            for store in figures["stores"]
            for row in store["flat_out"]
        ),
    )
    paced = plan["paced"]
    print(
        f"\n### At pace: {paced['streams']} streams, {paced['rate']:g} tokens a second each, milliseconds\n"
    )
    print_table(
        ("log", "merged", "events/s", "delay 50 %", "99 %", "100 %", "first event 50 %", "99 %", "server"),
        (
            (
                store["store"],
                SERVERS[row["server"]],
                f"{row['events_per_second']:,.0f}",
                *(f"{row['delay_ms'][part]:.1f}" for part in ("50", "99", "100")),
                *(f"{row['first_ms'][part]:.1f}" for part in ("50", "99")),
                f"{row['cpu']:.0%}",
            )
            for store in figures["stores"]
            for row in store["paced"]
        ),
    )
    print_stalling(plan["stalling"], {store["store"]: store["stalling"] for store in figures["stores"]})


def main() -> None:
    """Measure what the command line asks for."""
    arguments = argparse.ArgumentParser(description="Measure what the server does with a log behind it.")
    arguments.add_argument("--log", choices=STORES, help="one kind of log (default all)")
    arguments.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    arguments.add_argument("--quick", action="store_true", help="only show that everything runs")
    options = arguments.parse_args()
    figures = measure_all([options.log] if options.log else STORES, quick=options.quick)
    print_tables(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
