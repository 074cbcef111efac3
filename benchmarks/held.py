"""Hold many slow streams on one worker and see that nothing gets lost; print what they cost as tables.

python benchmarks/held.py --streams 2000 --seconds 600 --rate 1    # ten minutes
python benchmarks/held.py --server sqlite --streams 5000           # the server with its log
python benchmarks/held.py --json figures.json
python benchmarks/held.py --quick                                  # 50 streams, a second

It exits with 1 if anything was lost. It needs Linux, for the memory of the worker.
"""

import argparse
import json
import math
import selectors
import socket
import sys
import time
from array import array
from collections.abc import Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import attrs
from stores import STORES, kept_in, missing
from streams import EventReader, WrongStreamError
from tables import describe_machine, percentile, print_machine, print_table
from upstream import LINE
from worker import Post, Worker, ask_for, fetch, may_open, working

from componentstream import ContentBlockDelta

_RECEIVE: Final = 262_144
_GRACE: Final = 30.0
"""Seconds after its time that a stream may still end."""

_SPARE_FILES: Final = 100
_PERCENTILES: Final = (50, 90, 99, 99.9, 100)
_SHOWN: Final = 10
_LOOKS: Final = 20
_WARM: Final = 20


@attrs.frozen
class Plan:
    """What is held: so many streams, each for so many seconds, at so many lines a second.

    The first stream begins `ramp` seconds before the last. `server` is the kind of log that the server of the
    library keeps them in; empty is for streams without it.
    """

    streams: int
    seconds: float
    rate: float
    server: str = ""

    @property
    def ramp(self) -> float:
        """Seconds over which the streams begin."""
        return min(self.streams / 200, self.seconds / 4)

    @property
    def lines(self) -> int:
        """How many lines a stream has."""
        return max(1, round(self.seconds * self.rate))

    def request(self, stream: int, lines: int) -> str | Post:
        """Return what asks for a stream."""
        query = f"stream={stream}&lines={lines}&rate={self.rate:g}"
        return Post("/server/generate", "lines", query) if self.server else f"/held?{query}"


QUICK: Final = Plan(streams=50, seconds=1, rate=12)


