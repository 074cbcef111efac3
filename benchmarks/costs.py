"""What is not the time of one chunk: the way to bytes, memory, and the import."""

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import Final

from clock import Pass, best_of, calling
from workloads import Workload, WrongOutputError, cut, parser

from componentstream import ComponentParser, Event, event_from_dict
from componentstream.wire import SSEDecoder, SSEEncoder

WIRE_SIZE: Final = 4
IMPORTS: Final = {"python": "pass", "attrs": "import attrs", "componentstream": "import componentstream"}

_COMPONENT: Final = (
    '/// START Hero position=hero tone="warm and plain"\nexport default function Hero() {\n  ret'
)
_HELD: Final = _COMPONENT + "urn null;\n}\n/// END He"


def frame(event: Event) -> bytes:
    """Return the event as a server-sent event, written the plain way."""
    return ("data: " + json.dumps(event.to_dict()) + "\n\n").encode()


def check_wire(workload: Workload) -> tuple[list[str], list[Event]]:
    """Return the chunks and the events of the workload; both ways to bytes must lead back to the events.

    Raises:
        WrongOutputError: one does not.
    """
    chunks = cut(workload.text, WIRE_SIZE)
    reader = parser()
    events = [event for chunk in chunks for event in reader.feed(chunk)] + reader.close()
    sendable = [event_from_dict(event.to_dict()) for event in events]
    encoder = SSEEncoder()
    for name, write in (("SSEEncoder", encoder.encode), ("json.dumps", frame)):
        decoder = SSEDecoder()
        if decoder.feed(b"".join(write(event) for event in events)) + decoder.close() != sendable:
            raise WrongOutputError(f"{name} did not write the events of {workload.name}.")
    return chunks, events


def measure_wire(workload: Workload, repeat: int) -> dict[str, object]:
    """Return nanoseconds per chunk from chunk to bytes, and those of json.dumps for the same events."""
    chunks, events = check_wire(workload)
    ready = [event.to_dict() for event in events]
    encoder = SSEEncoder()

    def ours() -> None:
        reader = parser()
        feed, encode = reader.feed, encoder.encode
        for chunk in chunks:
            for event in feed(chunk):
                encode(event)
        for event in reader.close():
            encode(event)

    def dumps_framed() -> None:
        for event in events:
            frame(event)

    def dumps() -> None:
        for value in ready:
            json.dumps(value)

    works = {"ours": ours, "dumps_framed": dumps_framed, "dumps": dumps}
    best = best_of({name: calling(work) for name, work in works.items()}, repeat)
    times = {name: total / len(chunks) for name, total in best.items()}
    return {
        "workload": workload.name,
        "size": WIRE_SIZE,
        "chunks": len(chunks),
        "events": len(events),
        "ns": times,
        "ours_to": {name: times["ours"] / times[name] for name in ("dumps_framed", "dumps")},
    }


def measure_memory(body: str, *, parsers: int, feeds: int) -> dict[str, object]:
    """Return the bytes of an idle parser in three states, and what one grows by over many feeds.

    Args:
        body: the text of a component, fed again and again, one character at a time.
        parsers: how many are made to tell the size of one.
        feeds: how many characters are fed at least.
    """
    idle = {
        "fresh": _bytes_each(parsers, ""),
        "in a component": _bytes_each(parsers, _COMPONENT),
        "holding a candidate": _bytes_each(parsers, _HELD),
    }
    reader = parser()
    reader.feed(_COMPONENT + "\n")
    characters = list(body)
    for character in characters:
        reader.feed(character)
    times = -(-feeds // len(characters))
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(times):
            for character in characters:
                reader.feed(character)
        gc.collect()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return {
        "parsers": parsers,
        "idle_bytes": idle,
        "feeds": times * len(characters),
        "growth_bytes": after - before,
        "peak_bytes": peak - before,
    }


def _bytes_each(count: int, text: str) -> float:
    kept: list[ComponentParser | None] = [None] * count
    cut_anew = text[:1], text[1:]
    # The first one made also makes what all share.
    ComponentParser().feed(text)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(count):
            reader = kept[number] = ComponentParser()
            for piece in cut_anew:
                reader.feed(piece)
        del reader
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / count


def measure_imports(repeat: int) -> dict[str, object]:
    """Return the shortest wall times of fresh interpreters, in milliseconds, from start to exit.

    They keep their byte code in a folder of their own, so that with more than one round none has to compile.
    """
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        sides = {name: _starting(code, environment) for name, code in IMPORTS.items()}
        best = {name: total / 1e6 for name, total in best_of(sides, repeat).items()}
    return {
        "runs": repeat,
        "ms": best,
        "over_python_ms": {name: best[name] - best["python"] for name in ("attrs", "componentstream")},
    }


def _starting(code: str, environment: dict[str, str]) -> Pass:
    command = [sys.executable, "-c", code]

    def run() -> int:
        began = perf_counter_ns()
        subprocess.run(command, check=True, env=environment)  # noqa: S603 - the commands are those above
        return perf_counter_ns() - began

    return run
