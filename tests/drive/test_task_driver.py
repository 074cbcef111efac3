"""The asynchronous live driver: deadlines, backpressure, cancellation, and every way to an end."""

import asyncio
import gc
import math
import weakref
from contextvars import ContextVar

import pytest

from componentstream.drive import task_driver as tasks
from componentstream.drive.generation import CLOSE_WAIT, MAX_CHARS, MAX_CHUNKS, Generation
from componentstream.drive.task_driver import TaskDriver
from componentstream.session.batching import DeltaBatcher
from componentstream.session.hooks import ErrorReported, StreamFinished
from componentstream.session.session import GenerationSession, Timeouts
from componentstream.sources import SourceDecoder
from tests.drive.kinds import Aclosable, AsyncClosable, ClosingError, Source, SourceError, Stalled
from tests.drive.virtual import run

STILL_CLOSING = f"A source is still closing after {CLOSE_WAIT:g} s."


class Run:
    """A driver over a source, on the running loop, and what it gives to a consumer that reads on."""

    def __init__(
        self,
        source,
        *,
        hook=None,
        generation=None,
        chunk=None,
        send_timeout=math.inf,
        batcher=None,
        decoder=None,
        **options,
    ):
        self.loop = asyncio.get_running_loop()
        self.records = []
        hooks = [self.records.append] if hook is None else [hook, self.records.append]
        session = GenerationSession(timeouts=Timeouts(generation, chunk), hooks=hooks)
        self.generation = Generation(
            session, decoder or SourceDecoder(), batcher, self.loop.time, list, **options
        )
        self.driver = TaskDriver(source, self.generation, send_timeout)
        self.seen = []

    async def read(self):
        while True:
            if self.generation.out:
                self.seen += self.driver.take()
            elif self.driver.finished:
                return self
            else:
                await self.driver.waiting()

    async def whole(self):
        try:
            self.driver.begin()
            await self.read()
        finally:
            await self.driver.leave(told=True)
        self.driver.settle()
        return self

    @property
    def types(self):
        return [event.type for event in self.seen]

    @property
    def ends(self):
        return [record.reason for record in self.records if isinstance(record, StreamFinished)]

    @property
    def task(self):
        (task,) = [task for task in asyncio.all_tasks() if task.get_name() == "componentstream source"]
        return task


def messages(caplog):
    return [record.message for record in caplog.records if record.name == "componentstream"]


async def turns(number=5):
    for _ in range(number):
        await asyncio.sleep(0)


async def paced(*chunks, pause=1.0):
    for chunk in chunks:
        await asyncio.sleep(pause)
        yield chunk


# What comes out


@pytest.mark.parametrize("kind", ["generator", "iterator", "list", "thread"])
def test_a_source_that_ends_well_is_a_whole_stream(kind):
    async def test():
        source = {"iterator": Aclosable}.get(kind, Source)("a", "b")
        iterable = {
            "generator": source.aitems,
            "iterator": lambda: source,
            "list": lambda: ["a", "b"],
            "thread": source.items,
        }[kind]()
        run = await Run(iterable).whole()
        assert (run.types[0], run.types[-1], run.ends) == ("status", "message_stop", ["complete"])
        assert "".join(event.text for event in run.seen if event.type == "content_block_delta") == "ab"
        assert source.closed == (kind != "list")

    run(test(), loop_factory=asyncio.SelectorEventLoop)


def test_what_the_source_raises_is_told_and_then_raised():
    async def test():
        source = Source("a", SourceError("no"))
        run = Run(source.aitems())
        with pytest.raises(SourceError, match="no"):
            await run.whole()
        assert run.types[-3:] == ["error", "content_block_stop", "message_stop"]
        assert (run.ends, source.closed) == (["failed"], 1)

    run(test())


def test_each_chunk_comes_out_in_the_turn_after_it_came_in():
    async def test():
        run = Run(paced("a", "b", "c"))
        run.driver.begin()
        run.driver.take()
        for now, size in ((1.0, 2), (2.0, 1)):
            await run.driver.waiting()
            assert (run.loop.time(), len(run.driver.take())) == (now, size)
        await run.driver.leave(told=True)

    run(test())