class Stream:
    """One held stream: reads it as it comes, and judges it in the end.

    Args:
        number: its number, which every line of it must begin with.
        delays: where the delay of each line is put, in seconds.
        numbered: its events have ids.

    Attributes:
        wrong: what is wrong with it, empty if nothing is.
    """

    def __init__(self, number: int, delays: "array[float]", *, numbered: bool = False) -> None:
        self.wrong = ""
        self._number = str(number)
        self._delays = delays
        self._reader = EventReader(numbered=numbered)
        self._hash = sha256()
        self._line = ""
        self._lines = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they come from the socket."""
        try:
            for event in self._reader.feed(data):
                if isinstance(event, ContentBlockDelta):
                    self._take(event.text)
        except WrongStreamError as error:
            self._complain(str(error))

    def judge(self, lines: int, upstream: list[Any] | None) -> str:
        """Return what is wrong with the whole stream, empty if nothing is.

        Args:
            lines: how many lines it was to have.
            upstream: how many lines the upstream gave out, and their SHA-256; None if it was never asked.
        """
        try:
            self._reader.finish()
        except WrongStreamError as error:
            self._complain(str(error))
        if upstream != [lines, self._hash.hexdigest()]:
            self._complain(f"{self._lines} of {lines} lines came, or not those that were sent: {upstream}")
        return self.wrong

    def _take(self, text: str) -> None:
        self._hash.update(text.encode())
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            stream, number, due, *_ = [*line.split(" "), "", "", ""]
            if stream != self._number or number != str(self._lines):
                self._complain(f"line {self._lines} came as {line!r}")
                return
            self._lines += 1
            self._delays.append(self._reader.response.came - float(due))

    def _complain(self, what: str) -> None:
        self.wrong = self.wrong or what


class Holding:
    """Opens the streams of a plan, reads all of them, and looks at the worker meanwhile.

    Attributes:
        streams: the streams, in the order of their numbers.
        delays: seconds from when a line was due until it was here, of all lines.
        resident: the worker's memory in bytes while all streams were held, look by look.
        cpu: how much of a processor the worker took meanwhile.
    """

    def __init__(self, worker: Worker, plan: Plan) -> None:
        self.streams: list[Stream] = []
        self.delays = array("d")
        self.resident: list[int] = []
        self.cpu = 0.0
        self._worker = worker
        self._plan = plan
        self._selector = selectors.DefaultSelector()
        self._began = time.monotonic()
        self._first_look = (0.0, 0.0)

    def run(self) -> None:
        """Hold them all until the last has ended, or should have long ago."""
        plan = self._plan
        self._began = began = time.monotonic()
        end = began + plan.ramp + plan.seconds + _GRACE
        all_there, first_gone = began + plan.ramp, began + plan.seconds
        look = all_there
        while (now := time.monotonic()) < end:
            opening = self._open(now)
            if opening == math.inf and not self._selector.get_map():
                break
            if look <= now < first_gone:
                self._look()
                look = now + (first_gone - all_there) / _LOOKS
            self._read(min(opening, look if look < first_gone else end) - now)
        for key in list(self._selector.get_map().values()):
            self._close(key)
        self._selector.close()

    def _open(self, now: float) -> float:
        """Begin the streams whose time has come; return when the next one's will have."""
        plan = self._plan
        while (number := len(self.streams)) < plan.streams:
            due = self._began + number * plan.ramp / plan.streams
            if due > now:
                return due
            stream = Stream(number, self.delays, numbered=bool(plan.server))
            self.streams.append(stream)
            connection = ask_for(self._worker.port, plan.request(number, plan.lines))
            self._selector.register(connection, selectors.EVENT_READ, stream)
        return math.inf

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(max(0.0, seconds)):
            if data := _socket(key).recv(_RECEIVE):
                key.data.feed(data)
            else:
                self._close(key)

    def _close(self, key: selectors.SelectorKey) -> None:
        self._selector.unregister(key.fileobj)
        _socket(key).close()

    def _look(self) -> None:
        self.resident.append(self._worker.memory())
        now, worked = time.monotonic(), self._worker.cpu()
        if len(self.resident) == 1:
            self._first_look = now, worked
        else:
            self.cpu = (worked - self._first_look[1]) / (now - self._first_look[0])


def _socket(key: selectors.SelectorKey) -> socket.socket:
    if not isinstance(key.fileobj, socket.socket):
        raise TypeError("Only sockets are registered.")
    return key.fileobj


def idle_bytes(plan: Plan, options: list[str]) -> float:
    """Return what uvicorn itself holds for a stream, in bytes: the same worker anew, bare and waiting."""
    with working(*options) as worker, ExitStack() as stack:
        _warm_up(worker, plan)
        base = worker.memory()
        for _ in range(plan.streams):
            connection = stack.enter_context(ask_for(worker.port, "/idle"))
            connection.settimeout(_GRACE)
            connection.recv(1, socket.MSG_PEEK)
        return (worker.memory() - base) / plan.streams


def hold(plan: Plan) -> dict[str, Any]:
    """Hold the streams, and return all figures, as they are written to the JSON file."""
    may_open(plan.streams + _SPARE_FILES)
    machine = describe_machine("uvicorn", "httptools", *(["starlette"] if plan.server else []))
    with ExitStack() as stack:
        options = ["--log", stack.enter_context(kept_in(plan.server))] if plan.server else []
        idle = idle_bytes(plan, options)
        worker = stack.enter_context(working(*options))
        _warm_up(worker, plan)
        base = worker.memory()
        holding = Holding(worker, plan)
        holding.run()
        upstreams = worker.ask("/upstreams")
    sent = [upstreams.get(str(number)) for number in range(plan.streams)]
    wrong = {
        number: what
        for number, (stream, upstream) in enumerate(zip(holding.streams, sent, strict=True))
        if (what := stream.judge(plan.lines, upstream))
    }
    delays = sorted(holding.delays)
    return {
        "environment": machine,
        "settings": {**attrs.asdict(plan), "lines": plan.lines, "ramp": plan.ramp},
        "lost": wrong,
        "lines": {"sent": sum(upstream[0] for upstream in sent if upstream), "received": len(delays)},
        "delay_ms": {f"{part:g}": percentile(delays, part) * 1e3 for part in _PERCENTILES},
        "bytes": {
            "base": base,
            "first": holding.resident[0],
            "most": max(holding.resident),
            "last": holding.resident[-1],
        },
        "bytes_per_stream": {
            "uvicorn": idle,
            "begun": (holding.resident[0] - base) / plan.streams,
            "most": (max(holding.resident) - base) / plan.streams,
            "most_over_uvicorn": (max(holding.resident) - base) / plan.streams - idle,
            "text": plan.lines * LINE,
        },
        "cpu": holding.cpu,
    }


