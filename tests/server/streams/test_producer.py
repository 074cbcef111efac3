"""A generation is written to the log in order and once, in spite of all failures."""

import asyncio
import itertools
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from componentstream.drive.generation import MAX_CHUNKS
from componentstream.log import LeaseLostError, MemoryEventLog, SequenceError, SQLiteEventLog, StoreError
from componentstream.server.streams.producer import Producer
from componentstream.session.batching import DeltaBatcher
from componentstream.session.hooks import ComponentFinished, StreamStarted
from componentstream.session.session import Timeouts
from componentstream.testing import strategies
from tests.drive.kinds import Source, SourceError, Stalled
from tests.drive.virtual import count_suspensions
from tests.server.stream_helpers import (
    OWNER,
    PAGE,
    REAL_TIMEOUT,
    STREAM,
    TTL,
    Watch,
    begin,
    codes_of,
    new_log,
    paced,
    reason_of,
    run,
    settle,
    state,
    stored,
    text_of,
    types_of,
    verify,
)

PROSE = "Here it is.\n<h1>Hi</h1>\nAnd:\na\nb\nc\nThat was it."


async def produce(log, source, **options):
    """Run a producer to its end; return it with a subscriber from the start."""
    producer = await begin(log, source, **options)
    watch = Watch(producer.tail)
    await producer.run()
    return producer, watch


def ended(producer):
    assert producer.tail.ended
    return "fenced" if producer.tail.fenced else "here"


# Entries


def test_a_stream_is_in_the_log_and_in_the_tail_with_the_same_numbers():
    async def test():
        log = new_log()
        source = Source(*PAGE)
        producer, watch = await produce(log, source.aitems())
        assert watch.payloads == await stored(log)
        assert [entry.seq for entry in watch.entries] == list(range(1, producer.tail.last + 1))
        assert all(entry.logged for entry in watch.entries)
        verify(watch.payloads)
        assert (text_of(watch.payloads), reason_of(watch.payloads)) == (PROSE, "complete")
        assert (await state(log), ended(producer), source.closed) == ("finished", "here", 1)

    run(test())


def test_a_stream_is_in_a_file_as_it_is_in_the_tail(tmp_path):
    async def test():
        log = SQLiteEventLog(tmp_path / "log.db", call_timeout=REAL_TIMEOUT)
        try:
            producer, watch = await produce(
                log, Source(*PAGE).aitems(), batcher=DeltaBatcher(), log_timeout=REAL_TIMEOUT
            )
            assert watch.payloads == await stored(log)
            verify(watch.payloads)
            assert (await state(log), ended(producer)) == ("finished", "here")
        finally:
            await log.aclose()

    asyncio.run(test())


def test_an_entry_reaches_subscribers_only_after_the_log_has_it():
    async def test():
        log = new_log()
        log.trouble("append", math.inf, error=None, seconds=0.3)
        seen = []

        def in_the_log(entries):
            logged = log.log._streams[STREAM].payloads
            seen.extend(entries)
            assert all(logged[entry.seq] == entry.payload for entry in entries)

        producer = await begin(log, paced(*PAGE, pause=0.1))
        Watch(producer.tail, in_the_log)
        await producer.run()
        assert len(seen) == producer.tail.last > 25

    run(test())


def test_an_event_is_written_in_the_loop_iteration_of_its_arrival():
    async def test():
        log = new_log()
        producer = await begin(log, paced("a", "b", "c"))
        watch = Watch(producer.tail)
        await producer.run()
        assert watch.times[:4] == [0.0, 1.0, 1.0, 2.0]

    run(test())


def test_while_the_log_is_busy_the_next_batch_grows():
    async def test():
        log = new_log()
        log.trouble("append", math.inf, error=None, seconds=0.5)
        await produce(log, paced(*"x" * 40, pause=0.05))
        sizes = [len(payloads) for _, payloads in log.batches]
        assert 9 <= max(sizes) <= 11
        assert len(sizes) <= 8
        assert text_of(await stored(log)) == "x" * 40

    run(test())


def test_a_slow_log_puts_backpressure_on_the_source():
    async def test():
        log = new_log()
        log.trouble("append", math.inf, error=None, seconds=0.5)
        source = Source(*"x" * 1000)
        ahead = []

        def look(_entries):
            ahead.append(source.read - text_of(log.log._streams[STREAM].payloads.values()).count("x"))

        producer = await begin(log, source.aitems())
        Watch(producer.tail, look)
        await producer.run()
        assert max(ahead) == MAX_CHUNKS
        assert len(ahead) >= 1000 / MAX_CHUNKS
        assert text_of(await stored(log)) == "x" * 1000

    run(test())


