"""The page of the live preview after each character of half-written components.

    python benchmarks/preview.py                            # every prefix of every component, some minutes
    python benchmarks/preview.py --every 7 --jobs 2         # every seventh
    python benchmarks/preview.py --file FaqAccordion        # one component
    python benchmarks/preview.py --pages --every 3          # recorded answers, as pages

It needs Node, and the packages of npm that `tests/browser` and the frame list. The command exits with 1 if a
figure is not the required one.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeAlias

from tables import describe_machine, percentile, print_machine, print_table

from componentstream import ComponentParser, MessageStop
from componentstream.demo.recording import read_recording

Result: TypeAlias = dict[str, Any]

ROOT: Final = Path(__file__).parents[1]
COMPONENTS: Final = ROOT / "tests" / "browser" / "components"
RECORDINGS: Final = (
    *sorted((ROOT / "examples" / "data").glob("*.jsonl")),
    *sorted((ROOT / "src" / "componentstream" / "demo" / "recordings").glob("*.jsonl")),
)
PACKAGES: Final = (ROOT / "tests" / "browser", ROOT / "src" / "componentstream" / "browser" / "preview")
LEAST_LIVE: Final = 0.995
"""Share of the prefixes whose page must be live."""


def node() -> str:
    """Return the path of Node.

    Raises:
        SystemExit: Node or the packages are not installed; the message tells how to install them.
    """
    program = shutil.which("node")
    if program is None:
        raise SystemExit("Node is not installed; to run this benchmark: apt-get install nodejs npm")
    missing = [folder for folder in PACKAGES if not (folder / "node_modules").exists()]
    if missing:
        commands = "".join(f"\n    (cd {folder} && npm ci --ignore-scripts)" for folder in missing)
        raise SystemExit(f"Packages of npm are not installed; to run this benchmark:{commands}")
    return program


def write_events(recording: Path, folder: Path) -> Path:
    """Write the events of a recorded answer, a list for each of its characters; return the file."""
    parser = ComponentParser()
    text = "".join(chunk.text for chunk in read_recording(recording))
    batches = [[event.to_dict() for event in parser.feed(character)] for character in text]
    batches.append([*(event.to_dict() for event in parser.close()), MessageStop("complete").to_dict()])
    path = folder / f"{recording.stem}.json"
    path.write_text(json.dumps(batches), encoding="utf-8")
    return path


def results_of(files: Sequence[Path], every: int, jobs: int, name: str = "measure") -> Iterator[Result]:
    """Yield the figures of each component or page; each process of Node measures a share of them."""
    program = node()
    script = Path(__file__).with_name("prefixes") / f"{name}.mjs"

    def measure(share: Sequence[Path]) -> list[Result]:
        command = [program, str(script), str(every), *map(str, share)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our script
        return [json.loads(line) for line in done.stdout.splitlines()]

    shares = [files[start::jobs] for start in range(min(jobs, len(files)))]
    with ThreadPoolExecutor(jobs) as pool:
        for results in pool.map(measure, shares):
            yield from results


def measure_pages(names: Sequence[str], every: int, jobs: int) -> list[Result]:
    """Return the figures of recorded answers."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = [path for path in RECORDINGS if not names or path.stem in names]
        files = [write_events(path, Path(folder)) for path in chosen]
        return list(results_of(files, every, jobs, "pages"))


def print_pages(results: Sequence[Result]) -> bool:
    """Print the figures of pages as a table; return whether they are the required ones."""
    columns = ("prefixes", "live", "blank", "foreign", "twice")
    rows = [(result["name"], *(f"{result['counts'][key]:,}" for key in columns)) for result in results]
    print_table(("answer", "prefixes", "live", "blank", "wrong attribute or text", "shown twice"), rows)
    totals = {key: sum(result["counts"][key] for result in results) for key in columns}
    is_live = totals["live"] >= LEAST_LIVE * totals["prefixes"]
    is_finished = all(result["isFinished"] for result in results)
    return is_live and is_finished and totals["blank"] + totals["foreign"] + totals["twice"] == 0