def test_in_a_burst_the_consumer_is_woken_once_for_some_turns_of_the_source():
    async def test():
        run = Run(paced("a", "b", "c", "d", "e", "f", "g", "h", pause=0))
        run.driver.begin()
        run.driver.take()
        sizes = []
        while sum(sizes) < 9:
            await run.driver.waiting()
            sizes.append(len(run.driver.take()))
        assert max(sizes) > 1
        assert len(sizes) <= 4
        await run.driver.leave(told=True)

    run(test())


def test_the_source_sees_the_context_of_the_caller():
    name = ContextVar("name", default="")

    async def items():
        yield name.get()

    async def test():
        name.set("mine")
        run = await Run(items()).whole()
        assert run.generation.session.stats.chars == 4

    run(test())


def test_a_fatal_error_of_the_provider_ends_the_reading():
    async def test():
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
        source = Source({"type": "ping"}, error, {"type": "ping"})
        run = await Run(source.aitems()).whole()
        assert (run.types, run.ends) == (["status", "error", "message_stop"], ["failed"])
        assert (source.read, source.closed) == (2, 1)

    run(test())


# Deadlines


def test_a_stalled_source_is_left_at_its_deadline_and_closed():
    async def test():
        source = Stalled("a")
        run = Run(source.aitems(), chunk=0.5)
        run.driver.begin()
        await run.read()
        assert run.loop.time() == pytest.approx(0.5, abs=0.001)
        assert (run.seen[-3].code, run.ends) == ("chunk_timeout", ["timeout"])
        await run.driver.leave(told=True)
        assert (source.ended_by, source.closed) == (asyncio.CancelledError, 1)

    run(test())


def test_a_deadline_is_kept_when_nobody_asks_for_events():
    async def test():
        source = Stalled("a")
        run = Run(source.aitems(), generation=0.5)
        run.driver.begin()
        run.driver.take()
        await asyncio.sleep(0.55)
        assert source.closed == 1
        await run.read()
        assert run.seen[-3].code == "generation_timeout"
        await run.driver.leave(told=True)

    run(test())


def test_a_chunk_that_comes_with_the_deadline_is_in_time():
    async def test():
        run = await Run(paced("a", "b", pause=0.5), chunk=0.5).whole()
        assert run.ends == ["complete"]

    run(test())


def test_a_chunk_that_is_handed_on_at_the_deadline_is_in_time():
    async def relayed():
        queue = asyncio.Queue()
        loop = asyncio.get_running_loop()
        for at, chunk in ((0.5, "a"), (1.0, None)):
            loop.call_at(at, queue.put_nowait, chunk)
        while chunk := await queue.get():
            yield chunk

    async def test():
        run = await Run(relayed(), chunk=0.5).whole()
        assert run.ends == ["complete"]

    run(test())


def test_a_chunk_costs_no_timer(monkeypatch):
    async def test():
        run = Run(paced(*"x" * 50, pause=0.1), chunk=2, generation=100)
        armed = []
        call_later = run.loop.call_later
        monkeypatch.setattr(
            run.loop, "call_later", lambda *call: (armed.append(call[1]), call_later(*call))[1]
        )
        await run.whole()
        # One at the start, and one each time that it fires, 2 s after the last chunk by then.
        assert len([call for call in armed if call == run.driver._timer._fire]) == 3

    run(test())


def test_a_batch_that_must_leave_brings_the_timer_forward():
    async def test():
        run = Run(paced("a", "b", "c", pause=0.01), chunk=15, batcher=DeltaBatcher(max_delay=0.5))
        run.driver.begin()
        run.driver.take()
        await run.driver.waiting()
        run.driver.take()
        await asyncio.sleep(0.015)
        assert run.driver._timer.armed == pytest.approx(0.51)
        await run.read()
        await run.driver.leave(told=True)

    run(test())


def test_held_text_leaves_while_the_source_is_silent():
    async def slow():
        yield "a"
        yield "b"
        await asyncio.sleep(10)

    async def test():
        run = Run(slow(), batcher=DeltaBatcher(max_delay=0.5))
        run.driver.begin()
        run.driver.take()
        await run.driver.waiting()
        assert len(run.driver.take()) == 2
        await run.driver.waiting()
        assert [event.text for event in run.driver.take()] == ["b"]
        assert run.loop.time() == pytest.approx(0.5)
        await run.driver.leave(told=False)

    run(test())


