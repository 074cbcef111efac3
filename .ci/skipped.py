#!/usr/bin/env python3
"""Print the test files in which a run skipped a test because a package or a program was missing.

The argument is the run's report (``pytest --junitxml``). Files that ``covered.py`` runs are left out.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from covered import PACKAGES, ROOT


def file_of(case: ET.Element) -> Path:
    """Return the file of a test, or of a module that was skipped as a whole."""
    words = f"{case.get('classname')}.{case.get('name')}".lstrip(".").split(".")
    paths = (Path(*words[:end]).with_suffix(".py") for end in range(len(words), 1, -1))
    return next(path for path in paths if (ROOT / path).is_file())


def main(report: str) -> None:
    """Print the files, one a line."""
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - our own report
    skipped = {file_of(case) for case in cases if case.find("skipped") is not None}
    left = sorted(path for path in skipped if path.parts[1] not in PACKAGES)
    sys.stdout.write("".join(f"{path.as_posix()}\n" for path in left))


if __name__ == "__main__":
    main(sys.argv[1])
