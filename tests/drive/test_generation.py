"""What happens to a chunk between a source and a consumer, with a clock that the test owns."""

import math
from functools import partial
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.core.errors import UsageError
from componentstream.core.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    TextBlock,
    UsageEvent,
)
from componentstream.core.parser import ComponentParser
from componentstream.drive.generation import Generation, usage_event
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession, Timeouts
from componentstream.sources import Reasoning, SourceDecoder, Usage
from componentstream.testing import merge_deltas, strategies
from componentstream.wire import SSEEncoder
from tests.drive.kinds import SourceError

START = StatusEvent("started", 0.0, 0, 0, 0)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def made(*, batcher=None, hooks=(), generation=30, chunk=15, **options):
    clock = Clock()
    session = GenerationSession(timeouts=Timeouts(generation, chunk), hooks=hooks)
    return clock, Generation(session, SourceDecoder(), batcher, clock, list, **options)


def begun(**options):
    clock, generation = made(**options)
    generation.start()
    generation.take()
    return clock, generation


def types(events):
    return [event.type for event in events]


def test_the_session_is_started_and_what_it_says_is_to_be_sent():
    _, generation = made()
    assert generation.out == []
    generation.start()
    assert generation.take() == [START]
    assert generation.take() == []
    assert not generation.ended


def test_a_chunk_brings_its_events_and_its_length():
    _, generation = begun()
    assert generation.chunk("abc") == 3
    assert generation.take() == [ContentBlockStart(0, TextBlock()), ContentBlockDelta(0, "abc")]
    assert generation.session.stats.chars == 3


def test_reasoning_and_usage_become_events_and_restart_the_chunk_timeout():
    clock, generation = begun()
    clock.now += 14
    assert generation.chunk(Reasoning("so")) == 0
    assert generation.take() == [StatusEvent("thinking", 14.0, 0, 0, 0), ReasoningEvent("so")]
    clock.now += 14
    assert generation.chunk(Usage(8, cached_tokens=3)) == 0
    assert generation.take() == [UsageEvent(8, cached_tokens=3)]
    assert generation.deadline() == 130.0
    assert usage_event(Usage(1, 2, 3, 4)) == UsageEvent(1, 2, 3, 4)


def test_text_that_is_held_leaves_before_the_reasoning_after_it():
    _, generation = begun(batcher=DeltaBatcher())
    for chunk in ("a", "b", Reasoning("so"), "c"):
        generation.chunk(chunk)
    texts = [event.text for event in generation.take() if hasattr(event, "text")]
    assert texts == ["a", "b", "so"]


@pytest.mark.parametrize("end", ["source_ended", "cancel", "fail", "failed", "tick"])
def test_ignored_events_are_counted_on_every_end(end):
    clock, generation = begun()
    generation.chunk({"type": "message_stop"})
    generation.chunk({"type": "mystery"})
    generation._decoder.feed({"type": "mystery"})
    clock.now += 100 * (end == "tick")
    if end == "fail":
        generation.fail("mine", "No more.")
    elif end == "failed":
        generation.source_failed(SourceError())
    else:
        getattr(generation, end)()
    assert generation.take()[-1].stats["ignored"] == 2


def test_the_end_of_the_source_ends_the_session():
    _, generation = begun()
    generation.chunk(b"ab\xc3")
    generation.source_ended()
    assert generation.ended
    events = generation.take()
    assert types(events[-3:]) == ["status", "content_block_stop", "message_stop"]
    assert events[-1].reason == "complete"
    assert "".join(event.text for event in events if type(event) is ContentBlockDelta) == "ab\ufffd"


def test_an_unfinished_answer_ends_as_failed():
    _, generation = begun()
    generation.chunk({"type": "message_start", "message": {}})
    generation.source_ended()
    events = generation.take()
    assert types(events) == ["error", "message_stop"]
    assert (events[0].code, events[1].reason) == ("source_incomplete", "failed")


def test_what_the_source_says_of_itself_is_reported():
    _, generation = begun()
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    assert generation.chunk(error) == 0
    events = generation.take()
    assert [type(event) for event in events] == [ErrorEvent, MessageStop]
    assert (events[0].code, events[0].fatal, events[0].retryable) == ("source_failed", True, True)
    assert generation.chunk(error) == 0
    assert generation.take() == []


def test_a_chunk_without_text_shows_that_the_source_lives():
    clock, generation = begun()
    clock.now += 10
    assert generation.chunk({"type": "ping"}) == 0
    assert generation.deadline() == 125.0


def test_a_source_that_was_not_read_is_not_to_blame():
    clock, generation = begun()
    clock.now += 10
    generation.reset_chunk_timeout()
    assert generation.deadline() == 125.0
    assert generation.session.stats.chunks == 0


