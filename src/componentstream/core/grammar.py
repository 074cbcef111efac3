r"""One line of text: is it a marker, a code fence, or neither?

The question is asked in two ways. Of a *complete* line, one pattern tells whether it is a candidate (a
START or END line as far as its keyword) or a fence, and :meth:`Grammar.judge` reads the rest of a
candidate, giving a :class:`Marker` or the :class:`Fault` for which it is text.

Of a line *in part* the question is what it can still become, because only a line that may become a marker
or a dropped fence is held back. That is a finite automaton, :class:`LineMachine`, over the characters that
decide: white space, prefix, white space, keyword; or white space, backticks, info string, white space. Its
states stand in a table of dicts, so that a step is two look-ups. Three states are final: ``TEXT`` and the
two candidates, of which only the end has still to come. Every line begins in ``LEAD``.
"""

import re
import string
from collections.abc import Iterable
from functools import cached_property
from typing import Final, Literal, TypeAlias

import attrs

from componentstream.core import codes
from componentstream.core.codes import ParserErrorCode
from componentstream.core.errors import UsageError

WHITE: Final = (
    " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
"""The white space of the protocol; line ends are none."""

POSITIONS: Final = frozenset(
    {
        "header", "main", "footer", "nav", "sidebar", "hero", "features", "testimonials", "pricing", "cta",
        "contact", "content", "stats", "faq", "team", "custom", "root",
    }
)  # fmt: skip
"""The places on a page that a component may ask for by default."""

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
    """A well-formed marker line. ``position`` is in lower case, None where the line names none."""

    name: str
    position: str | None
    attributes: dict[str, str]


@attrs.define
class Fault:
    """Why a candidate is no marker: the code of the error and a sentence for people."""

    code: ParserErrorCode
    message: str


def _positions(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise UsageError("Grammar: positions is a set of names, not one string.")
    return frozenset(names)


@attrs.frozen(kw_only=True)
class Grammar:
    """The language of the markers and what to do with them; the defaults are the protocol.

    Args:
        prefix: what a marker line begins with, after white space.
        start: the keyword that opens a component, ASCII letters.
        end: the keyword that closes it.
        positions: the values that ``position`` may have, in lower case.
        default_position: the position of a component whose START names none, or an unknown one.
        strict: an unknown position makes the marker malformed, instead of giving the default.
        nesting: what a START inside a component does: ``nest`` opens a child, ``close`` closes all open
            components first, ``text`` makes the line text.
        fences: ``strip`` drops the Markdown fences that models put around components and their bodies,
            ``keep`` treats them as any other text.
        outside: ``emit`` gives the text between components as blocks of their own, ``discard`` drops it.

    Raises:
        UsageError: a value that no stream could be read with.
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
        if not self.prefix or not self.prefix.isprintable() or set(self.prefix) & set(WHITE + "`"):
            raise UsageError("Grammar: prefix must be printable characters, no white space, no backticks.")
        for keyword in (self.start, self.end):
            if not (keyword.isascii() and keyword.isalpha()):
                raise UsageError(f"Grammar: a keyword is one or more ASCII letters, not {keyword!r}.")
        if self.start == self.end:
            raise UsageError("Grammar: start and end must be different keywords.")
        for position in self.positions:
            if position != position.lower():
                raise UsageError(f"Grammar: positions are written in lower case, {position!r} is not.")
        if self.default_position not in self.positions:
            raise UsageError("Grammar: default_position must be one of positions; give both.")
        for name, choices in (
            ("nesting", ("nest", "close", "text")),
            ("fences", ("strip", "keep")),
            ("outside", ("emit", "discard")),
        ):
            if getattr(self, name) not in choices:
                raise UsageError(f"Grammar: {name} must be one of {', '.join(choices)}.")

    @cached_property
    def machine(self) -> "LineMachine":
        """The automaton that reads lines of this language; made at first use."""
        return LineMachine(self.prefix, self.start, self.end)

    def judge(self, rest: str, *, opens: bool) -> Marker | Fault:
        """Read what follows the keyword of a candidate line.

        Args:
            rest: the line's content behind the keyword.
            opens: whether the keyword was START.

        Returns:
            the marker, or the fault for which the line is text.
        """
        match = _NAME.match(rest)
        name, junk, end = (match[1], match[2], match.end()) if match else ("", "", 0)
        if not name and not junk:
            return Fault(codes.MALFORMED_MARKER, "The marker names no component.")
        tail = rest[end:]
        if not junk and len(name) <= MAX_NAME_CHARS:
            return self.judge_named(name, tail, opens=opens)
        if tail and not (opens and _read_attributes(tail) is not None):
            return Fault(codes.MALFORMED_MARKER, "Neither the marker's name nor what follows it can be read.")
        return Fault(codes.INVALID_NAME, f"{(name + junk)[:MAX_NAME_CHARS]!r} is no component name.")

    def judge_named(self, name: str, tail: str, *, opens: bool) -> Marker | Fault:
        """Read what follows a right name, and the white space behind it, as :meth:`judge` does."""
        if not tail:
            return Marker(name, None, {})
        attributes = _read_attributes(tail) if opens else None
        if attributes is None:
            takes = 'are written key=value or key="value"' if opens else "stand at its START"
            return Fault(codes.INVALID_ATTRIBUTE, f"The attributes of a component {takes}.")
        position = attributes.pop("position", None)
        return Marker(name, None if position is None else position.lower(), attributes)


def _read_attributes(content: str) -> dict[str, str] | None:
    """Return the attributes that a line ends with, None where they break a rule."""
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
"""States of a line in every machine: text, the two candidates, the line's beginning, its end."""

NO_FENCES: Final = 0
BARE_FENCES: Final = 1
ALL_FENCES: Final = 2
"""Which code fences would be dropped where a line stands; other fences are text like any other."""

START_LINE: Final = 1
END_LINE: Final = 2
BARE_FENCE: Final = 3
INFO_FENCE: Final = 4
"""What a complete line is, other than text; the first three are groups of ``LineMachine.line``."""


class LineMachine:
    """What one language's lines look like, whole and in part; without a state of its own.

    Attributes:
        line: the pattern of a candidate or a fence, for the content of a complete line. Its last group
            tells which: a keyword, or the info string of a fence, empty in a bare one.
        keyword: what ``line`` has behind the prefix.
        marker: what a candidate has behind the prefix, for a line within a longer text: the keyword (group 1
            or 2), then as far as they follow the name (group 3), white space, the line's end (group 4).
        fence: what ``line`` has behind three backticks.
        interest: a line end and how a candidate (group 1) or a fence begins behind it.
        plain: white space at a line's beginning, and in group 1 a character that shows that it is text.
        steps: for lines in part, and for each kind of place (``NO_FENCES`` to ``ALL_FENCES``), the table
            ``[state][character]`` of next states; a character that is missing leads to ``TEXT``.
        ends: the states in which the end of the line makes it more than text, with what it is then.
        returns: those of them after a CR, which is no content if the line ends there.
        leads: for each kind of place, the states after the first character of a line, if any, or its end.
        opening: the states from which a line can still become a START.
        closing: the states from which a line can still become an END.
    """

    def __init__(self, prefix: str, start: str, end: str) -> None:
        self.prefix = prefix
        head, ticks = re.escape(prefix), "`" * _TICKS
        keyword = rf"[{WHITE}]*+(?:({start})|({end}))(?:[{WHITE}]|(?=\r?\Z))"
        named = rf"({_IDENT}(?:\.{_IDENT})*+)[{WHITE}]*+(\r?\n)?+"
        self.marker = re.compile(rf"[{WHITE}]*+(?:({start})|({end}))(?:[{WHITE}]++(?:{named})?+|(?=\r?\n))")
        fence = rf"`*+([{_INFO}]{{0,{MAX_INFO_CHARS}}}+)[{WHITE}]*+(?=\r?\Z)"
        self.line = re.compile(rf"[{WHITE}]*+(?:{head}{keyword}|{ticks}{fence})")
        self.keyword = re.compile(keyword)
        # Two groups that never match, so that the third one means a fence here too.
        self.fence = re.compile(rf"(?:(\b\B)|(\b\B)|{fence})")
        self.interest = re.compile(rf"\n[{WHITE}]*+(?:({head})|{ticks})")
        self.plain = re.compile(rf"[ \t]*+([^{WHITE}\n`{re.escape(prefix[0])}]?)")
        self._table: list[dict[str, int]] = [{}, {}, {}, dict.fromkeys(WHITE, LEAD)]
        self.ends = {CANDIDATE_START: START_LINE, CANDIDATE_END: END_LINE}
        self.returns: set[int] = set()
        path = self._path(LEAD, prefix)
        self._table[path[-1]].update(dict.fromkeys(WHITE, path[-1]))
        self.opening = frozenset({LEAD, *path, *self._keyword(path[-1], start, CANDIDATE_START)})
        self.closing = frozenset({LEAD, *path, *self._keyword(path[-1], end, CANDIDATE_END)})
        self.steps = self._fence_tables()
        self.leads = [{**table[LEAD], "": LEAD, "\n": ENDED} for table in self.steps]

    def _next(self, state: int, char: str) -> int:
        """Return the state that `char` leads to from `state`, a fresh one if there is none yet."""
        if char not in self._table[state]:
            self._table[state][char] = len(self._table)
            self._table.append({})
        return self._table[state][char]

    def _path(self, state: int, word: str) -> list[int]:
        """Return the states that `word` leads through."""
        path = []
        for char in word:
            state = self._next(state, char)
            path.append(state)
        return path

    def _end(self, state: int, kind: int) -> int:
        """Let a line end in `state` as a `kind`, before or after a CR; return the state after that."""
        after = self._next(state, "\r")
        self.returns.add(after)
        self.ends[state] = self.ends[after] = kind
        return after

    def _keyword(self, state: int, word: str, candidate: int) -> list[int]:
        """Lead from `state` through a keyword to its candidate; return the states on the way."""
        path = self._path(state, word)
        self._table[path[-1]].update(dict.fromkeys(WHITE, candidate))
        return [*path, self._end(path[-1], self.ends[candidate]), candidate]

    def _fence_tail(self, state: int, kind: int) -> None:
        """Let white space and the end of the line follow a fence that is complete in `state`."""
        white = self._next(state, " ")
        self._table[state].update(dict.fromkeys(WHITE, white))
        self._table[white].update(dict.fromkeys(WHITE, white))
        self._table[white]["\r"] = self._end(state, kind)
        self.ends[white] = kind

    def _fence_tables(self) -> list[list[dict[str, int]]]:
        """Return the table without fences, with bare ones only, and with all."""
        table = self._table
        no_ticks = table[LEAD].copy()
        ticked = self._path(LEAD, "`" * _TICKS)[-1]
        table[ticked]["`"] = ticked
        self._fence_tail(ticked, BARE_FENCE)
        no_info = table[ticked].copy()
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
