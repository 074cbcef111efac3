"""A source read by a thread: what arrives, and that the thread closes the source and ends."""

import gc
import threading
import time
from contextvars import ContextVar

import pytest

from componentstream.drive.generation import MAX_CHARS, MAX_CHUNKS
from componentstream.drive.source_thread import SourceThread
from tests.drive.kinds import (
    LONG,
    Closable,
    ClosingError,
    Refusing,
    Response,
    Source,
    SourceError,
    gone,
    soon,
    threads,
)
from tests.timing import MS


class Blocking(Closable):
    """Blocks in `next` after its chunks, until it is closed."""

    def __init__(self, *chunks, on_close=None, then=None):
        super().__init__(*chunks, on_close=on_close)
        self.freed = threading.Event()
        self.blocked = threading.Event()
        self.then = then
        self.closers = []

    def __next__(self):
        for chunk in self.iterator:
            return chunk
        self.blocked.set()
        assert self.freed.wait(LONG)
        if self.then is not None:
            raise self.then
        raise StopIteration

    def close(self):
        self.closers.append(threading.current_thread().name)
        self.freed.set()
        self.leave()


def started(source, **options):
    woken = threading.Event()
    reader = SourceThread(source, woken.set, **options)
    reader.start()
    return reader, woken


def all_of(reader, woken):
    """Read to the end, and wait for the close."""
    chunks = []
    while True:
        ended = reader.ended
        chunks += reader.take()
        if ended:
            break
        assert woken.wait(LONG)
        woken.clear()
    assert reader.wait(LONG)
    return chunks


def test_all_chunks_arrive_in_order_and_the_source_is_closed_by_its_thread():
    source = Blocking(*"abc")
    source.freed.set()
    reader, woken = started(source)
    assert all_of(reader, woken) == ["a", "b", "c"]
    assert (reader.failure, reader.close_failure, reader.closed) == (None, None, True)
    assert source.closers == ["componentstream source"]
    assert gone()


def test_a_reader_reads_only_so_many_chunks_ahead():
    source = Closable(*"x" * 200)
    reader, woken = started(source)
    assert soon(lambda: source.read > MAX_CHUNKS)
    time.sleep(20 * MS)
    assert source.read == MAX_CHUNKS + 1
    assert len(reader.take()) == MAX_CHUNKS
    assert len(all_of(reader, woken)) == 200 - MAX_CHUNKS


@pytest.mark.parametrize("chunk", ["x" * MAX_CHARS, b"x" * MAX_CHARS])
def test_a_reader_reads_only_so_many_characters_ahead(chunk):
    source = Closable(chunk, chunk, chunk)
    reader, woken = started(source)
    assert soon(lambda: source.read > 1)
    time.sleep(20 * MS)
    assert source.read == 2
    assert all_of(reader, woken) == [chunk] * 3


def test_events_of_a_provider_have_no_length():
    reader, woken = started([{"type": "ping"}])
    assert all_of(reader, woken) == [{"type": "ping"}]


def test_what_the_source_raises_is_handed_over_behind_the_chunks():
    error = SourceError()
    source = Source("a", error)
    reader, woken = started(source.items())
    assert all_of(reader, woken) == ["a"]
    assert reader.failure is error
    assert source.closed == 1


def test_a_source_that_cannot_be_iterated_is_closed():
    source = Refusing()
    reader, woken = started(source)
    assert all_of(reader, woken) == []
    assert isinstance(reader.failure, SourceError)
    assert source.closed == 1


def test_what_closing_raises_is_handed_over():
    failure = ClosingError()
    reader, woken = started(Closable("a", on_close=failure))
    assert all_of(reader, woken) == ["a"]
    assert reader.close_failure is failure


def test_a_failed_close_that_nobody_looks_at_is_logged(caplog):
    failure = ClosingError()
    reader, woken = started(Closable("a", on_close=failure))
    all_of(reader, woken)
    reader.detach()
    assert reader.close_failure is None
    assert [(record.message, record.exc_info[1]) for record in caplog.records] == [
        ("Closing a source failed.", failure)
    ]


def test_a_close_that_fails_when_nobody_looks_any_more_is_logged(caplog):
    release = threading.Event()

    class Slow(Closable):
        def close(self):
            assert release.wait(LONG)
            raise ClosingError

    reader, _ = started(Slow("a"))
    assert not reader.wait(50 * MS)
    reader.detach()
    release.set()
    assert reader.wait(LONG)
    assert gone()
    assert reader.close_failure is None
    assert [record.message for record in caplog.records] == ["Closing a source failed."]


def test_a_stopped_reader_closes_a_generator_in_its_own_thread():
    source = Source(*"x" * 200)
    reader, woken = started(source.items())
    assert woken.wait(LONG)
    reader.stop()
    assert reader.wait(LONG)
    assert source.closed == 1
    assert gone()


