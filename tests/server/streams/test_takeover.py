"""A stream whose producer cannot end it is ended once and well-formed, in spite of all failures."""

import asyncio
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.drive.generation import Generation
from componentstream.log import LeaseLostError, MemoryEventLog, SQLiteEventLog, StoreError
from componentstream.server.streams import takeover as endings
from componentstream.server.streams.payloads import renderer
from componentstream.server.streams.takeover import PRODUCER_LOST
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession, Timeouts
from componentstream.sources import SourceDecoder
from componentstream.testing import strategies
from tests.drive.kinds import Stalled
from tests.server.failing_log import FailingLog
from tests.server.stream_helpers import (
    OWNER,
    PAGE,
    REAL_TIMEOUT,
    STREAM,
    Watch,
    begin,
    codes_of,
    events_of,
    new_log,
    paced,
    reason_of,
    run,
    state,
    stored,
    types_of,
    verify,
)
from tests.shorthand import WITHOUT_BLOCK

TTL = 1.0
ENDERS_TTL = 10.0


async def finish_abandoned(log, stream, owner):
    return await endings.finish_abandoned(log, stream, owner, ENDERS_TTL)


async def end_cancelled(log, stream, owner):
    return await endings.end_cancelled(log, stream, owner, ENDERS_TTL)


def batches_of(chunks, *, limits=Limits(), grammar=Grammar(), batcher=None, debug=False):
    """Return the batches that a producer would append for an answer."""
    now = iter(range(10**6))
    session = GenerationSession(parser=ComponentParser(grammar, limits), timeouts=Timeouts(None, None))
    generation = Generation(
        session, SourceDecoder(), batcher, lambda: float(next(now)), renderer(session, debug=debug)
    )
    generation.start()
    batches = [generation.take()]
    for chunk in chunks:
        if not generation.ended:
            generation.chunk(chunk)
            generation.tick()
            batches.append(generation.take())
    if not generation.ended:
        generation.source_ended()
        batches.append(generation.take())
    return [batch for batch in batches if batch]


async def leave(log, batches, *, stream=STREAM, lost=True):
    """Write batches like a producer that then dies."""
    lease = await log.acquire(stream, owner=OWNER, ttl=TTL)
    last = 0
    for batch in batches:
        await log.append(lease, last + 1, batch)
        last += len(batch)
    if lost:
        await asyncio.sleep(TTL)
        assert await state(log, stream) == "lost"
    return lease


# The ending


@settings(deadline=None, max_examples=40)
@given(
    strategies.grammars(),
    strategies.limits(),
    st.booleans(),
    st.sampled_from([finish_abandoned, end_cancelled]),
    st.data(),
)
def test_every_prefix_of_a_stream_gets_a_matching_ending(grammar, limits, batched, end, data):
    chunks = data.draw(strategies.chunked(strategies.documents(grammar=grammar), grammar=grammar))
    batcher = DeltaBatcher(max_delay=2.5) if batched else None
    batches = batches_of(chunks, limits=limits, grammar=grammar, batcher=batcher, debug=batched)
    prefixes = data.draw(st.sets(st.integers(0, len(batches)), min_size=1, max_size=4))

    async def test():
        log = MemoryEventLog()
        for prefix in prefixes | {len(batches)}:
            stream = f"s-{prefix}"
            await leave(log, batches[:prefix], stream=stream)
            assert await end(log, stream, OWNER)
            payloads = await stored(log, stream)
            written = [payload for batch in batches[:prefix] for payload in batch]
            assert payloads[: len(written)] == written
            verify(payloads)
            assert await state(log, stream) == "finished"
            if prefix == len(batches):
                assert payloads == written

    run(test(), debug=False)


@pytest.mark.parametrize("limits", [Limits(), Limits(max_component_chars=3)], ids=["usual", "too large"])
def test_a_stream_may_be_lost_after_every_batch(limits):
    batches = batches_of([*PAGE[:10], "aa\n", *PAGE[10:]], limits=limits)

    async def test():
        log = MemoryEventLog()
        for prefix in range(len(batches)):
            stream = f"s-{prefix}"
            await leave(log, batches[:prefix], stream=stream)
            assert await finish_abandoned(log, stream, OWNER)
            payloads = await stored(log, stream)
            verify(payloads)
            assert (codes_of(payloads)[-1], reason_of(payloads)) == ("producer_lost", "failed")

    run(test())


