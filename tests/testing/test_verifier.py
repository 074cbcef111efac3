import pytest

from componentstream.core.event_json import event_from_dict
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    MessageStop,
    StatusEvent,
    TextBlock,
)
from componentstream.testing import EventGrammarError, EventVerifier


def start(index, parent=None, span=None):
    return ContentBlockStart(index, ComponentBlock("A", "main", {}, parent), span)


def text_start(index, span=None):
    return ContentBlockStart(index, TextBlock(), span)


def delta(index, text="x"):
    return ContentBlockDelta(index, text)


def stop(index, reason="end", chars=0, trimmed=0, span=None):
    return ContentBlockStop(index, reason, chars, trimmed, span)


def error(code="malformed_marker", **values):
    return ErrorEvent(code, "", **values)


def unclosed(index, **values):
    return error("unclosed_component", index=index, **values)


def too_large(index):
    return error("component_too_large", index=index)


FATAL = error("stream_too_large", fatal=True)
STATUS = StatusEvent("progress", 0.0, 0, 0, 0)


def accept(*events):
    verifier = EventVerifier()
    verifier.check_all(events)
    verifier.finish()


def refuse(*events, rule):
    verifier = EventVerifier()
    verifier.check_all(events[:-1])
    with pytest.raises(EventGrammarError) as caught:
        verifier.check(events[-1])
    assert str(caught.value) == f"Event {len(events) - 1}, {events[-1]!r}: {rule}."


def test_an_empty_stream_is_well_formed():
    accept()


def test_text_and_nested_components_with_spans_are_well_formed():
    accept(
        text_start(0),
        delta(0, "hello\n"),
        delta(0, "you\n"),
        stop(0, chars=10),
        start(1, span=(10, 22)),
        delta(1, "abc\n"),
        error(line=5, span=(26, 40)),
        error(line=6, span=(40, 60)),
        start(2, parent=1, span=(40, 60)),
        unclosed(2, line=7, span=(60, 70)),
        stop(2, "implied", span=(60, 70)),
        stop(1, chars=4, span=(60, 70)),
    )


def test_a_session_with_status_debug_and_message_stop_is_well_formed():
    accept(STATUS, start(0), DebugEvent(), stop(0), STATUS, MessageStop("complete"))


def test_events_read_back_from_the_wire_are_well_formed():
    events = [start(0, span=(0, 12)), delta(0), stop(0, chars=1, span=(13, 23)), MessageStop("complete")]
    accept(*[event_from_dict(event.to_dict()) for event in events])


def test_truncated_components_stop_innermost_first_each_after_its_error():
    accept(start(0), start(1, parent=0), unclosed(1), stop(1, "truncated"), unclosed(0), stop(0, "truncated"))


def test_a_fatal_error_is_followed_by_aborted_stops():
    accept(start(0), start(1, parent=0), FATAL, stop(1, "aborted"), stop(0, "aborted"), MessageStop("failed"))


def test_a_fatal_error_may_come_between_the_stops_at_the_end():
    accept(
        start(0),
        start(1, parent=0),
        unclosed(1),
        stop(1, "truncated"),
        error("too_many_errors", fatal=True),
        stop(0, "aborted"),
    )


def test_a_caller_may_abort_without_an_error():
    accept(start(0), start(1, parent=0), stop(1, "aborted"), stop(0, "aborted"))


def test_a_policy_may_block_a_component():
    accept(start(0), too_large(0), stop(0, "blocked"))


def test_trimmed_text_is_announced_by_an_error():
    accept(start(0), delta(0, "ab"), too_large(0), stop(0, chars=2, trimmed=3))


def test_a_stream_may_not_end_with_open_blocks():
    verifier = EventVerifier()
    verifier.check_all([start(0), start(1, parent=0)])
    with pytest.raises(EventGrammarError) as caught:
        verifier.finish()
    assert str(caught.value) == ("At the end of the stream: every block must be stopped; still open: 0, 1.")


def test_a_violation_is_an_assertion_error():
    with pytest.raises(AssertionError):
        EventVerifier().check(stop(0))


def test_what_is_no_event_is_refused():
    with pytest.raises(AssertionError, match="'no event'"):
        EventVerifier().check("no event")