def _warm_up(worker: Worker, plan: Plan) -> None:
    """Have the worker load and make what it needs once, and make the base that of a worker at rest."""
    fetch(worker.port, [plan.request(-1, 1)] * _WARM)
    worker.rest()


def print_tables(figures: Mapping[str, Any]) -> None:
    """Print the figures as tables in Markdown."""
    print_machine(figures["environment"])
    plan, lines, delays = figures["settings"], figures["lines"], figures["delay_ms"]
    held = f"{plan['streams']:,} for {plan['seconds']:g} s at {plan['rate']:g} lines a second"
    where = f", by the server with a log: {plan['server']}" if plan["server"] else ""
    print(f"\n### Held streams: {held}{where}\n")
    sizes, each = figures["bytes"], figures["bytes_per_stream"]
    rows = [
        ("streams with anything lost", f"{len(figures['lost']):,}"),
        ("lines sent", f"{lines['sent']:,}"),
        ("lines received", f"{lines['received']:,}"),
        *((f"delay, {part} %, ms", f"{delay:.1f}") for part, delay in delays.items()),
        ("MiB with no stream", f"{sizes['base'] / 2**20:.1f}"),
        ("MiB when all had begun", f"{sizes['first'] / 2**20:.1f}"),
        ("MiB before the first ended", f"{sizes['last'] / 2**20:.1f}"),
        ("KiB per stream when all had begun", f"{each['begun'] / 1024:.1f}"),
        ("KiB per stream, most", f"{each['most'] / 1024:.1f}"),
        ("KiB per stream of uvicorn alone", f"{each['uvicorn'] / 1024:.1f}"),
        ("KiB per stream over uvicorn, most", f"{each['most_over_uvicorn'] / 1024:.1f}"),
        ("KiB of text of a stream", f"{each['text'] / 1024:.1f}"),
        ("part of a processor", f"{figures['cpu']:.1%}"),
    ]
    print_table(("quantity", "figure"), rows)
    for number, what in [*figures["lost"].items()][:_SHOWN]:
        print(f"\nStream {number}: {what}")


def _above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("give a number above 0")
    return number


def main() -> int:
    """Hold what the command line asks for; return 1 if anything was lost."""
    arguments = argparse.ArgumentParser(description="Hold many slow streams and see that nothing gets lost.")
    arguments.add_argument("--streams", metavar="N", type=int, default=2_000, help="how many (default 2000)")
    arguments.add_argument(
        "--seconds", metavar="S", type=_above_zero, default=600, help="how long (default 600)"
    )
    arguments.add_argument(
        "--rate", metavar="R", type=_above_zero, default=1, help="lines a second (default 1)"
    )
    arguments.add_argument("--server", choices=STORES, default="", help="let the server keep them in a log")
    arguments.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    arguments.add_argument(
        "--quick", action="store_true", help=f"hold {QUICK.streams} for {QUICK.seconds:g} s"
    )
    options = arguments.parse_args()
    if lack := missing(options.server):
        arguments.error(f"{lack}.")
    plan = QUICK if options.quick else Plan(options.streams, options.seconds, options.rate)
    plan = attrs.evolve(plan, server=options.server)
    figures = hold(plan)
    print_tables(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 1 if figures["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
