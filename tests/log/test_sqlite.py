import asyncio
import random
import sqlite3
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from componentstream.core.errors import UsageError
from componentstream.log import LeaseLostError, SQLiteEventLog, StoreError
from componentstream.log._sqlite_thread import SQLiteThread
from componentstream.log._tables import READING, Acquire, connect
from componentstream.testing.log_contract import SharedLogContract
from componentstream.testing.log_contract._scenario import (
    numbered,
    read_payloads,
    settled,
    started,
    waiting_client,
)
from tests.log.running import run


class TestContract(SharedLogContract):
    @pytest.fixture(autouse=True)
    def store(self, tmp_path):
        self.path = tmp_path / "log.db"

    def open_log(self, **options):
        return aclosing(SQLiteEventLog(self.path, **options))


@pytest.fixture
def with_log(tmp_path):
    def with_log(scenario, **options):
        run(lambda: aclosing(SQLiteEventLog(tmp_path / "log.db", **options)), scenario)

    return with_log


def other_process(file, *arguments):
    command = [sys.executable, str(Path(__file__).with_name("other_process.py")), str(file), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_reader_follows_what_another_process_writes(with_log, tmp_path):
    async def scenario(log):
        process = other_process(tmp_path / "log.db", "write", "s", "30")
        assert process.stdout.readline() == "started\n"
        assert await read_payloads(log, "s") == numbered(1, 30)
        process.communicate(timeout=10)
        assert process.returncode == 0

    with_log(scenario)


def test_another_process_follows_what_is_written(with_log, tmp_path):
    async def scenario(log):
        lease = await started(log, count=1)
        process = other_process(tmp_path / "log.db", "read", "s")
        assert process.stdout.readline() == "started\n"
        assert await asyncio.to_thread(process.stdout.readline) == "1\n"
        await log.append(lease, 2, numbered(2, 3))
        assert [await asyncio.to_thread(process.stdout.readline) for _ in range(3)] == ["2\n", "3\n", "4\n"]
        await log.finish(lease)
        out, _ = await asyncio.to_thread(process.communicate, timeout=10)
        assert (process.returncode, out) == (0, "")

    with_log(scenario)


def test_what_was_acknowledged_outlives_the_death_of_the_writer(with_log, tmp_path):
    file = tmp_path / "log.db"
    chance = random.Random(5)

    async def scenario(log):
        for n in range(3):
            process = other_process(file, "write", f"s{n}", "1000000")
            assert process.stdout.readline() == "started\n"
            await asyncio.sleep(0.05 + chance.random() / 10)
            process.kill()
            acknowledged = [int(line) for line in process.communicate()[0].splitlines() if line]
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


def test_a_file_that_is_busy_fails_an_append_in_time_and_lets_others_read(with_log, tmp_path):
    async def scenario(log):
        lease = await started(log, count=1)
        connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        before = monotonic()
        late = asyncio.gather(
            log.append(lease, 2, [b"2"]), log.append(lease, 2, [b"2"]), return_exceptions=True
        )
        assert (await log.status("s")).last == 1
        assert [type(outcome) for outcome in await late] == [StoreError, StoreError]
        assert 0.5 < monotonic() - before < 2.0
        connection.execute("ROLLBACK")
        connection.close()
        await log.append(lease, 2, [b"2"])
        await log.finish(lease)
        assert await read_payloads(log, "s") == [b"1", b"2"]

    with_log(scenario)


def test_what_its_caller_has_given_up_before_it_began_is_not_done(with_log, tmp_path):
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


def test_an_append_that_began_before_its_stream_was_taken_over_and_comes_after_it_is_refused(
    with_log, tmp_path
):
    async def scenario(log):
        old = await started(log, count=1)
        connection = connect(str(tmp_path / "log.db"), 0.0, durable=False)
        connection.execute("BEGIN IMMEDIATE")
        late = asyncio.create_task(log.append(old, 2, [b"late"]))
        await asyncio.sleep(0.1)
        assert not late.done()
        new = Acquire("s", "ada", "token", 60.0, "open", 60.0)(connection)
        connection.execute("COMMIT")
        connection.close()
        with pytest.raises(LeaseLostError):
            await late
        await log.append(new, 2, [b"2"])
        await log.finish(new)
        assert await read_payloads(log, "s") == [b"1", b"2"]

    with_log(scenario)


def test_a_file_that_cannot_be_opened_fails_at_once(tmp_path):
    async def scenario():
        log = SQLiteEventLog(tmp_path)
        before = monotonic()
        with pytest.raises(StoreError, match="unable to open database file"):
            await log.acquire("s", owner="ada")
        with pytest.raises(StoreError):
            await read_payloads(log, "s")
        assert monotonic() - before < 1.0
        await log.aclose()

    asyncio.run(scenario())


def test_a_file_that_another_holds_while_it_is_made_fails_in_time(tmp_path):
    async def scenario():
        connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        log = SQLiteEventLog(tmp_path / "log.db")
        before = monotonic()
        with pytest.raises(StoreError):
            await log.status("s")
        assert monotonic() - before < 2.0
        connection.execute("COMMIT")
        connection.close()
        assert await log.acquire("s", owner="ada") is not None
        await log.aclose()

    asyncio.run(scenario())


def test_a_file_that_cannot_be_made_for_a_moment_is_tried_again(tmp_path):
    async def scenario():
        connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        asyncio.get_running_loop().call_later(0.1, connection.close)
        worker = SQLiteThread(lambda _: connect(str(tmp_path / "log.db"), 0.0, durable=False), READING)
        assert await worker.run(lambda _: "done") == "done"
        await worker.aclose()

    asyncio.run(scenario())


def test_two_logs_may_make_the_file_at_the_same_time(tmp_path):
    async def scenario():
        for n in range(10):
            logs = [SQLiteEventLog(tmp_path / f"{n}.db", durable=True) for _ in range(4)]
            leases = await asyncio.gather(*(log.acquire("s", owner="ada") for log in logs))
            assert [lease is None for lease in leases].count(False) == 1
            await asyncio.gather(*(log.aclose() for log in logs))

    asyncio.run(scenario())


def test_a_broken_file_is_noticed_and_a_waiting_reader_told(tmp_path):
    async def scenario():
        log = SQLiteEventLog(tmp_path / "log.db")
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


def test_a_store_that_does_not_come_back_is_not_waited_for():
    async def scenario():
        go_on = Event()
        worker = SQLiteThread(
            lambda _: sqlite3.connect(":memory:", isolation_level=None), READING, call_timeout=0.1
        )
        with pytest.raises(StoreError, match=r"did not answer within 0\.1 s"):
            await worker.run(lambda _: go_on.wait())
        go_on.set()
        await worker.aclose()
        with pytest.raises(StoreError, match=r"^The log was closed\.$"):
            await worker.run(lambda _: None)

    asyncio.run(scenario())


def test_what_was_asked_for_before_the_end_is_done():
    async def scenario():
        done = []
        worker = SQLiteThread(lambda _: sqlite3.connect(":memory:", isolation_level=None), READING, group=1.0)
        jobs = [asyncio.create_task(worker.run(lambda _, n=n: done.append(n))) for n in range(5)]
        await asyncio.sleep(0)
        await worker.aclose()
        await asyncio.gather(*jobs)
        assert done == [0, 1, 2, 3, 4]

    asyncio.run(scenario())


def test_jobs_that_keep_coming_share_transactions():
    async def scenario():
        begun, gate = [], Event()

        def connect(_):
            connection = sqlite3.connect(":memory:", isolation_level=None)
            connection.set_trace_callback(lambda statement: statement == "BEGIN" and begun.append(statement))
            return connection

        worker = SQLiteThread(connect, READING, group=0.4)
        first = [asyncio.create_task(worker.run(lambda _: gate.wait())) for _ in range(2)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*first)
        later = []
        for _ in range(5):
            later.append(asyncio.create_task(worker.run(lambda _: None)))
            await asyncio.sleep(0.01)
        await asyncio.gather(*later)
        assert len(begun) == 2
        await worker.aclose()

    asyncio.run(scenario())


def test_starting_a_stream_forgets_some_that_have_had_their_time(with_log, tmp_path):
    async def scenario(log):
        for n in range(25):
            await log.finish(await started(log, f"s{n}", count=1))
        await asyncio.sleep(0.4)
        connection = sqlite3.connect(tmp_path / "log.db")
        left = []
        for n in range(3):
            await started(log, f"new{n}", count=1)
            left.append(
                connection.execute("SELECT count(DISTINCT stream) FROM log_entry").fetchone()[0] - n - 1
            )
        connection.close()
        assert left == [15, 5, 0]

    with_log(scenario, keep=0.3)


def test_a_log_needs_a_file():
    for path in ("", ":memory:"):
        with pytest.raises(UsageError, match="needs the path of a file"):
            SQLiteEventLog(path)


def test_a_job_that_fails_fails_alone():
    async def scenario():
        def broken(_):
            raise sqlite3.DatabaseError("broken")

        def count(connection):
            return connection.execute("SELECT count(*) FROM done").fetchone()[0]

        def connect(_):
            connection = sqlite3.connect("file:one?mode=memory&cache=shared", uri=True, isolation_level=None)
            connection.execute("CREATE TABLE IF NOT EXISTS done (n)")
            return connection

        kept = connect(None)
        worker = SQLiteThread(connect, READING, group=0.1)
        insert = [
            lambda connection, n=n: connection.execute("INSERT INTO done VALUES (?)", [n]) for n in range(4)
        ]
        jobs = [*insert[:2], broken, *insert[2:], broken]
        outcomes = await asyncio.gather(*map(worker.run, jobs), return_exceptions=True)
        assert [type(outcome) is StoreError for outcome in outcomes] == [job is broken for job in jobs]
        assert kept.execute("SELECT n FROM done").fetchall() == [(0,), (1,), (2,), (3,)]
        await worker.aclose()
        kept.close()

    asyncio.run(scenario())


def test_nobody_else_on_the_machine_may_read_its_files(tmp_path):
    async def main():
        log = SQLiteEventLog(tmp_path / "log.db")
        await log.acquire("s", owner="ada")
        modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        await log.aclose()
        return modes

    assert asyncio.run(main()) == {0o600}