@pytest.mark.parametrize(
    ("events", "rule"),
    [
        ([start(1)], "the next block must have index 0"),
        ([start(0), stop(0), start(0)], "the next block must have index 1"),
        ([start(0), start(1)], "its parent must be 0, the innermost open component"),
        (
            [start(0), start(1, parent=0), start(2, parent=0)],
            "its parent must be 1, the innermost open component",
        ),
        ([start(0, parent=3)], "its parent must be None, the innermost open component"),
        ([text_start(0), start(1)], "text block 0 must be stopped before another block starts"),
        ([text_start(0), text_start(1)], "text block 0 must be stopped before another block starts"),
        ([start(0), text_start(1)], "no text block may start while component 0 is open"),
        ([text_start(0, span=(0, 3))], "a text block has no span"),
        ([delta(0)], "no block is open"),
        ([start(0), stop(0), delta(0)], "no block is open"),
        ([start(0), start(1, parent=0), delta(0)], "it must be about block 1, the innermost open one"),
        ([start(0), delta(0, "")], "a delta must not be empty"),
        ([start(0), start(1, parent=0), stop(0)], "it must be about block 1, the innermost open one"),
        ([start(0), delta(0, "ab"), stop(0, chars=3)], "chars must be 2, the length of the deltas before it"),
        ([start(0), stop(0, trimmed=-1)], "trimmed must not be negative"),
        (
            [start(0), stop(0, trimmed=1)],
            "trimmed must be 0 without an error component_too_large for this block",
        ),
        ([start(0), too_large(0), stop(0)], "trimmed must not be 0 after component_too_large"),
        ([start(0), too_large(0), too_large(0)], "component_too_large must come once per component"),
        ([text_start(0), too_large(0)], "block 0 is not a component"),
        ([text_start(0), unclosed(0)], "block 0 is not a component"),
        ([start(0), unclosed(None)], "it must be about block 0, the innermost open one"),
        (
            [start(0), unclosed(0), stop(0)],
            "the reason after unclosed_component must be implied or truncated",
        ),
        ([start(0), unclosed(0), delta(0)], "unclosed_component must be followed by the stop of component 0"),
        ([start(0), unclosed(0), FATAL], "unclosed_component must be followed by the stop of component 0"),
        (
            [start(0), stop(0, "implied")],
            "reason implied needs the error unclosed_component right before it",
        ),
        (
            [start(0), stop(0, "truncated")],
            "reason truncated needs the error unclosed_component right before it",
        ),
        ([text_start(0), stop(0, "truncated")], "a text block cannot stop with reason truncated"),
        ([start(0), FATAL, stop(0)], "after a fatal error the reason of a stop must be aborted"),
        ([FATAL, FATAL], "only the stops of open blocks and message_stop may follow a fatal error"),
        ([FATAL, start(0)], "only the stops of open blocks and message_stop may follow a fatal error"),
        ([FATAL, STATUS], "only the stops of open blocks and message_stop may follow a fatal error"),
        ([MessageStop("complete"), STATUS], "nothing may follow message_stop"),
        ([MessageStop("complete"), MessageStop("complete")], "nothing may follow message_stop"),
        ([start(0), MessageStop("failed")], "every block must be stopped; still open: 0"),
        (
            [start(0), unclosed(0), stop(0, "truncated"), start(1)],
            "no block may start after a stop with reason truncated",
        ),
        (
            [start(0), start(1, parent=0), stop(1, "aborted"), delta(0)],
            "no text may follow a stop with reason aborted",
        ),
        (
            [start(0), start(1, parent=0), stop(1, "aborted"), stop(0)],
            "after a stop with reason aborted the reason must be the same",
        ),
        ([error(line=3), error(line=2)], "lines must not go back from 3"),
        ([error(line=0)], "lines must not go back from 1"),
        ([start(0, span=(4, 4))], "a span must run forward from 0 or more"),
        ([start(0, span=(-1, 4))], "a span must run forward from 0 or more"),
        ([error(span=(0, 9)), start(0, span=(8, 12))], "its span must begin at 9 or later"),
        ([start(0, span=(5, 9)), error(span=(0, 4))], "its span must begin at 9 or later"),
        ([start(0, span=(0, 9)), start(1, parent=0, span=(0, 9))], "the line at (0, 9) has already acted"),
        ([start(0, span=(0, 9)), stop(0, span=(0, 9))], "the line at (0, 9) has already acted"),
        (
            [text_start(0), stop(0, span=(0, 9))],
            "only a component that a marker line closed has a span in its stop",
        ),
        (
            [start(0), stop(0, "aborted", span=(0, 9))],
            "only a component that a marker line closed has a span in its stop",
        ),
    ],
)
def test_what_breaks_the_grammar_is_refused_with_its_rule(events, rule):
    refuse(*events, rule=rule)
