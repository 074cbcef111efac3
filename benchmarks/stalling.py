"""Readers who take nothing: when they are dropped, and what they do to the worker and to other readers."""

import re
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final

import attrs
from paced import Paced, Taking, delays_of, percentiles
from tables import print_table
from worker import Post, Response, Worker, ask_for, fetch, working
from workloads import WrongOutputError

_READERS: Final = re.compile(r"^componentstream_readers ([0-9.]+)$", re.MULTILINE)
_WARM: Final = 20
_GRACE: Final = 10.0
_PAUSE: Final = 0.1
_WINDOW: Final = 4096
_BUFFER: Final = 16_384
"""Bytes that the system keeps for a reader who takes nothing, at either end; millions if it is not told."""


@attrs.frozen
class Stalling:
    """Readers who take nothing, beside others who read.

    Attributes:
        stalled: their streams, which fill all buffers and then go on for longer than the server waits.
        read: the streams of the others.
        send_timeout: seconds that the server waits.
    """

    stalled: Paced
    read: Paced
    send_timeout: float


def measure_stalling(url: str, plan: Stalling) -> dict[str, Any]:
    """Return what readers who take nothing do to the worker and to others.

    The others read alone, then beside as many more who read, and then beside those who take nothing.

    Raises:
        WrongStreamError: a stream that was read is not whole.
        WrongOutputError: it has another text, or a reader who took nothing was not dropped.
    """
    load, spread = plan.stalled, 1 / plan.stalled.streams
    with working("--log", url, "--send-timeout", f"{plan.send_timeout:g}", buffer=_BUFFER) as worker:
        fetch(
            worker.port,
            [attrs.evolve(plan.read, seconds=1 / plan.read.rate).request("server", "warm")] * _WARM,
        )
        worker.rest()
        base = worker.memory()
        more = [
            (number * spread, load.request("server", f"reading-{number}")) for number in range(load.streams)
        ]
        others = {
            "alone": _read_beside(worker, plan.read, "alone", []),
            "readers": _read_beside(worker, plan.read, "readers", more),
        }
        with ExitStack() as stack:
            for number in range(load.streams):
                post = load.request("server", f"stalled-{number}")
                stack.enter_context(ask_for(worker.port, post, window=_WINDOW))
            others["stalled"] = _read_beside(worker, plan.read, "stalled", [])
            drops = _drops(worker, load.streams, plan.send_timeout)
    return {
        "base_bytes": base,
        "others": others,
        "dropped": len(drops),
        "seconds": {"first": drops[0], "last": drops[-1]},
    }


def _read_beside(worker: Worker, load: Paced, beside: str, more: list[tuple[float, Post]]) -> dict[str, Any]:
    """Return the delays of streams beside more, and the most memory of the worker meanwhile."""
    names = [f"beside-{beside}-{number}" for number in range(load.streams)]
    own = [
        (number / load.rate / load.streams, load.request("server", name)) for number, name in enumerate(names)
    ]
    requests = sorted([*own, *more], key=lambda request: request[0])
    worker.rest()
    taking = Taking(worker)
    prompts = [post.prompt for _, post in requests]
    taken = dict(zip(prompts, taking.run(requests, load.seconds), strict=True))
    upstreams = worker.ask("/upstreams")
    delays: list[float] = []
    for name, (_, post) in zip(names, own, strict=True):
        delays += delays_of(taken.pop(post.prompt), upstreams[name], load)
    for other in taken.values():
        other.events()
    return {"delay_ms": percentiles(delays), "most_bytes": taking.memory}


def _drops(worker: Worker, count: int, send_timeout: float) -> list[float]:
    """Return how long each reader was waited for who was dropped, in order, once there are so many."""
    end = time.monotonic() + send_timeout + _GRACE
    while True:
        drops: list[float] = worker.ask("/drops")
        left = _readers(worker)
        if len(drops) == count and not left:
            return sorted(drops)
        if time.monotonic() > end:
            raise WrongOutputError(f"{len(drops)} of {count} readers were dropped; {left:g} are left.")
        time.sleep(_PAUSE)


def _readers(worker: Worker) -> float:
    """Return how many readers the server says that it has."""
    response = Response()
    response.feed(b"".join(fetch(worker.port, ["/server/metrics"])[0]))
    found = _READERS.search(b"".join(response.take()).decode())
    if found is None:
        raise WrongOutputError("The metrics do not say how many readers there are.")
    return float(found[1])


def print_stalling(plan: Mapping[str, Any], figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the figures of each log as a table in Markdown."""
    stalled = plan["stalled"]["streams"]
    beside = {"alone": "alone", "readers": f"{stalled} who read", "stalled": f"{stalled} who do not"}
    print(f"\n### Readers who take nothing for {plan['send_timeout']:g} s: {stalled}\n")
    print_table(
        ("log", "dropped", "after, s", "last, s"),
        (
            (
                store,
                str(row["dropped"]),
                f"{row['seconds']['first']:.2f}",
                f"{row['seconds']['last']:.2f}",
            )
            for store, row in figures.items()
        ),
    )
    print(f"\n### The {plan['read']['streams']} other readers\n")
    print_table(
        ("log", "beside", "delay 50 %, ms", "99 %", "100 %", "MiB, most", "MiB at rest"),
        (
            (
                store,
                beside[name],
                *(f"{other['delay_ms'][part]:.1f}" for part in ("50", "99", "100")),
                f"{other['most_bytes'] / 2**20:.1f}",
                f"{row['base_bytes'] / 2**20:.1f}",
            )
            for store, row in figures.items()
            for name, other in row["others"].items()
        ),
    )
