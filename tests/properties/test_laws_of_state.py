"""The laws of a parser's life: it can be stopped, saved, copied and misused at any point."""

import copy
import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from componentstream.core.errors import UsageError
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.testing import EventVerifier, merge_deltas, strategies
from tests.oracle import comparable, parse_whole
from tests.properties.cases import Case, cases, run


def reload(parser, grammar, limits):
    """Return the parser after it went through JSON."""
    saved = json.dumps(parser.snapshot())
    return ComponentParser.restore(json.loads(saved), grammar=grammar, limits=limits)


@given(cases())
def test_a_parser_that_is_saved_and_restored_between_all_feeds_gives_the_same(case):
    parser = case.parser()
    events = []
    for chunk in case.chunks:
        parser = reload(parser, case.grammar, case.limits)
        events += parser.feed(chunk)
    parser = reload(parser, case.grammar, case.limits)
    events += parser.close()
    assert merge_deltas(events) == merge_deltas(case.whole())


@given(cases(), st.data())
def test_a_restored_parser_is_the_saved_one(case, data):
    cut = data.draw(st.integers(0, len(case.chunks)))
    parser = case.parser()
    for chunk in case.chunks[:cut]:
        parser.feed(chunk)
    restored = reload(parser, case.grammar, case.limits)
    assert (restored.failed, restored.closed) == (parser.failed, parser.closed)
    if case.grammar.outside == "emit":
        # Otherwise white space that is discarded in any case may be gone.
        assert restored.snapshot() == parser.snapshot()
    assert run(restored, case.chunks[cut:]) == run(parser, case.chunks[cut:])


@given(cases())
def test_a_snapshot_grows_with_what_is_open_and_held_alone(case):
    parser = case.parser()
    begun = len(json.dumps(parser.snapshot()))
    parser.feed((case.text + "x" * 1000 + "\n") * 5)
    saved = len(json.dumps(parser.snapshot()))
    assert saved <= begun + 12 * len(parser.pending) + 250 * case.limits.max_depth + 100


def test_a_snapshot_keeps_a_surrogate_pair_in_what_is_held():
    parser = ComponentParser()
    parser.feed("/// START A x=\ud83d\ude00")
    restored = reload(parser, Grammar(), Limits())
    # As ASCII, because pytest-xdist cannot send a report with surrogates in it.
    assert ascii(restored.pending) == ascii(parser.pending)
    assert run(restored, ["\n"]) == run(parser, ["\n"])


class ParserLife(RuleBasedStateMachine):
    """One stream in the hands of a caller who does everything at any time."""

    @initialize(grammar=st.just(Grammar()) | strategies.grammars(), limits=strategies.limits())
    def begin(self, grammar, limits):
        self.grammar = grammar
        self.limits = limits
        self.parser = ComponentParser(grammar=grammar, limits=limits)
        self.verifier = EventVerifier()
        self.text = ""
        self.events = []
        self.ended = ""

    def take(self, events):
        self.verifier.check_all(events)
        self.events += events

    @precondition(lambda self: not self.ended)
    @rule(data=st.data())
    def feed(self, data):
        text = data.draw(strategies.documents(max_components=2, grammar=self.grammar))
        self.text += text
        self.take(self.parser.feed(text))

    @precondition(lambda self: not self.ended)
    @rule(text=st.sampled_from(["", "/", "\r", "\n", "`", " ", "x"]))
    def feed_little(self, text):
        self.text += text
        self.take(self.parser.feed(text))

    @precondition(lambda self: not self.ended)
    @rule()
    def close(self):
        self.take(self.parser.close())
        self.ended = "close"
        self.verifier.finish()
        assert comparable(self.events) == parse_whole(self.text, grammar=self.grammar, limits=self.limits)

    @precondition(lambda self: not self.ended)
    @rule()
    def abort(self):
        self.take(self.parser.abort())
        self.ended = "abort"
        self.verifier.finish()

    @precondition(lambda self: self.ended)
    @rule(end_again=st.sampled_from(["close", "abort"]))
    def end_again(self, end_again):
        assert getattr(self.parser, end_again)() == []

    @precondition(lambda self: self.ended)
    @rule(text=st.sampled_from(["", "x"]))
    def feed_after_the_end(self, text):
        if self.parser.failed:
            assert self.parser.feed(text) == []
        else:
            with pytest.raises(UsageError, match="make a new ComponentParser"):
                self.parser.feed(text)

    @rule(wrong=st.sampled_from([b"x", None, 1, ["x"]]))
    def feed_what_is_no_text(self, wrong):
        with pytest.raises(UsageError):
            self.parser.feed(wrong)

    @rule()
    def save_and_restore(self):
        self.parser = reload(self.parser, self.grammar, self.limits)

    @rule()
    def copy(self):
        other = copy.deepcopy(self.parser)
        if not self.ended:
            other.feed("/// START Other\nx")
        self.parser = copy.deepcopy(self.parser)

    @rule()
    def pickle(self):
        self.parser = pickle.loads(pickle.dumps(self.parser))  # noqa: S301

    @invariant()
    def an_ended_parser_holds_nothing(self):
        if hasattr(self, "parser"):
            assert self.parser.closed == bool(self.ended)
            if self.ended or self.parser.failed:
                assert self.parser.pending == ""


ParserLife.TestCase.settings = settings(settings.default, stateful_step_count=20)
TestParserLife = ParserLife.TestCase


@given(cases())
def test_after_a_fatal_error_nothing_comes_out(case):
    parser = case.parser()
    failed = False
    for chunk in case.chunks:
        events = parser.feed(chunk)
        assert not (failed and events)
        failed = parser.failed
        assert failed == any(getattr(event, "fatal", False) for event in events) or not events
    if failed:
        assert parser.close() == []
        assert parser.abort() == []
        assert parser.feed("x") == []


def test_two_parsers_share_nothing():
    one = Case(Grammar(), Limits(), []).parser()
    other = Case(Grammar(), Limits(), []).parser()
    one.feed("/// START A\nx")
    assert other.feed("y") == ComponentParser().feed("y")