def totals_of(results: Sequence[Result]) -> Result:
    """Return the figures over all components."""
    counts: Counter[str] = Counter()
    for result in results:
        counts.update(result["counts"])
    ages = sorted(age for result in results for age in result["ages"])
    return {
        "components": len(results),
        "characters": sum(result["characters"] for result in results),
        **counts,
        "live_share": counts["live"] / max(1, counts["prefixes"]),
        "components_wholly_live": sum(r["counts"]["live"] == r["counts"]["prefixes"] for r in results),
        "finished_as_in_one_piece": sum(result["isFinished"] for result in results),
        "age_50": percentile(ages, 50),
        "age_95": percentile(ages, 95),
        "age_max": ages[-1] if ages else 0,
    }


def requirements(totals: Result) -> list[tuple[str, str, str, bool]]:
    """Return each figure as its name, its value, the required value, and whether it is met."""
    live = totals["live_share"]
    names = (
        ("blank after something was shown", "blank"),
        ("wrong tag, attribute or text", "foreign"),
        ("complete element or text not shown", "withheld"),
    )
    finished = totals["finished_as_in_one_piece"]
    return [
        ("live", f"{live:.3%}", f">= {LEAST_LIVE:.1%}", live >= LEAST_LIVE),
        *((name, f"{totals[key]:,}", "0", totals[key] == 0) for name, key in names),
        (
            "components that end as if written at once",
            str(finished),
            str(totals["components"]),
            finished == totals["components"],
        ),
    ]


def print_examples(results: Sequence[Result]) -> None:
    """Print the first prefixes of each fault."""
    for result in results:
        for example in result["examples"]:
            place = f"{result['name']} at {example['at']:,}, {example['prefixes']:,} prefixes"
            print(f"{example['kind']}: {place}: {example['problem']}")
            if "tail" in example:
                print(f"    ...{example['tail'][-70:]!r}")


def print_totals(totals: Result) -> None:
    """Print the figures as tables."""
    print(
        f"\n{totals['components']} components, {totals['characters']:,} characters, "
        f"{totals['prefixes']:,} prefixes with an element of the component's own.\n"
    )
    rows = [row[:3] for row in requirements(totals)]
    print_table(("prefixes", "measured", "required"), rows)
    print()
    shown = [(name, f"{totals[f'age_{name}']:,}") for name in ("50", "95", "max")]
    print_table(("characters behind, percentile", "measured"), shown)
    print(f"\nPrefixes at which a helper below the component was missing: {totals['standIns']:,}.")


def _measured(results: Iterable[Result]) -> list[Result]:
    ordered = sorted(results, key=lambda result: str(result["name"]))
    for result in ordered:
        if "failed" in result:
            raise SystemExit(f"{result['name']} could not be measured: {result['failed']}")
    return ordered


def main() -> int:
    """Measure the components that the command line names; return the status of the command."""
    arguments = argparse.ArgumentParser(description="Measure the preview of half-written components.")
    arguments.add_argument(
        "--every", type=int, default=1, help="characters between two prefixes (default: 1)"
    )
    arguments.add_argument(
        "--file", action="append", metavar="NAME", help="only this component; may be repeated"
    )
    arguments.add_argument("--pages", action="store_true", help="measure recorded answers as pages")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes of Node at a time")
    arguments.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    options = arguments.parse_args()
    if options.pages:
        pages = _measured(measure_pages(options.file or (), options.every, options.jobs))
        print_examples(pages)
        return 0 if print_pages(pages) else 1
    names = options.file or [path.stem for path in sorted(COMPONENTS.glob("*.tsx"))]
    files = [COMPONENTS / f"{Path(name).stem}.tsx" for name in names]
    machine = describe_machine()
    results = _measured(results_of(files, options.every, options.jobs))
    totals = totals_of(results)
    print_machine(machine)
    print_examples(results)
    print_totals(totals)
    if options.json:
        settings = {"every": options.every}
        figures = {"environment": machine, "settings": settings, "totals": totals, "components": results}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if all(is_met for *_, is_met in requirements(totals)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