def test_silence_is_broken():
    async def test():
        run = await Run(paced("a", pause=1.1), heartbeat="beat", heartbeat_interval=0.25).whole()
        assert run.seen.count("beat") == 4

    run(test())


# A consumer that lags or goes


def test_the_source_is_not_read_far_ahead_of_the_consumer():
    async def test():
        source = Source(*["x"] * 300)
        run = Run(source.aitems())
        run.driver.begin()
        run.driver.take()
        await turns(200)
        assert source.read == MAX_CHUNKS
        run.driver.take()
        await turns(200)
        assert source.read == 2 * MAX_CHUNKS
        await run.read()
        await run.driver.leave(told=True)
        assert run.generation.session.stats.chars == 300

    run(test())


@pytest.mark.parametrize("chunk", ["x" * MAX_CHARS, b"x" * MAX_CHARS])
def test_a_few_large_chunks_are_not_read_ahead(chunk):
    async def test():
        source = Source(*[chunk] * 3)
        run = Run(source.aitems())
        run.driver.begin()
        run.driver.take()
        await turns(20)
        assert source.read == 1
        await run.driver.leave(told=False)
        assert (source.closed, run.ends) == (1, ["cancelled"])

    run(test())


def test_a_source_is_not_blamed_for_the_time_in_which_it_was_not_read():
    async def eager():
        for _ in range(MAX_CHUNKS):
            yield "x"
        await asyncio.sleep(0.9)
        yield "y"

    async def test():
        run = Run(eager(), chunk=1)
        run.driver.begin()
        run.driver.take()
        await asyncio.sleep(10.5)
        await run.read()
        await run.driver.leave(told=True)
        assert (run.ends, run.loop.time()) == (["complete"], pytest.approx(11.4))

    run(test())


def test_chunks_that_bring_nothing_do_not_keep_the_loop_from_turning():
    async def pings():
        while True:
            yield {"type": "ping"}

    async def test():
        run = Run(pings())
        run.driver.begin()
        run.driver.take()
        await turns(10)
        await run.driver.leave(told=False)
        assert run.ends == ["cancelled"]

    run(test())


def test_a_consumer_that_does_not_come_back_is_given_up(caplog):
    async def test():
        source = Stalled("a")
        run = Run(source.aitems(), send_timeout=20)
        run.driver.begin()
        run.driver.take()
        await asyncio.sleep(19.9)
        assert (source.closed, run.ends) == (0, [])
        await asyncio.sleep(0.2)
        assert (source.closed, run.ends) == (1, ["cancelled"])
        await run.read()
        assert run.seen == []
        await run.driver.leave(told=True)
        run.driver.settle()

    run(test())
    assert messages(caplog) == ["A client took nothing for 20 s; its stream was ended."]


def test_a_consumer_that_waits_is_not_given_up():
    async def test():
        # The deadline of the batch has the timer fire in the turn in which the consumer is woken.
        run = Run(paced("a", "b", pause=30), send_timeout=20, heartbeat="beat", heartbeat_interval=30.0)
        await run.whole()
        assert run.ends == ["complete"]

    run(test())


def test_a_consumer_that_comes_back_in_time_is_not_given_up():
    async def test():
        run = Run(paced(*"abcdef", pause=10), send_timeout=20, chunk=15)
        run.driver.begin()
        while not run.driver.finished:
            run.seen += run.driver.take()
            await asyncio.sleep(15)
            if not run.generation.out and not run.driver.finished:
                await run.driver.waiting()
        await run.driver.leave(told=True)
        assert run.ends == ["complete"]

    run(test())


# Cancellation


def test_leaving_early_cancels_and_closes():
    async def test():
        source = Stalled("a")
        run = Run(source.aitems())
        run.driver.begin()
        await source.waiting.wait()
        await run.driver.leave(told=False)
        assert (source.closed, source.ended_by, run.ends) == (1, asyncio.CancelledError, ["cancelled"])

    run(test())


