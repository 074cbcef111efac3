"""The client on Node, told what to follow line by line."""

import json
import subprocess
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from componentstream import browser
from tests import parts

SCRIPT = Path(__file__).with_name("follow.mjs")


@contextmanager
def following():
    """Start Node; give a function that follows one generation and returns its outcome."""
    command = [parts.node(), SCRIPT, browser.path() / "componentstream.js"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def follow(url, direct, prompt, **options):
            urls = {"url": urljoin(url, "generate"), "direct": urljoin(direct, "generate")}
            asked = {**urls, "prompt": prompt, **options}
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield follow
        process.stdin.close()
