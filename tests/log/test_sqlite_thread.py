import asyncio
import sqlite3
from threading import Event

import pytest

from componentstream.log import LeaseLostError, StoreError
from componentstream.log._sqlite_thread import SQLiteThread, primary_code
from componentstream.log._tables import READING
from tests.timing import STORE_WAIT, WAIT, at_best


def in_memory(_busy):
    return sqlite3.connect(":memory:", isolation_level=None)


def test_a_call_times_out_while_its_job_hangs():
    async def scenario():
        go_on = Event()
        thread = SQLiteThread(in_memory, READING, call_timeout=0.1)
        with pytest.raises(StoreError, match=r"did not answer within 0\.1 s"):
            await thread.run(lambda _: go_on.wait())
        go_on.set()
        await thread.aclose()
        with pytest.raises(StoreError, match=r"^The log was closed\.$"):
            await thread.run(lambda _: None)

    asyncio.run(scenario())


def test_jobs_queued_before_closing_are_run():
    async def scenario():
        done = []
        thread = SQLiteThread(in_memory, READING, group=1.0, call_timeout=STORE_WAIT)
        jobs = [asyncio.create_task(thread.run(lambda _, n=n: done.append(n))) for n in range(5)]
        await asyncio.sleep(0)
        await thread.aclose()
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

        thread = SQLiteThread(connect, READING, group=0.4, call_timeout=STORE_WAIT)
        first = [asyncio.create_task(thread.run(lambda _: gate.wait())) for _ in range(2)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*first)
        later = []
        for _ in range(5):
            later.append(asyncio.create_task(thread.run(lambda _: None)))
            await asyncio.sleep(0.01)
        await asyncio.gather(*later)
        await thread.aclose()
        return len(begun)

    assert at_best(lambda: asyncio.run(scenario()), below=3) == 2


def test_a_job_that_fails_does_not_fail_its_group():
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
        thread = SQLiteThread(connect, READING, group=0.1, call_timeout=STORE_WAIT)
        insert = [
            lambda connection, n=n: connection.execute("INSERT INTO done VALUES (?)", [n]) for n in range(4)
        ]
        jobs = [*insert[:2], broken, *insert[2:], broken]
        outcomes = await asyncio.gather(*map(thread.run, jobs), return_exceptions=True)
        assert [type(outcome) is StoreError for outcome in outcomes] == [job is broken for job in jobs]
        assert kept.execute("SELECT n FROM done").fetchall() == [(0,), (1,), (2,), (3,)]
        await thread.aclose()
        kept.close()

    asyncio.run(scenario())


def test_opening_a_locked_file_is_retried_for_a_while():
    attempts = []

    def locked(_busy):
        attempts.append(1)
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY_RECOVERY
        raise error

    def locked_at_first(busy):
        return locked(busy) if len(attempts) < 3 else attempts.append(1) or in_memory(busy)

    async def scenario():
        thread = SQLiteThread(locked_at_first, READING, call_timeout=STORE_WAIT)
        assert await thread.run(lambda _: "done") == "done"
        assert len(attempts) == 4
        await thread.aclose()
        hopeless = SQLiteThread(locked, READING, call_timeout=0.05)
        with pytest.raises(StoreError, match="database is locked"):
            await hopeless.run(lambda _: None)
        await hopeless.aclose()

    asyncio.run(scenario())


def test_a_file_that_cannot_be_opened_fails_every_call_with_the_cause():
    def connect(_busy):
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise error

    async def scenario():
        thread = SQLiteThread(connect, READING, call_timeout=STORE_WAIT)
        with pytest.raises(StoreError, match=r"^The file of the log failed: unable to open") as caught:
            await thread.run(lambda _: None)
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
        await thread.aclose()

    asyncio.run(scenario())


def test_a_job_whose_caller_left_is_skipped_and_its_result_dropped():
    async def scenario():
        done, gate, begun = [], Event(), Event()
        thread = SQLiteThread(in_memory, READING, call_timeout=STORE_WAIT)

        def first(_connection):
            begun.set()
            gate.wait()
            done.append("first")

        tasks = [asyncio.create_task(thread.run(job)) for job in (first, lambda _: done.append("second"))]
        await asyncio.to_thread(begun.wait)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        gate.set()
        assert await thread.run(lambda _: "third") == "third"
        assert done == ["first"]
        await thread.aclose()

    asyncio.run(scenario())


def test_a_log_error_of_a_job_reaches_its_caller_and_keeps_the_group():
    async def scenario():
        gate = Event()
        thread = SQLiteThread(in_memory, READING, group=1.0, call_timeout=STORE_WAIT)

        def refuse(_connection):
            raise LeaseLostError

        jobs = [lambda _: gate.wait(), refuse, lambda _: "kept"]
        tasks = [asyncio.create_task(thread.run(job)) for job in jobs]
        await asyncio.sleep(0)
        gate.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [outcomes[0], type(outcomes[1]), outcomes[2]] == [True, LeaseLostError, "kept"]
        await thread.aclose()

    asyncio.run(scenario())


def test_a_loop_that_was_closed_under_a_caller_does_not_stop_the_thread():
    gate, done = Event(), Event()
    thread = SQLiteThread(in_memory, READING, call_timeout=STORE_WAIT)

    def job(_connection):
        gate.wait()
        done.set()

    async def leave():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(thread.run(job), 0.05)

    asyncio.run(leave())
    gate.set()
    assert done.wait(WAIT)
    assert asyncio.run(thread.run(lambda _: "alive")) == "alive"
    asyncio.run(thread.aclose())


def test_a_thread_that_never_started_closes():
    asyncio.run(SQLiteThread(in_memory, READING, call_timeout=STORE_WAIT).aclose())


def test_the_primary_code_of_an_error_has_no_extension():
    error = sqlite3.OperationalError()
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY_RECOVERY
    assert primary_code(error) == sqlite3.SQLITE_BUSY