def test_leaving_before_the_task_has_run_closes_the_source_without_reading_it():
    async def test():
        source = Aclosable("a")
        run = Run(source)
        run.driver.begin()
        await run.driver.leave(told=False)
        assert (source.read, source.closed, run.ends) == (0, 1, ["cancelled"])

    run(test())


def test_a_task_that_somebody_cancels_before_it_has_run_leaves_no_open_source():
    async def test():
        source = Aclosable("a")
        run = Run(source)
        run.driver.begin()
        run.task.cancel()
        await run.read()
        assert run.types == ["status", "message_stop"]
        await run.driver.leave(told=True)
        assert (source.read, source.closed, run.ends) == (0, 1, ["cancelled"])

    run(test())


def test_a_task_that_somebody_cancels_ends_the_stream():
    async def test():
        source = Stalled("a")
        run = Run(source.aitems())
        run.driver.begin()
        await source.waiting.wait()
        run.task.cancel()
        await run.read()
        await run.driver.leave(told=True)
        run.driver.settle()
        assert (run.types[-1], run.ends, source.closed) == ("message_stop", ["cancelled"], 1)

    run(test())


def test_a_task_that_somebody_cancels_while_it_closes_is_over():
    async def test():
        source = Source("a")

        async def slow():
            try:
                yield "a"
            finally:
                source.leave()
                await asyncio.sleep(100)

        run = Run(Wrapped(slow()))
        run.driver.begin()
        run.driver.take()
        await turns()
        run.driver._finish()
        await turns()
        run.task.cancel()
        await run.driver.leave(told=True)
        assert source.closed == 1

    run(test())


class Wrapped:
    """An iterator over a generator, which its own `aclose` closes."""

    def __init__(self, items):
        self.items = items

    def __aiter__(self):
        return self

    async def __anext__(self):
        chunk = await anext(self.items)
        await asyncio.sleep(1)
        return chunk

    async def aclose(self):
        await self.items.aclose()


class SlowToClose(AsyncClosable):
    async def close(self):
        await asyncio.sleep(10)
        self.leave()


def test_the_last_events_do_not_wait_for_a_slow_close(caplog):
    async def test():
        source = SlowToClose("a")
        run = Run(source)
        run.driver.begin()
        await run.read()
        assert (run.types[-1], run.loop.time()) == ("message_stop", 0)
        await run.driver.leave(told=True)
        assert run.loop.time() == pytest.approx(CLOSE_WAIT)
        run.driver.settle()
        task = weakref.ref(run.task)
        del run
        gc.collect()
        assert (source.closed, len(tasks._CLOSING)) == (0, 1)
        await asyncio.sleep(10)
        assert source.closed == 1
        assert (len(tasks._CLOSING), task()) == (0, None)

    run(test())
    assert messages(caplog) == [STILL_CLOSING]


def test_a_second_cancellation_ends_the_waiting_but_not_the_closing():
    async def test():
        source = SlowToClose("a")
        run = Run(source)
        run.driver.begin()
        leaving = asyncio.create_task(run.driver.leave(told=False))
        await turns(1)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert run.loop.time() == 0
        await asyncio.sleep(11)
        assert source.closed == 1

    run(test())


def test_a_source_that_ignores_its_cancellation_is_closed_at_its_next_chunk():
    async def test():
        source = Source()

        async def stubborn():
            try:
                yield "a"
                for _ in range(2):
                    try:
                        await asyncio.sleep(0.5)
                    except asyncio.CancelledError:
                        await asyncio.sleep(0.2)
                    yield "b"
            finally:
                source.leave()

        run = Run(stubborn(), chunk=0.4)
        run.driver.begin()
        await run.read()
        await run.driver.leave(told=True)
        assert (source.closed, run.ends, run.generation.session.stats.chars) == (1, ["timeout"], 1)
        assert run.loop.time() == pytest.approx(0.6)

    run(test())


# Failures of those around


def test_a_failed_close_after_a_good_end_is_raised_when_all_is_told():
    async def test():
        run = Run(AsyncClosable("a", on_close=ClosingError("no")))
        with pytest.raises(ClosingError, match="no"):
            await run.whole()
        assert (run.types[-1], run.ends) == ("message_stop", ["complete"])

    run(test())