def test_clients_see_that_the_model_failed_and_operators_see_why(caplog):
    async def test():
        log = new_log()
        _, watch = await produce(log, Source("a", SourceError("secret")).aitems())
        verify(watch.payloads)
        assert (codes_of(watch.payloads), reason_of(watch.payloads)) == (["source_failed"], "failed")
        assert b"secret" not in b"".join(watch.payloads)
        assert await state(log) == "finished"

    run(test())
    assert [record.message for record in caplog.records] == ["The source of a stream failed."]


def test_a_deadline_of_the_session_ends_the_stream():
    async def test():
        log = new_log()
        source = Stalled("a")
        _, watch = await produce(log, source.aitems(), timeouts=Timeouts(None, 5))
        assert (codes_of(watch.payloads), reason_of(watch.payloads)) == (["chunk_timeout"], "timeout")
        assert (watch.times[-1], source.closed, await state(log)) == (5.0, 1, "finished")

    run(test())


def test_a_debug_event_follows_each_status_with_debug():
    async def test():
        log = new_log()
        _, watch = await produce(log, Source(*PAGE).aitems(), debug=True)
        types = types_of(watch.payloads)
        assert types[:2] == ["status", "debug"]
        places = [place for place, type_ in enumerate(types) if type_ == "debug"]
        assert [types[place - 1] for place in places] == ["status"] * types.count("status")
        assert len(places) == 5
        assert json.loads(watch.payloads[1])["state"]["id"] == STREAM
        verify(watch.payloads)

    run(test())


def test_debug_events_require_debug():
    async def test():
        _, watch = await produce(new_log(), Source(*PAGE).aitems())
        assert "debug" not in types_of(watch.payloads)

    run(test())


# The lease


def test_an_idle_producer_renews_its_lease_three_times_per_ttl():
    async def test():
        log = new_log()
        await produce(log, paced("a", pause=1.0, end=20.0))
        assert log.times("renew") == pytest.approx([4.0, 7.0, 10.0, 13.0, 16.0, 19.0], abs=TTL / 100)
        assert await state(log) == "finished"

    run(test())


def test_appends_make_lease_renewals_unnecessary():
    async def test():
        log = new_log()
        await produce(log, paced(*"x" * 100, pause=2.0))
        assert log.times("renew") == []
        assert await state(log) == "finished"

    run(test())


def test_a_lease_holds_through_a_long_silence():
    async def test():
        log = new_log()
        _, watch = await produce(log, paced("a", "b", pause=300.0))
        assert reason_of(watch.payloads) == "complete"
        assert len(log.times("renew")) == pytest.approx(600 / (TTL / 3), abs=10)

    run(test())


# Stop and fail


@pytest.mark.parametrize("chunks", [(), ("a",), PAGE[:6], PAGE[:12]])
def test_a_stopped_generation_is_cancelled_in_the_log_and_its_source_closed(chunks):
    async def test():
        log = new_log()
        source = Stalled(*chunks)
        producer = await begin(log, source.aitems())
        watch = Watch(producer.tail)
        task = asyncio.create_task(producer.run())
        await source.waiting.wait()
        producer.stop()
        producer.stop()
        await task
        assert watch.payloads == await stored(log)
        verify(watch.payloads)
        assert (reason_of(watch.payloads), codes_of(watch.payloads)) == ("cancelled", [])
        assert (await state(log), ended(producer), source.closed) == ("finished", "here", 1)
        producer.stop()

    run(test())


def test_a_generation_stopped_before_it_ran_is_cancelled_too():
    async def test():
        log = new_log()
        source = Source("a")
        iterator = source.aitems()
        producer = await begin(log, iterator)
        watch = Watch(producer.tail)
        producer.stop()
        await producer.run()
        assert types_of(watch.payloads)[0] == "status"
        assert (reason_of(watch.payloads), source.read, await state(log)) == ("cancelled", 0, "finished")
        with pytest.raises(StopAsyncIteration):
            await anext(iterator)

    run(test())