def test_a_chunk_that_had_come_when_the_reader_was_stopped_can_be_taken():
    source = Closable(*"x" * 200)
    reader, _ = started(source)
    assert soon(lambda: source.read > MAX_CHUNKS)
    time.sleep(20 * MS)
    reader.stop()
    assert reader.wait(LONG)
    assert len(reader.take()) == source.read == MAX_CHUNKS + 1


def test_what_blocks_is_closed_from_outside_and_once():
    source = Blocking("a")
    reader, _ = started(source)
    assert source.blocked.wait(LONG)
    reader.stop()
    assert reader.wait(LONG)
    assert source.closers == ["componentstream close"]
    assert (reader.take(), reader.failure) == (["a"], None)
    assert gone()


def test_what_a_source_raises_because_it_was_closed_from_outside_is_its_way_to_end(caplog):
    source = Blocking(then=SourceError())
    reader, _ = started(source)
    assert source.blocked.wait(LONG)
    reader.stop()
    assert reader.wait(LONG)
    assert (reader.failure, caplog.records) == (None, [])


def test_closing_from_outside_may_fail(caplog):
    source = Blocking(on_close=ClosingError())
    reader, _ = started(source)
    assert source.blocked.wait(LONG)
    reader.stop()
    assert reader.wait(LONG)
    assert gone()
    assert [record.message for record in caplog.records] == ["Closing a source failed."]


def test_a_response_is_closed_from_outside_while_its_generator_blocks():
    blocked, freed = threading.Event(), threading.Event()
    inner = Source()

    def items():
        try:
            yield "a"
            blocked.set()
            assert freed.wait(LONG)
        finally:
            inner.leave()

    class Connection(Response):
        def close(self):
            super().close()
            freed.set()

    response = Connection(items())
    reader, woken = started(response)
    assert woken.wait(LONG)
    assert blocked.wait(LONG)
    time.sleep(20 * MS)
    reader.stop()
    assert reader.wait(LONG)
    assert (inner.closed, response.closed) == (1, 1)
    assert gone()


def test_a_generator_that_blocks_is_left_behind_until_it_comes_back(caplog):
    blocked, freed = threading.Event(), threading.Event()
    source = Source()

    def items():
        try:
            yield "a"
            blocked.set()
            assert freed.wait(LONG)
            raise SourceError
        finally:
            source.leave()

    reader, woken = started(items())
    assert woken.wait(LONG)
    assert blocked.wait(LONG)
    reader.stop()
    assert not reader.wait(50 * MS)
    assert (len(threads()), source.closed) == (1, 0)
    freed.set()
    assert reader.wait(LONG)
    assert source.closed == 1
    assert reader.failure is None
    assert [record.message for record in caplog.records] == ["A source failed while it was being closed."]
    assert gone()


def test_what_has_no_close_is_not_forced():
    begun, stuck = threading.Event(), threading.Event()

    def upper(chunk):
        begun.set()
        assert stuck.wait(LONG)
        return chunk.upper()

    reader, _ = started(map(upper, ["a", "b"]))
    assert begun.wait(LONG)
    reader.stop()
    assert [thread.name for thread in threads()] == ["componentstream source"]
    stuck.set()
    assert reader.wait(LONG)
    assert reader.take() == ["A"]


def test_a_reader_that_was_not_started_closes_the_source_without_reading_it():
    source = Closable("a")
    reader = SourceThread(source, lambda: None)
    reader.stop()
    assert reader.closed
    assert (source.read, source.closed) == (0, 1)


def test_when_nothing_is_taken_for_too_long_the_source_is_closed():
    source = Source(*"x" * 200)
    reader, _ = started(source.items(), send_timeout=20 * MS)
    assert reader.wait(LONG)
    assert reader.dropped
    assert source.closed == 1
    assert gone()


def test_the_thread_sees_the_context_of_the_caller():
    name = ContextVar("name", default="")

    def items():
        yield name.get()

    name.set("mine")
    reader, woken = started(items())
    assert all_of(reader, woken) == ["mine"]


def test_a_thread_does_not_wait_for_itself():
    waited = []

    class Loop:
        """Abandoned in a cycle, so that the collector may end it in any thread."""

        def __init__(self, reader):
            self.reader = reader
            self.me = self

        def __del__(self):
            self.reader.stop()
            waited.append(self.reader.wait(LONG))

    def items():
        yield "a"
        gc.collect()
        yield "b"

    reader = SourceThread(items(), lambda: None)
    gc.disable()
    try:
        Loop(reader)
        reader.start()
        assert reader.wait(LONG)
    finally:
        gc.enable()
    assert waited == [True]
    assert gone()
