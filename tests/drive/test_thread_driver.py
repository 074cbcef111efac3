"""The plain live driver: what is fed, what is waited for, and every way to an end."""

import logging
import math
import threading
import time

import pytest

from componentstream.core.errors import UsageError
from componentstream.drive import thread_driver as threads
from componentstream.drive.generation import MAX_CHUNKS, Generation
from componentstream.drive.source_thread import LEFT_BEHIND
from componentstream.drive.thread_driver import ThreadDriver
from componentstream.session.hooks import ErrorReported, StreamFinished, StreamStarted
from componentstream.session.session import GenerationSession, Timeouts
from componentstream.sources import SourceDecoder
from tests.drive.kinds import LONG, Closable, ClosingError, Source, SourceError, gone, soon
from tests.timing import MS


class Run:
    """A driver over a source, and what it gives to a consumer that reads on."""

    def __init__(self, source, *, hook=None, generation=None, chunk=None, send_timeout=math.inf, **options):
        self.records = []
        hooks = [self.records.append] if hook is None else [hook, self.records.append]
        session = GenerationSession(timeouts=Timeouts(generation, chunk), hooks=hooks)
        self.generation = Generation(session, SourceDecoder(), None, time.monotonic, list, **options)
        self.driver = ThreadDriver(source, self.generation, send_timeout)
        self.seen = []

    def read(self):
        while True:
            if self.generation.out:
                self.seen += self.generation.take()
            elif self.driver.finished:
                return self
            else:
                self.driver.step()

    def whole(self):
        try:
            self.driver.begin()
            self.read()
        finally:
            self.driver.leave(told=True)
        self.driver.settle()
        return self

    @property
    def types(self):
        return [event.type for event in self.seen]

    @property
    def ends(self):
        return [record.reason for record in self.records if isinstance(record, StreamFinished)]


def messages(caplog):
    return [record.message for record in caplog.records]


class Blocking(Closable):
    """Blocks in `next` after its chunks, until it is closed."""

    def __init__(self, *chunks, on_close=None):
        super().__init__(*chunks, on_close=on_close)
        self.freed = threading.Event()

    def __next__(self):
        for chunk in self.iterator:
            return chunk
        assert self.freed.wait(LONG)
        raise StopIteration

    def close(self):
        self.freed.set()
        self.leave()


class Stuck(Source):
    """A generator that blocks after its chunks, until it is freed."""

    def __init__(self, *chunks):
        super().__init__(*chunks)
        self.freed = threading.Event()

    def items(self):
        try:
            yield from self.chunks
            assert self.freed.wait(LONG)
        finally:
            self.leave()


def test_a_source_that_ends_well_is_a_whole_stream():
    source = Source("a", "b")
    run = Run(source.items()).whole()
    assert (run.types[0], run.types[-1], run.ends) == ("status", "message_stop", ["complete"])
    assert "".join(event.text for event in run.seen if event.type == "content_block_delta") == "ab"
    assert source.closed == 1
    assert gone()


def test_what_the_source_raises_is_told_and_then_raised():
    source = Source("a", SourceError("no"))
    run = Run(source.items())
    with pytest.raises(SourceError, match="no"):
        run.whole()
    assert run.types[-3:] == ["error", "content_block_stop", "message_stop"]
    assert (run.ends, source.closed) == (["failed"], 1)


def test_what_the_decoder_refuses_is_told_and_then_raised():
    source = Source("a", 7)
    run = Run(source.items())
    with pytest.raises(UsageError):
        run.whole()
    assert run.types[-1] == "message_stop"
    assert (run.ends, source.closed) == (["failed"], 1)


def test_a_stalled_source_is_left_at_its_deadline_and_closed_from_outside():
    source = Blocking("a")
    run = Run(source, chunk=50 * MS)
    begun = time.monotonic()
    run.whole()
    assert 50 * MS <= time.monotonic() - begun < LONG
    assert run.seen[-3].code == "chunk_timeout"
    assert (run.ends, source.closed) == (["timeout"], 1)
    assert gone()


def test_the_last_events_do_not_wait_for_a_source_that_does_not_come_back(caplog, monkeypatch):
    monkeypatch.setattr(threads, "CLOSE_WAIT", LONG)
    source = Stuck("a")
    run = Run(source.items(), chunk=50 * MS)
    run.driver.begin()
    begun = time.monotonic()
    run.read()
    assert time.monotonic() - begun < LONG
    assert run.ends == ["timeout"]
    monkeypatch.setattr(threads, "CLOSE_WAIT", 100 * MS)
    left = time.monotonic()
    run.driver.leave(told=True)
    assert time.monotonic() - left >= 100 * MS
    assert messages(caplog) == [LEFT_BEHIND]
    source.freed.set()
    assert gone()
    assert source.closed == 1


