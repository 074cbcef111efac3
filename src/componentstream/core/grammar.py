r"""Decide whether a line of text is a marker, a code fence, or neither.

For a *complete* line, one pattern tells whether it is a candidate (a START or END line up to its keyword) or
a fence, and :func:`judge` reads the rest of a candidate. The result is a :class:`Marker`, or the
:class:`Fault` that makes the line text.

For an *incomplete* line, the question is which kinds of line are still possible, because only a line that
may become a marker or a dropped fence is held back. :class:`LineMachine` answers it with a finite automaton
over the characters that decide: white space, prefix, white space, keyword; or white space, backticks, info
string, white space. Its states are in a table of dicts, so a step is two look-ups. Three states are final:
``TEXT`` and the two candidates, which only need a line end. Every line begins in ``LEAD``.
"""

import re
import string
from collections.abc import Iterable
from functools import cached_property
from typing import Final, Literal, TypeAlias

import attrs

from componentstream.core import codes
from componentstream.core.arguments import shown
from componentstream.core.codes import ParserErrorCode
from componentstream.core.errors import ConfigurationError

WHITE: Final = (
    " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
"""The white space of the protocol; it does not include line ends."""

POSITIONS: Final = frozenset(
    {
        "header", "main", "footer", "nav", "sidebar", "hero", "features", "testimonials", "pricing", "cta",
        "contact", "content", "stats", "faq", "team", "custom", "root",
    }
)  # fmt: skip
"""The positions on a page that a component may name by default."""

MAX_NAME_CHARS: Final = 128
MAX_KEY_CHARS: Final = 64
MAX_ATTRIBUTES: Final = 16
MAX_INFO_CHARS: Final = 32
_INFO: Final = "A-Za-z0-9_+.#-"
_INFO_CHARS: Final = string.ascii_letters + string.digits + "_+.#-"
_TICKS = 3

# Format characters (category Cf) of Unicode 16, fixed here so that every Python reads the same language.
_FORMAT = (
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_NEVER = rf"\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff{_FORMAT}\"'<>&`"
_IDENT = "[A-Za-z][A-Za-z0-9_]*+"
_QUOTED = rf"[^{_NEVER}]*+"

_NAME = re.compile(rf"[{WHITE}]*+((?:{_IDENT}(?:\.{_IDENT})*+)?+)([^{WHITE}]*+)[{WHITE}]*+")
_ATTRIBUTE = re.compile(
    rf"([A-Za-z_][A-Za-z0-9_-]{{0,{MAX_KEY_CHARS - 1}}}+)="
    rf"(?:\"({_QUOTED})\"|'({_QUOTED})'|([^{_NEVER}={WHITE}]++))(?:[{WHITE}]++|\Z)"
)

Nesting: TypeAlias = Literal["nest", "close", "text"]
Fences: TypeAlias = Literal["strip", "keep"]
Outside: TypeAlias = Literal["emit", "discard"]


@attrs.define
class Marker:
    """A well-formed marker line. ``position`` is in lower case, None if the line does not name one."""

    name: str
    position: str | None
    attributes: dict[str, str]


@attrs.define
class Fault:
    """The reason why a candidate is not a marker: an error code and a message."""

    code: ParserErrorCode
    message: str


def _positions(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise ConfigurationError("Grammar: positions must be a set of names, not a single string.")
    try:
        return frozenset(names)
    except TypeError:
        problem = f"Grammar: positions must be a set of names, not {shown(names)}."
        raise ConfigurationError(problem) from None


def _is_lower_case(name: object) -> bool:
    return isinstance(name, str) and name == name.lower()


@attrs.frozen(kw_only=True)
class Grammar:
    """The language of the markers and how to handle them; the defaults are those of the protocol.

    Args:
        prefix: the first characters of a marker line, after white space.
        start: the keyword that opens a component, ASCII letters.
        end: the keyword that closes it.
        positions: the allowed values of ``position``, in lower case.
        default_position: the position of a component whose START omits it or names an unknown one.
        strict: whether an unknown position makes the marker malformed, instead of selecting the default.
        nesting: the effect of a START inside a component: ``nest`` opens a child, ``close`` closes all open
            components first, ``text`` makes the line text.
        fences: ``strip`` drops the Markdown fences that models put around components and their bodies,
            ``keep`` treats them like any other text.
        outside: ``emit`` delivers the text between components in text blocks, ``discard`` drops it.

    Raises:
        ConfigurationError: a value is invalid.
    """

    prefix: str = "///"
    start: str = "START"
    end: str = "END"
    positions: frozenset[str] = attrs.field(default=POSITIONS, converter=_positions)
    default_position: str = "main"
    strict: bool = False
    nesting: Nesting = "nest"
    fences: Fences = "strip"
    outside: Outside = "emit"

    def __attrs_post_init__(self) -> None:
        for name in ("prefix", "start", "end", "default_position"):
            if not isinstance(getattr(self, name), str):
                raise ConfigurationError(f"Grammar: {name} must be a str, not {getattr(self, name)!r:.80}.")
        if not isinstance(self.strict, bool):
            raise ConfigurationError(f"Grammar: strict must be True or False, not {shown(self.strict)}.")
        # The automaton relies on a prefix without white space and backticks: those decide on their own.
        if not self.prefix or not self.prefix.isprintable() or set(self.prefix) & set(WHITE + "`"):
            raise ConfigurationError(
                "Grammar: prefix must be printable characters without white space and backticks."
            )
        for keyword in (self.start, self.end):
            if not (keyword.isascii() and keyword.isalpha()):
                raise ConfigurationError(
                    f"Grammar: a keyword must be one or more ASCII letters, not {keyword!r}."
                )
        if self.start == self.end:
            raise ConfigurationError("Grammar: start and end must be different keywords.")
        for position in self.positions:
            if not _is_lower_case(position):
                raise ConfigurationError(
                    f"Grammar: positions must be names in lower case; {position!r:.80} is not."
                )
        if self.default_position not in self.positions:
            raise ConfigurationError("Grammar: default_position must be one of positions; pass both.")
        for name, choices in (
            ("nesting", ("nest", "close", "text")),
            ("fences", ("strip", "keep")),
            ("outside", ("emit", "discard")),
        ):
            if getattr(self, name) not in choices:
                raise ConfigurationError(f"Grammar: {name} must be one of {', '.join(choices)}.")

    @cached_property
    def _machine(self) -> "LineMachine":
        return LineMachine(self.prefix, self.start, self.end)


def machine_of(grammar: Grammar) -> "LineMachine":
    """Return the automaton for lines of this language; it is created at first use and shared."""
    return grammar._machine  # noqa: SLF001 - one module; users of Grammar need not see it


def judge(rest: str, *, opens: bool) -> Marker | Fault:
    """Judge the rest of a candidate line after its keyword.

    Args:
        rest: the content of the line after the keyword.
        opens: whether the keyword was START.

    Returns:
        the marker, or the fault that makes the line text.
    """
    match = _NAME.match(rest)
    # `junk` is all that follows the valid part of the name without white space in between.
    name, junk, end = (match[1], match[2], match.end()) if match else ("", "", 0)
    if not name and not junk:
        return Fault(codes.MALFORMED_MARKER, "The marker names no component.")
    tail = rest[end:]
    if not junk and len(name) <= MAX_NAME_CHARS:
        return judge_named(name, tail, opens=opens)
    # With a readable rest the name alone is at fault, which is the more helpful error.
    if tail and not (opens and _read_attributes(tail) is not None):
        return Fault(
            codes.MALFORMED_MARKER, "Neither the name in the marker nor the rest of the line is valid."
        )
    return Fault(codes.INVALID_NAME, f"{(name + junk)[:MAX_NAME_CHARS]!r} is not a component name.")


def judge_named(name: str, tail: str, *, opens: bool) -> Marker | Fault:
    """Judge the rest of a candidate after a valid name and white space, as :func:`judge` does."""
    if not tail:
        return Marker(name, None, {})
    attributes = _read_attributes(tail) if opens else None
    if attributes is None:
        takes = 'must be written key=value or key="value"' if opens else "belong in its START line"
        return Fault(codes.INVALID_ATTRIBUTE, f"The attributes of a component {takes}.")
    position = attributes.pop("position", None)
    return Marker(name, None if position is None else position.lower(), attributes)


def _read_attributes(content: str) -> dict[str, str] | None:
    """Return the attributes at the end of a line, None if they break a rule."""
    attributes: dict[str, str] = {}
    at = 0
    while at < len(content):
        match = _ATTRIBUTE.match(content, at)
        if match is None or match[1] in attributes or len(attributes) == MAX_ATTRIBUTES:
            return None
        attributes[match[1]] = match[match.lastindex or 0]
        at = match.end()
    return attributes


TEXT: Final = 0
CANDIDATE_START: Final = 1
CANDIDATE_END: Final = 2
LEAD: Final = 3
ENDED: Final = -1
"""States of a line that all machines share: text, the two candidates, the beginning and the end of a line.

Their order matters: a state below ``LEAD`` is decided, and one above it is in the middle of a word."""

NO_FENCES: Final = 0
BARE_FENCES: Final = 1
ALL_FENCES: Final = 2
"""Which code fences would be dropped on a line; other fences are ordinary text."""

START_LINE: Final = 1
END_LINE: Final = 2
BARE_FENCE: Final = 3
INFO_FENCE: Final = 4
"""The kinds of complete line other than text; the first three are groups of ``LineMachine.line``."""


class LineMachine:
    """The patterns for complete lines of one language, and its automaton for incomplete lines. Immutable.

    Attributes:
        prefix: the marker prefix.
        line: the pattern of a candidate or a fence, for the content of a complete line. Its last group
            tells which: a keyword, or the info string of a fence, empty for a bare one.
        keyword: the part of ``line`` after the prefix.
        marker: the rest of a candidate after the prefix, for a line within a longer text: the keyword (group
            1 or 2) and then, if they follow, the name (group 3), white space, the line end (group 4).
        fence: the part of ``line`` after three backticks.
        interest: a line end followed by the beginning of a candidate (group 1) or of a fence.
        steps: for incomplete lines, and for each value of ``NO_FENCES`` to ``ALL_FENCES``, the table
            ``[state][character]`` of next states; a missing character leads to ``TEXT``.
        ends: the states in which a line end makes the line more than text, with the resulting kind.
        returns: those of them after a CR, which is not part of the content if the line ends there.
        leads: for each value of ``NO_FENCES`` to ``ALL_FENCES``, the states after the first character of a
            line, if any, or its end.
        opening: the states from which a line can still become a START.
        closing: the states from which a line can still become an END.
    """

    def __init__(self, prefix: str, start: str, end: str) -> None:
        self.prefix = prefix
        head, ticks = re.escape(prefix), "`" * _TICKS
        keyword = rf"[{WHITE}]*+(?:({start})|({end}))(?:[{WHITE}]|(?=\r?\Z))"
        named = rf"({_IDENT}(?:\.{_IDENT})*+)[{WHITE}]*+(\r?\n)?+"
        self.marker: re.Pattern[str] = re.compile(
            rf"[{WHITE}]*+(?:({start})|({end}))(?:[{WHITE}]++(?:{named})?+|(?=\r?\n))"
        )
        fence = rf"`*+([{_INFO}]{{0,{MAX_INFO_CHARS}}}+)[{WHITE}]*+(?=\r?\Z)"
        self.line: re.Pattern[str] = re.compile(rf"[{WHITE}]*+(?:{head}{keyword}|{ticks}{fence})")
        self.keyword: re.Pattern[str] = re.compile(keyword)
        # `lastindex` names the kind of line, so the groups of all patterns have the same numbers.
        # Two groups that never match, so that the third one means a fence here too.
        self.fence: re.Pattern[str] = re.compile(rf"(?:(\b\B)|(\b\B)|{fence})")
        self.interest: re.Pattern[str] = re.compile(rf"\n[{WHITE}]*+(?:({head})|{ticks})")
        self._table: list[dict[str, int]] = [{}, {}, {}, dict.fromkeys(WHITE, LEAD)]
        self.ends: dict[int, int] = {CANDIDATE_START: START_LINE, CANDIDATE_END: END_LINE}
        self.returns: set[int] = set()
        # White space between prefix and keyword leads back to the state after the prefix.
        path = self._path(LEAD, prefix)
        self._table[path[-1]].update(dict.fromkeys(WHITE, path[-1]))
        self.opening: frozenset[int] = frozenset(
            {LEAD, *path, *self._keyword(path[-1], start, CANDIDATE_START)}
        )
        self.closing: frozenset[int] = frozenset({LEAD, *path, *self._keyword(path[-1], end, CANDIDATE_END)})
        self.steps: list[list[dict[str, int]]] = self._fence_tables()
        self.leads: list[dict[str, int]] = [{**table[LEAD], "": LEAD, "\n": ENDED} for table in self.steps]

    def _next(self, state: int, char: str) -> int:
        """Return the state that `char` leads to from `state`; add one if necessary."""
        if char not in self._table[state]:
            self._table[state][char] = len(self._table)
            self._table.append({})
        return self._table[state][char]

    def _path(self, state: int, word: str) -> list[int]:
        """Return the states along `word`, starting after `state`."""
        path = []
        for char in word:
            state = self._next(state, char)
            path.append(state)
        return path

    def _end(self, state: int, kind: int) -> int:
        """Let a line end in `state` as `kind`, with or without a CR; return the state after the CR."""
        # The CR needs a state of its own: another character after it makes the line text.
        after = self._next(state, "\r")
        self.returns.add(after)
        self.ends[state] = self.ends[after] = kind
        return after

    def _keyword(self, state: int, word: str, candidate: int) -> list[int]:
        """Add the path from `state` along a keyword to its candidate; return the states on it."""
        path = self._path(state, word)
        self._table[path[-1]].update(dict.fromkeys(WHITE, candidate))
        return [*path, self._end(path[-1], self.ends[candidate]), candidate]

    def _fence_tail(self, state: int, kind: int) -> None:
        """Let white space and the line end follow a fence that is complete in `state`."""
        white = self._next(state, " ")
        self._table[state].update(dict.fromkeys(WHITE, white))
        self._table[white].update(dict.fromkeys(WHITE, white))
        self._table[white]["\r"] = self._end(state, kind)
        self.ends[white] = kind

    def _fence_tables(self) -> list[list[dict[str, int]]]:
        """Return the table without fences, with bare fences only, and with all fences."""
        table = self._table
        # The three tables share all rows but one, which is copied before the step that it must not have.
        no_ticks = table[LEAD].copy()
        ticked = self._path(LEAD, "`" * _TICKS)[-1]
        table[ticked]["`"] = ticked
        self._fence_tail(ticked, BARE_FENCE)
        no_info = table[ticked].copy()
        # One state per character of the info string, because its length is limited.
        state = ticked
        for _ in range(MAX_INFO_CHARS):
            info = len(table)
            table.append({})
            table[state].update(dict.fromkeys(_INFO_CHARS, info))
            self._fence_tail(info, INFO_FENCE)
            state = info
        return [
            [*table[:LEAD], no_ticks, *table[LEAD + 1 :]],
            [*table[:ticked], no_info, *table[ticked + 1 :]],
            table,
        ]
