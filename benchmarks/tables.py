"""What all benchmarks print."""

import math
import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any


def describe_machine(*packages: str) -> dict[str, Any]:
    """Return what the figures are of: interpreter, machine, load, and versions of packages."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "versions": {name: version(name) for name in ("componentstream", *packages)},
    }


def _cpu() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor()


def print_machine(machine: dict[str, Any]) -> None:
    """Print the description of a machine as two lines."""
    print(
        f"{machine['python']}, {machine['system']}, {machine['machine']}, {machine['cpu']}, "
        f"{machine['cpus']} CPUs, load {machine['load']} at the start."
    )
    print(", ".join(f"{name} {number}" for name, number in machine["versions"].items()) + ".")


def print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print a table in Markdown, the first column to the left and the others to the right."""
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    for line in (head, rule, *lines[1:]):
        first, *rest = (
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("| " + " | ".join((first, *rest)) + " |")


def percentile(ordered: Sequence[float], part: float) -> float:
    """Return what so many per cent of some numbers, in order, are not above; NaN if there are none."""
    return ordered[max(0, math.ceil(len(ordered) * part / 100) - 1)] if ordered else math.nan
