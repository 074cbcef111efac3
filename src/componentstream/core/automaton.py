r"""Tell candidates and code fences from other lines: patterns for complete lines, an automaton for others.

For a *complete* line, one pattern tells whether it is a candidate (a START or END line up to its keyword) or
a fence; :mod:`componentstream.core.markers` judges the rest of a candidate.

For an *incomplete* line, the question is which kinds of line are still possible, because only a line that
may become a marker or a dropped fence is held back. :class:`LineMachine` answers it with a finite automaton
over the characters that decide: white space, prefix, white space, keyword; or white space, backticks or
tildes, info string. Its states are in a table of dicts, so a step is two or three look-ups. Three states are
final: ``TEXT`` and the two candidates, which only need a line end. Every line begins in ``LEAD``.
"""

import re
from functools import lru_cache
from typing import Final

from componentstream.core.grammar import MAX_INFO_CHARS, WHITE, Grammar
from componentstream.core.markers import NAME

TEXT: Final = 0
CANDIDATE_START: Final = 1
CANDIDATE_END: Final = 2
LEAD: Final = 3
ENDED: Final = -1
"""States of a line that all machines share: text, the two candidates, the beginning and the end of a line.

Their order matters: a state below ``LEAD`` is decided, and one above it is in the middle of a word."""

NO_FENCES: Final = 0
BARE_TICKS: Final = 1
BARE_TILDES: Final = 2
ALL_FENCES: Final = 3
"""Which code fences would be dropped on a line; other fences are ordinary text."""

START_LINE: Final = 1
END_LINE: Final = 2
TICKS: Final = 3
TILDES: Final = 4
INFO_TICKS: Final = 5
INFO_TILDES: Final = 6
"""The kinds of complete line other than text; the first four are groups of ``LineMachine.line``."""

TICK: Final = "`"
TILDE: Final = "~"
_RUN: Final = 3
_INFO_OFFSET: Final = INFO_TICKS - TICKS


def _fence(char: str) -> str:
    """Return the pattern of a fence after its first three characters; its group is the info string."""
    return rf"{char}*+[{WHITE}]*+([^`\r\n]{{0,{MAX_INFO_CHARS}}}+)[{WHITE}]*+(?=\r?\Z)"


