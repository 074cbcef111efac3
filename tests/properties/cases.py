"""The cases on which the laws are tested: a language, limits, a text and its cuts."""

from collections.abc import Iterator

import attrs
from hypothesis import strategies as st

from componentstream.core.events import Event
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.testing import strategies


@attrs.frozen
class Case:
    grammar: Grammar
    limits: Limits
    chunks: list[str]

    @property
    def text(self) -> str:
        return "".join(self.chunks)

    def parser(self) -> ComponentParser:
        return ComponentParser(grammar=self.grammar, limits=self.limits)

    def run(self) -> list[Event]:
        return run(self.parser(), self.chunks)

    def whole(self) -> list[Event]:
        return run(self.parser(), [self.text])


def run(parser: ComponentParser, chunks: list[str]) -> list[Event]:
    """Return all events of a stream."""
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.close()


def steps(parser: ComponentParser, chunks: list[str]) -> Iterator[tuple[str, list[Event]]]:
    """Feed chunk after chunk; give the text so far and the events so far after each."""
    text = ""
    events: list[Event] = []
    for chunk in chunks:
        text += chunk
        events += parser.feed(chunk)
        yield text, events


@st.composite
def cases(draw, *, kind="any", grammars=None, limits=None):
    grammar = draw(st.just(Grammar()) | strategies.grammars() if grammars is None else grammars)
    texts = strategies.documents(kind=kind, max_components=4, grammar=grammar)
    chunks = draw(strategies.chunked(texts, grammar=grammar))
    limits = draw(_limits_about("".join(chunks)) if limits is None else limits)
    return Case(grammar, limits, chunks)


def _limits_about(text):
    """Draw limits, the longest marker at times just about the length of a line of the text."""
    lines = st.sampled_from(text.split("\n"))
    near = st.builds(lambda line, more: max(1, len(line) + more), lines, st.integers(-2, 1))
    return strategies.limits() | st.builds(
        lambda limits, longest: attrs.evolve(limits, max_marker_chars=longest), strategies.limits(), near
    )
