import asyncio
import random
import sqlite3
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path
from time import monotonic

import pytest

from componentstream.core.errors import UsageError
from componentstream.log import SQLiteEventLog, StoreError
from componentstream.log._tables import Abandon, Acquire, DamagedEntriesError
from componentstream.testing.log_contract import SharedLogContract
from componentstream.testing.log_contract._scenario import (
    numbered,
    read_payloads,
    settled,
    started,
    waiting_client,
)
from tests.log.running import run
from tests.timing import STORE_WAIT, WAIT

SOON = 2.0
"""Call timeout in seconds of the logs whose file is locked."""

CALLS = 40


class TestContract(SharedLogContract):
    @pytest.fixture(autouse=True)
    def store(self, tmp_path):
        self.path = tmp_path / "log.db"

    def open_log(self, **options):
        return aclosing(SQLiteEventLog(self.path, call_timeout=STORE_WAIT, **options))


@pytest.fixture
def with_log(tmp_path):
    def with_log(scenario, **options):
        run(
            lambda: aclosing(SQLiteEventLog(tmp_path / "log.db", **{"call_timeout": STORE_WAIT} | options)),
            scenario,
        )

    return with_log


def other_process(file, *arguments):
    command = [sys.executable, str(Path(__file__).with_name("other_process.py")), str(file), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_client_follows_another_process(with_log, tmp_path):
    async def scenario(log):
        process = other_process(tmp_path / "log.db", "write", "s", "30")
        assert process.stdout.readline() == "started\n"
        assert await read_payloads(log, "s") == numbered(1, 30)
        process.communicate(timeout=WAIT)
        assert process.returncode == 0

    with_log(scenario)


def test_another_process_follows_this_one(with_log, tmp_path):
    async def scenario(log):
        lease = await started(log, count=1)
        process = other_process(tmp_path / "log.db", "read", "s")
        assert process.stdout.readline() == "started\n"
        assert await asyncio.to_thread(process.stdout.readline) == "1\n"
        await log.append(lease, 2, numbered(2, 3))
        assert [await asyncio.to_thread(process.stdout.readline) for _ in range(3)] == ["2\n", "3\n", "4\n"]
        await log.finish(lease)
        out, _ = await asyncio.to_thread(process.communicate, timeout=WAIT)
        assert (process.returncode, out) == (0, "")

    with_log(scenario)


def test_acknowledged_entries_survive_the_death_of_the_writer(with_log, tmp_path):
    file = tmp_path / "log.db"
    chance = random.Random(5)

    async def scenario(log):
        for n in range(3):
            process = other_process(file, "write", f"s{n}", "1000000")
            assert process.stdout.readline() == "started\n"
            acknowledged = [int(process.stdout.readline())]
            await asyncio.sleep(0.05 + chance.random() / 10)
            process.kill()
            acknowledged += [int(line) for line in process.communicate()[0].splitlines() if line]
            with sqlite3.connect(file) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.close()
            last = (await log.status(f"s{n}")).last
            assert acknowledged[-1] <= last <= acknowledged[-1] + 3
            async with aclosing(log.read(f"s{n}")) as pages:
                got = []
                while len(got) < last:
                    got += await anext(pages)
            assert [entry.payload for entry in got] == numbered(1, last)

    with_log(scenario)


def test_a_locked_file_times_out_appends_but_not_reads(with_log, tmp_path):
    async def scenario(log):
        lease = await started(log, count=1)
        connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        before = monotonic()
        late = asyncio.gather(*(log.append(lease, 2, [b"2"]) for _ in range(CALLS)), return_exceptions=True)
        assert (await log.status("s")).last == 1
        assert [type(outcome) for outcome in await late] == [StoreError] * CALLS
        assert SOON / 2 < monotonic() - before < CALLS * SOON / 2, "the calls waited for each other"
        connection.execute("ROLLBACK")
        connection.close()
        await log.append(lease, 2, [b"2"])
        await log.finish(lease)
        assert await read_payloads(log, "s") == [b"1", b"2"]

    with_log(scenario, call_timeout=SOON)


def test_an_append_cancelled_before_it_started_is_skipped(with_log, tmp_path):
    async def scenario(log):
        lease = await started(log, count=1)
        connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        tasks = [asyncio.create_task(log.append(lease, 2, [b"%d" % n])) for n in range(2)]
        await asyncio.sleep(0.1)
        tasks[1].cancel()
        await asyncio.sleep(0.1)
        connection.execute("ROLLBACK")
        connection.close()
        await tasks[0]
        await log.finish(lease)
        assert await read_payloads(log, "s") == [b"1", b"0"]

    with_log(scenario)


def test_a_file_that_cannot_be_opened_fails_at_once(tmp_path):
    async def scenario():
        log = SQLiteEventLog(tmp_path, call_timeout=WAIT)
        before = monotonic()
        with pytest.raises(StoreError, match="unable to open database file"):
            await log.acquire("s", owner="ada")
        with pytest.raises(StoreError):
            await read_payloads(log, "s")
        assert monotonic() - before < WAIT / 2
        await log.aclose()

    asyncio.run(scenario())


def test_a_file_locked_while_it_is_created_times_out(tmp_path):
    async def scenario():
        connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        log = SQLiteEventLog(tmp_path / "log.db", call_timeout=SOON)
        before = monotonic()
        with pytest.raises(StoreError):
            await log.status("s")
        assert monotonic() - before < 10 * SOON
        connection.execute("COMMIT")
        connection.close()
        assert await log.acquire("s", owner="ada") is not None
        await log.aclose()

    asyncio.run(scenario())


def test_several_logs_can_create_the_file_at_once(tmp_path):
    async def scenario():
        for n in range(10):
            logs = [
                SQLiteEventLog(tmp_path / f"{n}.db", durable=True, call_timeout=STORE_WAIT) for _ in range(4)
            ]
            leases = await asyncio.gather(*(log.acquire("s", owner="ada") for log in logs))
            assert [lease is None for lease in leases].count(False) == 1
            await asyncio.gather(*(log.aclose() for log in logs))

    asyncio.run(scenario())


def test_a_damaged_file_fails_appends_and_waiting_clients(tmp_path):
    async def scenario():
        log = SQLiteEventLog(tmp_path / "log.db", call_timeout=STORE_WAIT)
        lease = await started(log, count=100)
        reader = await waiting_client(log)
        with sqlite3.connect(tmp_path / "log.db") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.close()
        (tmp_path / "log.db").write_bytes(b"broken! " * (pages * size // 8))
        with pytest.raises(StoreError, match="The file of the log failed"):
            await log.append(lease, 101, [b"x"])
        with pytest.raises(StoreError):
            await reader
        await log.aclose()
        await settled()

    asyncio.run(scenario())


def test_a_log_needs_a_file():
    for path in ("", ":memory:"):
        with pytest.raises(UsageError, match="needs the path of a file"):
            SQLiteEventLog(path)


def test_a_stream_whose_entries_cannot_be_deleted_is_abandoned(with_log):
    async def scenario(log):
        run_job, jobs = log._writes.run, []

        async def damaged(job):
            jobs.append(job)
            if len(jobs) == 1:
                raise StoreError("damaged") from DamagedEntriesError(7, sqlite3.DatabaseError())
            return await run_job(job)

        log._writes.run = damaged
        assert await log.acquire("s", owner="ada")
        assert [type(job) for job in jobs] == [Acquire, Abandon, Acquire]
        assert jobs[1].id == 7

    with_log(scenario)
