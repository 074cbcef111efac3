"""The parts of the demo's page that need no page, under Node; and its archive as Python reads it."""

import os
import subprocess
import zipfile
from pathlib import Path

from componentstream import demo
from tests import parts
from tests.timing import WAIT

BROWSER = Path(__file__).parent.parent
PAGE = Path(demo.__file__).parent / "page"


def test_the_parts_of_the_page_under_node(tmp_path):
    node = parts.node()
    parts.npm_packages(BROWSER)
    archive = tmp_path / "components.zip"
    environment = {"PAGE": str(PAGE), "COMPONENTS": str(BROWSER / "components"), "ARCHIVE": str(archive)}
    done = subprocess.run(
        [node, "--test", str(Path(__file__).parent / "units.test.mjs")],
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(archive) as files:
        assert files.testzip() is None
        assert files.namelist() == ["Héro.tsx", "Empty.tsx", "Long.tsx"]
        assert files.read("Héro.tsx").decode() == "<h1>Grüße \U0001f600</h1>"
        assert files.read("Empty.tsx") == b""
        assert files.read("Long.tsx") == b"x" * 70_000