def test_a_generation_that_is_failed_ends_with_a_retryable_error():
    async def test():
        log = new_log()
        source = Stalled(*PAGE[:12])
        producer = await begin(log, source.aitems())
        watch = Watch(producer.tail)
        task = asyncio.create_task(producer.run())
        await source.waiting.wait()
        producer.fail("server_stopping", "The server stops.")
        producer.fail("another", "Why.")
        await task
        assert watch.payloads == await stored(log)
        verify(watch.payloads)
        assert (codes_of(watch.payloads), reason_of(watch.payloads)) == (["server_stopping"], "failed")
        (error,) = [payload for payload in watch.payloads if b'"error"' in payload]
        assert json.loads(error)["error"] == {
            "type": "server_stopping", "message": "The server stops.", "fatal": True, "retryable": True,
            "recovered": False, "line": None, "index": None,
        }  # fmt: skip
        assert (await state(log), source.closed) == ("finished", 1)

    run(test())


def test_a_finished_generation_ignores_stop_and_fail():
    async def test():
        log = new_log()
        producer, watch = await produce(log, Source("a").aitems())
        before = list(watch.payloads)
        producer.stop()
        producer.fail("late", "Too late.")
        await settle()
        assert watch.payloads == before == await stored(log)

    run(test())


# Temporary log failures


@pytest.mark.parametrize("times", [1, 2, 9])
@pytest.mark.parametrize("gets_through", [False, True])
@pytest.mark.parametrize("call", ["append", "renew", "finish"])
def test_a_log_that_fails_for_less_than_the_timeout_is_retried(call, times, gets_through):
    async def test():
        log = new_log()
        log.trouble(call, 1, error=None)
        log.trouble(call, times, gets_through=gets_through)
        if call == "finish":
            log.works("finish")
            log.trouble("finish", times, gets_through=gets_through)
        failures = []
        source = paced(*PAGE, pause=3.5)
        producer, watch = await produce(log, source, failures=failures)
        assert watch.payloads == watch.logged == await stored(log)
        verify(watch.payloads)
        assert (codes_of(watch.payloads), text_of(watch.payloads)) == ([], PROSE)
        assert (await state(log), ended(producer), failures) == ("finished", "here", [])

    run(test())


def test_a_retry_repeats_the_same_batch():
    async def test():
        log = new_log()
        log.trouble("append", 1, error=None)
        log.trouble("append", 5, gets_through=True)
        _, watch = await produce(log, paced(*"abcdefgh", pause=0.06))
        assert log.batches[1] == log.batches[2] == log.batches[5]
        assert [first for first, _ in log.batches[:7]] == [1, 2, 2, 2, 2, 2, 2]
        assert log.batches[7][0] == 2 + len(log.batches[1][1])
        assert text_of(watch.payloads) == text_of(await stored(log)) == "abcdefgh"

    run(test())


@settings(deadline=None, max_examples=30)
@given(
    strategies.chunked(strategies.documents(max_components=3)),
    strategies.limits(),
    st.lists(st.tuples(st.sampled_from(["append", "finish"]), st.booleans(), st.integers(0, 3)), max_size=12),
    st.sampled_from([0, 0, 0.01, 0.3]),
)
def test_temporary_failures_never_make_tail_and_log_differ(chunks, limits, troubles, pause):
    async def test():
        log = new_log()
        for call, gets_through, turns in troubles:
            log.trouble(call, 1, gets_through=gets_through, turns=turns)
            log.trouble(call, 2, error=None, turns=turns)
        _, watch = await produce(log, paced(*chunks, pause=pause), limits=limits, batcher=DeltaBatcher())
        assert watch.payloads == watch.logged == await stored(log)
        verify(watch.payloads)
        assert await state(log) == "finished"

    run(test(), debug=False)


# Permanent log failures


def broken(error):
    """The ways in which a log misses its timeout: it fails at once, is slow, or hangs."""
    return [{"error": error}, {"error": None, "seconds": 2.0}, {"seconds": math.inf}]


LIKE = pytest.mark.parametrize("how", broken(StoreError("full")), ids=["fails", "slow", "hung"])


