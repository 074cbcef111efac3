import pytest

from componentstream.core.blocks import Block, FatalError
from componentstream.core.events import ContentBlockDelta, ContentBlockStart, ContentBlockStop, TextBlock
from componentstream.core.grammar import Grammar
from componentstream.core.markers import Fault
from tests.core.structures import (
    LINE,
    SPAN,
    copied,
    end,
    error,
    opened,
    start,
    started,
    state_of,
    structure_of,
    taken,
    unclosed,
)

WRONG = Fault("invalid_name", "Wrong.")

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
    assert not structure.reject(WRONG, "", LINE, SPAN)
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
    assert not structure.reject(WRONG, "", LINE, SPAN)
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


# Snapshots.


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


STATE_PARTS = sorted(state_of())
BLOCK_PARTS = sorted(state_of("A")["open"][0])
OTHERS = [None, True, 1, 1.0, "1", [], {}]
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
    for wrong in OTHERS:
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
        for block[key] in OTHERS:
            if type(block[key]) is not type(right):
                with pytest.raises(TypeError, match=f"^{key} must be {type(right).__name__}$"):
                    structure_of().restore(state)


@pytest.mark.parametrize("wrong", [True, 1, 1.0, "1", []])
def test_a_snapshot_with_a_block_that_is_none_is_refused(wrong):
    for damage in ({"prose": wrong}, {"open": [wrong]}, {"open": [None]}):
        with pytest.raises(TypeError, match=r"^a block must be an object$"):
            structure_of().restore(state_of() | damage)


@pytest.mark.parametrize(
    ("names", "damage", "message"),
    [
        ((), {"blocks": -1}, "blocks is out of range"),
        ((), {"errors": 10**30}, "errors is out of range"),
        (("A", "B"), {"components": 3}, "components is out of range"),
        (("A", "B"), {"components": 1}, "too many components are open"),
        (("A", "B"), {"prose": state_of()["prose"]}, "the blocks must be in order"),
        (("A",), {"prose": state_of()["prose"] | {"index": 1}, "blocks": 2}, "the blocks must be in order"),
        (("A", "B"), {"open": state_of("A", "B")["open"][::-1]}, "the blocks must be in order"),
        ((), {"prose": state_of()["prose"] | {"name": "A"}}, "each component must have a name"),
        ((), {"prose": state_of()["prose"] | {"chars": -1}}, "chars is out of range"),
        (("A",), {"open": [state_of("A")["open"][0] | {"name": ""}]}, "each component must have a name"),
        (
            ("A",),
            {"open": [state_of("A")["open"][0] | {"name": "9"}]},
            "name must be the name of a component",
        ),
        (("A",), {"open": [state_of("A")["open"][0] | {"chars": 2**30}]}, "chars is out of range"),
    ],
)
def test_blocks_that_no_stream_has_are_refused(names, damage, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        structure_of().restore(state_of(*names) | damage)
