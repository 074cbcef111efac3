import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream import (
    Catalog,
    ComponentParser,
    ComponentSpec,
    ErrorEvent,
    Finding,
    FindingEvent,
    Grammar,
    UsageError,
    parse,
)
from componentstream.core import codes
from componentstream.inspection import NearMissParser
from componentstream.prompt import repair
from componentstream.prompt.languages import LANGUAGES
from componentstream.testing import strategies

ANSWER = """\
/// START Hero position=top
<h1>Hello</h1>
/// END Header
/// END Hero
/// START Nav position=left
/// END Nav
/// START 1st
"""


def finding(rule="near-miss", line=3, message="This line resembles a marker."):
    return {
        "type": "finding",
        "finding": {"rule": rule, "severity": "info", "message": message, "action": "none", "line": line},
    }


def events_of(text):
    parser = ComponentParser(Grammar(nesting="nest"))
    return [*parser.feed(text), *parser.close()]


def test_the_faults_of_an_answer_are_named_once_with_their_lines():
    text = repair(events_of(ANSWER))
    head, *items, foot = text.split("\n")
    assert head == "Your last answer broke rules of the markers:"
    assert items[0].startswith(
        "- Lines 1, 5: the position is unknown. Use one of those in your instructions. ("
    )
    assert items[1].startswith("- Line 3: a marker ends a component that is not open. ")
    assert items[2].startswith("- Line 7: the name in a marker is not valid. ")
    assert len(items) == 3
    assert foot == "Write the whole answer again without these mistakes, and nothing about them."


def test_events_and_their_json_values_give_the_same():
    events = events_of(ANSWER)
    values = json.loads(json.dumps([event.to_dict() for event in events]))
    assert repair(values) == repair(events) != ""
    assert repair(iter(events), iter([finding()])) == repair([*events, finding()])


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("record", codes.CODES.values(), ids=lambda record: record.code)
def test_every_code_of_the_parser_has_its_sentence_and_no_other_but_truncation(record, language):
    text = repair([ErrorEvent(record.code, "A message.")], language=language)
    texts = LANGUAGES[language]
    if record.layer == "parser":
        sentence = texts.parser[record.code]
        assert f"- {sentence[0].upper()}{sentence[1:]} (A message.)\n" in text
    elif record.code == codes.SOURCE_TRUNCATED:
        assert texts.truncated[1:] in text
    else:
        assert text == ""


def test_an_answer_without_faults_needs_no_repair():
    assert repair([]) == ""
    assert repair(events_of("/// START A\n/// END A\n")) == ""


def test_an_answer_without_any_component_is_a_mistake():
    sentence = "- The answer has no component. Write each component between two marker lines.\n"
    assert sentence in repair(events_of("Just prose."))
    assert "hat keine Komponente" in repair(events_of("Just prose."), language="de")
    text = repair(parse(["- /// START Hero\n<h1/>\n"], parser=NearMissParser()))
    assert sentence in text
    assert "- Line 1: a line resembles a marker but is not one. " in text


def test_critical_components_of_the_catalog_that_did_not_begin_are_named():
    catalog = Catalog(
        [ComponentSpec("Nav", critical=True), ComponentSpec("Ad"), ComponentSpec("Hero", critical=True)]
    )
    text = repair(events_of("/// START Hero\n/// END Hero\n"), catalog=catalog)
    sentence = "Required components of the page are missing. Write each between its two marker lines."
    assert text.split("\n")[1:-1] == [f"- {sentence} (Nav)"]
    text = repair([event.to_dict() for event in events_of("Just prose.")], catalog=catalog)
    assert text.split("\n")[1:-1] == [f"- {sentence} (Nav, Hero)"]
    page = "/// START Hero\n/// END Hero\n/// START Nav\n/// END Nav\n"
    assert repair(events_of(page), catalog=catalog) == ""
    with pytest.raises(UsageError, match="repair: catalog must be a Catalog"):
        repair([], catalog=["Nav"])


def test_near_misses_and_other_findings_are_named():
    text = repair([], [finding(), finding(line=9), finding("no-eval", None, "eval was used.")])
    assert "- Lines 3, 9: a line resembles a marker but is not one." in text
    assert "- The code was objected to. Write it in another way. (eval was used.)" in text


def test_a_finding_its_event_and_its_json_value_give_the_same():
    found = Finding("near-miss", "info", "This line resembles a marker.", line=3)
    text = repair([], [found])
    assert "- Line 3: a line resembles a marker" in text
    assert repair([FindingEvent(found)]) == repair([], [FindingEvent(found).to_dict()]) == text


def test_a_rule_with_the_name_of_a_code_is_a_rule():
    assert "The code was objected to" in repair([], [finding("invalid_name", None)])


def test_three_different_messages_are_quoted():
    names = ["A", "A", "B", "C", "D"]
    errors = [ErrorEvent(codes.UNCLOSED_COMPONENT, f"Component {name} was not closed.") for name in names]
    quoted = "(Component A was not closed. Component B was not closed. Component C was not closed.)"
    assert quoted in repair(errors)


def test_five_lines_are_named_and_the_others_counted():
    errors = [ErrorEvent(codes.INVALID_NAME, "", line=line) for line in [*range(1, 9), 3]]
    assert "- Lines 1, 2, 3, 4, 5 and 3 more: " in repair(errors)
    assert "- Zeilen 1, 2, 3, 4, 5 und 3 weitere: " in repair(errors, language="de")


def test_ten_faults_are_named():
    findings = [finding(f"rule-{number}", None, f"message {number}") for number in range(11)]
    text = repair([], findings)
    assert "message 9" in text
    assert "message 10" not in text
    assert "- Further mistakes are not listed.\n" in text


@pytest.mark.parametrize("line", [None, True, 0, -1, 1.5, "3", 10**5000], ids=type)
def test_a_line_that_is_not_a_number_of_a_line_is_left_out(line):
    value = {"type": "error", "error": {"type": "invalid_name", "message": 7, "line": line}}
    assert "- The name in a marker is not valid." in repair([value])


def test_other_values_are_passed_over():
    start = {"type": "content_block_start", "content_block": "x"}
    assert repair([start, {"type": "content_block_start", "content_block": {"name": "A"}}]) == ""
    assert repair([{}, {"type": "error"}, {"type": "error", "error": "x"}, {"type": ["error"]}]) == ""


@pytest.mark.parametrize("item", [None, "invalid_name", 7])
def test_an_item_that_is_not_an_event_is_refused(item):
    with pytest.raises(UsageError, match="repair takes events or their JSON values, not "):
        repair([item])


@given(
    st.lists(strategies.events()),
    st.lists(st.builds(finding, st.text(), st.integers(), st.text())),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_the_message_is_short_and_each_fault_one_line(events, findings, language):
    text = repair(events, findings, language=language)
    assert len(text) < 6000
    lines = text.split("\n")
    assert len(lines) <= 13
    assert all(line.startswith("- ") for line in lines[1:-1])


def test_the_longest_message_is_within_its_bound():
    long = "m" * 1000
    errors = [
        ErrorEvent(code, long, line=2**53 - number)
        for code in codes.codes_of("parser")
        for number in range(1, 20)
    ]
    for language in LANGUAGES:
        assert 1000 < len(repair(errors, language=language)) < 6000
