import json
import math

import attrs
import pytest

from componentstream.core.buffer import ComponentBuffer
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.errors import UsageError
from componentstream.core.events import (
    ContentBlockStop,
    ErrorEvent,
    Finding,
    FindingEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    UsageEvent,
)
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.session.hooks import (
    ComponentFinished,
    ErrorReported,
    Reconnected,
    StreamFinished,
    StreamStarted,
)
from componentstream.session.session import ErrorWindow, GenerationSession, Timeouts
from componentstream.testing import EventVerifier
from tests.shorthand import END, START, component, delta, error, stop, text

BAD = "/// START\n"
"""A malformed marker line, 10 characters long."""

NO_NAME = "The marker names no component."
SILENT = "The source sent nothing for 15 seconds; if it may, raise Timeouts.chunk."
TOO_MANY = "There were more than 3 errors within 5 seconds (ErrorWindow)."


def streaming(now=0.0, **settings):
    """Return a session that has been started."""
    session = GenerationSession(**settings)
    session.start(now)
    return session


def ended(how):
    """Return a session that has ended in the state of that name."""
    session = streaming()
    if how == "done":
        session.finish(1.0)
    elif how == "failed":
        session.report_error("source_failed", "Gone.", 1.0, fatal=True)
    elif how == "timed_out":
        session.tick(15.0)
    else:
        session.cancel(1.0)
    assert session.state == how
    return session


def critical(name="A"):
    return ComponentBuffer(catalog=Catalog([ComponentSpec(name, critical=True)]))


def malformed(line, first):
    return error("malformed_marker", NO_NAME, line, (first, first + len(BAD)))


def codes(events):
    return [event.code for event in events if isinstance(event, ErrorEvent)]


def end_of(events):
    """Return the reason of the message_stop, which must be the last event and the only one."""
    assert [isinstance(event, MessageStop) for event in events].index(True) == len(events) - 1
    return events[-1].reason


def test_a_session_from_start_to_end():
    session = GenerationSession()
    assert (session.state, session.ended) == ("idle", False)
    assert session.start(10) == [StatusEvent("started", 0.0, 0, 0, 0)]
    assert (session.state, session.ended) == ("streaming", False)
    assert session.feed(START, 11.0) == [component(0, "A", (0, 12))]
    assert session.feed("x\n", 11.5) == [delta(0, "x\n")]
    assert session.feed(END, 12.0) == [stop(0, 2, (14, 24)), StatusEvent("progress", 2.0, 1, 1, 24)]
    assert session.feed("///", 12.5) == []
    assert session.finish(13.0) == [
        StatusEvent("finishing", 3.0, 1, 1, 27),
        text(1),
        delta(1, "///"),
        stop(1, 3),
        MessageStop("complete", session.stats.to_dict()),
    ]
    assert (session.state, session.ended) == ("done", True)


def test_the_buffer_has_seen_every_event():
    session = streaming()
    session.feed(f"prose\n{START}one\n{END}{START}tw", 0.0)
    session.feed("o", 0.0)
    assert [part.text for part in session.buffer.components] == ["one\n"]
    assert [part.text for part in session.buffer.open_components] == ["two"]


def test_the_given_parser_and_buffer_are_used():
    buffer = critical()
    session = streaming(parser=ComponentParser(limits=Limits(max_components=1)), buffer=buffer)
    assert session.buffer is buffer
    assert codes(session.feed(START + END + START, 0.0)) == ["too_many_components"]


def test_progress_follows_a_component_that_was_implied_or_truncated():
    session = streaming()
    events = session.feed(START + "/// START B\n" + END, 1.0)
    assert events[2:] == [
        error("unclosed_component", "Component B was not closed.", 3, (24, 34), index=1),
        stop(1, 0, (24, 34), reason="implied"),
        StatusEvent("progress", 1.0, 2, 1, 34),
        stop(0, 0, (24, 34)),
        StatusEvent("progress", 1.0, 2, 2, 34),
    ]
    session.feed(START, 1.0)
    assert session.finish(2.0)[1:-1] == [
        error("unclosed_component", "Component A was not closed.", index=2),
        stop(2, 0, reason="truncated"),
        StatusEvent("progress", 2.0, 3, 3, 46),
    ]