class LineMachine:
    """The patterns for complete lines of one language, and its automaton for incomplete lines. Immutable.

    Attributes:
        prefix: the marker prefix.
        line: the pattern of a candidate or a fence, for the content of a complete line. Its last group
            tells which: a keyword, or the info string of a fence, empty for a bare one.
        keyword: the part of ``line`` after the prefix.
        marker: the rest of a candidate after the prefix, for a line within a longer text: the keyword (group
            1 or 2) and then, if they follow, the name (group 3), white space, the line end (group 4).
        interest: a line end followed by the beginning of a candidate (group 1) or of a fence (2 and 3).
        rest: for each group of ``interest``, the part of ``line`` that follows it.
        steps: for incomplete lines, and for each value of ``NO_FENCES`` to ``ALL_FENCES``, the table
            ``[state][character]`` of next states.
        others: for each of these tables, the next state of each state for all other characters: ``TEXT``,
            except in a fence that may have an info string.
        ends: the states in which a line end makes the line more than text, with the resulting kind.
        returns: those of them after a CR, which is not part of the content if the line ends there.
        leads: for each value of ``NO_FENCES`` to ``ALL_FENCES``, the states after the first character of a
            line, if any, or its end.
        opening: the states from which a line can still become a START.
        closing: the states from which a line can still become an END.
    """

    def __init__(self, prefix: str, start: str, end: str) -> None:
        self.prefix = prefix
        head = re.escape(prefix)
        keyword = rf"[{WHITE}]*+(?:({start})|({end}))(?:[{WHITE}]|(?=\r?\Z))"
        named = rf"({NAME})[{WHITE}]*+(\r?\n)?+"
        self.marker: re.Pattern[str] = re.compile(
            rf"[{WHITE}]*+(?:({start})|({end}))(?:[{WHITE}]++(?:{named})?+|(?=\r?\n))"
        )
        self.line: re.Pattern[str] = re.compile(
            rf"[{WHITE}]*+(?:{head}{keyword}|```{_fence(TICK)}|~~~{_fence(TILDE)})"
        )
        self.keyword: re.Pattern[str] = re.compile(keyword)
        self.interest: re.Pattern[str] = re.compile(rf"\n[{WHITE}]*+(?:({head})|(```)|(~~~))")
        # `lastindex` names the kind of line, so the groups of all patterns have the same numbers: groups that
        # never match come before that of a fence.
        never = r"(\b\B)"
        ticks = re.compile(rf"(?:{never}|{never}|{_fence(TICK)})")
        tildes = re.compile(rf"(?:{never}|{never}|{never}|{_fence(TILDE)})")
        self.rest: tuple[re.Pattern[str], ...] = (self.keyword, self.keyword, ticks, tildes)
        self._table: list[dict[str, int]] = [{}, {}, {}, dict.fromkeys(WHITE, LEAD)]
        self._others: dict[int, int] = {}
        self.ends: dict[int, int] = {CANDIDATE_START: START_LINE, CANDIDATE_END: END_LINE}
        self.returns: set[int] = set()
        # White space between prefix and keyword leads back to the state after the prefix.
        path = self._path(LEAD, prefix)
        self._table[path[-1]].update(dict.fromkeys(WHITE, path[-1]))
        self.opening: frozenset[int] = frozenset(
            {LEAD, *path, *self._keyword(path[-1], start, CANDIDATE_START)}
        )
        self.closing: frozenset[int] = frozenset({LEAD, *path, *self._keyword(path[-1], end, CANDIDATE_END)})
        self._fence_states(TICK, TICKS)
        self._fence_states(TILDE, TILDES)
        table, none = self._table, [TEXT] * len(self._table)
        # The tables share all rows but that of `LEAD`. Where only bare fences count, no other character leads
        # to an info string.
        self.steps: list[list[dict[str, int]]] = [
            self._without(TICK + TILDE), self._without(TILDE), self._without(TICK), table
        ]  # fmt: skip
        self.others: list[list[int]] = [none, none, none, none.copy()]
        for state, after in self._others.items():
            self.others[ALL_FENCES][state] = after
        self.leads: list[dict[str, int]] = [{**rows[LEAD], "": LEAD, "\n": ENDED} for rows in self.steps]

    def is_fence(self, line: str) -> bool:
        """Return whether a complete line, with its line end, is a code fence."""
        found = self.line.match(line.removesuffix("\n")) if line.endswith("\n") else None
        return found is not None and found.lastindex in {TICKS, TILDES}

    def _next(self, state: int, char: str) -> int:
        """Return the state that `char` leads to from `state`; add one if necessary."""
        if char not in self._table[state]:
            self._table[state][char] = self._new()
        return self._table[state][char]

    def _new(self) -> int:
        """Add a state and return it."""
        self._table.append({})
        return len(self._table) - 1

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

    def _fence_states(self, char: str, kind: int) -> None:
        """Add the states of the fences of `char`."""
        table = self._table
        run = self._path(LEAD, char * _RUN)[-1]
        table[run][char] = run
        white = self._white_after(run)
        table[white]["\r"] = self._end(run, kind)
        self.ends[white] = kind
        # One state per character of the info string, because its length is limited. White space is counted,
        # as another character may follow it; after the last one it can only end the line.
        infos = [self._new() for _ in range(MAX_INFO_CHARS)]
        self._others.update(zip([run, *infos], infos, strict=False))
        self._others[white] = infos[0]
        after = self._next(infos[0], "\r")
        for state in (*infos, self._white_after(infos[-1])):
            table[state]["\r"] = after
            self._end(state, kind + _INFO_OFFSET)
        for state in (run, white, *infos):
            table[state].setdefault(TICK, TEXT)

    def _white_after(self, state: int) -> int:
        """Let white space follow `state`; return the state after it."""
        white = self._next(state, " ")
        self._table[state].update(dict.fromkeys(WHITE, white))
        self._table[white].update(dict.fromkeys(WHITE, white))
        return white

    def _without(self, chars: str) -> list[dict[str, int]]:
        """Return the table in which the given fences are text."""
        rows = self._table.copy()
        rows[LEAD] = {char: state for char, state in rows[LEAD].items() if char not in chars}
        return rows


@lru_cache(maxsize=64)
def _machine(prefix: str, start: str, end: str) -> LineMachine:
    return LineMachine(prefix, start, end)


def machine_of(grammar: Grammar) -> LineMachine:
    """Return the automaton for lines of this language; it is created at first use and shared."""
    return _machine(grammar.prefix, grammar.start, grammar.end)
