import pytest

from componentstream.core.automaton import ALL_FENCES, BARE_TICKS, BARE_TILDES, NO_FENCES
from componentstream.core.blocks import Block, FatalError
from componentstream.core.events import ContentBlockDelta, ContentBlockStart, ContentBlockStop, TextBlock
from componentstream.core.grammar import Grammar
from componentstream.core.markers import Marker, judge
from tests.core.structures import (
    LINE,
    SPAN,
    copied,
    end,
    error,
    opened,
    start,
    started,
    structure_of,
    taken,
    unclosed,
)

KNOWN = (
    "Known: contact, content, cta, custom, faq, features, footer, header, hero, main, nav, pricing, root, "
    "sidebar, stats, team, testimonials."
)

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
    message = f"Unknown position {position!r}; 'main' was used. {KNOWN}"
    assert taken(structure) == [error("invalid_position", message), started(0)]


def test_a_long_position_is_quoted_in_part():
    structure = structure_of()
    assert start(structure, position="x" * 200)
    assert structure.events[0].message == f"Unknown position '{'x' * 79}; 'main' was used. {KNOWN}"


def test_a_strict_grammar_does_not_act_on_an_unknown_position():
    structure = structure_of(Grammar(strict=True))
    assert not start(structure, position="attic", fence="```\n")
    assert taken(structure) == [
        ContentBlockStart(0, TextBlock()),
        ContentBlockDelta(0, "```\n"),
        error("malformed_marker", f"Unknown position 'attic'. {KNOWN}"),
    ]


def test_a_strict_grammar_acts_on_a_start_without_a_position():
    structure = structure_of(Grammar(strict=True, nesting="nest"))
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
        error("invalid_position", f"Unknown position 'attic'; 'main' was used. {KNOWN}"),
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
    strict = opened("A", grammar=Grammar(strict=True, nesting="nest"), max_depth=1, max_components=1)
    assert not start(strict, "B", position="attic")
    deep = opened("A", grammar=Grammar(nesting="nest"), max_depth=1, max_components=1)
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


# Sections.


def test_a_start_with_a_position_closes_what_is_open():
    structure = opened("A", "B")
    assert start(structure, "C", position="nav")
    assert taken(structure) == [
        unclosed(1, "B"),
        ContentBlockStop(1, "implied", 0, 0, SPAN),
        unclosed(0, "A"),
        ContentBlockStop(0, "implied", 0, 0, SPAN),
        started(2, "C", "nav"),
    ]


@pytest.mark.parametrize("marker", [Marker("C", "attic", {}), Marker("C", None, {}, stand_in=True)])
def test_a_position_that_is_not_known_begins_a_section_too(marker):
    structure = opened("A")
    assert structure.start(marker, "", LINE, SPAN)
    assert taken(structure)[-1] == started(1, "C")
    assert [block.name for block in structure.open] == ["C"]


def test_a_section_stays_inside_the_innermost_root():
    structure = opened()
    for name, position in (("Page", "root"), ("Inner", "root"), ("Hero", "hero"), ("Part", None)):
        assert start(structure, name, position=position)
    taken(structure)
    assert start(structure, "Footer", position="footer")
    assert [block.name for block in structure.open] == ["Page", "Inner", "Footer"]
    assert taken(structure)[-1] == started(4, "Footer", "footer", parent=1)
    assert start(structure, "Deep", position="root")
    assert start(structure, "Deeper", position="nav")
    assert [block.name for block in structure.open] == ["Page", "Inner", "Deep", "Deeper"]


@pytest.mark.parametrize(
    ("name", "child"), [("Menu.Item", True), ("Menu", False), ("MenuItem", False), ("Bar.X", True)]
)
def test_a_part_of_an_open_component_is_a_child(name, child):
    structure = opened("Menu", "Bar")
    assert start(structure, name, position="nav")
    assert taken(structure)[-1] == started(2, name, "nav", parent=1 if child else None)


def test_the_depth_counts_what_stays_open():
    structure = opened("A", "B", max_depth=2)
    assert start(structure, "C", position="nav")
    assert start(structure, "D")
    assert not start(structure, "E")
    assert not start(structure, "C.E", position="nav")
    assert start(structure, "E", position="nav")


# Recovery.


def act(structure, rest, *, opens, fence="", last=False):
    return structure.act(judge(rest, opens=opens), fence, LINE, SPAN, opens=opens, last=last)


def recovered(code, message):
    return error(code, message, recovered=True)


