"""The healer of half-written components, under node: its vectors and its laws."""

import os
import subprocess
from pathlib import Path

import pytest

import componentstream.browser
from tests import parts
from tests.timing import WAIT

HERE = Path(__file__).parent


@pytest.mark.parametrize("suite", ["vectors", "properties"])
def test_the_healer_passes_its_suite_under_node(suite):
    node = parts.node()
    parts.npm_packages(HERE)
    environment = os.environ | {
        "HEALER": str(componentstream.browser.path() / "heal.js"),
        "VECTORS": str(HERE.parent / "heal"),
    }
    done = subprocess.run(
        [node, "--test", HERE / "heal" / f"{suite}.test.mjs"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