def test_the_ending_has_the_error_and_stops_all_open_blocks():
    async def test():
        log = MemoryEventLog()
        batches = batches_of(["/// START A\nab\n/// START B\n", "cd\n", "/// START C\n", "/// END C\n"])
        await leave(log, batches[:-1])
        assert await finish_abandoned(log, STREAM, OWNER)
        ending = (await stored(log))[-4:]
        assert events_of(ending)[0] == PRODUCER_LOST
        assert (PRODUCER_LOST.fatal, PRODUCER_LOST.retryable) == (True, True)
        assert ending[1:] == [
            b'{"type":"content_block_stop","index":1,"reason":"aborted","chars":3,"trimmed":0}',
            b'{"type":"content_block_stop","index":0,"reason":"aborted","chars":3,"trimmed":0}',
            b'{"type":"message_stop","reason":"failed","stats":{}}',
        ]

    run(test())


def test_a_component_that_was_too_large_counts_as_trimmed():
    async def test():
        log = MemoryEventLog()
        batches = batches_of(["/// START A\n", "abc", "def"], limits=Limits(max_component_chars=3))
        await leave(log, batches[:-1])
        assert await finish_abandoned(log, STREAM, OWNER)
        (stop,) = [event for event in events_of(await stored(log)) if event.type == "content_block_stop"]
        assert (stop.chars, stop.trimmed) == (3, 1)

    run(test())


def test_a_cancelled_stream_ends_without_an_error():
    async def test():
        log = MemoryEventLog()
        await leave(log, batches_of(["/// START A\nab\n"])[:-1])
        assert await end_cancelled(log, STREAM, OWNER)
        payloads = await stored(log)
        assert types_of(payloads)[-2:] == ["content_block_stop", "message_stop"]
        assert (codes_of(payloads), reason_of(payloads)) == ([], "cancelled")
        verify(payloads)

    run(test())


@pytest.mark.parametrize("end", [finish_abandoned, end_cancelled])
def test_an_empty_stream_is_ended_too(end):
    async def test():
        log = MemoryEventLog()
        await leave(log, [])
        assert await end(log, STREAM, OWNER)
        verify(await stored(log))
        assert await state(log) == "finished"

    run(test())


@pytest.mark.parametrize("end", [finish_abandoned, end_cancelled])
def test_a_stream_that_has_its_last_event_is_only_finished(end):
    async def test():
        log = MemoryEventLog()
        batches = batches_of(PAGE)
        await leave(log, batches)
        assert await end(log, STREAM, OWNER)
        assert await stored(log) == [payload for batch in batches for payload in batch]
        assert await state(log) == "finished"

    run(test())


def test_a_stream_whose_beginning_was_trimmed_is_ended_by_its_known_blocks():
    async def test():
        log = MemoryEventLog(max_entries=3)
        chunks = ["/// START A\n", "a\n", "b\n", "/// START B\n", "c\n", "d\n"]
        await leave(log, batches_of(chunks)[:-1])
        assert await finish_abandoned(log, STREAM, OWNER)
        status = await log.status(STREAM)
        assert (status.state, status.first > 1) == ("finished", True)
        logged = [entry async for page in log.read(STREAM, status.first - 1) for entry in page]
        assert types_of([entry.payload for entry in logged])[-3:] == [
            "error", "content_block_stop", "message_stop",
        ]  # fmt: skip

    run(test())


def test_a_stream_of_many_pages_is_replayed_completely():
    async def test():
        log = MemoryEventLog()
        await leave(log, batches_of(["/// START A\n", *"x" * 1000])[:-1])
        assert await finish_abandoned(log, STREAM, OWNER)
        payloads = await stored(log)
        verify(payloads)
        assert b'"chars":1000,' in payloads[-2]

    run(test())


# Eligible streams


@pytest.mark.parametrize("end", [finish_abandoned, end_cancelled])
def test_a_stream_of_another_owner_is_not_ended(end):
    async def test():
        log = MemoryEventLog()
        await leave(log, batches_of(PAGE[:3])[:2])
        before = await stored(log)
        assert not await end(log, STREAM, f"{OWNER}x")
        assert (await stored(log), await state(log)) == (before, "lost")

    run(test())