def test_a_source_that_raised_ends_the_session_and_hooks_hear_why():
    heard = []
    _, generation = begun(hooks=[heard.append])
    generation.chunk(b"ab\xc3")
    generation.take()
    error = SourceError("a secret")
    generation.source_failed(error)
    assert generation.take() == [
        ContentBlockDelta(0, "\ufffd"),
        ErrorEvent("source_failed", "The source failed.", fatal=True),
        ContentBlockStop(0, "aborted", 3),
        MessageStop("failed", generation.session.stats.to_dict()),
    ]
    assert [record.cause for record in heard if hasattr(record, "cause")] == [error]
    generation.source_failed(error)
    assert generation.take() == []


class OverloadedError(Exception):
    """An exception of a provider's library, as far as it says what has happened."""

    type = "overloaded_error"
    status_code = 529


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OverloadedError("a secret"), "source_failed", "overloaded_error"),
        (ConnectionResetError("a secret"), "source_incomplete", "ConnectionResetError"),
        (TimeoutError(), "source_incomplete", "TimeoutError"),
    ],
)
def test_a_source_that_raised_is_as_retryable_as_its_exception_says(error, code, words):
    heard = []
    _, generation = begun(hooks=[heard.append])
    generation.source_failed(error)
    told, stopped = generation.take()
    assert (told.code, told.fatal, told.retryable, stopped.reason) == (code, True, True, "failed")
    assert words in told.message
    assert "secret" not in told.message
    assert heard[-2].cause is error


def test_a_decoder_that_cannot_be_closed_does_not_take_the_end_from_a_failed_source():
    class Broken:
        def feed(self, chunk):
            return [chunk]

        def close(self):
            raise ValueError("half a frame")

    generation = Generation(GenerationSession(), Broken(), None, Clock(), list)
    generation.start()
    generation.take()
    error = SourceError()
    generation.source_failed(error)
    assert [event.type for event in generation.take()] == ["error", "message_stop"]
    assert error.__notes__ == ["Closing the decoder failed too: ValueError('half a frame')"]


def test_what_an_interrupted_answer_lacks_is_not_told_beside_the_failure():
    _, generation = begun()
    generation.chunk({"type": "message_start", "message": {}})
    generation.source_failed(SourceError())
    assert [event.code for event in generation.take()[:-1]] == ["source_failed"]


def test_a_chunk_of_an_unknown_kind_is_a_usage_error():
    _, generation = begun()
    with pytest.raises(UsageError):
        generation.chunk(7)


def test_a_cancelled_generation_says_so_once():
    _, generation = begun()
    generation.cancel()
    assert [event.reason for event in generation.take()] == ["cancelled"]
    generation.cancel()
    assert generation.take() == []


def test_a_generation_that_is_broken_off_says_why_once_behind_what_it_was_given():
    clock, generation = begun(batcher=DeltaBatcher(max_delay=60))
    generation.chunk("a")
    generation.take()
    generation.chunk("b")
    generation.chunk("c")
    assert generation.take() == []
    clock.now = 101.0
    generation.fail("server_stopping", "The server stops.")
    events = generation.take()
    assert events[:-1] == [
        ContentBlockDelta(0, "bc"),
        ErrorEvent("server_stopping", "The server stops.", fatal=True, retryable=True),
        ContentBlockStop(0, "aborted", 3),
    ]
    assert (events[-1].type, events[-1].reason, generation.ended) == ("message_stop", "failed", True)
    generation.fail("another", "Again.")
    assert generation.take() == []


@pytest.mark.parametrize("end", ["source_ended", "cancel"])
def test_a_generation_that_is_over_is_not_broken_off(end):
    _, generation = begun()
    getattr(generation, end)()
    generation.take()
    generation.fail("late", "Too late.")
    assert generation.take() == []


def test_a_deadline_that_has_passed_ends_the_session():
    clock, generation = begun()
    assert generation.deadline() == 115.0
    clock.now = 114.9
    assert generation.tick() == 114.9
    assert generation.out == []
    clock.now = 115.0
    generation.tick()
    events = generation.take()
    assert (events[0].code, events[1].reason) == ("chunk_timeout", "timeout")


def test_without_timeouts_there_is_no_deadline():
    _, generation = begun(generation=None, chunk=None)
    assert generation.deadline() == math.inf
    assert generation.batch_deadline == math.inf


def test_deltas_are_merged_and_leave_when_they_are_due():
    clock, generation = begun(batcher=DeltaBatcher(max_delay=0.5))
    generation.chunk("a")
    generation.take()
    assert generation.batch_deadline == math.inf
    generation.chunk("b")
    generation.chunk("c")
    assert generation.out == []
    assert generation.deadline() == generation.batch_deadline == 100.5
    clock.now = 100.4
    generation.tick()
    assert generation.out == []
    clock.now = 100.5
    generation.tick()
    assert generation.take() == [ContentBlockDelta(0, "bc")]


class CountedParser(ComponentParser):
    """A parser that notes what it is fed."""

    def __init__(self):
        super().__init__()
        self.fed = []

    def feed(self, text):
        self.fed.append(text)
        return super().feed(text)


