import asyncio
import subprocess
import sys
import unittest
from contextlib import aclosing

import pytest

from componentstream.log import LeaseLostError, MemoryEventLog, StreamUnknownError
from componentstream.testing.log_contract import _scenario
from componentstream.testing.log_contract._scenario import (
    LogScenarios,
    acquired,
    assert_extended,
    error_of,
    numbered,
    read_all,
    read_payloads,
    refused,
    seconds_until,
    started,
    status_of,
    until_lost,
    waiting_client,
    with_log,
)


class InMemory(LogScenarios):
    def open_log(self, **options):
        return aclosing(MemoryEventLog(**options))


def test_a_contract_without_a_log_says_which_method_is_missing():
    async def scenario(_log):
        raise AssertionError

    with pytest.raises(NotImplementedError):
        LogScenarios().run_scenario(scenario)


def test_a_scenario_runs_with_a_log_of_its_options_which_is_closed():
    logs = []

    async def scenario(log):
        logs.append(log)
        await started(log, count=5)
        assert (await status_of(log)).first == 3

    InMemory().run_scenario(scenario, max_entries=3)
    assert logs[0]._streams == {}


def test_a_scenario_that_hangs_fails():
    class Impatient(InMemory):
        time_limit = 0.05

    with pytest.raises(TimeoutError):
        Impatient().run_scenario(lambda _log: asyncio.sleep(60))


def test_a_scenario_that_leaves_a_task_fails(monkeypatch):
    monkeypatch.setattr(_scenario, "_SETTLE_SECONDS", 0.05)

    async def scenario(log):
        log.task = asyncio.create_task(asyncio.sleep(60))

    with pytest.raises(AssertionError, match="still running"):
        InMemory().run_scenario(scenario)


def test_a_scenario_becomes_a_test_with_its_name_and_description():
    class Contract(InMemory):
        @with_log(max_entries=2)
        async def test_trim(self, log):
            """Trim."""
            await started(log, count=3)
            assert (await status_of(log)).first == 2

    assert (Contract.test_trim.__name__, Contract.test_trim.__doc__) == ("test_trim", "Trim.")
    assert Contract.test_trim.__qualname__.endswith("Contract.test_trim")
    Contract().test_trim()


def test_the_expected_error_is_returned_and_anything_else_fails():
    async def fail(error):
        raise error

    async def main():
        error = LeaseLostError()
        assert await error_of(LeaseLostError, fail(error)) is error
        with pytest.raises(AssertionError, match=r"^expected LeaseLostError, got KeyError\('x'\)"):
            await error_of(LeaseLostError, fail(KeyError("x")))
        with pytest.raises(AssertionError, match=r"^expected LeaseLostError, got 7"):
            await error_of(LeaseLostError, asyncio.sleep(0, 7))

    asyncio.run(main())


def test_a_lease_that_a_call_accepts_is_not_refused():
    async def scenario(log):
        lease = await started(log, count=1)
        with pytest.raises(AssertionError, match="expected LeaseLostError"):
            await refused(log, lease, 2)
        await log.delete("s")
        await refused(log, lease, 2)

    InMemory().run_scenario(scenario)


def test_entries_and_payloads_are_read_to_the_end():
    async def scenario(log):
        await log.finish(await started(log, count=3))
        assert [entry.seq for entry in await read_all(log, "s", 1)] == [2, 3]
        assert await read_payloads(log, "s") == numbered(1, 3) == [b"1", b"2", b"3"]
        await error_of(StreamUnknownError, read_all(log, "t"))

    InMemory().run_scenario(scenario)


def test_a_stream_that_is_not_handed_out_or_unknown_fails():
    async def scenario(log):
        await started(log)
        with pytest.raises(AssertionError, match="stream 's' was not handed out"):
            await acquired(log)
        with pytest.raises(AssertionError, match="stream 't' is unknown"):
            await status_of(log, "t")

    InMemory().run_scenario(scenario)


