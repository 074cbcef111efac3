"""Measure what reporting near misses adds to the parser, and print the figures as a table.

python benchmarks/near_misses.py                     # a minute
python benchmarks/near_misses.py --json figures.json
python benchmarks/near_misses.py --quick             # seconds; its figures mean nothing
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from clock import best_of, feeding
from tables import describe_machine, print_machine, print_table
from workloads import LIMITS, SIZES, Workload, build_workloads, check, cut, parser

from componentstream.inspection import NearMissParser

TEXTS: Final = ("landing page", "dashboard", "one component", "international")
_ROUNDS: Final = 60


def finder() -> NearMissParser:
    """Return a parser with the settings of `parser` that reports near misses too."""
    return NearMissParser(limits=LIMITS)


def measure(workload: Workload, size: int, rounds: int) -> dict[str, Any]:
    """Check both parsers on one text in chunks of one size, and time them in turn."""
    chunks = cut(workload.text, size)
    for name, make in (("parser", parser), ("with near misses", finder)):
        check(name, make, chunks, workload)
    best = best_of({"parser": feeding(parser, chunks), "near_misses": feeding(finder, chunks)}, rounds)
    times = {name: total / max(1, len(workload.text) / size) for name, total in best.items()}
    return {"text": workload.name, "size": size, "ns": times, "ratio": times["near_misses"] / times["parser"]}


def main() -> None:
    """Measure what the command line asks for."""
    arguments = argparse.ArgumentParser(description="Measure what reporting near misses costs.")
    arguments.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    arguments.add_argument("--quick", action="store_true", help="only show that everything runs")
    options = arguments.parse_args()
    texts = [text for text in build_workloads(small=options.quick) if text.name in TEXTS]
    rounds = 1 if options.quick else _ROUNDS
    machine = describe_machine("attrs")
    rows = [measure(text, size, rounds) for text in texts for size in SIZES]
    print_machine(machine)
    print("\n### Near misses: nanoseconds per chunk\n")
    print_table(
        ("text", "chunk", "parser", "with near misses", "ratio"),
        (
            (
                row["text"],
                f"{row['size']:,}",
                f"{row['ns']['parser']:,.0f}",
                f"{row['ns']['near_misses']:,.0f}",
                f"{row['ratio']:.2f}",
            )
            for row in rows
        ),
    )
    if options.json:
        figures = {"environment": machine, "quick": options.quick, "near_misses": rows}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
