import json

import pytest

from componentstream.core.blocks import Block, BlockBuilder, FatalError
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    TextBlock,
)
from componentstream.core.grammar import ALL_FENCES, BARE_FENCES, NO_FENCES, Grammar, Marker
from componentstream.core.limits import Limits

SPAN = (10, 20)
LINE = 3


def structure_of(grammar=None, **limits):
    return BlockBuilder(grammar or Grammar(), Limits(**limits))


def start(structure, name="A", *, position=None, fence="", **attributes):
    return structure.start(Marker(name, position, attributes), fence, LINE, SPAN)


def end(structure, name="A", *, fence=""):
    return structure.end(name, fence, LINE, SPAN)


def taken(structure):
    """Take the events that have come up."""
    events, structure.events = structure.events, []
    return events


def opened(*names, grammar=None, **limits):
    """Return a structure in which these components are open, its events taken."""
    structure = structure_of(grammar, **limits)
    for name in names:
        assert start(structure, name)
    taken(structure)
    return structure


def started(index, name="A", position="main", parent=None, **attributes):
    return ContentBlockStart(index, ComponentBlock(name, position, attributes, parent), SPAN)


def error(code, message, *, fatal=False, line=LINE, index=None, span=SPAN):
    return ErrorEvent(code, message, fatal=fatal, line=line, index=index, span=span)


def unclosed(index, name, *, line=LINE, span=SPAN):
    return error("unclosed_component", f"Component {name} was not closed.", line=line, index=index, span=span)


# START.


def test_a_start_opens_a_component_with_the_next_index():
    structure = structure_of()
    assert start(structure, "Hero", position="hero", tone="dark")
    assert taken(structure) == [started(0, "Hero", "hero", tone="dark")]
    assert [block.name for block in structure.open] == ["Hero"]


def test_a_start_inside_a_component_opens_a_child():
    structure = opened("A", "B")
    assert start(structure, "C")
    assert taken(structure) == [started(2, "C", parent=1)]


def test_without_a_position_the_component_has_the_default_one():
    structure = structure_of(Grammar(positions={"left"}, default_position="left"))
    assert start(structure)
    assert taken(structure) == [started(0, position="left")]


@pytest.mark.parametrize("position", ["attic", ""])
def test_an_unknown_position_is_an_error_and_gives_the_default(position):
    structure = structure_of()
    assert start(structure, position=position)
    message = f"Unknown position {position!r}."
    assert taken(structure) == [error("invalid_position", message), started(0)]


def test_a_long_position_is_quoted_in_part():
    structure = structure_of()
    assert start(structure, position="x" * 200)
    assert structure.events[0].message == f"Unknown position '{'x' * 79}."


def test_a_strict_grammar_does_not_act_on_an_unknown_position():
    structure = structure_of(Grammar(strict=True))
    assert not start(structure, position="attic", fence="```\n")
    assert taken(structure) == [
        ContentBlockStart(0, TextBlock()),
        ContentBlockDelta(0, "```\n"),
        error("malformed_marker", "Unknown position 'attic'."),
    ]


def test_a_strict_grammar_acts_on_a_start_without_a_position():
    structure = structure_of(Grammar(strict=True))
    assert start(structure)
    assert start(structure, position="nav")
    assert taken(structure) == [started(0), started(1, position="nav", parent=0)]


def test_with_nesting_text_a_start_inside_is_silently_text():
    structure = opened("A", grammar=Grammar(nesting="text", strict=True), max_depth=1, max_components=1)
    assert not start(structure, "B", position="attic")
    assert taken(structure) == []
    assert end(structure)
    assert taken(structure) == [ContentBlockStop(0, "end", 0, 0, SPAN)]


def test_with_nesting_close_a_start_closes_what_is_open_after_its_own_errors():
    structure = opened("A", grammar=Grammar(nesting="close"), max_depth=1)
    structure.pending_text.append("text")
    assert start(structure, "B", position="attic")
    assert taken(structure) == [
        ContentBlockDelta(0, "text"),
        error("invalid_position", "Unknown position 'attic'."),
        unclosed(0, "A"),
        ContentBlockStop(0, "implied", 4, 0, SPAN),
        started(1, "B"),
    ]


def test_a_start_deeper_than_the_limit_is_text():
    structure = opened("A", "B", max_depth=2)
    assert not start(structure, "C")
    assert taken(structure) == [error("nesting_too_deep", "At most 2 components may be open.")]


