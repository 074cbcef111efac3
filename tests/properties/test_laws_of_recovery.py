"""The laws of recovery: it acts on lines that have an error alone, and a slip damages nothing else."""

import re

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st

from componentstream.core.events import ContentBlockDelta, ContentBlockStart, ContentBlockStop, ErrorEvent
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.testing import merge_deltas
from tests.properties.cases import Case, cases

END_SLIPS = (";", ".", ">", " */}", " -->", "///", " position=hero", " x='1' y", "!")
START_SLIPS = (",", ";", " -->", " */}", " {")


def errors(events):
    return [event for event in events if isinstance(event, ErrorEvent)]


def with_recovery(case, *, on):
    return Case(attrs.evolve(case.grammar, recover=on), case.limits, case.chunks)


@given(cases())
def test_a_text_without_errors_means_the_same_without_recovery(case):
    off = with_recovery(case, on=False).whole()
    assume(not errors(off))
    assert with_recovery(case, on=True).whole() == off


@given(cases())
def test_only_a_grammar_that_recovers_gives_recovered_errors(case):
    if case.grammar.strict or not case.grammar.recover:
        assert not any(error.recovered for error in errors(case.run()))


@given(cases())
def test_the_line_of_a_recovered_error_acts_unless_a_fatal_error_follows(case):
    events = case.whole()
    for at, event in enumerate(events):
        if isinstance(event, ErrorEvent) and event.recovered:
            assert not event.fatal
            rest = events[at + 1 :]
            acts = any(getattr(later, "span", None) == event.span for later in rest if not errors([later]))
            fatal = any(error.fatal and error.line == event.line for error in errors(rest))
            assert acts or fatal


def _blocks(events):
    """Return the blocks with their texts and the reasons of their stops, without offsets."""
    texts = {}
    for event in merge_deltas(events):
        match event:
            case ContentBlockStart():
                texts[event.index] = [event.block, "", None]
            case ContentBlockDelta():
                texts[event.index][1] += event.text
            case ContentBlockStop():
                texts[event.index][2] = event.reason
    return texts


def _spoilt(text, events, spoil):
    """Return the text with the content of each acting marker line replaced by ``spoil`` of it."""
    spans = {event.span for event in events if getattr(event, "span", None)}
    for first, last in sorted(spans, reverse=True):
        line = text[first:last]
        content = line.rstrip("\r\n")
        text = text[:first] + spoil(content.rstrip()) + line[len(content) :] + text[last:]
    return text


@given(cases(kind="valid", grammars=st.just(Grammar()), limits=st.just(Limits())), st.data())
def test_slips_in_the_ends_of_a_valid_page_leave_its_blocks_as_they_are(case, data):
    _compare(case, data, r"[^\S\n]*///\s*END", END_SLIPS)


@given(cases(kind="valid", grammars=st.just(Grammar()), limits=st.just(Limits())), st.data())
def test_slips_in_the_starts_of_a_valid_page_leave_its_blocks_as_they_are(case, data):
    _compare(case, data, r"[^\S\n]*///\s*START\s+[A-Z]", START_SLIPS)


def _compare(case, data, line, slips):
    events = case.whole()
    assume(not errors(events))
    # A last line without its line end is recovered by its name alone.
    text = case.text + "\n"
    spoilt = _spoilt(
        text,
        events,
        lambda content: (
            content + data.draw(st.sampled_from(("", *slips))) if re.match(line, content) else content
        ),
    )
    after = Case(case.grammar, case.limits, [spoilt]).whole()
    expected = _blocks(Case(case.grammar, case.limits, [text]).whole())
    assert _blocks(after) == expected
    assert all(error.recovered for error in errors(after))
