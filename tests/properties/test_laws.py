"""The laws of the events: they depend on the text alone, and are always well-formed."""

import attrs
from hypothesis import example, given
from hypothesis import strategies as st

from componentstream.core.events import ContentBlockDelta, ContentBlockStart, ContentBlockStop, ErrorEvent
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.testing import EventVerifier, assert_cut_invariant, merge_deltas, strategies
from tests.oracle import comparable, parse_whole
from tests.properties.accounting import WS
from tests.properties.cases import Case, cases, run, steps

# A limit that trips in the text before a fence decides whether the fence is text.
FENCE_BEHIND_A_LIMIT = Case(
    Grammar(),
    Limits(max_component_chars=15, max_errors=3),
    list("///END\n///START A\n///START C\n```\n/// START '\n```\n```\n///END A\n"),
)


# White space behind a fence makes it too long to be one.
FENCE_TOO_LONG = Case(Grammar(), Limits(max_marker_chars=13), ["/// START A\n```jsx        \n"])


@given(cases())
@example(FENCE_TOO_LONG)
@example(FENCE_BEHIND_A_LIMIT)
def test_cuts_make_no_difference(case):
    assert merge_deltas(case.run()) == merge_deltas(case.whole())


@given(cases())
def test_no_two_way_cut_makes_a_difference(case):
    assert_cut_invariant(case.parser, case.text[:120])


@given(cases())
@example(FENCE_TOO_LONG)
@example(FENCE_BEHIND_A_LIMIT)
def test_the_parser_agrees_with_the_oracle(case):
    expected = parse_whole(case.text, grammar=case.grammar, limits=case.limits)
    assert comparable(case.run()) == expected


@given(cases())
def test_what_has_come_out_and_what_is_held_depend_on_the_text_so_far_alone(case):
    bit_by_bit = case.parser()
    single = {"": ([], "")}
    for text, events in steps(bit_by_bit, list(case.text)):
        single[text] = (merge_deltas(events), _held(bit_by_bit, case.grammar))
    parser = case.parser()
    for text, events in steps(parser, case.chunks):
        assert (merge_deltas(events), _held(parser, case.grammar)) == single[text]


def _held(parser, grammar):
    """Return the held text; white space that is discarded in any case may be gone or not."""
    return parser.pending.lstrip(WS) if grammar.outside == "discard" else parser.pending


@given(cases())
def test_a_feed_gives_at_most_one_delta_per_run_of_text(case):
    parser = case.parser()
    for chunk in case.chunks:
        events = parser.feed(chunk)
        assert merge_deltas(events) == events
    events = parser.close()
    assert merge_deltas(events) == events


@given(cases())
def test_events_are_well_formed_after_every_feed(case):
    parser = case.parser()
    verifier = EventVerifier()
    for chunk in case.chunks:
        verifier.check_all(parser.feed(chunk))
    verifier.check_all(parser.close())
    verifier.finish()


@given(cases())
def test_an_aborted_stream_is_well_formed_and_keeps_its_text(case):
    parser = case.parser()
    verifier = EventVerifier()
    for chunk in case.chunks:
        verifier.check_all(parser.feed(chunk))
    held = parser.pending
    last = parser.abort()
    verifier.check_all(last)
    verifier.finish()
    codes = {event.code for event in last if isinstance(event, ErrorEvent)}
    assert codes <= {"component_too_large", "too_many_errors"}
    if case.grammar.outside == "emit" and not codes:
        rest = "".join(event.text for event in last if isinstance(event, ContentBlockDelta))
        assert held.endswith(rest)


@given(st.lists(st.text(st.characters(exclude_categories=()))), strategies.limits())
def test_any_text_is_taken(chunks, limits):
    parser = ComponentParser(limits=limits)
    verifier = EventVerifier()
    verifier.check_all(run(parser, chunks))
    verifier.finish()
    assert parser.closed
    assert parser.pending == ""


@given(cases(limits=st.just(Limits(max_errors=10_000))), st.integers(1, 60))
def test_a_limit_of_the_stream_trips_at_its_code_point(case, most):
    text = case.text
    limits = Limits(max_total_chars=most, max_errors=10_000)
    limited = Case(case.grammar, limits, case.chunks)
    events = limited.run()
    trips = [at for at, event in enumerate(events) if getattr(event, "code", "") == "stream_too_large"]
    assert len(trips) == (len(text) > most)
    if not trips:
        assert merge_deltas(events) == merge_deltas(case.run())
        return
    ended = Case(case.grammar, case.limits, [text[:most]]).whole()
    assert merge_deltas(_without_ending(events[: trips[0]])) == merge_deltas(_without_ending(ended))
    assert {event.reason for event in events[trips[0] + 1 :]} <= {"aborted"}


def _without_ending(events):
    """Return the events without those with which the end of the stream closes open blocks."""
    return [
        event
        for event in events
        if not (isinstance(event, ContentBlockStop) and event.span is None)
        and not (isinstance(event, ErrorEvent) and event.code == "unclosed_component" and event.span is None)
    ]


@given(cases(limits=st.just(Limits(max_errors=10_000))), st.integers(1, 40))
def test_a_limit_of_components_only_trims_their_text(case, most):
    small = Case(case.grammar, attrs.evolve(case.limits, max_component_chars=most), case.chunks)
    full = _contents(case.whole())
    contents = _contents(small.run())
    assert contents.keys() == full.keys()
    for index, (is_component, text, _) in full.items():
        kept = text[:most] if is_component else text
        assert contents[index] == (is_component, kept, len(text) - len(kept))


def _contents(events):
    """Return for each block whether it is a component, its text, and how much was trimmed."""
    components = {}
    texts = {}
    trimmed = {}
    for event in events:
        match event:
            case ContentBlockStart():
                components[event.index] = event.block.to_dict()["type"] == "component"
                texts[event.index] = ""
            case ContentBlockDelta():
                texts[event.index] += event.text
            case ContentBlockStop():
                trimmed[event.index] = event.trimmed
    return {index: (components[index], texts[index], trimmed[index]) for index in components}


@given(cases(limits=strategies.limits(tiny=True)))
def test_a_limit_trips_in_the_feed_that_brings_its_character(case):
    single = map(case.parser().feed, case.text)
    offsets = [at for at, out in enumerate(single) if _limit_codes(out)]
    parser = case.parser()
    fed = 0
    for chunk in case.chunks:
        out = parser.feed(chunk)
        expected = any(fed <= at < fed + len(chunk) for at in offsets)
        assert bool(_limit_codes(out)) == expected
        fed += len(chunk)


def _limit_codes(events):
    tripped = {
        "marker_too_long",
        "component_too_large",
        "too_many_components",
        "stream_too_large",
        "too_many_errors",
        "nesting_too_deep",
    }
    return [event.code for event in events if isinstance(event, ErrorEvent) and event.code in tripped]


@given(cases(kind="valid", grammars=st.just(Grammar()), limits=st.just(Limits())))
def test_crlf_gives_the_structure_that_lf_gives(case):
    text = case.text.replace("\r", "")
    with_lf = Case(case.grammar, case.limits, [text]).whole()
    with_crlf = Case(case.grammar, case.limits, [text.replace("\n", "\r\n")]).whole()
    assert _structure(with_lf) == _structure(with_crlf)


def _structure(events):
    return [event.block for event in events if isinstance(event, ContentBlockStart)], [
        (event.index, event.reason) for event in events if isinstance(event, ContentBlockStop)
    ]
