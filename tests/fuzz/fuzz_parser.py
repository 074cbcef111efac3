"""No text makes the parser raise, and where the text is cut makes no difference.

The input begins with a header that chooses the grammar, the limits, the cuts, how the stream ends and
whether the parser is saved and restored in between; the rest is the text, in which invalid UTF-8 becomes lone
surrogates. :func:`header` writes one.
"""

import json
from functools import cache

import attrs

from componentstream.core.events import Event
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.testing import EventVerifier, merge_deltas
from tests.fuzz.cutting import cut, read_lengths, write_lengths
from tests.oracle import comparable, parse_whole

NESTING = ("sections", "nest", "close", "text")
FENCES = ("strip", "keep")
OUTSIDE = ("emit", "discard")
STRICT = (False, True)
RECOVER = (True, False)
DIALECTS = (
    {},
    {"prefix": "#", "start": "A", "end": "AB"},
    {"prefix": "-->", "start": "BEGIN", "end": "END", "positions": {"main", "é"}},
)
LIMITS = {
    "max_marker_chars": (512, 24, 8, 1),
    "max_component_chars": (1_048_576, 40, 7, 1),
    "max_components": (100, 1, 2, 3),
    "max_depth": (8, 1, 2, 3),
    "max_total_chars": (16_777_216, 20, 60, 150),
    "max_errors": (100, 1, 2, 3),
}


@attrs.frozen
class Case:
    """The parameters of one input; a parser that `moves` goes through JSON after each feed."""

    grammar: Grammar
    limits: Limits
    text: str
    chunks: list[str]
    aborts: bool
    moves: bool


def check(data: bytes) -> None:
    case = read(data)
    whole = events_of(case, [case.text])
    assert merge_deltas(whole) == merge_deltas(events_of(case, case.chunks))
    if not case.aborts:
        expected = parse_whole(case.text, grammar=case.grammar, limits=case.limits)
        assert expected == comparable(whole)


def read(data: bytes) -> Case:
    """Return the case that ``data`` asks for; every byte string asks for one."""
    fixed = data[:3].ljust(3, b"\0")
    style, sizes = fixed[0], int.from_bytes(fixed[1:], "little")
    lengths, body = read_lengths(data[3:])
    chosen = {}
    for name, choices in LIMITS.items():
        sizes, choice = divmod(sizes, len(choices))
        chosen[name] = choices[choice]
    text = body.decode("utf-8", "surrogateescape")
    return Case(
        _grammar(style),
        Limits(**chosen),
        text,
        cut(text, lengths),
        aborts=bool(sizes & 1),
        moves=bool(sizes & 2),
    )


def header(*, style: int = 0, sizes: int = 0, lengths: tuple[int, ...] = ()) -> bytes:
    """Return the header of an input: grammar, limits, and the lengths that its chunks have in turn."""
    return bytes([style]) + sizes.to_bytes(2, "little") + write_lengths(lengths)


def events_of(case: Case, chunks: list[str]) -> list[Event]:
    parser = ComponentParser(grammar=case.grammar, limits=case.limits)
    verifier = EventVerifier()
    most = 2 * (case.limits.max_marker_chars + len("\r\n"))
    events: list[Event] = []
    for chunk in chunks:
        events += parser.feed(chunk)
        assert len(parser.pending) <= most
        if case.moves:
            snapshot = json.loads(json.dumps(parser.snapshot()))
            parser = ComponentParser.restore(snapshot, grammar=case.grammar, limits=case.limits)
    events += parser.abort() if case.aborts else parser.close()
    verifier.check_all(events)
    verifier.finish()
    assert parser.feed("more") == [] if parser.failed else parser.close() == []
    return events


@cache
def _grammar(style: int) -> Grammar:
    style, nesting = divmod(style, len(NESTING))
    style, fences = divmod(style, len(FENCES))
    style, outside = divmod(style, len(OUTSIDE))
    style, strict = divmod(style, len(STRICT))
    style, recover = divmod(style, len(RECOVER))
    return Grammar(
        nesting=NESTING[nesting],
        fences=FENCES[fences],
        outside=OUTSIDE[outside],
        strict=STRICT[strict],
        recover=RECOVER[recover],
        **DIALECTS[style % len(DIALECTS)],
    )
