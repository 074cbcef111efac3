"""Tools to test code that is built on componentstream.

Three things: :class:`EventVerifier` says whether a stream of events is well-formed,
:func:`assert_cut_invariant` says whether a stage gives the same output however its input is cut, and
``componentstream.testing.strategies`` (with the extra ``componentstream[testing]``) draws the input: pages as
a model writes them, damaged ones and hostile ones, cuts, limits, grammars, events.

To fuzz a pipeline of your own, give it ``feed`` and ``close`` and let Hypothesis write the pages::

    from componentstream import ComponentParser
    from componentstream.testing import EventVerifier, assert_cut_invariant, strategies
    from hypothesis import given

    class Pipeline:
        def __init__(self):
            self.parser, self.policy = ComponentParser(), MyPolicy()

        def feed(self, text):
            return [out for event in self.parser.feed(text) for out in self.policy.feed(event)]

        def close(self):
            return [out for event in self.parser.close() for out in self.policy.feed(event)]

    @given(strategies.documents())
    def test_cuts_make_no_difference(text):
        assert_cut_invariant(Pipeline, text)

    @given(strategies.chunked(strategies.documents()))
    def test_events_are_well_formed(chunks):
        pipeline, verifier = Pipeline(), EventVerifier()
        for chunk in chunks:
            verifier.check_all(pipeline.feed(chunk))
        verifier.check_all(pipeline.close())
        verifier.finish()

A stage that takes events needs no text: ``strategies.event_streams()`` draws whole streams for it.
"""

from componentstream.testing.invariance import Stage, assert_cut_invariant, merge_deltas
from componentstream.testing.verifier import EventGrammarError, EventVerifier

__all__ = ["EventGrammarError", "EventVerifier", "Stage", "assert_cut_invariant", "merge_deltas"]