def test_a_failed_close_after_the_source_raised_is_noted():
    async def test():
        run = Run(AsyncClosable("a", SourceError("no"), on_close=ClosingError("no")))
        with pytest.raises(SourceError) as raised:
            await run.whole()
        assert raised.value.__notes__ == ["Closing the source failed too: ClosingError('no')"]

    run(test())


def test_a_failed_close_after_the_stream_was_left_is_logged(caplog):
    async def test():
        run = Run(AsyncClosable(*"x" * 200, on_close=ClosingError("no")))
        run.driver.begin()
        await turns()
        await run.driver.leave(told=False)

    run(test())
    assert messages(caplog) == ["Closing a source failed."]


def test_a_close_that_fails_when_everybody_has_gone_is_logged(caplog):
    class Slow(SlowToClose):
        async def close(self):
            await asyncio.sleep(10)
            raise ClosingError

    async def test():
        run = await Run(Slow("a")).whole()
        assert run.ends == ["complete"]
        await asyncio.sleep(10)

    run(test())
    assert messages(caplog) == [STILL_CLOSING, "Closing a source failed."]


def test_what_a_source_raises_because_it_is_cancelled_is_logged(caplog):
    async def touchy():
        try:
            yield "a"
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            raise SourceError from None

    async def test():
        run = await Run(touchy(), chunk=1).whole()
        assert run.ends == ["timeout"]

    run(test())
    assert messages(caplog) == ["A source failed while it was being closed."]


def test_a_failure_that_nobody_is_there_to_be_told_is_logged(caplog):
    async def test():
        source = Source("a", SourceError("no"))
        run = Run(source.aitems())
        run.driver.begin()
        await run.read()
        await run.driver.leave(told=False)

    run(test())
    assert messages(caplog) == ["The source of a stream failed."]


def fails_on(kind, error):
    def hook(record):
        if isinstance(record, kind):
            raise error

    return hook


def test_a_hook_that_raises_at_a_deadline_is_raised_and_the_source_closed():
    async def test():
        source = Stalled("a")
        run = Run(source.aitems(), chunk=1, hook=fails_on(ErrorReported, ClosingError("hook")))
        with pytest.raises(ClosingError, match="hook"):
            await run.whole()
        assert source.closed == 1

    run(test())


def test_a_hook_that_raises_at_the_end_as_well_is_logged(caplog):
    async def test():
        source = Source("a", SourceError("no"))
        run = Run(source.aitems(), hook=fails_on(ErrorReported, ClosingError("hook")))
        with pytest.raises(SourceError, match="no"):
            await run.whole()
        assert source.closed == 1

    run(test())
    assert messages(caplog) == ["A hook failed at the end of a stream."]


def test_a_hook_that_raises_at_a_cancellation_from_outside_is_raised():
    async def test():
        source = Stalled("a")
        run = Run(source.aitems(), hook=fails_on(StreamFinished, ClosingError("hook")))
        run.driver.begin()
        await source.waiting.wait()
        run.task.cancel()
        await run.read()
        await run.driver.leave(told=True)
        with pytest.raises(ClosingError, match="hook"):
            run.driver.settle()
        assert source.closed == 1

    run(test())


def test_a_hook_that_raises_as_the_consumer_leaves_does_not_keep_the_source_open():
    async def test():
        source = Stalled("a")
        run = Run(source.aitems(), hook=fails_on(StreamFinished, ClosingError("hook")))
        run.driver.begin()
        await source.waiting.wait()
        with pytest.raises(ClosingError, match="hook"):
            await run.driver.leave(told=False)
        assert source.closed == 1

    run(test())


# Stopped from outside


@pytest.mark.parametrize("how", ["cancel", "fail"])
def test_a_driver_that_is_stopped_gives_what_is_left_and_closes_its_source(how):
    async def test():
        source = Stalled("a", "b")
        run = Run(source.aitems())
        ways = {
            "cancel": (run.generation.cancel, "cancelled"),
            "fail": (lambda: run.generation.fail("stopping", "No more."), "failed"),
        }
        stop, reason = ways[how]
        run.driver.begin()
        reading = asyncio.create_task(run.read())
        await source.waiting.wait()
        await turns()
        assert not run.driver.finished
        run.driver.stop(stop)
        assert run.driver.finished
        await reading
        assert (run.ends, run.seen[-1].reason, source.closed) == ([reason], reason, 0)
        await turns()
        assert (source.ended_by, source.closed) == (asyncio.CancelledError, 1)
        run.driver.stop(stop)
        await run.driver.leave(told=True)
        run.driver.settle()
        assert (run.ends, source.closed, run.generation.out) == ([reason], 1, [])

    run(test())


