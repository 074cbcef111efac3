#!/usr/bin/env python3
"""Show that each module is covered in full, lines and branches, by its own test file.

Tests of other modules do not count: a module that is only reached through its users breaks unnoticed when
they change. The suite runs once, with the name of each test as coverage context; then each module is judged
by the contexts of its own test file alone. Lines that run at import have no context and count for all.

With arguments, these are passed to pytest in place of the default ``-n 2``.
"""

import os
import re
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "componentstream"
TESTS = ROOT / "tests"
PACKAGES = (
    "core", "session", "inspection", "prompt", "sources", "wire", "_aio", "drive", "adapters", "log",
    "observe", "server", "cli", "demo", "testing", "browser/preview",
)  # fmt: skip
"""The packages that the rule covers: all of them."""

SINGLE_MODULES = ("browser/routes.py",)
"""Modules that lie beside folders of ES modules, whose tests in browsers say nothing here."""

ENTRY_POINTS = {"__init__.py", "__main__.py"}


def modules() -> list[Path]:
    """Return the modules that the rule covers, relative to the package."""
    found = [path.relative_to(SOURCE) for name in PACKAGES for path in sorted((SOURCE / name).rglob("*.py"))]
    found += map(Path, SINGLE_MODULES)
    return [module for module in found if module.name not in ENTRY_POINTS]


def own_test(module: Path) -> Path:
    """Return the test file of a module, relative to the root."""
    return Path("tests", module.parent, f"test_{module.name.lstrip('_')}")


def run_tests(data: Path, options: list[str]) -> int:
    """Run the mirrored test folders under coverage; return pytest's exit status."""
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_cov",
        "--cov", "--cov-context=test", "--cov-report=", *options, *(f"tests/{name}" for name in PACKAGES),
        *(own_test(Path(name)).as_posix() for name in SINGLE_MODULES),
    ]  # fmt: skip
    environment = os.environ | {"COVERAGE_FILE": str(data)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - our own command


def judge(coverage: Coverage, module: Path) -> str | None:
    """Return the coverage report of a module if its own tests miss something, otherwise None."""
    test = own_test(module)
    if not (ROOT / test).is_file():
        return f"{module}: has no test file of its own\n"
    report = StringIO()
    contexts = ["^$", f"^{re.escape(test.as_posix())}::"]
    include = [f"*/componentstream/{module.as_posix()}"]
    total = coverage.report(include=include, contexts=contexts, file=report)
    return None if total == 100 else f"{module}: not covered in full by {test}\n{report.getvalue()}"  # noqa: PLR2004


def main(options: list[str]) -> int:
    """Run the tests, judge every module, print what is missed; return the exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch, "coverage")
        if status := run_tests(data, options or ["-n", "2"]):
            return status
        coverage = Coverage(data_file=str(data))
        coverage.load()
        verdicts = {module: judge(coverage, module) for module in modules()}
    missed = [verdict for verdict in verdicts.values() if verdict]
    sys.stdout.writelines(missed)
    sys.stdout.write(f"{len(verdicts) - len(missed)} of {len(verdicts)} modules are covered in full.\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