def test_a_lease_that_expires_on_a_busy_machine_is_acquired_again_for_longer():
    class Slow(MemoryEventLog):
        async def append(self, lease, first_seq, payloads):
            await asyncio.sleep(0.15)
            await super().append(lease, first_seq, payloads)

    class Refusing(MemoryEventLog):
        async def append(self, lease, first_seq, payloads):  # noqa: ARG002 - they are refused anyway
            raise LeaseLostError

    async def scenario(log):
        lease = await started(log, ttl=0.05, count=2)
        assert lease.ttl >= 0.2
        assert (await status_of(log)).last == 2
        async with aclosing(Refusing()) as refusing:
            await error_of(LeaseLostError, started(refusing, count=1))

    class Contract(LogScenarios):
        def open_log(self, **options):
            return aclosing(Slow(**options))

    Contract().run_scenario(scenario)


def test_a_lease_is_watched_for_longer_than_the_calls_take():
    class Slow(MemoryEventLog):
        async def renew(self, lease):
            await asyncio.sleep(0.15)
            await super().renew(lease)

    async def scenario(log):
        lease = await started(log)
        await assert_extended(log, lease, lambda: log.renew(lease))
        with pytest.raises(AssertionError):
            await assert_extended(log, lease, lambda: asyncio.sleep(0.15))

    class Contract(LogScenarios):
        def open_log(self, **options):
            return aclosing(Slow(**options))

    Contract().run_scenario(scenario)


def test_a_change_may_be_noticed_late_some_times_but_not_every_time():
    class Fussy(InMemory):
        notice_seconds = 0.5

    streams = []

    async def attempt(stream):
        streams.append(stream)
        return delays[stream]

    delays = {"s0": 3.0, "s1": 0.5, "s2": 0.4}
    asyncio.run(Fussy().noticed_at_once(attempt))
    assert streams == ["s0", "s1", "s2"]
    delays = dict.fromkeys(("s0", "s1", "s2", "s3", "s4"), 0.6)
    with pytest.raises(AssertionError, match=r"late every time, after \[0.6, 0.6, 0.6, 0.6, 0.6\] seconds"):
        asyncio.run(Fussy().noticed_at_once(attempt))


def test_a_lease_that_lasts_longer_than_it_said_is_waited_for():
    class Late(MemoryEventLog):
        looks = 0

        async def status(self, stream):
            self.looks += 1
            status = await super().status(stream)
            if self.looks == 1:
                return _scenario.StreamStatus(
                    stream=stream, owner="", state="open", first=1, last=0, lease_left=0.0
                )
            return status

    async def scenario(log):
        await started(log, ttl=0.05)
        await until_lost(log)
        assert (await status_of(log)).state == "lost"
        assert log.looks > 2

    class Contract(LogScenarios):
        def open_log(self, **options):
            return aclosing(Late(**options))

    Contract().run_scenario(scenario)


def test_a_client_that_does_not_wait_fails():
    async def scenario(log):
        lease = await started(log, count=1)
        client = await waiting_client(log)
        await log.finish(lease)
        assert len(await client) == 1
        with pytest.raises(AssertionError, match="stopped reading"):
            await waiting_client(log)

    InMemory().run_scenario(scenario)


def test_a_client_that_does_not_wait_for_a_change_fails():
    async def wait_for(event):
        return await event.wait()

    async def change(event):
        await asyncio.sleep(0.05)
        event.set()

    async def main():
        event = asyncio.Event()
        delay, result = await seconds_until(wait_for(event), lambda: change(event))
        assert (delay >= 0.04, result) == (True, True)
        with pytest.raises(AssertionError, match="did not wait"):
            await seconds_until(wait_for(event), lambda: change(event))

    asyncio.run(main())


def test_the_standard_library_runs_the_contract_too():
    from componentstream.testing.log_contract import LogContract  # noqa: PLC0415 - not collected here

    class Case(LogContract, unittest.TestCase):
        def open_log(self, **options):
            return aclosing(MemoryEventLog(**options))

    result = unittest.TestResult()
    suite = unittest.TestSuite([Case("test_payloads_are_arbitrary_bytes")])
    suite.run(result)
    assert (result.testsRun, result.wasSuccessful()) == (1, True)
    assert unittest.defaultTestLoader.loadTestsFromTestCase(Case).countTestCases() == 39


def test_without_assert_statements_the_contract_refuses_to_run():
    program = (
        "from componentstream.testing.log_contract import LogContract\n"
        "LogContract().test_payloads_are_arbitrary_bytes()"
    )
    done = subprocess.run([sys.executable, "-O", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "run Python without -O" in done.stderr
