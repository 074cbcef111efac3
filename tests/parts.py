"""Real parts that tests need and that pip may not bring: found, or else the test cannot be run.

On a developer's machine a test whose part is missing is skipped, and says what to install. Where CI is set
it fails, so that nothing is left untested there without being noticed.
"""

import importlib
import os
import shutil

import pytest

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


def missing(why):
    """Skip the test, or fail it in CI."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why, allow_module_level=True)