@pytest.mark.parametrize("end", [finish_abandoned, end_cancelled])
def test_a_finished_stream_is_not_changed(end):
    async def test():
        log = MemoryEventLog()
        batches = batches_of(PAGE)
        await log.finish(await leave(log, batches, lost=False))
        assert not await end(log, STREAM, OWNER)
        assert await stored(log) == [payload for batch in batches for payload in batch]

    run(test())


@pytest.mark.parametrize("end", [finish_abandoned, end_cancelled])
def test_an_unknown_stream_is_not_created(end):
    async def test():
        log = MemoryEventLog()
        assert not await end(log, STREAM, OWNER)
        assert await log.status(STREAM) is None

    run(test())


def test_a_stream_with_a_live_producer_is_not_finished():
    async def test():
        log = MemoryEventLog()
        batches = batches_of(PAGE)
        lease = await leave(log, batches[:2], lost=False)
        before = await stored(log)
        assert not await finish_abandoned(log, STREAM, OWNER)
        assert await stored(log) == before
        await log.append(lease, len(before) + 1, batches[2])

    run(test())


@pytest.mark.parametrize("pause", [0.0, 0.5])
def test_cancelling_a_stream_fences_its_live_producer(pause):
    async def test():
        log = new_log()
        log.trouble("append", math.inf, error=None, seconds=0.1)
        source = Stalled(*PAGE[:9]) if not pause else None
        producer = await begin(log, paced(*PAGE, pause=pause) if pause else source.aitems())
        watch = Watch(producer.tail)
        task = asyncio.create_task(producer.run())
        await asyncio.sleep(2.25)
        assert await end_cancelled(log.log, STREAM, OWNER)
        ended = await stored(log)
        await task
        assert await stored(log) == ended
        verify(ended)
        assert (reason_of(ended), await state(log)) == ("cancelled", "finished")
        assert producer.tail.fenced
        assert watch.payloads == ended[: len(watch.payloads)]
        assert asyncio.get_running_loop().time() < 2.25 + 4

    run(test())


# Concurrent takeovers and store failures


async def end_at_once(log, streams):
    """End each stream twenty times concurrently; return how often each call succeeded."""
    results = await asyncio.gather(
        *(
            (finish_abandoned if number % 2 else end_cancelled)(log, stream, OWNER)
            for stream in streams
            for number in range(20)
        )
    )
    return [sum(results[place : place + 20]) for place in range(0, len(results), 20)]


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.tuples(st.sampled_from(["acquire", "append", "finish", "status", "read"]), st.integers(0, 5)))
)
def test_one_of_many_concurrent_takeovers_ends_a_stream(paces):
    async def test():
        log = new_log()
        await leave(log, batches_of(PAGE)[:6])
        for call, turns in paces:
            log.trouble(call, 3, error=None, turns=turns)
        results = await asyncio.gather(*(finish_abandoned(log, STREAM, OWNER) for _ in range(20)))
        assert sorted(results) == [False] * 19 + [True]
        verify(await stored(log))
        assert await state(log) == "finished"

    run(test(), debug=False)


def test_one_of_many_concurrent_takeovers_ends_each_stream_in_a_file(tmp_path):
    async def test():
        logs = [SQLiteEventLog(tmp_path / "log.db", call_timeout=REAL_TIMEOUT) for _ in range(2)]
        try:
            streams = [f"s-{number}" for number in range(4)]
            batches = batches_of(PAGE)
            leases = [await logs[0].acquire(stream, owner=OWNER, ttl=0.05) for stream in streams]
            for place, lease in enumerate(leases):
                await logs[0].append(
                    lease, 1, [payload for batch in batches[: place + 2] for payload in batch]
                )
            await asyncio.sleep(0.1)
            counts = await asyncio.gather(*(end_at_once(log, streams) for log in logs))
            # A cancellation may take a stream from a takeover, which then reports False.
            assert all(sum(pair) == 1 for pair in zip(*counts, strict=True))
            for stream in streams:
                verify(await stored(logs[1], stream))
                assert await state(logs[1], stream) == "finished"
        finally:
            for log in logs:
                await log.aclose()

    asyncio.run(test())