@LIKE
@pytest.mark.parametrize("appends", [0, 1, 7])
def test_a_stream_continues_without_its_log_and_reports_that(how, appends):
    async def test():
        log = new_log()
        log.trouble("append", appends, error=None)
        log.trouble("append", math.inf, **how)
        failures = []
        producer, watch = await produce(log, paced(*PAGE, pause=0.01), failures=failures)
        verify(watch.payloads)
        assert (codes_of(watch.payloads), text_of(watch.payloads)) == (["not_resumable"], PROSE)
        assert reason_of(watch.payloads) == "complete"
        assert watch.logged == await stored(log)
        assert [entry.logged for entry in watch.entries] == sorted(
            (entry.logged for entry in watch.entries), reverse=True
        )
        # The subscribers waited for the log once, and for no longer than its timeout.
        assert watch.times[-1] <= 1.01 + 0.01 * len(PAGE)
        assert (await state(log), ended(producer)) == ("open", "here")
        assert len(failures) == 1
        assert isinstance(failures[0], StoreError)

    run(test())


def test_a_log_that_was_given_up_is_not_called_again():
    async def test():
        log = new_log()
        log.trouble("append", 1, error=None)
        log.trouble("append", math.inf)
        _, watch = await produce(log, paced(*PAGE, pause=4.0))
        assert reason_of(watch.payloads) == "complete"
        last_asked = max(at for _, at in log.calls)
        assert last_asked == pytest.approx(5.0, abs=0.1)
        assert log.times("finish") == []

    run(test())


def test_a_batch_that_the_log_may_have_keeps_its_numbers():
    async def test():
        log = new_log()
        log.trouble("append", 1, error=None)
        log.trouble("append", math.inf, gets_through=True)
        _, watch = await produce(log, paced(*PAGE, pause=0.01))
        maybe = await stored(log)
        assert len(maybe) > len(watch.logged) == 1
        assert watch.payloads[: len(maybe)] == maybe
        assert codes_of(watch.payloads[len(maybe) :]) == ["not_resumable"]
        verify(watch.payloads)

    run(test())


def test_a_log_failure_is_not_reported_after_the_end():
    async def test():
        log = new_log()
        log.trouble("append", math.inf)
        failures = []
        _, watch = await produce(log, Source("a").aitems(), failures=failures)
        verify(watch.payloads)
        assert (reason_of(watch.payloads), watch.logged, len(failures)) == ("complete", [], 1)

    run(test())


@LIKE
@pytest.mark.parametrize("appends", [0, 1, 7])
def test_on_store_failure_fail_ends_a_stream_with_its_log(how, appends):
    async def test():
        log = new_log()
        log.trouble("append", appends, error=None)
        log.trouble("append", math.inf, **how)
        source = paced(*PAGE, pause=0.01, end=math.inf)
        failures = []
        producer, watch = await produce(log, source, on_store_failure="fail", failures=failures)
        verify(watch.payloads)
        assert (codes_of(watch.payloads), reason_of(watch.payloads)) == (["log_unavailable"], "failed")
        assert watch.logged == await stored(log)
        assert watch.times[-1] <= 1.01 + 0.01 * len(PAGE)
        assert (ended(producer), len(failures)) == ("here", 1)
        with pytest.raises(StopAsyncIteration):
            await anext(source)

    run(test())


@pytest.mark.parametrize("policy", ["continue", "fail"])
def test_a_stream_whose_log_is_full_from_the_start_continues(policy):
    async def test():
        log = new_log(max_bytes=2500)
        failures = []
        _, watch = await produce(
            log, Stalled(*PAGE).aitems() if policy == "fail" else Source(*PAGE).aitems(),
            on_store_failure=policy, failures=failures,
        )  # fmt: skip
        verify(watch.payloads)
        code = {"continue": "not_resumable", "fail": "log_unavailable"}[policy]
        assert (codes_of(watch.payloads), len(failures)) == ([code], 1)
        assert watch.logged == await stored(log)

    run(test())


@LIKE
@pytest.mark.parametrize(
    ("policy", "code", "reason"),
    [("continue", "not_resumable", "complete"), ("fail", "log_unavailable", "failed")],
)
def test_a_lease_that_cannot_be_renewed_is_a_log_failure(how, policy, code, reason):
    async def test():
        log = new_log()
        log.trouble("renew", math.inf, **how)
        producer, watch = await produce(log, paced("a", "b", pause=5.0), on_store_failure=policy)
        verify(watch.payloads)
        assert (codes_of(watch.payloads), reason_of(watch.payloads)) == ([code], reason)
        at = watch.times[types_of(watch.payloads).index("error")]
        assert 3.0 < at <= 4.2
        assert (watch.logged, ended(producer)) == (await stored(log), "here")

    run(test())


