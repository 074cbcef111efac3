"""The state of a provider's message: the pieces that readings add, one after the other."""

import pytest

from componentstream.sources import SourceError
from componentstream.sources._message_state import ProviderMessageState
from componentstream.sources._tool_calls import ToolCallDecoder, ToolFragment
from componentstream.sources.pieces import INCOMPLETE, Reasoning, Usage
from componentstream.sources.providers.reading import Reading

EVENT = {"type": "new"}
OPENS = Reading(opens=True)
STARTS = Reading(opens=True, starts=True)
ENDS = Reading(ends=True)
TRUNCATED = SourceError("source_truncated", "Too long.")
FAILED = SourceError("source_failed", "Overloaded.", fatal=True)


def pieces(*readings):
    state = ProviderMessageState()
    return [piece for reading in readings for piece in state.add(EVENT, reading)] + state.close()


def test_text_is_passed_on():
    assert pieces(Reading("a"), Reading(""), Reading(), Reading("b")) == ["a", "b"]


def test_text_of_an_echo_counts_only_before_other_text():
    echo = Reading("a", echo=1)
    assert pieces(echo, echo) == ["a", "a"]
    assert pieces(Reading("a"), echo) == ["a"]
    assert pieces(echo, Reading("b"), echo) == ["a", "b"]
    assert pieces(Reading(""), echo) == []
    assert pieces(Reading("", echo=1), Reading("a", echo=2), echo, Reading("c", echo=2)) == ["a", "a"]


@pytest.mark.parametrize(
    "readings",
    [[OPENS], [OPENS, OPENS], [OPENS, ENDS, STARTS], [OPENS, ENDS, Reading(opens=True, tool=True)]],
)
def test_a_message_that_is_not_ended_is_incomplete(readings):
    assert pieces(*readings) == [INCOMPLETE]


@pytest.mark.parametrize(
    "readings",
    [[], [ENDS], [OPENS, ENDS], [OPENS, Reading(opens=True, ends=True)], [OPENS, ENDS, OPENS]],
)
def test_a_message_that_is_ended_or_was_never_opened_is_complete(readings):
    assert pieces(*readings) == []


CALL = Reading(tool=True, calls=(ToolFragment(0, "show", None, '{"code":"a"}'),))


def test_tool_calls_without_text_are_told():
    told = pieces(CALL, Reading("\n"), CALL, ENDS)[-1]
    assert (told.code, told.fatal, told.retryable) == ("source_without_text", False, False)
    assert "only tool calls: 'show'. If" in told.message
    assert "tool=" in told.message
    [nameless] = pieces(Reading(tool=True))
    assert "only tool calls. If" in nameless.message
    unsafe = Reading(calls=(ToolFragment(0, "a sentence"),))
    assert pieces(unsafe) == [nameless]


def test_tool_calls_beside_text_or_an_error_are_not_told():
    assert pieces(CALL, ENDS, Reading("a"), ENDS) == ["a"]
    assert pieces(CALL, Reading(error=TRUNCATED, ends=True)) == [TRUNCATED]
    assert pieces(CALL, Reading(error=FAILED)) == [FAILED]
    assert pieces(OPENS, CALL) == [INCOMPLETE]
    state = ProviderMessageState()
    state.has_text = True
    assert state.add(EVENT, CALL) + state.close() == []


def test_after_an_end_text_opens_a_message_and_reasoning_does_not():
    assert pieces(OPENS, ENDS, Reading("a", opens=True)) == ["a", INCOMPLETE]
    assert pieces(OPENS, ENDS, Reading("a", opens=True, echo=1)) == ["a"]
    assert pieces(OPENS, ENDS, Reading(opens=True, reasoning="a")) == [Reasoning("")]
    assert pieces(Reading(opens=True, reasoning="a")) == [Reasoning(""), INCOMPLETE]