async def end_in_the_end(log, end):
    """Retry until the stream is finished; return the number of failed attempts."""
    failures = 0
    while await state(log.log) != "finished":
        try:
            await end(log, STREAM, OWNER)
        except StoreError:
            failures += 1
        await asyncio.sleep(1)
    return failures


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("gets_through", [False, True])
@pytest.mark.parametrize("call", ["status", "acquire", "read", "append", "finish"])
def test_a_store_failure_during_the_takeover_does_not_double_the_ending(call, gets_through, times):
    async def test():
        log = new_log()
        await leave(log, batches_of(PAGE)[:11])
        log.trouble(call, times, gets_through=gets_through)
        failures = await end_in_the_end(log, finish_abandoned)
        done_by_the_first = gets_through and call in {"read", "append", "finish"}
        assert failures == (call != "read" if done_by_the_first else times)
        payloads = await stored(log.log)
        verify(payloads)
        assert codes_of(payloads) == ["producer_lost"]
        # A failed attempt holds the lease for its TTL, like a producer.
        assert asyncio.get_running_loop().time() <= TTL + times * (ENDERS_TTL + 1) + 1

    run(test())


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(["acquire", "append", "finish", "status", "read"]), st.booleans()),
        max_size=9,
    ),
    st.sampled_from([finish_abandoned, end_cancelled]),
)
def test_there_is_one_ending_whatever_fails(troubles, end):
    async def test():
        log = new_log()
        await leave(log, batches_of(PAGE)[:11])
        for call, gets_through in troubles:
            log.trouble(call, 1, gets_through=gets_through)
            log.trouble(call, 1, error=None)
        await end_in_the_end(log, end)
        verify(await stored(log.log))

    run(test(), debug=False)


@pytest.mark.parametrize("call", ["append", "finish"])
def test_a_takeover_that_is_fenced_in_turn_gives_up(call):
    async def test():
        log = new_log()
        await leave(log, batches_of(PAGE)[:4])
        log.trouble(call, 1, error=LeaseLostError())
        assert not await finish_abandoned(log, STREAM, OWNER)

    run(test())


def test_a_stream_deleted_during_the_takeover_stays_deleted():
    async def test():
        log = new_log()
        await leave(log, batches_of(PAGE)[:4])
        log.trouble("read", 1, error=None, turns=3)
        ending = asyncio.create_task(finish_abandoned(log, STREAM, OWNER))
        await asyncio.sleep(0)
        await log.log.delete(STREAM)
        assert not await ending
        assert await state(log) is None

    run(test())


def test_the_failing_log_behaves_like_a_log_while_nothing_fails():
    async def test():
        log = FailingLog(MemoryEventLog())
        await leave(log, batches_of(PAGE)[:4])
        await log.delete(STREAM)
        assert await stored(log) == []
        await log.aclose()

    run(test())


def test_an_event_of_an_unknown_type_is_skipped():
    async def test():
        log = MemoryEventLog()
        await leave(log, [*batches_of(PAGE)[:3], [b'{"type":"of_another_version"}']])
        assert await finish_abandoned(log, STREAM, OWNER)
        assert await state(log) == "finished"

    run(test())


def test_events_outside_blocks_do_not_prevent_the_ending():
    async def test():
        log = MemoryEventLog()
        others = [json.dumps(event.to_dict()).encode() for event in WITHOUT_BLOCK]
        await leave(log, [*batches_of(PAGE)[:3], others])
        assert await finish_abandoned(log, STREAM, OWNER)
        assert await state(log) == "finished"

    run(test())


def test_a_damaged_entry_does_not_prevent_the_ending():
    async def scenario():
        log = new_log()
        batches = batches_of(["/// START A\nx\n"])[:2]
        await leave(log, [*batches, [b"{", b'{"type":"content_block_delta"}']])
        assert await finish_abandoned(log, STREAM, OWNER)
        return (await stored(log))[-3:]

    ending = run(scenario())
    assert [json.loads(payload)["type"] for payload in ending] == [
        "error",
        "content_block_stop",
        "message_stop",
    ]