def test_a_recovered_start_reports_its_error_first():
    structure = opened("A", grammar=Grammar(default_position="nav"))
    structure.pending_text.append("x")
    assert act(structure, " B position=attic, dark", opens=True)
    shown = "START 'B position=attic, dark' is not well-formed; B was started with position."
    assert taken(structure) == [
        ContentBlockDelta(0, "x"),
        recovered("invalid_attribute", shown),
        error("invalid_position", f"Unknown position 'attic'; 'nav' was used. {KNOWN}"),
        unclosed(0, "A"),
        ContentBlockStop(0, "implied", 1, 0, SPAN),
        started(1, "B", "nav"),
    ]


def test_a_recovered_end_reports_its_error_first():
    structure = opened("A", "B")
    assert act(structure, " A;", opens=False)
    assert taken(structure) == [
        recovered(
            "invalid_name", "END 'A;' has characters after the name; they were ignored and A was closed."
        ),
        unclosed(1, "B"),
        ContentBlockStop(1, "implied", 0, 0, SPAN),
        ContentBlockStop(0, "end", 0, 0, SPAN),
    ]


@pytest.mark.parametrize(
    ("grammar", "limits", "code"),
    [
        (Grammar(), {"max_depth": 1}, "nesting_too_deep"),
        (Grammar(), {"max_components": 1}, "too_many_components"),
        (Grammar(nesting="text"), {}, None),
    ],
)
def test_a_start_that_recovery_would_let_act_but_a_limit_refuses_is_text_with_its_own_error(
    grammar, limits, code
):
    structure = opened("A", grammar=grammar, **limits)
    assert not act(structure, " B,", opens=True)
    rule = "a name is up to 128 letters, digits and underscores, a letter first"
    assert taken(structure) == [error("invalid_name", f"'B,' is not a component name; {rule}.")]
    assert structure.open[-1].starts == 1
    if code == "too_many_components":
        with pytest.raises(FatalError):
            act(structure, " B", opens=True)
    else:
        assert not act(structure, " B", opens=True)
        assert [event.code for event in taken(structure)] == ([code] if code else [])
        assert structure.open[-1].starts == 2


def test_the_last_line_of_a_stream_is_recovered_only_if_it_names_what_is_open():
    for rest, opens, acts in (
        (" B,", True, False),
        ("", False, False),
        (" a", False, False),
        (" A;", False, True),
    ):
        structure = opened("A")
        assert act(structure, rest, opens=opens, last=True) is acts
        assert [event.recovered for event in taken(structure)[:1]] == [acts]


@pytest.mark.parametrize("grammar", [Grammar(strict=True), Grammar(recover=False)])
def test_without_recovery_a_faulty_line_is_text(grammar):
    structure = opened("A", grammar=grammar)
    for rest, opens in ((" B,", True), ("", False), (" a", False), (" A;", False)):
        assert not act(structure, rest, opens=opens)
    assert [block.name for block in structure.open] == ["A"]


def test_a_start_that_stayed_text_takes_one_bare_end():
    structure = opened("A", max_depth=1)
    for rest in (" Then loop", " b", " then loop", "", " 9"):
        assert not act(structure, rest, opens=True)
    assert structure.open[-1].starts == 2
    assert not act(structure, " Then", opens=False)
    assert not act(structure, "", opens=False)
    assert not act(structure, " ---", opens=False)
    assert not any(event.recovered for event in taken(structure))
    assert act(structure, "", opens=False)
    assert not structure.open


def test_only_the_starts_directly_inside_count():
    structure = opened("A")
    assert not act(structure, " Then loop", opens=True)
    assert start(structure, "B")
    assert act(structure, "", opens=False)
    assert not act(structure, "", opens=False)
    assert act(structure, "", opens=False)


def test_a_recovered_error_that_is_one_too_many_ends_the_stream_before_the_line_acts():
    for rest, opens in ((" A;", False), (" B,", True)):
        structure = opened("A", max_errors=1)
        structure.error("invalid_name", "Wrong.")
        with pytest.raises(FatalError):
            act(structure, rest, opens=opens)
        fatal = error("too_many_errors", "The stream has more than 1 errors.", fatal=True)
        assert taken(structure)[1:] == [fatal]


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
    assert structure.drops_fence("`", bare=False)
    structure.end_first_line()
    assert structure.fences == BARE_TICKS
    assert not structure.drops_fence("`", bare=True)
    assert start(structure, "B")
    structure.end_first_line()
    assert structure.fences == NO_FENCES
    assert end(structure, "B")
    assert structure.fences == BARE_TICKS


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
    assert not structure.drops_fence("`", bare=True)
    assert start(structure, fence="```tsx\n")
    assert end(structure)
    assert taken(structure) == [started(0), ContentBlockStop(0, "end", 0, 0, SPAN)]
    assert not structure.drops_fence("`", bare=False)
    assert structure.drops_fence("`", bare=True)
    assert not structure.drops_fence("`", bare=True)