def test_one_component_too_many_is_fatal_and_the_fence_before_it_is_text():
    structure = opened("A", max_components=1)
    with pytest.raises(FatalError):
        start(structure, "B", fence="```\n")
    assert taken(structure) == [
        ContentBlockDelta(0, "```\n"),
        error("too_many_components", "A stream has at most 1 components.", fatal=True),
    ]


def test_the_checks_of_a_start_come_in_the_order_of_the_protocol():
    strict = opened("A", grammar=Grammar(strict=True), max_depth=1, max_components=1)
    assert not start(strict, "B", position="attic")
    deep = opened("A", max_depth=1, max_components=1)
    assert not start(deep, "B", position="attic")
    many = opened("A", max_components=1)
    with pytest.raises(FatalError):
        start(many, "B", position="attic")
    codes = [[event.code for event in taken(structure)] for structure in (strict, deep, many)]
    assert codes == [["malformed_marker"], ["nesting_too_deep"], ["too_many_components"]]


def test_a_start_ends_the_text_before_it():
    structure = structure_of()
    structure.pending_text.append("Hi\n")
    assert start(structure)
    assert taken(structure) == [
        ContentBlockStart(0, TextBlock()),
        ContentBlockDelta(0, "Hi\n"),
        ContentBlockStop(0, "end", 3),
        started(1),
    ]


# END.


def test_an_end_closes_the_innermost_component():
    structure = opened("A", "A")
    structure.pending_text.append("inner")
    assert end(structure)
    assert taken(structure) == [ContentBlockDelta(1, "inner"), ContentBlockStop(1, "end", 5, 0, SPAN)]
    structure.pending_text.append("outer")
    assert end(structure)
    assert taken(structure) == [ContentBlockDelta(0, "outer"), ContentBlockStop(0, "end", 5, 0, SPAN)]
    assert structure.current_block is None


def test_an_end_of_an_outer_component_first_closes_the_inner_ones():
    structure = opened("A", "B", "C")
    structure.pending_text.append("x")
    assert end(structure, "A")
    assert taken(structure) == [
        ContentBlockDelta(2, "x"),
        unclosed(2, "C"),
        ContentBlockStop(2, "implied", 1, 0, SPAN),
        unclosed(1, "B"),
        ContentBlockStop(1, "implied", 0, 0, SPAN),
        ContentBlockStop(0, "end", 0, 0, SPAN),
    ]


def test_of_two_components_of_one_name_an_end_closes_the_inner_one():
    structure = opened("A", "B", "A", "C")
    assert end(structure, "A")
    assert [block.name for block in structure.open] == ["A", "B"]


def test_an_end_of_nothing_open_is_text():
    structure = opened("A")
    assert not end(structure, "B", fence="```\n")
    assert taken(structure) == [
        ContentBlockDelta(0, "```\n"),
        error("unexpected_end", "No component B is open."),
    ]
    structure = structure_of()
    assert not end(structure)
    assert taken(structure) == [error("unexpected_end", "No component A is open.")]


# Text.


def test_text_leaves_as_one_delta_when_it_is_asked_for():
    structure = opened("A")
    structure.pending_text += ["a", "b", "c"]
    structure.flush()
    structure.flush()
    assert taken(structure) == [ContentBlockDelta(0, "abc")]
    assert structure.pending_text == []


def test_text_between_components_is_a_block_that_begins_with_it():
    structure = structure_of()
    for text in ("Hello ", "\n"):
        structure.pending_text.append(text)
        structure.flush()
    assert taken(structure) == [
        ContentBlockStart(0, TextBlock()),
        ContentBlockDelta(0, "Hello "),
        ContentBlockDelta(0, "\n"),
    ]


def test_text_between_components_may_be_discarded():
    structure = structure_of(Grammar(outside="discard"))
    structure.pending_text.append("Hi")
    assert start(structure)
    structure.pending_text.append("kept")
    assert end(structure)
    structure.pending_text.append("Bye")
    structure.finish()
    assert taken(structure) == [
        started(0),
        ContentBlockDelta(0, "kept"),
        ContentBlockStop(0, "end", 4, 0, SPAN),
    ]


