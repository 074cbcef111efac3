"""The example of an event log passes the contract of event logs."""

import asyncio
import importlib.util
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from componentstream.log import StoreError
from componentstream.testing.log_contract import LogContract

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_log.py"
SPEC = importlib.util.spec_from_file_location("own_log", EXAMPLE)
own_log = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(own_log)


class TestContract(LogContract):
    @pytest.fixture(autouse=True)
    def store(self, tmp_path):
        self.folder = tmp_path

    def open_log(self, **options):
        return aclosing(own_log.FileEventLog(self.folder, **options))


def test_streams_survive_a_restart():
    done = subprocess.run([sys.executable, str(EXAMPLE)], capture_output=True, text=True, check=True)
    assert done.stdout == "[Entry(seq=2, payload=b'world')]\n"


def test_a_folder_that_is_gone_is_a_store_error(tmp_path):
    log = own_log.FileEventLog(tmp_path / "gone")
    with pytest.raises(StoreError, match="The file of stream s failed"):
        asyncio.run(log.acquire("s", owner="ada"))