def test_the_statistics_leave_with_the_message_stop():
    session = streaming(10.0)
    session.feed("", 10.5)
    session.feed("one ", 11.0)
    session.feed("two\n" + START, 13.0)
    session.feed(END, 13.5)
    session.report_error("invalid_chunk", "What is this?", 16.0)
    stats = {
        "chunks": 3,
        "chars": 30,
        "components_started": 1,
        "components_completed": 1,
        "components_by_reason": {"end": 1},
        "errors_by_code": {"invalid_chunk": 1},
        "seconds_to_first_chunk": 1.0,
        "seconds_to_first_component": 3.0,
        "component_times": [{"index": 1, "name": "A", "seconds": 0.5}],
        "longest_gap": 2.5,
        "elapsed": 7.0,
        "usage": None,
        "ignored": 0,
    }
    assert session.finish(17.0)[-1] == MessageStop("complete", stats)
    assert session.stats.to_dict() == stats


def test_the_statistics_can_be_asked_for_before_the_start():
    assert GenerationSession().stats.elapsed == 0.0


def test_a_restored_parser_and_its_buffer_continue():
    parser, buffer = ComponentParser(), ComponentBuffer()
    for event in parser.feed(START + "one "):
        buffer.apply(event)
    session = streaming(5.0, parser=ComponentParser.restore(parser.snapshot()), buffer=buffer)
    assert session.feed("two", 6.0) == [delta(0, "two")]
    assert session.finish(7.0)[2] == stop(0, 7, reason="truncated")
    assert [part.text for part in buffer.components] == ["one two"]
    assert session.stats.component_times[0].seconds == 2.0
    assert session.stats.seconds_to_first_chunk == 1.0


@pytest.mark.parametrize("call", ["feed", "report_error", "tick", "finish"])
def test_only_start_and_cancel_are_allowed_first(call):
    session = GenerationSession()
    arguments = {"feed": ("x",), "report_error": ("a", "b")}.get(call, ())
    with pytest.raises(UsageError) as caught:
        getattr(session, call)(*arguments, 0.0)
    assert str(caught.value) == f"{call}() was called before start(); call start(now) first."
    assert session.state == "idle"


@pytest.mark.parametrize("how", ["streaming", "done", "failed", "timed_out", "cancelled"])
def test_a_session_starts_once(how):
    session = streaming() if how == "streaming" else ended(how)
    with pytest.raises(UsageError) as caught:
        session.start(99.0)
    assert str(caught.value) == (
        f"start() cannot be called when the session is {how}; create a new GenerationSession for each "
        "generation."
    )


@pytest.mark.parametrize("call", ["feed", "report_error", "finish"])
def test_a_session_that_is_done_rejects_further_input(call):
    arguments = {"feed": ("x",), "report_error": ("a", "b")}.get(call, ())
    with pytest.raises(UsageError) as caught:
        getattr(ended("done"), call)(*arguments, 99.0)
    assert str(caught.value) == (
        f"{call}() cannot be called when the session is done; create a new GenerationSession for each "
        "generation."
    )


@pytest.mark.parametrize("how", ["failed", "timed_out", "cancelled"])
def test_a_late_call_after_a_sudden_end_returns_nothing(how):
    session = ended(how)
    before = session.debug_state()
    assert session.feed("x", 99.0) == []
    assert session.report_error("source_failed", "Gone.", 99.0, fatal=True) == []
    assert session.finish(99.0) == []
    assert session.debug_state() == before


@pytest.mark.parametrize("how", ["done", "failed", "timed_out", "cancelled"])
def test_tick_and_cancel_may_come_after_any_end(how):
    session = ended(how)
    before = session.debug_state()
    assert session.tick(99.0) == []
    assert session.cancel(0.0) == []
    assert session.next_deadline() is None
    assert session.debug_state() == before