def test_a_message_may_be_ended_by_something_other_than_an_event():
    state = ProviderMessageState()
    state.add(EVENT, OPENS)
    state.message_ended()
    assert state.close() == []


def test_a_stop_reason_is_reported_once_for_each_message():
    truncated = Reading(error=TRUNCATED, ends=True)
    assert pieces(OPENS, truncated, Reading(error=TRUNCATED)) == [TRUNCATED]
    assert pieces(OPENS, truncated, STARTS, truncated) == [TRUNCATED, TRUNCATED]


def test_nothing_follows_a_fatal_error():
    state = ProviderMessageState()
    state.add(EVENT, OPENS)
    assert state.add(EVENT, Reading("text", error=TRUNCATED)) == ["text", TRUNCATED]
    assert not state.failed
    assert state.add(EVENT, Reading("more", error=FAILED)) == ["more", FAILED]
    assert state.failed
    assert state.add(EVENT, Reading("late", error=FAILED)) == []
    assert state.add(EVENT, None) == []
    assert state.ignored == 0
    assert state.close() == []


def test_unknown_events_are_counted():
    state = ProviderMessageState()
    assert (state.recognized, state.add(EVENT, None), state.ignored) == (False, [], 1)
    assert not state.recognized
    state.add(EVENT, Reading())
    assert (state.recognized, state.ignored) == (True, 1)


def test_usage_comes_at_the_end_of_a_message_and_when_it_changes_after_it():
    one, two = Usage(1, 1), Usage(1, 2)
    assert pieces(Reading("a", opens=True, usage=one), Reading(ends=True, usage=two)) == ["a", two]
    assert pieces(OPENS, ENDS, Reading(usage=one), Reading(usage=one)) == [one]
    assert pieces(Reading("a", usage=one)) == ["a", one]
    assert pieces(OPENS, Reading(error=FAILED, usage=one)) == [one, FAILED]
    assert pieces(Reading(opens=True, usage=one)) == [one, INCOMPLETE]


def test_the_usage_of_messages_is_added_up():
    first, second = (
        Reading("a", opens=True, starts=True, ends=True, usage=Usage(1), id=name) for name in "ab"
    )
    assert pieces(first, second) == ["a", Usage(1), "a", Usage(2)]


def test_reasoning_comes_where_it_is_asked_for_and_else_shows_once_that_the_model_is_thinking():
    thought = Reading(reasoning="a")
    assert pieces(thought, thought, Reading("b"), thought) == [Reasoning(""), "b", Reasoning("")]
    state = ProviderMessageState("emit")
    assert state.add(EVENT, thought) + state.add(EVENT, thought) == [Reasoning("a")] * 2


def test_another_message_in_an_open_one_is_fatal():
    first, other = (Reading("a", opens=True, starts=True, id=name) for name in "ab")
    *text, error = pieces(first, other)
    assert (text, error.code, error.fatal, error.retryable) == (["a"], "source_incomplete", True, True)
    assert pieces(first, first, ENDS, other, ENDS) == ["a", "a", "a"]


def test_events_of_which_none_is_known_are_told_by_their_kinds():
    state = ProviderMessageState()
    assert not state.touched
    for kind in ("b", "a", "a", "c", "d"):
        state.add({"type": kind}, None)
    [error] = state.close()
    assert (error.code, error.fatal, error.retryable) == ("source_not_understood", True, False)
    assert "It began with: an event of the type 'b', an event of the type 'a', an event of the type 'c'." in (
        error.message
    )
    assert (state.touched, state.ignored) == (True, 5)


def test_unknown_events_beside_text_or_known_ones_are_not_an_error():
    state = ProviderMessageState()
    state.add(EVENT, None)
    state.has_text = True
    assert state.close() == []
    assert pieces(None, ENDS) == []


def test_events_without_meaning_alone_are_not_an_answer():
    assert pieces(Reading(), Reading()) == [INCOMPLETE]