def test_an_error_comes_behind_the_text_before_it_and_does_not_end_that():
    structure = structure_of()
    structure.pending_text.append("a")
    assert not structure.reject("invalid_name", "Wrong.", "", LINE, SPAN)
    structure.pending_text.append(" b")
    structure.finish()
    assert taken(structure) == [
        ContentBlockStart(0, TextBlock()),
        ContentBlockDelta(0, "a"),
        error("invalid_name", "Wrong."),
        ContentBlockDelta(0, " b"),
        ContentBlockStop(0, "end", 3),
    ]


# The size of a component.


def too_large(index=0):
    message = "Component A is longer than 3 characters."
    return error("component_too_large", message, line=None, index=index, span=None)


def test_a_component_may_be_as_long_as_its_limit():
    structure = opened("A", max_component_chars=3)
    structure.pending_text.append("abc")
    assert end(structure)
    assert taken(structure) == [ContentBlockDelta(0, "abc"), ContentBlockStop(0, "end", 3, 0, SPAN)]


def test_what_is_over_the_limit_is_dropped_counted_and_reported_once():
    structure = opened("A", max_component_chars=3)
    for text in ("ab", "cde", "f"):
        structure.pending_text.append(text)
        structure.flush()
    assert end(structure)
    assert taken(structure) == [
        ContentBlockDelta(0, "ab"),
        ContentBlockDelta(0, "c"),
        too_large(),
        ContentBlockStop(0, "end", 3, 3, SPAN),
    ]


def test_no_empty_delta_comes_when_nothing_fits_any_more():
    structure = opened("A", max_component_chars=3)
    structure.pending_text.append("abc")
    structure.flush()
    structure.pending_text.append("d")
    structure.flush()
    assert taken(structure) == [ContentBlockDelta(0, "abc"), too_large()]


def test_the_limit_is_that_of_each_component():
    structure = opened("A", max_component_chars=3)
    structure.pending_text.append("abcd")
    assert start(structure)
    structure.pending_text.append("efg")
    structure.finish()
    assert [event for event in taken(structure) if isinstance(event, ContentBlockStop)] == [
        ContentBlockStop(1, "truncated", 3),
        ContentBlockStop(0, "truncated", 3, 1),
    ]


def test_nothing_is_trimmed_where_the_error_ends_the_stream():
    structure = opened("A", max_component_chars=3, max_errors=1)
    assert not structure.reject("invalid_name", "Wrong.", "", LINE, SPAN)
    structure.pending_text.append("abcd")
    with pytest.raises(FatalError):
        structure.flush()
    structure.abort()
    assert taken(structure)[1:] == [
        ContentBlockDelta(0, "abc"),
        error("too_many_errors", "The stream has more than 1 errors.", fatal=True, line=None, span=None),
        ContentBlockStop(0, "aborted", 3),
    ]


# Ends.


def test_the_end_of_the_stream_truncates_what_is_open_innermost_first():
    structure = opened("A", "B")
    structure.pending_text.append("x")
    structure.finish()
    assert taken(structure) == [
        ContentBlockDelta(1, "x"),
        unclosed(1, "B", line=None, span=None),
        ContentBlockStop(1, "truncated", 1),
        unclosed(0, "A", line=None, span=None),
        ContentBlockStop(0, "truncated", 0),
    ]


def test_the_end_of_a_stream_in_which_nothing_is_open_says_nothing():
    structure = structure_of()
    structure.finish()
    structure.abort()
    assert taken(structure) == []


def test_abort_stops_components_innermost_first_and_drops_the_run():
    structure = opened("A", "B")
    structure.pending_text.append("lost")
    structure.abort()
    assert taken(structure) == [ContentBlockStop(1, "aborted", 0), ContentBlockStop(0, "aborted", 0)]
    assert structure.pending_text == []


def test_abort_stops_a_text_block():
    structure = structure_of()
    structure.pending_text.append("Hi")
    structure.flush()
    structure.abort()
    assert taken(structure)[2:] == [ContentBlockStop(0, "aborted", 2)]


def test_one_error_too_many_is_the_fatal_one_in_its_place():
    structure = opened("A", "B", max_errors=1)
    with pytest.raises(FatalError):
        structure.finish()
    structure.abort()
    assert taken(structure) == [
        unclosed(1, "B", line=None, span=None),
        ContentBlockStop(1, "truncated", 0),
        error("too_many_errors", "The stream has more than 1 errors.", fatal=True, line=None, span=None),
        ContentBlockStop(0, "aborted", 0),
    ]


