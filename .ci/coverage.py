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


def own_tests(module: Path) -> list[str]:
    """Return the test files that answer for a module; for a private one without any, its neighbours'."""
    folder = TESTS / module.parent
    own = [folder / f"test_{module.name.lstrip('_')}"]
    if module.name.startswith("_") and not own[0].is_file():
        own = sorted(folder.glob("test_*.py"))
    return [str(path) for path in own if path.is_file()]


def measure(module: Path, scratch: str) -> tuple[bool, str]:
    """Run a module's own tests; return whether they cover it, and what to print."""
    files = own_tests(module)
    if not files:
        return False, f"{module}: has no test file of its own"
    environment = os.environ | {"COVERAGE_FILE": str(Path(scratch, module.as_posix().replace("/", "-")))}

    def coverage(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - the command is ours
            [sys.executable, "-m", "coverage", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    tests = coverage("run", "--branch", "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
    if tests.returncode:
        return False, f"{module}: its tests fail\n{tests.stdout}{tests.stderr}"
    report = coverage("report", f"--include=*/componentstream/{module.as_posix()}", "--fail-under=100")
    if report.returncode:
        return False, f"{module}: not covered in full\n{report.stdout}{report.stderr}"
    return True, f"{module}: covered in full"


def main() -> int:
    """Measure all modules, two at a time; return the exit status."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(lambda module: measure(module, scratch), modules()))
    for _, line in results:
        sys.stdout.write(f"{line}\n")
    return 0 if all(good for good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