def test_a_fence_before_an_end_is_dropped():
    structure = opened("A")
    assert end(structure, fence="```\n")
    assert taken(structure) == [ContentBlockStop(0, "end", 0, 0, SPAN)]
    assert not structure.drops_fence("`", bare=True)


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


def test_a_closing_fence_is_due_for_each_character():
    structure = structure_of()
    for fence in ("```\n", " ~~~~ tsx\n"):
        assert start(structure, fence=fence)
        assert end(structure)
    assert structure.drops_fence("~", bare=True)
    assert not structure.drops_fence("~", bare=True)
    assert structure.drops_fence("`", bare=True)
    assert not structure.drops_fence("`", bare=True)


def test_a_component_that_begins_with_tildes_waits_for_tildes():
    structure = opened("A")
    assert structure.drops_fence("~", bare=False)
    structure.end_first_line()
    assert structure.fences == BARE_TILDES


@pytest.mark.parametrize(
    ("grammar", "position", "acts"),
    [
        (Grammar(), "nav", True),
        (Grammar(nesting="close"), None, True),
        (Grammar(), None, False),
        (Grammar(nesting="nest"), "nav", False),
    ],
)
def test_a_fence_inside_is_dropped_before_a_start_that_closes_the_component(grammar, position, acts):
    structure = opened("A", grammar=grammar)
    assert start(structure, "B", position=position, fence="```\n")
    events = taken(structure)
    assert (ContentBlockDelta(0, "```\n") in events) is not acts
    assert len(structure.open) == (1 if acts else 2)
    assert end(structure, "B")
    assert structure.open or not structure.drops_fence("`", bare=True)


def test_a_fence_inside_before_a_start_whose_errors_end_the_stream_is_text():
    structure = opened("A", max_errors=1)
    structure.error("invalid_name", "Wrong.")
    with pytest.raises(FatalError):
        start(structure, "B", position="nav", fence="```\n")
    assert [event.type for event in taken(structure)] == ["error", "content_block_delta", "error"]


@pytest.mark.parametrize(
    ("nesting", "root", "starts"),
    [("sections", False, True), ("sections", True, False), ("close", True, True), ("nest", False, False),
     ("text", False, False)],
)  # fmt: skip
def test_a_held_fence_awaits_the_markers_that_could_drop_it(nesting, root, starts):
    structure = structure_of(Grammar(nesting=nesting))
    assert structure.awaits(opens=True)
    assert not structure.awaits(opens=False)
    assert start(structure, position="root" if root else None)
    assert structure.awaits(opens=True) is starts
    assert structure.awaits(opens=False)


# Snapshots.


def test_a_restored_structure_goes_on_where_the_other_one_was():
    structure = opened("A", max_component_chars=3, max_components=2, max_errors=2)
    assert structure.drops_fence("`", bare=True)
    structure.end_first_line()
    structure.pending_text.append("abcd")
    structure.flush()
    taken(structure)
    copy = copied(structure, max_component_chars=3, max_components=2, max_errors=2)
    assert copy.open == [Block(0, "A", chars=3, trimmed=1, fenced="`")]
    assert copy.current_block is copy.open[0]
    assert copy.fences == BARE_TICKS
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
    assert copy.drops_fence("`", bare=True)
    copy.finish()
    assert taken(copy) == [ContentBlockStop(1, "end", 2)]


def test_a_restored_structure_knows_the_first_line_of_a_component():
    structure = opened("A")
    copy = copied(structure)
    assert copy.first_line
    assert copy.fences == ALL_FENCES


def test_a_restored_structure_knows_the_starts_that_stayed_text_and_the_roots():
    structure = structure_of()
    assert start(structure, position="root")
    assert not act(structure, " Then loop", opens=True)
    taken(structure)
    copy = copied(structure)
    assert copy.open == [Block(0, "A", root=True, starts=1)]
    assert not act(copy, "", opens=False)
    assert act(copy, "", opens=False)


def test_fences_of_other_signs_are_not_restored():
    state = opened("A").snapshot()
    for damage in ({"closing_fences": "x"}, {"open": [state["open"][0] | {"fenced": "x"}]}):
        with pytest.raises(ValueError, match=r"^a fence must be of backticks or tildes$"):
            structure_of().restore(state | damage)