def test_a_driver_that_is_stopped_before_its_task_ran_closes_the_source_unread():
    async def test():
        source = Aclosable("a")
        run = Run(source)
        run.driver.begin()
        run.driver.stop(run.generation.cancel)
        await run.read()
        assert run.types == ["status", "message_stop"]
        await run.driver.leave(told=True)
        assert (source.read, source.closed) == (0, 1)

    run(test())


def test_a_driver_that_is_stopped_while_it_waits_for_its_consumer_closes_the_source():
    async def test():
        source = Source(*"x" * 300)
        run = Run(source.aitems())
        run.driver.begin()
        run.driver.take()
        await turns(200)
        assert source.read == MAX_CHUNKS
        run.driver.stop(run.generation.cancel)
        await turns()
        assert (source.read, source.closed) == (MAX_CHUNKS, 1)
        await run.read()
        assert run.ends == ["cancelled"]
        await run.driver.leave(told=True)

    run(test())


def test_a_driver_that_has_come_to_its_end_cannot_be_stopped():
    async def test():
        run = await Run(Source("a").aitems()).whole()
        run.driver.stop(run.generation.cancel)
        assert (run.ends, run.generation.out) == (["complete"], [])

    run(test())


def test_a_hook_that_raises_at_the_stop_is_raised_at_the_end():
    async def test():
        source = Stalled("a")
        run = Run(source.aitems(), hook=fails_on(StreamFinished, ClosingError("hook")))
        run.driver.begin()
        await source.waiting.wait()
        run.driver.stop(run.generation.cancel)
        await run.read()
        await run.driver.leave(told=True)
        with pytest.raises(ClosingError, match="hook"):
            run.driver.settle()
        assert source.closed == 1

    run(test())


def test_an_interrupt_in_the_source_stops_the_loop():
    source = Source()

    async def interrupted():
        try:
            yield "a"
            raise KeyboardInterrupt
        finally:
            source.leave()

    async def test():
        await Run(interrupted()).whole()

    with pytest.raises(KeyboardInterrupt):
        run(test())
    assert source.closed == 1


def test_a_source_and_the_iterator_that_it_makes_are_both_closed_the_iterator_first():
    closed = []

    class Chunks:
        def __aiter__(self):
            return self

        async def __anext__(self):
            raise StopAsyncIteration

        async def aclose(self):
            closed.append("iterator")

    class Making:
        def __aiter__(self):
            return Chunks()

        async def aclose(self):
            closed.append("source")

    async def scenario():
        await Run(Making()).whole()

    run(scenario())
    assert closed == ["iterator", "source"]


@pytest.mark.parametrize("kind", ["coroutine", "task"])
def test_an_awaitable_that_was_never_awaited_is_closed(kind):
    async def opened():
        await asyncio.sleep(1000)

    async def test():
        source = opened() if kind == "coroutine" else asyncio.create_task(opened())
        run = Run(source)
        run.driver.begin()
        await run.driver.leave(told=True)
        run.driver.settle()
        await turns()
        assert source.cancelled() if kind == "task" else source.cr_frame is None

    run(test())


def test_an_awaitable_that_stalls_is_left_at_the_deadline():
    async def opened():
        await asyncio.sleep(1000)

    async def test():
        run = await Run(opened(), chunk=3.0).whole()
        assert (run.loop.time(), run.ends) == (3.0, ["timeout"])

    run(test())


def test_an_awaitable_that_raises_is_a_source_that_failed():
    async def opened():
        raise SourceError("no")

    async def test():
        run = Run(opened())
        with pytest.raises(SourceError, match="no"):
            await run.whole()
        assert run.ends == ["failed"]

    run(test())
