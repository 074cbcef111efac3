"""Hypothesis strategies for text as models write it, for its cuts, and for events.

Needs the extra ``componentstream[testing]``. Strategies of text take the ``grammar`` that the text is to be
read with, so that its markers and near-markers are those of that language.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeAlias, TypeVar, get_args

from componentstream.core import codes
from componentstream.core.codes import ParserErrorCode
from componentstream.core.errors import MissingExtraError
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    Finding,
    FindingEvent,
    MessageStop,
    MessageStopReason,
    ReasoningEvent,
    StatusEvent,
    StopReason,
    TextBlock,
    UsageEvent,
)
from componentstream.core.grammar import WHITE, Grammar
from componentstream.core.limits import Limits
from componentstream.testing._stream_writer import StreamWriter

try:
    from hypothesis import strategies as st

    from componentstream.testing._hostile import hostile, mutated
except ImportError as _error:
    raise MissingExtraError(
        "componentstream.testing.strategies needs Hypothesis; install componentstream[testing]."
    ) from _error

DocumentKind: TypeAlias = Literal["any", "valid", "mutated", "hostile"]
"""The kinds of text that :func:`documents` draws; its docstring describes them."""

_Input = TypeVar("_Input", str, bytes)
_GRAMMAR = Grammar()
_MAX_DEPTH = Limits().max_depth

_ANY_CHAR = st.characters(exclude_categories=())
_LETTERS = "ABCXYZabcxyz"
_IDENT = st.builds(
    str.__add__, st.sampled_from(_LETTERS), st.text(st.sampled_from(_LETTERS + "019_"), max_size=5)
)
_KEY = st.builds(
    str.__add__, st.sampled_from(_LETTERS + "_"), st.text(st.sampled_from(_LETTERS + "019_-"), max_size=6)
).filter(lambda key: key != "position")
_QUOTED_CHAR = st.characters(
    exclude_categories=["Cc", "Cf", "Cs", "Cn", "Zl", "Zp"], exclude_characters="\"'<>&`"
) | st.sampled_from(WHITE + "=")
_QUOTED = st.text(_QUOTED_CHAR, max_size=8)
_BARE = st.text(st.sampled_from(_LETTERS + "0189-#/:;.,%üλ日😀"), min_size=1, max_size=6).filter(
    lambda value: value[-1] not in ",;"
)
_VALUE = _BARE | _QUOTED.map('"{}"'.format) | _QUOTED.map("'{}'".format)
_FENCE = st.tuples(
    st.sampled_from(["```", "```", "~~~"]), st.sampled_from(["jsx", "", " tsx", "ts:src/A.ts", "ts {1,3} x"])
)
_WHITE = st.text(st.sampled_from(WHITE), max_size=3)
_GAP = st.just(" ") | st.text(st.sampled_from(WHITE), min_size=1, max_size=3)

_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_TEXT = st.text(_ANY_CHAR, max_size=12).filter(lambda text: not _SURROGATE_PAIR.search(text))
_INDEX = st.integers(0, 99)
_COUNT = st.integers(0, 2**53)
_REPORTS: st.SearchStrategy[Event] = st.sampled_from(
    [ReasoningEvent("so"), UsageEvent(output_tokens=1), FindingEvent(Finding("rule", "info", "Look."))]
)
_JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | _COUNT | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)

_PROSE = (
    "", " ", "Here is the page:", "export default function Hero() {", "  return <section/>;", "}", "- item",
    "// a comment", "\tconst url = 'https://example.org';", "\u200b", "é λ 日 😀",
)  # fmt: skip
_STEPS = (
    "component",
    "component",
    "text",
    "delta",
    "delta",
    "delta",
    "stop",
    "implied",
    "trim",
    "error",
    "report",
)


def names() -> st.SearchStrategy[str]:
    """Draw the name of a component: one identifier or several with dots between."""
    dotted = st.lists(_IDENT, min_size=2, max_size=3).map(".".join)
    return st.sampled_from(["A", "B", "Hero", "Nav.Item"]) | _IDENT | dotted


def positions(*, grammar: Grammar = _GRAMMAR) -> st.SearchStrategy[str]:
    """Draw a position that `grammar` knows, in lower case as events carry it."""
    return st.sampled_from(sorted(grammar.positions))


@st.composite
def markers(
    draw: st.DrawFn,
    *,
    grammar: Grammar = _GRAMMAR,
    opens: bool | None = None,
    name: str | None = None,
    positioned: bool | None = None,
) -> str:
    """Draw a well-formed marker line without its line end.

    Args:
        draw: given by Hypothesis.
        grammar: the language it is written in.
        opens: True for a START, False for an END, None for either.
        name: the name of the component, None for any.
        positioned: whether a START names a position, None for either.
    """
    opens = draw(st.booleans()) if opens is None else opens
    words = [grammar.start if opens else grammar.end, draw(names()) if name is None else name]
    if opens and (draw(st.booleans()) if positioned is None else positioned):
        position = draw(positions(grammar=grammar))
        cased = draw(st.sampled_from([position, position.upper(), position.title()]))
        words.append("position=" + draw(st.sampled_from([cased, f'"{cased}"', f"'{cased}'"])))
    if opens and draw(st.booleans()):
        words.extend(f"{key}={draw(_VALUE)}" for key in draw(st.lists(_KEY, max_size=3, unique=True)))
    line = "".join(word + draw(_GAP) for word in words[:-1]) + words[-1]
    return draw(_WHITE) + grammar.prefix + draw(_WHITE) + line + draw(_WHITE)


def documents(
    *, kind: DocumentKind = "any", max_components: int = 8, grammar: Grammar = _GRAMMAR
) -> st.SearchStrategy[str]:
    """Draw the text of a whole stream.

    Args:
        kind: ``valid`` draws pages that give no error with the default limits, every component closed by
            its END: prose, nested components where the grammar nests, code fences, both line ends.
            ``mutated`` draws such pages with up to four pieces removed, doubled, moved or replaced.
            ``hostile`` draws near-markers, odd white space and line ends, unpaired surrogates, fences, deep
            nesting, long lines and unclosed quotes in any order. ``any`` draws all of these and free text.
        max_components: components in a valid page at most.
        grammar: the language of the markers.
    """
    return _documents(kind, max_components, grammar)


def chunkings(text: _Input, *, grammar: Grammar = _GRAMMAR) -> st.SearchStrategy[list[_Input]]:
    """Draw a way to cut `text`: chunks, some of them possibly empty, that join to it.

    Whole, one character at a time, at random places, or (for str) at the places that matter: within
    markers, fences and line ends.
    """
    anywhere = st.lists(st.integers(0, len(text)), max_size=8)
    seams = _seams(text, grammar)
    cuts = st.one_of(
        anywhere,
        st.lists(st.sampled_from(seams), max_size=12) if seams else anywhere,
        st.just(list(range(1, len(text)))),
    )
    return cuts.map(lambda drawn: _cut(text, sorted(drawn)))


def chunked(
    texts: st.SearchStrategy[_Input], *, grammar: Grammar = _GRAMMAR
) -> st.SearchStrategy[list[_Input]]:
    """Draw a text from `texts` and cut it; join the chunks to have the text."""
    return texts.flatmap(lambda text: chunkings(text, grammar=grammar))


def limits(*, tiny: bool = True) -> st.SearchStrategy[Limits]:
    """Draw limits: each one its default or, with `tiny`, so small that a short text trips it."""
    if not tiny:
        return st.just(Limits())
    bounds: dict[str, st.SearchStrategy[int]] = {
        "max_marker_chars": st.integers(1, 40),
        "max_component_chars": st.integers(1, 40),
        "max_components": st.integers(1, 4),
        "max_depth": st.integers(1, 3),
        "max_total_chars": st.integers(1, 200),
        "max_errors": st.integers(1, 4),
    }
    return st.fixed_dictionaries({}, optional=bounds).map(lambda drawn: Limits(**drawn))


def grammars() -> st.SearchStrategy[Grammar]:
    """Draw a language: every policy, and now and then another prefix, other keywords, other positions."""
    keywords = st.sampled_from(
        [*[("START", "END")] * 3, ("begin", "end"), ("EN", "END"), ("STARTED", "START"), ("A", "B")]
    )
    return st.builds(
        lambda words, **rest: Grammar(start=words[0], end=words[1], **rest),
        keywords,
        prefix=st.sampled_from([*["///"] * 3, "/", "//", "@@", "-->", "<!--", "§", "A"]),
        positions=st.sampled_from([_GRAMMAR.positions, frozenset({"main", "hero"})]),
        strict=st.booleans(),
        recover=st.sampled_from([True, True, False]),
        nesting=st.sampled_from(["sections", "sections", "nest", "close", "text"]),
        fences=st.sampled_from(["strip", "strip", "keep"]),
        outside=st.sampled_from(["emit", "emit", "discard"]),
    )


def events() -> st.SearchStrategy[Event]:
    """Draw one event of any kind, each well-formed in itself, without spans as events come from the wire.

    Texts may hold unpaired surrogates, but never a high one right before a low one: JSON reads those two
    back as the one character that they encode.
    """
    stop_reasons = st.sampled_from(get_args(StopReason))
    reported = st.sampled_from([*get_args(ParserErrorCode), codes.GENERATION_TIMEOUT, codes.INVALID_CHUNK])
    phases = st.sampled_from(["started", "thinking", "progress", "finishing"])
    lines = st.none() | st.integers(1, 2**53)
    maybe_index = st.none() | _INDEX
    values = st.dictionaries(_TEXT, _JSON, max_size=3)
    return st.one_of(
        st.builds(ContentBlockStart, _INDEX, st.builds(TextBlock) | _component_blocks(maybe_index)),
        st.builds(ContentBlockDelta, _INDEX, _TEXT.filter(bool)),
        st.builds(ContentBlockStop, _INDEX, stop_reasons, _COUNT, _COUNT),
        st.builds(
            ErrorEvent,
            reported,
            _TEXT,
            st.booleans(),
            st.booleans(),
            lines,
            maybe_index,
            recovered=st.booleans(),
        ),
        st.builds(StatusEvent, phases, st.floats(0, 1e6), _COUNT, _COUNT, _COUNT),
        st.builds(MessageStop, st.sampled_from(get_args(MessageStopReason)), values),
        st.builds(DebugEvent, values),
        st.builds(ReasoningEvent, _TEXT.filter(bool)),
        st.builds(UsageEvent, *[st.none() | _COUNT] * 4),
        st.builds(FindingEvent, _findings(lines, maybe_index)),
    )


@st.composite
def event_streams(draw: st.DrawFn, *, max_blocks: int = 8, session: bool = False) -> list[Event]:
    """Draw the events of a whole stream, such that ``EventVerifier`` accepts them; without spans.

    Args:
        draw: given by Hypothesis.
        max_blocks: blocks in the stream at most, text and components.
        session: begin with a status and end with ``message_stop``, as a session does; without it the
            stream is that of a parser.
    """
    stream = StreamWriter()
    if session:
        stream.events.append(StatusEvent("started", 0.0, 0, 0, 0))
    for step in draw(st.lists(st.sampled_from(_STEPS), max_size=4 * max_blocks)):
        top = stream.open[-1] if stream.open else None
        if step == "error":
            stream.events.append(ErrorEvent(codes.MALFORMED_MARKER, draw(_TEXT)))
        elif step == "report":
            stream.events.append(draw(_REPORTS))
        elif step == "component" and stream.blocks < max_blocks:
            stream.start(draw(_component_blocks(st.just(stream.parent))))
        elif step == "text" and stream.blocks < max_blocks and not top:
            stream.start(TextBlock())
        elif step == "delta" and top and not top.trimmed:
            stream.delta(draw(_TEXT.filter(bool)))
        elif step == "trim" and top and top.name and not top.trimmed:
            stream.trim(draw(st.integers(1, 99)))
        elif step == "stop" and top:
            stream.stop("end")
        elif step == "implied" and top and len(stream.open) > 1:
            stream.unclosed("implied")
            stream.stop("end")
    ending: MessageStopReason = draw(st.sampled_from(get_args(MessageStopReason)))
    stream.end(ending)
    if session:
        stream.events.append(MessageStop(ending))
    return stream.events


def _findings(
    lines: st.SearchStrategy[int | None], indexes: st.SearchStrategy[int | None]
) -> st.SearchStrategy[Finding]:
    spans = st.none() | st.tuples(_COUNT, _COUNT)
    rules, words = st.sampled_from(["near-miss", "rule"]), st.sampled_from(["info", "high"])
    return st.builds(Finding, rules, words, _TEXT, st.sampled_from(["none", "flag"]), indexes, lines, spans)


@st.composite
def _component_blocks(draw: st.DrawFn, parents: st.SearchStrategy[int | None]) -> ComponentBlock:
    attributes = st.dictionaries(_KEY, _QUOTED, max_size=3)
    return ComponentBlock(draw(names()), draw(positions()), draw(attributes), draw(parents))


# Making strategies takes as long as drawing from them.
@lru_cache
def _documents(kind: DocumentKind, max_components: int, grammar: Grammar) -> st.SearchStrategy[str]:
    valid = _pages(grammar, max_components)
    kinds: dict[DocumentKind, st.SearchStrategy[str]] = {
        "valid": valid,
        "mutated": mutated(valid),
        "hostile": hostile(grammar, markers(grammar=grammar)),
    }
    kinds["any"] = st.one_of(*kinds.values(), st.text(_ANY_CHAR, max_size=40))
    return kinds[kind]


@st.composite
def _pages(draw: st.DrawFn, grammar: Grammar, max_components: int) -> str:
    """Draw a page step by step; steps that are not possible at their place are skipped."""
    prose = (st.sampled_from(_PROSE) | st.text(_ANY_CHAR, max_size=8)).filter(_is_plain(grammar))
    steps = st.sampled_from(["open", "open", "open fenced", "text", "close", "close"])
    depth = _MAX_DEPTH if grammar.nesting in ("sections", "nest") else 1
    lines: list[str] = []
    names_open: list[str] = []
    closing: list[list[str]] = []
    started = 0
    for step in draw(st.lists(steps, max_size=3 * max_components + 2)):
        if step == "text":
            lines.append(draw(prose))
        elif step == "close" and closing:
            names_open.pop()
            lines.extend(closing.pop())
        elif step != "close" and started < max_components and len(closing) < depth:
            name, positioned = draw(names()), None
            if closing and grammar.nesting == "sections":
                # A section would close the others; a part of one of them does not.
                positioned = draw(st.booleans())
                name = f"{draw(st.sampled_from(names_open))}.{draw(_IDENT)}" if positioned else name
            fence, info = draw(_FENCE) if step == "open fenced" else ("", "")
            end = draw(markers(grammar=grammar, opens=False, name=name))
            lines.append(draw(markers(grammar=grammar, opens=True, name=name, positioned=positioned)))
            lines.extend([fence + info] * bool(fence))
            closing.append([*[fence] * bool(fence), end])
            names_open.append(name)
            started += 1
    for left in reversed(closing):
        lines.extend(left)
    fence = draw(st.sampled_from(["", "```", "~~~"]))
    wrapped = [fence, *lines, fence] if fence else lines
    line_end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    return line_end.join([*wrapped, draw(st.sampled_from(["", "text"]))])


def _is_plain(grammar: Grammar) -> Callable[[str], bool]:
    """Return a test for one line that is neither a marker nor a fence."""
    plain = re.compile(rf"(?![{WHITE}]*(?:{re.escape(grammar.prefix)}|[`~]))[^\n]*")
    return lambda line: plain.fullmatch(line) is not None


def _seams(text: str | bytes, grammar: Grammar) -> list[int]:
    """Return the offsets within and around everything in `text` that parsing turns on."""
    if isinstance(text, bytes):
        return []
    words = "|".join(re.escape(word) for word in (grammar.prefix, grammar.start, grammar.end))
    found = re.finditer(rf"{words}|`+|~+|\r?\n|\r", text)
    return sorted({at for match in found for at in range(match.start(), match.end() + 1)})


def _cut(text: _Input, cuts: list[int]) -> list[_Input]:
    return [text[first:last] for first, last in pairwise([0, *cuts, len(text)])]