@pytest.mark.parametrize("now", [9.5, math.nan, math.inf, -math.inf])
def test_a_clock_that_goes_backwards_is_rejected_by_every_call_and_changes_nothing(now):
    session = streaming(10.0)
    before = session.debug_state()
    calls = [
        lambda: session.feed("x", now),
        lambda: session.report_error("invalid_chunk", "b", now),
        lambda: session.report(ReasoningEvent("a"), now),
        lambda: session.tick(now),
        lambda: session.finish(now),
        lambda: session.cancel(now),
    ]
    for call in calls:
        with pytest.raises(UsageError) as caught:
            call()
        assert str(caught.value) == (
            f"The time {now!r} does not follow 10.0; pass the time of one monotonic clock."
        )
    assert session.debug_state() == before


@pytest.mark.parametrize("now", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("call", ["start", "cancel"])
def test_the_first_time_must_be_finite(call, now):
    session = GenerationSession()
    with pytest.raises(UsageError, match=r"^The time -?\w+ does not follow -inf; pass the time of one"):
        getattr(session, call)(now)
    assert session.state == "idle"


def test_other_types_than_str_are_rejected_and_change_nothing():
    session = streaming()
    before = session.debug_state()
    with pytest.raises(UsageError, match="feed takes str, not bytes"):
        session.feed(b"x", 5.0)
    assert session.debug_state() == before
    assert session.feed("x", 1.0) == [text(0), delta(0, "x")]


def test_reasoning_comes_after_a_status_that_the_model_thinks():
    session = streaming()
    thinking = StatusEvent("thinking", 1.0, 0, 0, 0)
    assert session.report(ReasoningEvent("So"), 1.0) == [thinking, ReasoningEvent("So")]
    assert session.report(ReasoningEvent(" be it"), 2.0) == [ReasoningEvent(" be it")]
    assert session.feed("x", 3.0) == [text(0), delta(0, "x")]
    assert session.report(ReasoningEvent(""), 4.0) == [StatusEvent("thinking", 4.0, 0, 0, 1)]


def test_reported_usage_is_in_the_statistics_and_in_the_last_event():
    session = streaming()
    assert session.report(UsageEvent(812), 1.0) == [UsageEvent(812)]
    assert session.report(UsageEvent(812), 1.0) == []
    assert session.report(UsageEvent(output_tokens=9), 2.0) == [UsageEvent(812, 9)]
    assert session.stats.usage == UsageEvent(812, 9)
    assert session.finish(3.0)[-1].stats["usage"] == {
        "input_tokens": 812,
        "output_tokens": 9,
        "reasoning_tokens": None,
        "cached_tokens": None,
    }


def test_ignored_events_are_in_the_statistics_and_in_the_last_event():
    session = streaming()
    session.ignored(2)
    assert session.stats.ignored == 2
    assert session.finish(1.0)[-1].stats["ignored"] == 2


@pytest.mark.parametrize(
    ("event", "restarts"),
    [
        (ReasoningEvent("a"), True),
        (ReasoningEvent(""), True),
        (UsageEvent(1), True),
        (UsageEvent(), True),
        (FindingEvent(Finding("near-miss", "info", "Look.")), False),
    ],
)
def test_what_the_source_sent_restarts_the_chunk_timeout(event, restarts):
    session = streaming()
    session.report(event, 14.0)
    assert session.next_deadline() == (29.0 if restarts else 15.0)


@pytest.mark.parametrize("event", [None, "text", MessageStop("complete"), ErrorEvent("a", "b")])
def test_only_reasoning_usage_and_findings_can_be_reported(event):
    session = streaming()
    before = session.debug_state()
    with pytest.raises(UsageError, match=r"^report\(\) needs reasoning, usage or a finding, not \w+\.$"):
        session.report(event, 1.0)
    assert session.debug_state() == before


@pytest.mark.parametrize("how", ["failed", "timed_out", "cancelled"])
def test_a_late_report_is_passed_over(how):
    assert ended(how).report(UsageEvent(1), 20.0) == []


def test_a_report_needs_a_session_that_runs():
    with pytest.raises(UsageError, match=r"^report\(\) was called before start\(\)"):
        GenerationSession().report(UsageEvent(1), 0.0)
    with pytest.raises(UsageError, match=r"^report\(\) cannot be called when the session is done"):
        ended("done").report(UsageEvent(1), 2.0)


@pytest.mark.parametrize(("code", "message"), [("", "b"), ("a", ""), (None, "b"), ("a", 7), (b"a", "b")])
def test_an_error_needs_a_code_and_a_message(code, message):
    session = streaming()
    with pytest.raises(UsageError) as caught:
        session.report_error(code, message, 0.0)
    assert str(caught.value) == "report_error() needs a code and a message, each a nonempty str."


@pytest.mark.parametrize("code", ["unclosed_component", "malformed_marker", "too_many_errors"])
def test_the_errors_of_the_parser_are_its_own(code):
    session = streaming()
    with pytest.raises(UsageError) as caught:
        session.report_error(code, "b", 0.0)
    assert str(caught.value) == f"Only the parser reports {code}; pass report_error() a code of the source."


def test_a_parser_that_has_ended_is_rejected():
    closed, failed = ComponentParser(), ComponentParser(limits=Limits(max_total_chars=1))
    closed.close()
    failed.feed("xx")
    for parser in (closed, failed):
        with pytest.raises(UsageError) as caught:
            GenerationSession(parser=parser)
        assert str(caught.value) == ("The parser has already ended; pass each session a new ComponentParser.")


def test_an_id_is_a_str():
    with pytest.raises(UsageError) as caught:
        GenerationSession(id=7)
    assert str(caught.value) == "The id of a session must be a str, not int."
    assert GenerationSession(id="x").id == "x"


def test_the_next_deadline_is_the_earlier_one():
    session = GenerationSession(timeouts=Timeouts(generation=30, chunk=12.5))
    assert session.next_deadline() is None
    session.start(100.0)
    assert session.next_deadline() == 112.5
    session.feed("x", 110.0)
    assert session.next_deadline() == 122.5
    session.feed("x", 120.0)
    assert session.next_deadline() == 130.0


@pytest.mark.parametrize(
    ("timeouts", "deadline"),
    [(Timeouts(None, None), None), (Timeouts(None, 4), 5.0), (Timeouts(3, None), 4.0)],
)
def test_timeouts_can_be_off(timeouts, deadline):
    assert streaming(1.0, timeouts=timeouts).next_deadline() == deadline


def test_without_timeouts_no_time_is_too_long():
    session = streaming(timeouts=Timeouts(None, None))
    assert session.tick(1e9) == []
    assert session.state == "streaming"


def test_a_source_that_sends_nothing_times_out_exactly_at_the_deadline():
    session = streaming()
    session.feed(START + "x\n  ///", 1.0)
    assert session.tick(15.75) == []
    assert session.tick(16.0) == [
        delta(0, "  ///"),
        error_of_time("chunk_timeout", SILENT),
        stop(0, 7, reason="aborted"),
        MessageStop("timeout", session.stats.to_dict()),
    ]
    assert session.state == "timed_out"


def error_of_time(code, message):
    return ErrorEvent(code, message, fatal=True, retryable=True)


def test_a_generation_that_takes_too_long_times_out_although_chunks_come():
    session = streaming(timeouts=Timeouts(generation=2.5))
    session.feed("x", 2.0)
    assert session.tick(2.5) == [
        error_of_time(
            "generation_timeout",
            "The generation took longer than 2.5 seconds; if it may, raise Timeouts.generation.",
        ),
        stop(0, 1, reason="aborted"),
        MessageStop("timeout", session.stats.to_dict()),
    ]


@pytest.mark.parametrize(
    ("generation", "code"), [(3, "generation_timeout"), (4, "generation_timeout"), (5, "chunk_timeout")]
)
def test_of_two_deadlines_that_have_passed_the_earlier_one_counts(generation, code):
    session = streaming(timeouts=Timeouts(generation=generation, chunk=4))
    assert codes(session.tick(60.0)) == [code]


@pytest.mark.parametrize("chunk", ["x", ""])
def test_a_chunk_that_comes_before_the_tick_is_taken_and_moves_the_deadline(chunk):
    session = streaming(timeouts=Timeouts(chunk=2))
    session.feed(chunk, 10.0)
    assert session.tick(11.75) == []
    assert session.next_deadline() == 12.0


def test_an_invalid_chunk_restarts_the_chunk_timeout_and_other_errors_do_not():
    session = streaming(timeouts=Timeouts(chunk=2))
    session.report_error("source_truncated", "Cut.", 1.0)
    assert session.next_deadline() == 2.0
    session.report_error("invalid_chunk", "What?", 1.5)
    assert session.next_deadline() == 3.5


def test_an_error_of_the_source_is_passed_on_and_the_stream_continues():
    session = streaming()
    session.feed("x", 0.0)
    assert session.report_error("source_truncated", "Cut.", 1.0, retryable=True) == [
        ErrorEvent("source_truncated", "Cut.", retryable=True)
    ]
    assert session.feed("y", 1.0) == [delta(0, "y")]


def test_a_fatal_error_comes_behind_the_held_text_and_ends_the_session():
    session = streaming()
    session.feed(START + "/// START B\nx\n/// EN", 0.0)
    assert session.report_error("source_failed", "Gone.", 1.0, fatal=True) == [
        delta(1, "/// EN"),
        ErrorEvent("source_failed", "Gone.", fatal=True),
        stop(1, 8, reason="aborted"),
        stop(0, 0, reason="aborted"),
        MessageStop("failed", session.stats.to_dict()),
    ]
    assert session.state == "failed"


def test_held_text_that_is_too_much_gives_way_to_the_error_that_ends_the_session():
    limits = Limits(max_component_chars=2, max_errors=1)
    session = streaming(parser=ComponentParser(limits=limits))
    session.feed("/// END A\n" + START + "///", 0.0)
    events = session.report_error("source_failed", "Gone.", 1.0, fatal=True)
    assert events[:-1] == [
        delta(1, "//"),
        ErrorEvent("source_failed", "Gone.", fatal=True),
        stop(1, 2, reason="aborted"),
    ]
    assert end_of(events) == "failed"


def test_a_fatal_error_of_the_parser_ends_the_session():
    session = streaming(parser=ComponentParser(limits=Limits(max_total_chars=15)))
    assert session.feed(START + "xyz!", 1.0) == [
        component(0, "A", (0, 12)),
        delta(0, "xyz"),
        error("stream_too_large", "The stream is longer than 15 characters.", fatal=True),
        stop(0, 3, reason="aborted"),
        MessageStop("failed", session.stats.to_dict()),
    ]
    assert session.feed("more", 2.0) == []


def test_a_fatal_error_of_the_parser_at_the_end_leaves_one_message_stop():
    session = streaming(parser=ComponentParser(limits=Limits(max_errors=1)))
    session.feed(START + "/// START B\n", 0.0)
    events = session.finish(1.0)
    assert codes(events) == ["unclosed_component", "too_many_errors"]
    assert end_of(events) == "failed"


def test_the_fourth_error_becomes_the_threshold_in_its_place():
    session = streaming()
    assert session.feed(START + BAD * 3, 0.0)[1:] == [
        malformed(2, 12),
        delta(0, BAD),
        malformed(3, 22),
        delta(0, BAD),
        malformed(4, 32),
        delta(0, BAD),
    ]
    assert session.feed("x\n" + BAD + "y\n" + START, 1.0) == [
        delta(0, "x\n"),
        error("error_threshold", TOO_MANY, 6, (44, 54), fatal=True),
        stop(0, 32, reason="aborted"),
        MessageStop("failed", session.stats.to_dict()),
    ]
    assert session.state == "failed"
    assert session.stats.components_started == 1


def test_the_threshold_undoes_all_that_came_behind_it_in_the_same_chunk():
    session = streaming()
    inner = "/// START B\nb\n/// END B\n"
    events = session.feed(START + "a\n" + BAD * 4 + inner + "more\n" + END + "prose", 0.0)
    assert codes(events) == ["malformed_marker"] * 3 + ["error_threshold"]
    assert events[-2:] == [stop(0, 32, reason="aborted"), MessageStop("failed", session.stats.to_dict())]
    assert session.buffer.components[0].text == "a\n" + BAD * 3
    EventVerifier().check_all(events)


def test_a_component_that_got_too_large_behind_the_threshold_is_not_trimmed():
    session = streaming(parser=ComponentParser(limits=Limits(max_component_chars=35)))
    events = session.feed(START + BAD * 4 + "more\n", 0.0)
    assert codes(events) == ["malformed_marker"] * 3 + ["error_threshold"]
    assert events[-2] == stop(0, 30, reason="aborted")


def test_a_component_that_was_too_large_before_the_threshold_is_trimmed():
    session = streaming(parser=ComponentParser(limits=Limits(max_component_chars=25)))
    events = session.feed(START + BAD * 3, 0.0) + session.feed(BAD, 0.0)
    assert codes(events) == ["malformed_marker"] * 3 + ["component_too_large", "error_threshold"]
    assert attrs.evolve(events[-2], trimmed=0) == stop(0, 25, reason="aborted")
    assert events[-2].trimmed >= 5
    EventVerifier().check_all(events)


def test_errors_of_source_and_model_count_together():
    session = streaming()
    session.feed(BAD + BAD, 0.0)
    session.report_error("invalid_chunk", "What?", 1.0)
    assert session.report_error("invalid_chunk", "Again?", 2.0, retryable=True) == [
        ErrorEvent("error_threshold", TOO_MANY, fatal=True, retryable=True),
        stop(0, 20, reason="aborted"),
        MessageStop("failed", session.stats.to_dict()),
    ]


def test_other_errors_do_not_count():
    session = streaming()
    session.feed("/// END A\n" * 9 + "/// START 9\n" * 9, 0.0)
    for _ in range(9):
        session.report_error("source_truncated", "Cut.", 0.0)
    assert session.state == "streaming"


@pytest.mark.parametrize(("last", "state"), [(5.0, "failed"), (5.25, "streaming")])
def test_both_ends_of_the_window_belong_to_it(last, state):
    session = streaming()
    for now in (0.0, 2.0, 4.0, last):
        session.report_error("invalid_chunk", "What?", now)
    assert session.state == state


def test_the_window_moves_on():
    session = streaming(timeouts=Timeouts(None, None))
    for at in range(100):
        assert codes(session.report_error("invalid_chunk", "What?", at * 1.75)) == ["invalid_chunk"]
    assert session.debug_state()["error_window"] == {"max_errors": 3, "seconds": 5.0, "errors": 3}


def test_errors_that_the_parser_recovered_from_are_not_counted():
    session = streaming(error_window=ErrorWindow(0))
    events = session.feed("/// START A\n/// END\n", 1.0)
    [error_event] = [event for event in events if isinstance(event, ErrorEvent)]
    assert (error_event.code, error_event.recovered) == ("malformed_marker", True)
    assert not session.ended
    session.feed(BAD, 2.0)
    assert session.ended


def test_a_window_for_no_error_ends_the_session_at_the_first():
    session = streaming(error_window=ErrorWindow(0))
    assert codes(session.feed(BAD, 0.0)) == ["error_threshold"]


def test_the_threshold_may_be_passed_at_the_end():
    session = streaming(error_window=ErrorWindow(0, 2.5))
    session.feed(START + "x\n/// END", 0.0)
    assert session.finish(1.0) == [
        StatusEvent("finishing", 1.0, 1, 0, 21),
        error(
            "error_threshold",
            "There were more than 0 errors within 2.5 seconds (ErrorWindow).",
            3,
            (14, 21),
            fatal=True,
        ),
        stop(0, 2, reason="aborted"),
        MessageStop("failed", session.stats.to_dict()),
    ]


def test_a_critical_component_that_ends_well_changes_nothing():
    session = streaming(buffer=critical())
    session.feed(START + END, 0.0)
    assert end_of(session.finish(1.0)) == "complete"


def test_a_critical_component_that_is_truncated_makes_a_retryable_failure():
    session = streaming(buffer=critical())
    session.feed(START + "/// START B\n", 0.0)
    events = session.finish(1.0)
    errors = [event for event in events if isinstance(event, ErrorEvent)]
    assert [(fault.index, fault.retryable) for fault in errors] == [(1, False), (0, True)]
    assert end_of(events) == "failed"
    assert session.state == "failed"
    assert session.finish(2.0) == []


def test_a_critical_component_that_was_lost_early_is_remembered_until_the_end():
    session = streaming(buffer=critical("B"))
    session.feed(START + "/// START B\n" + END, 0.0)
    session.feed("/// START B\n/// END B\n", 0.0)
    assert session.state == "streaming"
    assert session.debug_state()["lost_critical"] is True
    assert end_of(session.finish(1.0)) == "failed"


def test_the_fatal_error_that_ends_a_critical_component_becomes_retryable():
    parser = ComponentParser(limits=Limits(max_total_chars=12))
    session = streaming(parser=parser, buffer=critical())
    events = session.feed(START + "x", 0.0)
    assert [event.retryable for event in events if isinstance(event, ErrorEvent)] == [True]


def test_a_fatal_error_of_the_source_becomes_retryable_too():
    session = streaming(buffer=critical())
    session.feed(START, 0.0)
    events = session.report_error("source_failed", "Gone.", 0.0, fatal=True)
    assert [event.retryable for event in events if isinstance(event, ErrorEvent)] == [True]


def test_a_component_that_is_not_critical_leaves_the_errors_as_they_are():
    session = streaming(buffer=critical("B"))
    session.feed(START, 0.0)
    events = session.report_error("source_failed", "Gone.", 0.0, fatal=True)
    assert [event.retryable for event in events if isinstance(event, ErrorEvent)] == [False]


class BlockingParser(ComponentParser):
    """Stops every component as a content policy would, behind an error about something else."""

    def feed(self, chunk):
        return [
            attrs.evolve(event, reason="blocked") if isinstance(event, ContentBlockStop) else event
            for event in super().feed(chunk)
        ]


@pytest.mark.parametrize("mistake", ["", "/// END B\n"])
def test_a_critical_component_that_is_blocked_is_lost_and_no_other_error_is_about_it(mistake):
    session = streaming(parser=BlockingParser(), buffer=critical())
    events = session.feed(START + mistake + END, 0.0)
    assert [event.retryable for event in events if isinstance(event, ErrorEvent)] == [False] * bool(mistake)
    assert end_of(session.finish(1.0)) == "failed"


def test_cancelling_aborts_what_is_open():
    session = streaming(buffer=critical())
    session.feed(START + "x\n//", 0.0)
    assert session.cancel(1.0) == [
        delta(0, "//"),
        stop(0, 4, reason="aborted"),
        MessageStop("cancelled", session.stats.to_dict()),
    ]
    assert session.state == "cancelled"


def test_a_session_can_be_cancelled_before_it_starts():
    told = []
    session = GenerationSession(hooks=[told.append])
    assert session.cancel(7.0) == [MessageStop("cancelled", session.stats.to_dict())]
    assert told == [StreamFinished(stream="", at=7.0, started=None, reason="cancelled", stats=session.stats)]
    assert session.stats.elapsed == 0.0


def test_hooks_receive_all_hook_events_in_order():
    first, second = [], []
    session = GenerationSession(hooks=iter([first.append, second.append]), id="s")
    cause = ValueError("deep inside")
    session.start(1.0)
    session.feed(START + "x\n", 2.0)
    session.feed(END, 2.5)
    session.report_error("source_failed", "Gone.", 3.0, fatal=True, cause=cause)
    assert first == second
    assert first == [
        StreamStarted(stream="s", at=1.0),
        ComponentFinished(
            stream="s",
            at=2.5,
            index=0,
            name="A",
            position="main",
            reason="end",
            chars=2,
            trimmed=0,
            seconds=0.5,
            critical=False,
        ),
        ErrorReported(
            stream="s",
            at=3.0,
            code="source_failed",
            message="Gone.",
            fatal=True,
            retryable=False,
            line=None,
            index=None,
            cause=cause,
        ),
        StreamFinished(stream="s", at=3.0, started=1.0, reason="failed", stats=session.stats),
    ]


def test_a_hook_receives_the_error_about_a_critical_loss_as_it_was_emitted():
    told = []
    session = streaming(buffer=critical(), hooks=[told.append])
    session.feed(START, 0.0)
    session.finish(1.0)
    assert [type(record) for record in told] == [
        StreamStarted,
        ErrorReported,
        ComponentFinished,
        StreamFinished,
    ]
    assert (told[1].retryable, told[2].critical, told[3].reason) == (True, True, "failed")


def test_an_exception_of_a_hook_reaches_the_caller_and_the_state_is_right():
    def hook(record):
        if record.at == 15.0:
            raise LookupError(record.code)

    session = streaming(hooks=[hook])
    session.feed("x", 0.0)
    with pytest.raises(LookupError, match="chunk_timeout"):
        session.tick(15.0)
    assert (session.state, session.ended) == ("timed_out", True)
    assert session.tick(16.0) == []
    assert session.stats.errors_by_code == {"chunk_timeout": 1}


def test_the_debug_state_is_json_and_holds_no_text():
    session = streaming(10.0, id="s")
    session.feed(START + "TOP\n/// START B key=TOP\nTOPTOP\n/// E", 11.0)
    state = session.debug_state()
    assert json.loads(json.dumps(state)) == state
    assert "TOP" not in json.dumps(state)
    assert state == {
        "id": "s",
        "state": "streaming",
        "seconds_left": 15.0,
        "timeouts": {"generation": 30.0, "chunk": 15.0},
        "error_window": {"max_errors": 3, "seconds": 5.0, "errors": 0},
        "held_chars": 5,
        "open_components": [
            {"index": 0, "name": "A", "position": "main", "parent": None, "chars": 4},
            {"index": 1, "name": "B", "position": "main", "parent": 0, "chars": 7},
        ],
        "lost_critical": False,
        "stats": session.stats.to_dict(),
    }


def test_the_debug_state_of_a_session_that_has_not_begun_or_has_ended_waits_for_nothing():
    assert GenerationSession().debug_state()["seconds_left"] is None
    assert ended("done").debug_state()["seconds_left"] is None


def test_a_reconnect_can_be_reported_at_any_time():
    told = []
    session = GenerationSession(hooks=[told.append], id="s")
    session.reconnected("17", 5.0)
    session.start(1.0)
    assert told == [
        Reconnected(stream="s", at=5.0, last_event_id="17"),
        StreamStarted(stream="s", at=1.0),
    ]


def test_chunks_that_were_joined_are_counted_as_they_came():
    session = streaming()
    session.feed("Hello", 1.0, chunks=3)
    session.feed("!", 2.0)
    assert (session.stats.chunks, session.stats.chars) == (4, 6)


def test_the_grammar_is_that_of_the_parser():
    grammar = Grammar(prefix="///!")
    assert GenerationSession(parser=ComponentParser(grammar)).grammar is grammar
    assert GenerationSession().grammar == Grammar()