def test_leaving_early_feeds_what_had_come_and_cancels():
    source = Source("a", "b", "c")
    run = Run(source.items())
    run.driver.begin()
    assert soon(lambda: source.closed)
    run.driver.leave(told=False)
    assert run.generation.session.stats.chars == 3
    assert (run.ends, source.closed) == (["cancelled"], 1)
    assert run.driver.finished
    assert gone()


def test_leaving_before_the_beginning_closes_the_source():
    source = Closable("a")
    run = Run(source)
    run.driver.leave(told=False)
    assert (source.read, source.closed, run.ends) == (0, 1, ["cancelled"])


def test_leaving_early_logs_what_the_decoder_refuses_and_what_closing_raises(caplog):
    source = Closable("a", 7, on_close=ClosingError("no"))
    run = Run(source)
    run.driver.begin()
    assert soon(lambda: source.closed)
    run.driver.leave(told=False)
    assert run.ends == ["failed"]
    assert messages(caplog) == ["The source of a stream failed."]
    assert caplog.records[0].exc_info[1].__notes__ == ["Closing the source failed too: ClosingError('no')"]


def test_leaving_early_logs_what_the_source_has_raised(caplog):
    source = Source("a", SourceError("no"))
    run = Run(source.items())
    run.driver.begin()
    assert soon(lambda: source.closed)
    run.driver.leave(told=False)
    assert run.ends == ["cancelled"]
    assert messages(caplog) == ["The source of a stream failed."]


def test_a_failed_close_after_a_good_end_is_raised_when_all_is_told():
    run = Run(Closable("a", on_close=ClosingError("no")))
    with pytest.raises(ClosingError, match="no"):
        run.whole()
    assert (run.types[-1], run.ends) == ("message_stop", ["complete"])


def test_a_failed_close_after_the_source_raised_is_noted():
    run = Run(Closable("a", SourceError("no"), on_close=ClosingError("no")))
    with pytest.raises(SourceError) as raised:
        run.whole()
    assert raised.value.__notes__ == ["Closing the source failed too: ClosingError('no')"]


def test_a_failed_close_after_the_stream_was_left_is_logged(caplog):
    source = Source(*"x" * 200, on_close=ClosingError("no"))
    run = Run(source.items())
    run.driver.begin()
    assert soon(lambda: source.read > MAX_CHUNKS)
    run.driver.leave(told=False)
    assert run.ends == ["cancelled"]
    assert messages(caplog) == ["Closing a source failed."]


def test_a_consumer_that_does_not_come_back_is_given_up(caplog):
    source = Source(*"x" * 200)
    run = Run(source.items(), send_timeout=50 * MS)
    run.driver.begin()
    assert [event.type for event in run.generation.take()] == ["status"]
    assert soon(lambda: source.closed)
    run.read()
    run.driver.leave(told=True)
    run.driver.settle()
    assert (run.seen, run.ends) == ([], ["cancelled"])
    assert messages(caplog) == [f"A client took nothing for {50 * MS:g} s; its stream was ended."]


def test_silence_is_broken():
    class Clock:
        """Advances while the driver waits, and at no other time."""

        now = 0.0

        def wait(self, seconds):
            self.now += seconds

    clock = Clock()
    run = Run(Blocking("a"), chunk=12.0, heartbeat="beat", heartbeat_interval=5.0)
    run.generation.clock = lambda: clock.now
    run.driver._changed.wait = clock.wait
    run.driver.begin()
    assert soon(lambda: run.driver._thread._chunks)
    run.read()
    run.driver.leave(told=True)
    assert (run.seen.count("beat"), run.ends) == (2, ["timeout"])


def test_a_hook_that_raises_is_raised_and_the_source_closed():
    def hook(record):
        if isinstance(record, StreamStarted):
            raise SourceError("hook")

    source = Closable("a")
    run = Run(source, hook=hook)
    with pytest.raises(SourceError, match="hook"):
        run.whole()
    assert (source.closed, run.ends) == (1, ["cancelled"])


def test_a_hook_that_raises_at_the_end_as_well_is_logged(caplog):
    def hook(record):
        if isinstance(record, ErrorReported):
            raise ClosingError("hook")

    source = Source("a", SourceError("no"))
    run = Run(source.items(), hook=hook)
    with pytest.raises(SourceError, match="no"):
        run.whole()
    assert source.closed == 1
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "A hook failed at the end of a stream.")
    ]
