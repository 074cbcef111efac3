#!/usr/bin/env python3
"""Show that each module of the core is covered in full, lines and branches, by its own test file.

The core is everything but the testing tools and the command line. Tests of other modules do not count: a
module that is only reached through its users breaks unnoticed when they change. Fails if a module lacks its
test file or if a line or a branch of it is missed.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "componentstream"
TESTS = ROOT / "tests"
FOLDERS = ("wire", "sources", "drive", "adapters", "log", "observe", "server")
ENTRY_POINTS = {"__init__.py", "__main__.py"}


def modules() -> list[Path]:
    """Return the modules that the rule is about, relative to the package."""
    folders = (SOURCE, *(SOURCE / name for name in FOLDERS))
    found = [path.relative_to(SOURCE) for folder in folders for path in sorted(folder.glob("*.py"))]
    return [module for module in found if module.name not in ENTRY_POINTS]


def own_tests(module: Path) -> tuple[str, ...]:
    """Return the test files that answer for a module; for a private one without any, its neighbours'."""
    folder = TESTS / module.parent
    own = [folder / f"test_{module.name.lstrip('_')}"]
    if module.name.startswith("_") and not own[0].is_file():
        own = sorted(folder.glob("test_*.py"))
    return tuple(str(path) for path in own if path.is_file())


def measure(files: tuple[str, ...], covered: list[Path], scratch: str) -> list[tuple[bool, str]]:
    """Run the tests of some modules; return of each whether they cover it, and what to print."""
    if not files:
        return [(False, f"{module}: has no test file of its own") for module in covered]
    environment = os.environ | {"COVERAGE_FILE": str(Path(scratch, covered[0].as_posix().replace("/", "-")))}

    def coverage(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - the command is ours
            [sys.executable, "-m", "coverage", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def report(module: Path) -> tuple[bool, str]:
        done = coverage("report", f"--include=*/componentstream/{module.as_posix()}", "--fail-under=100")
        if done.returncode:
            return False, f"{module}: not covered in full\n{done.stdout}{done.stderr}"
        return True, f"{module}: covered in full"

    tests = coverage("run", "--branch", "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
    if tests.returncode:
        return [(False, f"{module}: its tests fail\n{tests.stdout}{tests.stderr}") for module in covered]
    return [report(module) for module in covered]


def main() -> int:
    """Measure all modules, two test runs at a time; return the exit status."""
    groups: dict[tuple[str, ...], list[Path]] = {}
    for module in modules():
        groups.setdefault(own_tests(module), []).append(module)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(max_workers=2) as pool:
        runs = [pool.submit(measure, files, covered, scratch) for files, covered in groups.items()]
        results = [result for run in runs for result in run.result()]
    for _, line in results:
        sys.stdout.write(f"{line}\n")
    return 0 if all(good for good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
