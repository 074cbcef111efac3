import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream import Grammar
from componentstream.core.events import ComponentBlock, ContentBlockStart, ErrorEvent
from componentstream.core.parser import ComponentParser
from componentstream.prompt.lines import acts, bulleted, end_line, heading, start_line, writable_positions
from tests.prompt import drawn

OWN = Grammar(prefix="#!", start="BEGIN", end="FINISH")


def test_markers_are_written_with_the_words_of_the_grammar():
    assert start_line(OWN, "Hero") == "#! BEGIN Hero"
    assert start_line(OWN, "Hero", "hero", "x=1") == "#! BEGIN Hero position=hero x=1"
    assert start_line(OWN, "Hero", "a b") == '#! BEGIN Hero position="a b"'
    assert end_line(OWN, "Hero") == "#! FINISH Hero"


def test_positions_that_a_marker_cannot_name_are_left_out():
    positions = {"main", "a b", "", 'say "so"', "it's", "<top>", "a\nb", "ü"}
    grammar = Grammar(positions=positions, strict=True)
    assert writable_positions(grammar) == ["", "a b", "main", "ü"]
    assert writable_positions(Grammar(positions=positions)) == ["", "a b", "main", "ü"]


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("/// START A", True),
        (" ///\tEND", True),
        ("///START", True),
        ("/// STARTED", False),
        ("- /// START A", False),
        ("/// start A", False),
        ("", False),
    ],
)
def test_a_line_acts_if_it_would_be_read_as_a_marker(line, result):
    assert acts(Grammar(), line) is result


def test_a_heading_becomes_an_item_only_if_it_would_act():
    assert heading(Grammar(), "An example") == "An example"
    assert heading(Grammar(prefix="An", start="example"), "An example") == "- An example"
    assert heading(Grammar(prefix="-An", start="example"), "-An example") == "* -An example"


@given(drawn.grammars(), st.data())
def test_an_item_of_a_list_never_acts(grammar, data):
    words = [grammar.prefix, grammar.start, grammar.end, " ", "A", "-", "*"]
    line = "".join(data.draw(st.lists(st.sampled_from(words), max_size=6)))
    for written in (*bulleted(grammar, [line]), heading(grammar, line)):
        parser = ComponentParser(grammar)
        events = [*parser.feed(f"{written}\n"), *parser.close()]
        assert not any(isinstance(event, ErrorEvent) for event in events)
        assert not any(
            isinstance(event, ContentBlockStart) and isinstance(event.block, ComponentBlock)
            for event in events
        )
