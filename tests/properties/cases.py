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
    grammar = draw(st.just(Grammar()) | _grammars() if grammars is None else grammars)
    texts = strategies.documents(kind=kind, max_components=4, grammar=grammar)
    if kind == "any":
        texts |= _sloppy(grammar)
    chunks = draw(strategies.chunked(texts, grammar=grammar))
    limits = draw(_limits_about("".join(chunks)) if limits is None else limits)
    return Case(grammar, limits, chunks)


def _grammars():
    """Draw a language that nests by sections and recovers more often than not."""
    return st.builds(
        lambda grammar, nesting, **rest: attrs.evolve(grammar, nesting=nesting or grammar.nesting, **rest),
        strategies.grammars(),
        st.sampled_from(["sections", ""]),
        strict=st.sampled_from([False, False, True]),
        recover=st.sampled_from([True, True, False]),
    )


# {p} is the prefix, {s} and {e} the keywords; the rest of a candidate is put together from the second list.
_LINES = (
    "{p} {s} A", "{p} {s} B position=hero", "{p} {s} C position=root", "{p} {s} A.B position=hero",
    "{p} {s} A,", "{p} {s} B position: hero", "{p} {s} A position=main, x=1", "{p} {s} A position=<",
    "{p} {s} A -->", "{p} {s} A.", "{p} {s} of it", "{p} {s} Then it", "{p} {e}", "{p} {e} */", "{p} {e} A",
    "{p} {e} B", "{p} {e} a", "{p} {e} A;", "{p} {e} B x=1", "{p} {e} A-x", "```", "```", "~~~", "~~~",
    "```tsx:src/a.tsx x", "~~~ a b", "x", "",
)  # fmt: skip
_RESTS = (
    "A", "a", "B", "A.B", "position", "x", "1", "hero", "root", "=", "=", ":", ",", ";", " ", " ", " ", "'",
    '"', "'", '"', "&", "-", ".", "/", "é",
)  # fmt: skip


def _sloppy(grammar):
    """Draw lines with the slips of models: those that are recovered, and those almost like them."""
    words = {"p": grammar.prefix, "s": grammar.start, "e": grammar.end}
    rests = st.lists(st.sampled_from(_RESTS), max_size=9).map("".join)
    heads = st.sampled_from([f"{{p}} {word} {name}" for word in ("{s}", "{e}") for name in ("", "A ", "B, ")])
    made = st.builds(lambda head, rest: head.format(**words) + rest, heads, rests)
    line = st.sampled_from([line.format(**words) for line in _LINES])
    lines = st.lists(line | line | made, max_size=14)
    ends = st.sampled_from(["\n", "\n", "\r\n", ""])
    return st.builds(lambda lines, end: "\n".join(lines) + end, lines, ends)


def _limits_about(text):
    """Draw limits, the longest marker at times just about the length of a line of the text."""
    lines = st.sampled_from(text.split("\n"))
    near = st.builds(lambda line, more: max(1, len(line) + more), lines, st.integers(-2, 1))
    return strategies.limits() | st.builds(
        lambda limits, longest: attrs.evolve(limits, max_marker_chars=longest), strategies.limits(), near
    )
