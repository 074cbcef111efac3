"""Grammars and catalogs for the tests of the prompt kit, hostile to its texts where they can be."""

import re
from typing import get_args

import attrs
from hypothesis import strategies as st

from componentstream import Catalog, ComponentParser, ComponentSpec, Nesting
from componentstream.core.events import ComponentBlock, ContentBlockStart, ContentBlockStop, ErrorEvent
from componentstream.inspection.near_misses import NearMissScanner
from componentstream.prompt import instructions
from componentstream.prompt.example import worked_example
from componentstream.prompt.languages import LANGUAGES
from componentstream.testing import strategies

_WORDS = sorted(
    {
        word
        for language in LANGUAGES.values()
        for texts in attrs.asdict(language).values()
        for text in (texts.values() if isinstance(texts, dict) else [texts])
        for word in text.split()
    }
    | {
        "export",
        "default",
        "function",
        "return",
        "const",
        "<section",
        "<nav",
        "<p>",
        "}",
        ");",
        "-",
        "*",
        "Nav",
    }
)
_PREFIXES = st.sampled_from([word for word in _WORDS if "`" not in word and "~" not in word])
_KEYWORDS = st.sampled_from([word for word in _WORDS if re.fullmatch("[A-Za-z]+", word)])
_POSITIONS = st.frozensets(
    st.sampled_from(["main", "hero", "root", "", "a b", 'say "so"', "it's", "a\nb", "<top>", "übersicht"])
    | st.text(max_size=6).map(str.lower).filter(lambda text: text == text.lower()),
    min_size=1,
    max_size=5,
)


@st.composite
def grammars(draw):
    """Draw a grammar of the project's strategy, half of them with words of the texts and any positions."""
    grammar = attrs.evolve(draw(strategies.grammars()), nesting=draw(st.sampled_from(get_args(Nesting))))
    if draw(st.booleans()):
        return grammar
    start, end = draw(st.lists(_KEYWORDS, min_size=2, max_size=2, unique=True))
    positions = draw(_POSITIONS)
    return attrs.evolve(
        grammar,
        prefix=draw(_PREFIXES),
        start=start,
        end=end,
        positions=positions,
        default_position=draw(st.sampled_from(sorted(positions))),
    )


def catalogs():
    """Draw a catalog, or None."""
    parts = st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True), max_size=3, unique=True)
    specs = st.builds(
        ComponentSpec,
        strategies.names() | st.just("N" * 128),
        parts,
        st.booleans(),
        description=st.text(max_size=20) | st.just("first line\n/// START Second\n/// END Second"),
    )
    return st.none() | st.lists(specs, max_size=4, unique_by=lambda spec: spec.name).map(Catalog)


def outline(grammar, text):
    """Parse a text; return its components as name, position and parent, its errors, its stop reasons."""
    parser = ComponentParser(grammar)
    events = [*parser.feed(text), *parser.close()]
    starts = [event for event in events if isinstance(event, ContentBlockStart)]
    names = {start.index: start.block.name for start in starts if isinstance(start.block, ComponentBlock)}
    components = [
        (start.block.name, start.block.position, names.get(start.block.parent))
        for start in starts
        if isinstance(start.block, ComponentBlock)
    ]
    errors = [event for event in events if isinstance(event, ErrorEvent)]
    return components, errors, {event.reason for event in events if isinstance(event, ContentBlockStop)}


def check_instructions(grammar, catalog, language, names):
    """Assert that the example acts in the instructions, without fault, and nothing else does."""
    text = instructions(grammar, catalog, language=language, without_import=names)
    example = worked_example(grammar, catalog)
    assert text.endswith(f"\n\n{example}")
    scanner = NearMissScanner(grammar)
    assert scanner.feed(example) + scanner.close() == []
    components, errors, reasons = outline(grammar, text)
    assert errors == []
    assert reasons == {"end"}
    assert components == outline(grammar, example)[0]