def kept(max_chars=10):
    """Return a clock, a generation whose batcher holds text, and its parser."""
    clock, parser = Clock(), CountedParser()
    session = GenerationSession(parser=parser)
    batcher = DeltaBatcher(max_chars=max_chars, max_delay=0.5)
    generation = Generation(session, SourceDecoder(), batcher, clock, list)
    generation.start()
    generation.chunk("a")
    generation.chunk("b")
    generation.take()
    parser.fed.clear()
    return clock, generation, parser


def test_chunks_of_a_line_are_parsed_together_while_text_is_held():
    clock, generation, parser = kept()
    for text in "cde":
        clock.now += 0.1
        assert generation.chunk(text) == 1
    assert parser.fed == []
    clock.now = 100.5
    generation.tick()
    assert parser.fed == ["cde"]
    assert generation.take() == [ContentBlockDelta(0, "bcde")]
    stats = generation.session.stats
    assert (stats.chunks, stats.chars, stats.elapsed) == (5, 5, 0.5)


def test_a_line_end_and_a_full_batch_are_parsed_at_once():
    _, generation, parser = kept(max_chars=4)
    generation.chunk("c")
    generation.chunk("x\n")
    assert parser.fed == ["c", "x\n"]
    assert generation.take() == [ContentBlockDelta(0, "bcx\n")]
    _, generation, parser = kept(max_chars=4)
    generation.chunk("c")
    generation.chunk("dd")
    assert parser.fed == ["c", "dd"]
    assert generation.take() == [ContentBlockDelta(0, "bcdd")]


@pytest.mark.parametrize("end", ["source_ended", "cancel", "reset_chunk_timeout", "source_failed", "error"])
def test_no_chunk_that_was_kept_is_lost(end):
    _, generation, parser = kept()
    generation.chunk("c")
    if end == "source_failed":
        generation.source_failed(ValueError())
    elif end == "error":
        generation.chunk({"type": "error", "error": {"type": "overloaded_error", "message": "x"}})
    else:
        getattr(generation, end)()
    assert parser.fed[0] == "c"
    texts = [event.text for event in generation.take() if type(event) is ContentBlockDelta]
    assert "".join(texts) == ("" if end == "reset_chunk_timeout" else "bc")


def test_the_source_lives_when_its_last_kept_chunk_came():
    clock, generation, _ = kept()
    clock.now = 100.4
    generation.chunk("c")
    clock.now = 100.6
    generation.tick()
    assert generation.session.next_deadline() == 115.4


@given(
    strategies.documents(kind="mutated"),
    st.lists(st.integers(1, 9), min_size=1),
    st.lists(st.sampled_from([0.0, 0.01, 0.3]), min_size=1),
    st.integers(1, 30),
)
def test_what_is_parsed_together_gives_the_same_events(text, sizes, pauses, max_chars):
    clock, batched = made(batcher=DeltaBatcher(max_chars=max_chars, max_delay=0.5))
    plain_clock, plain = made()
    for generation in (batched, plain):
        generation.start()
    for size, pause in zip(cycle(sizes), cycle(pauses)):
        chunk, text = text[:size], text[size:]
        for generation in (batched, plain):
            if not generation.ended:
                generation.chunk(chunk)
                generation.tick()
        clock.now = plain_clock.now = clock.now + pause
        if not text:
            break
    for generation in (batched, plain):
        if not generation.ended:
            generation.source_ended()
    assert merge_deltas(without_times(batched.out)) == merge_deltas(without_times(plain.out))
    assert batched.session.stats.chunks == plain.session.stats.chunks


def without_times(events):
    return [event for event in events if not isinstance(event, StatusEvent | MessageStop)]


def test_silence_is_broken_for_a_consumer_that_waits():
    clock, generation = begun(heartbeat="beat", heartbeat_interval=10)
    assert generation.deadline() == 110.0
    clock.now = 109.0
    generation.chunk("a")
    assert generation.take() != []
    clock.now = 119.0
    generation.tick()
    assert generation.take() == ["beat"]
    assert generation.deadline() == 124.0


def test_silence_is_not_broken_for_a_consumer_that_is_away_or_has_something_to_take():
    clock, generation = begun(heartbeat="beat", heartbeat_interval=10)
    clock.now = 110.0
    generation.tick(client_waiting=False)
    assert generation.out == []
    clock.now = 112.0
    generation.chunk("a")
    clock.now = 122.0
    generation.tick()
    assert types(generation.take()) == ["content_block_start", "content_block_delta"]
    assert generation.deadline() == 127.0


def test_what_is_sent_may_be_bytes():
    encoder = SSEEncoder()
    session = GenerationSession()
    generation = Generation(session, SourceDecoder(), None, Clock(), partial(map, encoder.encode))
    generation.start()
    assert generation.take() == [encoder.encode(START)]