@LIKE
def test_a_stream_that_cannot_be_finished_is_complete_for_its_subscribers(how):
    async def test():
        log = new_log()
        log.trouble("finish", math.inf, **how)
        failures = []
        producer, watch = await produce(log, Source(*PAGE).aitems(), failures=failures)
        assert watch.payloads == watch.logged == await stored(log)
        verify(watch.payloads)
        assert (codes_of(watch.payloads), len(failures)) == ([], 1)
        assert (await state(log), ended(producer)) == ("open", "here")
        assert asyncio.get_running_loop().time() <= 1.1

    run(test())


def test_the_log_timeout_is_that_of_the_settings():
    async def test():
        log = new_log()
        log.trouble("append", math.inf)
        _, watch = await produce(log, Source("a").aitems(), log_timeout=7.0)
        assert watch.times[-1] == pytest.approx(7.0, abs=0.1)

    run(test())


def test_a_log_with_another_entry_under_a_number_is_given_up():
    async def test():
        log = new_log()
        producer = await begin(log, Source(*PAGE).aitems())
        watch = Watch(producer.tail)
        await log.log.append(producer._lease, 1, [b'{"type":"other"}'])
        await producer.run()
        verify(watch.payloads)
        assert (watch.logged, codes_of(watch.payloads)) == ([], ["not_resumable"])
        assert await stored(log) == [b'{"type":"other"}']

    run(test())


def test_a_log_without_the_stream_is_not_read_for_the_last_number():
    async def test():
        log = new_log()
        log.trouble("append", math.inf, error=SequenceError("hole", 0))
        _, watch = await produce(log, Source(*PAGE).aitems())
        verify(watch.payloads)
        assert (watch.logged, codes_of(watch.payloads)) == ([], ["not_resumable"])

    run(test())


def test_subscribers_get_every_entry_that_only_the_tail_has():
    async def test():
        log = new_log()
        log.trouble("append", 1, error=None)
        log.trouble("append", math.inf)
        text = "/// START A\nx\n/// END A\n" * 90 + f"/// START B\n{'y' * 40_000}\n/// END B\n" * 2
        producer = await begin(log, paced(text, "z"))
        got = []

        async def read():
            woken = asyncio.Event()
            producer.tail.subscribe(woken.set)
            while not producer.tail.ended or producer.tail.last > len(got):
                entries = producer.tail.after(len(got))
                assert entries is not None, "the reader was left behind"
                got.extend(entry.payload for entry in entries)
                if not entries:
                    await woken.wait()
                    woken.clear()

        subscriber = asyncio.create_task(read())
        await producer.run()
        await subscriber
        verify(got)
        assert len(got) > 350
        assert (codes_of(got)[0], reason_of(got)) == ("not_resumable", "complete")

    run(test())


# Lost leases


async def taken(log):
    """Take the stream over, as another worker does."""
    assert await log.log.acquire(STREAM, owner=OWNER, take_over="open") is not None


async def deleted(log):
    await log.log.delete(STREAM)


@pytest.mark.parametrize("how", [taken, deleted])
def test_a_fenced_producer_stops_and_sends_its_subscribers_to_the_log(how):
    async def test():
        log = new_log()
        source = Source(*PAGE)
        chunks = source.aitems()

        async def slowly():
            async for chunk in chunks:
                await asyncio.sleep(1.0)
                yield chunk

        producer = await begin(log, slowly())
        watch = Watch(producer.tail)
        task = asyncio.create_task(producer.run())
        await asyncio.sleep(5.5)
        before = await stored(log)
        await how(log)
        await task
        assert ended(producer) == "fenced"
        assert watch.payloads == before
        assert await stored(log) == (before if how is taken else [])
        assert source.read < len(PAGE)

    run(test())


def test_a_lease_lost_while_idle_is_noticed_at_the_renewal():
    async def test():
        log = new_log()
        source = Stalled("a")
        producer = await begin(log, source.aitems())
        task = asyncio.create_task(producer.run())
        await source.waiting.wait()
        await taken(log)
        await task
        assert asyncio.get_running_loop().time() <= TTL / 3 * 1.1
        assert (ended(producer), source.closed) == ("fenced", 1)

    run(test())


def test_a_lease_lost_at_the_end_is_not_an_error():
    async def test():
        log = new_log()
        log.trouble("finish", 1, error=LeaseLostError())
        failures = []
        producer, watch = await produce(log, Source("a").aitems(), failures=failures)
        verify(watch.payloads)
        assert (ended(producer), failures) == ("fenced", [])

    run(test())