def test_a_note_is_not_counted():
    state = ProviderMessageState()
    state.note("a")
    assert state.ignored == 0
    assert state.close()[0].code == "source_not_understood"


CALLED = ToolFragment(0, "show", None, '{"code": "x')
RETURNED = ToolFragment(0, text='"}')


def tool_pieces(*readings):
    state = ProviderMessageState(tool=ToolCallDecoder("show", "code"))
    return [piece for reading in readings for piece in state.add(EVENT, reading)] + state.close()


def test_the_text_of_a_tool_takes_the_place_of_the_text_of_the_answer():
    assert tool_pieces(Reading("text"), Reading(calls=(CALLED,)), Reading(calls=(RETURNED,)), ENDS) == ["x"]


def test_calls_that_repeat_others_count_only_without_those():
    echo = Reading(calls=(CALLED, RETURNED), echo=1)
    assert tool_pieces(echo) == ["x"]
    assert tool_pieces(Reading(calls=(CALLED, RETURNED)), echo) == ["x"]


def test_an_incomplete_call_is_told_at_the_end_of_its_message_and_nothing_follows():
    text, error = tool_pieces(OPENS, Reading(calls=(CALLED,)), ENDS, Reading(calls=(CALLED, RETURNED)))
    assert text == "x"
    assert (error.code, error.fatal) == ("source_incomplete", True)


def test_an_incomplete_call_of_an_answer_that_was_cut_short_is_told_once():
    assert tool_pieces(OPENS, Reading(calls=(CALLED,)), Reading(error=TRUNCATED, ends=True)) == [
        "x",
        TRUNCATED,
    ]
    assert tool_pieces(OPENS, Reading(calls=(CALLED,))) == ["x", INCOMPLETE]
    assert tool_pieces(OPENS, Reading(calls=(CALLED,), error=FAILED, ends=True)) == ["x", FAILED]


def test_a_message_without_a_call_of_the_tool_is_not_understood():
    [error] = tool_pieces(OPENS, Reading("text"), ENDS)
    assert (error.code, error.fatal) == ("source_not_understood", True)
    assert "'show'" in error.message


def test_a_sentinel_ends_the_calls_of_a_message():
    state = ProviderMessageState(tool=ToolCallDecoder("show", "code"))
    assert state.add(EVENT, Reading(calls=(CALLED,))) == ["x"]
    [error] = state.message_ended()
    assert error.code == "source_incomplete"


def test_the_error_of_a_call_is_the_last_piece_and_the_usage_comes_before_it():
    state = ProviderMessageState("drop", ToolCallDecoder("show", "code"))
    first = ToolFragment("a", "show", "1", '{"code": "x')
    assert state.add(EVENT, Reading(calls=(first,), usage=Usage(1))) == ["x"]
    second = ToolFragment("a", "show", "2", '{"code": "y"}')
    usage, error = state.add(EVENT, Reading(calls=(second,), error=TRUNCATED, ends=True))
    assert (usage, error.code) == (Usage(1), "source_incomplete")
    assert state.failed


def test_events_without_meaning_are_an_answer_only_if_one_of_them_ends_the_stream():
    assert pieces(Reading()) == [INCOMPLETE]
    assert pieces(Reading(), Reading(closes=True)) == []
    assert pieces(OPENS, Reading(closes=True)) == [INCOMPLETE]


def test_a_tentative_end_leaves_a_call_incomplete():
    state = ProviderMessageState("drop", ToolCallDecoder("show", "code"))
    parts = [ToolFragment(0, "show", None, '{"code": "x'), ToolFragment(0, text='y"}')]
    assert state.add(EVENT, Reading(calls=(parts[0],), tool=True, opens=True)) == ["x"]
    assert state.add(EVENT, Reading(ends=True, tentative=True)) == []
    assert state.add(EVENT, Reading(calls=(parts[1],), tool=True, opens=True)) == ["y"]
    assert state.add(EVENT, ENDS) == state.close() == []
