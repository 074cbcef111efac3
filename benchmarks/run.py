"""Measure componentstream and print the figures as tables.

python benchmarks/run.py                     # some minutes, on a machine that does nothing else
python benchmarks/run.py --json figures.json
python benchmarks/run.py --quick             # seconds; shows that all of it runs, its figures mean nothing
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from pyexpat import EXPAT_VERSION
from typing import Any, Final

from costs import measure_imports, measure_memory, measure_wire
from parsing import FLOORS, measure
from peers import PEERS, missing
from tables import describe_machine, print_machine, print_table
from workloads import SIZES, build_workloads

_REPEAT: Final = 5
_IMPORT_REPEAT: Final = 20


def measure_all(*, quick: bool, repeat: int) -> dict[str, Any]:
    """Return all figures, as they are written to the JSON file."""
    environment = _environment()
    workloads = build_workloads(small=quick)
    rows: list[dict[str, object]] = []
    peer_rows: list[dict[str, object]] = []
    for workload in workloads:
        for size in SIZES:
            print(f"{workload.name}, chunks of {size}", file=sys.stderr)
            row, of_peers = measure(workload, size, repeat)
            rows.append(row)
            peer_rows.extend(of_peers)
    print("wire, memory, imports", file=sys.stderr)
    many = (100, 10_000) if quick else (1_000, 1_000_000)
    return {
        "environment": environment,
        "settings": {"quick": quick, "repeat": repeat},
        "parser": rows,
        "peers": peer_rows,
        "missing_peers": missing(),
        "wire": measure_wire(workloads[0], repeat),
        "memory": measure_memory(workloads[0].blocks[0].text, parsers=many[0], feeds=many[1]),
        "imports": measure_imports(1 if quick else max(repeat, _IMPORT_REPEAT)),
    }


def _environment() -> dict[str, Any]:
    peers = [peer.name for peer in PEERS if peer.name != "expat" and not peer.missing]
    machine = describe_machine("attrs", *peers)
    machine["versions"]["expat"] = EXPAT_VERSION.removeprefix("expat_")
    return machine


def print_tables(figures: Mapping[str, Any]) -> None:
    """Print the figures as tables in Markdown."""
    print_machine(figures["environment"])
    if figures["settings"]["quick"]:
        print("\nWith --quick the texts are small and run once: these figures mean nothing.")
    _print_parser(figures["parser"])
    _print_peers(figures["peers"], figures["missing_peers"])
    _print_costs(figures["wire"], figures["memory"], figures["imports"])


def _print_parser(rows: Iterable[Mapping[str, Any]]) -> None:
    print("\n### Nanoseconds per chunk\n")
    print_table(
        ("text", "chunk", "ours", *(part for name in FLOORS for part in (name, f"ours / {name}"))),
        (
            (
                row["workload"],
                f"{row['size']:,}",
                _ns(row["ns"]["ours"]),
                *(part for name in FLOORS for part in (_ns(row["ns"][name]), f"{row['ours_to'][name]:.2f}")),
            )
            for row in rows
        ),
    )


def _print_peers(rows: Iterable[Mapping[str, Any]], absent: Mapping[str, str]) -> None:
    print("\n### Peers: nanoseconds per chunk, and how many times ours that is\n")
    by_chunk: dict[tuple[str, int], dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        by_chunk.setdefault((row["workload"], row["size"]), {})[row["peer"]] = row
    names = [peer.name for peer in PEERS if peer.name not in absent]
    print_table(
        ("text", "chunk", "ours", *(part for name in names for part in (name, "x ours"))),
        (
            (
                workload,
                f"{size:,}",
                _ns(of_peers[names[0]]["ours_ns"]),
                *(
                    part
                    for name in names
                    for part in (_ns(of_peers[name]["ns"]), f"{of_peers[name]['peer_to_ours']:.2f}")
                ),
            )
            for (workload, size), of_peers in by_chunk.items()
        ),
    )
    for name, command in absent.items():
        print(f"\n{name} is not installed: {command}")


def _print_costs(wire: Mapping[str, Any], memory: Mapping[str, Any], imports: Mapping[str, Any]) -> None:
    print(f"\n### From chunk to bytes: {wire['workload']}, chunks of {wire['size']}\n")
    print_table(
        ("step", "ns per chunk", "ours / this"),
        (
            (name, _ns(total), f"{wire['ours_to'][name]:.2f}" if name in wire["ours_to"] else "")
            for name, total in wire["ns"].items()
        ),
    )
    print(f"\n### Memory: bytes of one idle parser, of {memory['parsers']:,}\n")
    print_table(("state", "bytes"), ((name, _ns(size)) for name, size in memory["idle_bytes"].items()))
    print(
        f"\nOver {memory['feeds']:,} feeds of one character one parser grows by {memory['growth_bytes']:,} "
        f"bytes; at most {memory['peak_bytes']:,} bytes were in use meanwhile."
    )
    print(f"\n### Import: milliseconds of a fresh interpreter, best of {imports['runs']}\n")
    over = imports["over_python_ms"]
    print_table(
        ("import", "ms", "more than python"),
        (
            (name, f"{ms:.1f}", f"{over[name]:.1f}" if name in over else "")
            for name, ms in imports["ms"].items()
        ),
    )


def _ns(value: float) -> str:
    return f"{value:,.0f}"


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give a whole number from 1 up")
    return number


def main() -> None:
    """Measure what the command line asks for."""
    arguments = argparse.ArgumentParser(description="Measure componentstream.")
    arguments.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    arguments.add_argument("--quick", action="store_true", help="only show that everything runs")
    arguments.add_argument("--repeat", metavar="N", type=_count, help=f"rounds at least (default {_REPEAT})")
    options = arguments.parse_args()
    repeat = options.repeat or (1 if options.quick else _REPEAT)
    figures = measure_all(quick=options.quick, repeat=repeat)
    print_tables(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