def test_it_keeps_the_line_and_span_of_the_error_whose_place_it_takes():
    structure = opened("A", "B", "C", max_errors=1)
    with pytest.raises(FatalError):
        end(structure, "A")
    assert taken(structure)[2:] == [
        error("too_many_errors", "The stream has more than 1 errors.", fatal=True)
    ]


def test_it_takes_the_place_of_a_fatal_error_too():
    structure = structure_of(max_errors=1)
    structure.error("invalid_name", "Wrong.")
    with pytest.raises(FatalError):
        structure.error("stream_too_large", "Long.")
    assert [event.code for event in taken(structure)] == ["invalid_name", "too_many_errors"]


@pytest.mark.parametrize("code", ["too_many_components", "too_many_errors", "stream_too_large"])
def test_a_fatal_error_halts_behind_its_event(code):
    structure = structure_of()
    structure.pending_text.append("x")
    with pytest.raises(FatalError):
        structure.error(code, "Over.")
    assert taken(structure)[1:] == [
        ContentBlockDelta(0, "x"),
        error(code, "Over.", fatal=True, line=None, span=None),
    ]


# Fences.


def test_outside_every_fence_counts():
    structure = structure_of()
    assert structure.fences == ALL_FENCES
    assert start(structure)
    assert end(structure)
    assert structure.fences == ALL_FENCES


def test_inside_every_fence_counts_on_the_first_line_and_none_after_it():
    structure = opened("A")
    assert (structure.first_line, structure.fences) == (True, ALL_FENCES)
    structure.end_first_line()
    assert (structure.first_line, structure.fences) == (False, NO_FENCES)


def test_a_component_whose_first_line_was_a_fence_waits_for_a_bare_one_for_its_whole_life():
    structure = opened("A")
    assert structure.drops_fence(bare=False)
    structure.end_first_line()
    assert structure.fences == BARE_FENCES
    assert not structure.drops_fence(bare=True)
    assert start(structure, "B")
    structure.end_first_line()
    assert structure.fences == NO_FENCES
    assert end(structure, "B")
    assert structure.fences == BARE_FENCES


@pytest.mark.parametrize(
    ("grammar", "outside", "inside"),
    [
        (Grammar(fences="keep"), NO_FENCES, NO_FENCES),
        (Grammar(outside="discard"), NO_FENCES, ALL_FENCES),
        (Grammar(fences="keep", outside="discard"), NO_FENCES, NO_FENCES),
    ],
)
def test_fences_do_not_count_where_they_make_no_difference(grammar, outside, inside):
    structure = structure_of(grammar)
    assert structure.fences == outside
    assert start(structure)
    assert structure.fences == inside


def test_a_fence_before_a_start_is_dropped_and_then_a_bare_one_outside_once():
    structure = structure_of()
    assert not structure.drops_fence(bare=True)
    assert start(structure, fence="```tsx\n")
    assert end(structure)
    assert taken(structure) == [started(0), ContentBlockStop(0, "end", 0, 0, SPAN)]
    assert not structure.drops_fence(bare=False)
    assert structure.drops_fence(bare=True)
    assert not structure.drops_fence(bare=True)


def test_a_fence_before_an_end_is_dropped():
    structure = opened("A")
    assert end(structure, fence="```\n")
    assert taken(structure) == [ContentBlockStop(0, "end", 0, 0, SPAN)]
    assert not structure.drops_fence(bare=True)


def test_a_fence_before_a_marker_whose_errors_end_the_stream_is_text():
    structure = opened("A", "B", max_errors=1)
    structure.error("invalid_name", "Wrong.")
    with pytest.raises(FatalError):
        end(structure, "A", fence="```\n")
    assert taken(structure)[1:] == [
        ContentBlockDelta(1, "```\n"),
        error("too_many_errors", "The stream has more than 1 errors.", fatal=True),
    ]
    structure = structure_of(max_errors=1)
    structure.error("invalid_name", "Wrong.")
    with pytest.raises(FatalError):
        start(structure, position="attic", fence="```\n")
    assert taken(structure)[1:] == [
        ContentBlockStart(0, TextBlock()),
        ContentBlockDelta(0, "```\n"),
        error("too_many_errors", "The stream has more than 1 errors.", fatal=True),
    ]


def test_a_marker_whose_errors_end_the_stream_may_have_no_fence_before_it():
    structure = opened("A", "B", max_errors=1)
    structure.error("invalid_name", "Wrong.")
    with pytest.raises(FatalError):
        end(structure, "A")
    assert [event.code for event in taken(structure)] == ["invalid_name", "too_many_errors"]


