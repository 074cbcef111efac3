"""The laws of the text: nothing is lost, nothing is added, nothing is held for longer than it must be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.core.events import ContentBlockDelta
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.testing import strategies
from tests.properties.accounting import WS, account
from tests.properties.cases import Case, cases, steps
from tests.properties.holding import why_not

# A prefix that no text of the default language has.
UNUSED = Grammar(prefix="§§§", fences="keep")


@given(cases())
def test_every_character_is_delivered_or_accounted_for(case):
    account(case.text, case.run(), case.grammar, case.limits)


@given(cases(limits=st.just(Limits())))
def test_with_fences_kept_and_no_limit_reached_the_account_is_exact(case):
    grammar = Grammar(fences="keep", nesting=case.grammar.nesting, strict=case.grammar.strict)
    account(case.text, Case(grammar, case.limits, case.chunks).run(), grammar, case.limits)


@given(strategies.chunked(strategies.documents()))
def test_text_without_markers_comes_out_as_it_is(chunks):
    case = Case(UNUSED, Limits(), chunks)
    delivered = "".join(event.text for event in case.run() if isinstance(event, ContentBlockDelta))
    text = case.text.removeprefix("\ufeff")
    assert ascii(delivered) == ascii(text.lstrip(WS + "\r\n"))


@given(cases())
def test_what_is_held_is_bounded(case):
    parser = case.parser()
    most = case.limits.max_marker_chars
    for _ in steps(parser, case.chunks):
        held = parser.pending
        assert len(held) <= 2 * (most + 2)
        assert "\n" in held or len(held) <= most + 1


@given(cases())
def test_what_is_held_can_still_become_a_marker_or_a_dropped_fence(case):
    parser = case.parser()
    for text, events in steps(parser, case.chunks):
        if parser.pending:
            reason = why_not(text, events, parser.pending, case.grammar, case.limits)
            assert reason is None, f"{reason}: {parser.pending!a}"


@pytest.mark.parametrize(
    ("text", "pending"),
    [
        ("/", "/"),
        ("x\n ///", " ///"),
        ("/// STA", "/// STA"),
        ("/// START", "/// START"),
        ("/// START\r", "/// START\r"),
        ("/// START A x=1", "/// START A x=1"),
        ("``", "``"),
        ("```jsx", "```jsx"),
        ("```jsx\n", "```jsx\n"),
        ("```jsx\n/// S", "```jsx\n/// S"),
        ("/// START A\n```", "```"),
        ("/// START A\n```\nx\n```\n/// E", "```\n/// E"),
        ("/// START A\n```\nx\n```\n/// S", "```\n/// S"),
        ("~~", "~~"),
        ("``` tsx:src/a.tsx {1,2}  ", "``` tsx:src/a.tsx {1,2}  "),
        ("~~~ " + "i" * 128 + " ", "~~~ " + "i" * 128 + " "),
        ("~~~\n```", "```"),
        ("/// START A\n~~~\nx\n~", "~"),
        ("/// START A\n~~~\nx\n~~~ \r", "~~~ \r"),
        ("/// START A\n~~~\nx\n`", ""),
        ("/// START A\n```\nx\n~", ""),
        ("/// START A\n~~~\nx\n~~~ x", ""),
        ("/// START A position=root\n```\nx\n```\n/// S", "/// S"),
        ("/// START A position=root\n```\nx\n```\n/// E", "```\n/// E"),
        ("~~~`", ""),
        ("~~~" + "i" * 129, ""),
        ("~~~i" + " " * 127 + "i", ""),
        ("x", ""),
        ("x /// START A", ""),
        ("//x", ""),
        ("////", ""),
        ("/// START\rX", ""),
        ("/// STARTX", ""),
        ("/// s", ""),
        ("```jsx\nx", ""),
        ("```jsx`", ""),
        ("/// START A\nx\n```", ""),
        ("/// START A\n```\nx\n```j", ""),
    ],
)
def test_text_leaves_at_the_character_that_decides(text, pending):
    parser = ComponentParser()
    events = parser.feed(text)
    assert parser.pending == pending
    assert not pending or why_not(text, events, pending, Grammar(), Limits()) is None


@pytest.mark.parametrize(
    ("text", "pending"),
    [
        ("a/", "/"),
        ("x", "x"),
        ("////", "////"),
        ("/// STARTX", "/// STARTX"),
        ("/// START\rX", "/// START\rX"),
        ("/// s", "/// s"),
        ("```jsx`", "```jsx`"),
        ("```jsx\nx", "```jsx\nx"),
        ("```jsx\n/// E", "```jsx\n/// E"),
        ("x\n/", "x\n/"),
        ("```\n```\n", "```\n```\n"),
        ("/// START A\n```\n", "```\n"),
        ("/// START A\nx\n```", "```"),
        ("/// START A\n```\nx\n```j", "```j"),
        ("/// START A position=root\n```\n```\n/// S", "```\n/// S"),
        ("/// START A\n```\n```\n/// X", "```\n/// X"),
        ("/// START A\n```\nx\n~", "~"),
        ("/// START A\n```\n~~~\n", "~~~\n"),
        ("~~~`", "~~~`"),
        ("``` " + "i" * 129, "``` " + "i" * 129),
        ("/// START " + "A" * 503, "/// START " + "A" * 503),
    ],
)
def test_the_law_of_holding_refuses_what_is_decided(text, pending):
    events = ComponentParser().feed(text)
    assert why_not(text, events, pending, Grammar(), Limits()) is not None


def test_the_audit_notices_text_that_is_missing_added_or_moved():
    text = "a\n/// START A\nb\nc\n/// END A\nd\n"
    events = Case(Grammar(), Limits(), [text]).run()
    account(text, events, Grammar(), Limits())
    texts = [at for at, event in enumerate(events) if isinstance(event, ContentBlockDelta)]
    assert len(texts) == 3
    for at in texts:
        for other in ("", "b\n", "c\nb\n", events[at].text + "x", events[at].text[:-1]):
            changed = [*events[:at], ContentBlockDelta(events[at].index, other), *events[at + 1 :]]
            with pytest.raises(AssertionError):
                account(text, changed, Grammar(), Limits())