def test_a_lease_that_runs_out_while_the_log_fails_is_lost():
    async def test():
        log = new_log()
        log.trouble("append", 1, error=None)
        log.trouble("append", math.inf)
        source = paced(*PAGE, pause=0.1, end=math.inf)
        producer = await begin(log, source, log_timeout=100.0)
        watch = Watch(producer.tail)
        task = asyncio.create_task(producer.run())
        await asyncio.sleep(TTL + 1)
        log.works()
        await task
        assert (ended(producer), watch.payloads) == ("fenced", await stored(log))
        assert await state(log) == "lost"
        with pytest.raises(StopAsyncIteration):
            await anext(source)

    run(test())


# Cancelled tasks and failing hooks


class Slow(Source):
    """A source that waits before every chunk and before its end."""

    async def aitems(self):
        try:
            for chunk in self.chunks:
                self.read += 1
                await asyncio.sleep(0.4)
                yield chunk
        finally:
            self.leave()
            await asyncio.sleep(0.1)


async def cancelled_at(suspension):
    """Cancel a producer at one of its suspensions; return False if it has fewer."""
    loop = asyncio.get_running_loop()
    log = new_log()
    for call in ("append", "renew", "finish"):
        log.trouble(call, math.inf, error=None, seconds=0.1, turns=1)
    source = Slow(*PAGE[:5])
    producer = await begin(log, source.aitems(), ttl=0.6)
    watch = Watch(producer.tail)
    count = itertools.count(1)
    acted = []

    def suspended():
        if next(count) == suspension and not task.done():
            acted.append(task.cancel())

    count_suspensions(loop, suspended)
    task = loop.create_task(producer.run())
    await asyncio.wait([task])
    loop.set_task_factory(None)
    await asyncio.sleep(0.5)
    assert task.cancelled() == bool(acted)
    assert source.closed == min(1, source.read)
    assert producer.tail.ended
    there = await stored(log)
    assert watch.payloads == there[: len(watch.payloads)]
    verify(there, whole=not acted)
    return bool(acted)


def test_a_producer_can_be_cancelled_at_every_await():
    suspension = 2  # at 1 the source's task runs for the first time, and this one has not
    while run(cancelled_at(suspension)):
        suspension += 1
    assert suspension > 30


@pytest.mark.parametrize("logged", [True, False])
def test_subscribers_of_a_crashed_producer_continue_in_the_log(logged):
    async def test():
        log = new_log()
        log.trouble("append", 1, error=None)
        log.trouble("append", 1 if logged else math.inf, error=OSError("bug") if logged else StoreError("no"))
        producer = await begin(log, paced(*PAGE, pause=0.1, end=math.inf))
        task = asyncio.create_task(producer.run())
        if not logged:
            await asyncio.sleep(2.0)
            task.cancel()
        await asyncio.wait([task])
        assert ended(producer) == ("fenced" if logged else "here")
        if logged:
            with pytest.raises(OSError, match="bug"):
                task.result()

    run(test())


def fails_on(kind):
    def hook(event):
        if isinstance(event, kind):
            raise SourceError("hook")

    return hook


def test_a_hook_that_fails_at_the_start_leaves_no_source_open():
    async def test():
        source = Source(*PAGE)
        iterator = source.aitems()
        with pytest.raises(SourceError, match="hook"):
            await begin(new_log(), iterator, hooks=[fails_on(StreamStarted)])
        await settle()
        assert source.read == 0
        with pytest.raises(StopAsyncIteration):
            await anext(iterator)

    run(test())


def test_a_hook_that_fails_in_the_middle_ends_the_generation():
    async def test():
        log = new_log()
        source = Source(*PAGE)
        _, watch = await produce(log, source.aitems(), hooks=[fails_on(ComponentFinished)])
        assert (codes_of(watch.payloads), reason_of(watch.payloads)) == (["source_failed"], "failed")
        assert (source.closed, await state(log)) == (1, "finished")

    run(test())


def test_a_producer_is_kept_alive_by_its_task_alone():
    async def test():
        log = MemoryEventLog()
        producer = await begin(log, Source("a").aitems())
        assert isinstance(producer, Producer)
        assert not hasattr(producer, "__dict__")
        await producer.run()

    run(test())