# Snapshots.


def copied(structure, grammar=None, **limits):
    copy = structure_of(grammar, **limits)
    copy.restore(json.loads(json.dumps(structure.snapshot())))
    return copy


def test_a_restored_structure_goes_on_where_the_other_one_was():
    structure = opened("A", max_component_chars=3, max_components=2, max_errors=2)
    assert structure.drops_fence(bare=True)
    structure.end_first_line()
    structure.pending_text.append("abcd")
    structure.flush()
    taken(structure)
    copy = copied(structure, max_component_chars=3, max_components=2, max_errors=2)
    assert copy.open == [Block(0, "A", chars=3, trimmed=1, fenced=True)]
    assert copy.current_block is copy.open[0]
    assert copy.fences == BARE_FENCES
    for each in (structure, copy):
        assert start(each, "B")
        assert not end(each, "C")
        with pytest.raises(FatalError):
            start(each, "C")
    assert copy.events == structure.events != []


def test_a_restored_structure_knows_its_text_block_and_the_fence_to_come():
    structure = structure_of()
    assert start(structure, fence="```\n")
    assert end(structure)
    structure.pending_text.append("Hi")
    structure.flush()
    taken(structure)
    copy = copied(structure)
    assert copy.current_block == Block(1, "", chars=2)
    assert copy.drops_fence(bare=True)
    copy.finish()
    assert taken(copy) == [ContentBlockStop(1, "end", 2)]


def test_a_restored_structure_knows_the_first_line_of_a_component():
    structure = opened("A")
    copy = copied(structure)
    assert copy.first_line
    assert copy.fences == ALL_FENCES


def test_a_restored_structure_knows_which_component_is_the_innermost():
    copy = copied(opened("A", "B"))
    copy.pending_text.append("b")
    copy.finish()
    assert [event.index for event in taken(copy)] == [1, 1, 1, 0, 0]
    assert copied(opened("A", "B")).current_block == Block(1, "B")


def test_a_new_structure_can_be_restored():
    copy = copied(structure_of())
    copy.finish()
    assert taken(copy) == []
    assert copy.current_block is None


def state_of(*names):
    """Return the snapshot of a structure in which these components are open, or else a text block."""
    structure = opened(*names)
    structure.pending_text.append("x")
    structure.flush()
    return json.loads(json.dumps(structure.snapshot()))


STATE_PARTS = sorted(state_of())
BLOCK_PARTS = sorted(state_of("A")["open"][0])
WRONG = [None, True, 1, 1.0, "1", [], {}]
"""Values of which each part of a snapshot is of the kind of one at most."""


@pytest.mark.parametrize("key", STATE_PARTS)
def test_a_snapshot_without_a_part_is_refused(key):
    state = state_of()
    del state[key]
    with pytest.raises(KeyError, match=f"^'{key}'$"):
        structure_of().restore(state)


@pytest.mark.parametrize("key", sorted(set(STATE_PARTS) - {"prose"}))
def test_a_snapshot_with_a_part_of_another_kind_is_refused(key):
    state = state_of()
    kind = type(state[key])
    for wrong in WRONG:
        if type(wrong) is not kind:
            with pytest.raises(TypeError, match=f"^{key} must be {kind.__name__}$"):
                structure_of().restore(state | {key: wrong})


@pytest.mark.parametrize("key", BLOCK_PARTS)
def test_a_snapshot_with_a_damaged_block_is_refused(key):
    for names in ((), ("A", "B")):
        state = state_of(*names)
        block = state["open"][-1] if names else state["prose"]
        right = block.pop(key)
        with pytest.raises(KeyError, match=f"^'{key}'$"):
            structure_of().restore(state)
        for block[key] in WRONG:
            if type(block[key]) is not type(right):
                with pytest.raises(TypeError, match=f"^{key} must be {type(right).__name__}$"):
                    structure_of().restore(state)


@pytest.mark.parametrize("wrong", [True, 1, 1.0, "1", []])
def test_a_snapshot_with_a_block_that_is_none_is_refused(wrong):
    for damage in ({"prose": wrong}, {"open": [wrong]}, {"open": [None]}):
        with pytest.raises(TypeError, match=r"^a block must be an object$"):
            structure_of().restore(state_of() | damage)
