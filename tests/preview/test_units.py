"""The parts of the preview's host that need no browser, on Node."""

import os
import subprocess
from pathlib import Path

from componentstream import browser
from tests import parts
from tests.timing import WAIT


def test_the_message_table_the_watchdog_and_the_log_of_events_pass_their_tests():
    done = subprocess.run(
        [parts.node(), "--test", "--test-reporter=tap", Path(__file__).parent / "units.test.mjs"],
        env={**os.environ, "PREVIEW": str(browser.path() / "preview")},
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 16" in done.stdout
