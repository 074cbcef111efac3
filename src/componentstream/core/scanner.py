"""Chunks to lines, and what each line is: the reading half of the parser.

A *complete* line is looked at once, as a whole, and becomes a marker, a fence or text; inside a chunk, runs
of lines without anything of interest are passed over by searching for the prefix. Only the last line of a
chunk is looked at in part. Its state says what it can still become: it is ``TEXT`` and has left, it is a
candidate that waits for its end, or it is undecided (``LEAD`` and the states of
:class:`~componentstream.core.grammar.LineMachine`); then it is held.

Positions are those of the chunk; ``_base`` is the offset of the chunk in the input. What stands before
``_sent`` has been settled: it went to the structure's run, to ``_fence``, or was dropped. ``_held`` is the
part of the current line that came in earlier chunks. ``_fence`` is a fence line that waits for the line
behind it to tell whether it is text.
"""

import re
from typing import Final, TypeAlias

from componentstream.core.blocks import BlockBuilder
from componentstream.core.events import Span
from componentstream.core.grammar import (
    ALL_FENCES,
    BARE_FENCE,
    BARE_FENCES,
    CANDIDATE_END,
    CANDIDATE_START,
    END_LINE,
    INFO_FENCE,
    LEAD,
    MAX_NAME_CHARS,
    NO_FENCES,
    START_LINE,
    TEXT,
    WHITE,
    Fault,
    Grammar,
    Marker,
)
from componentstream.core.limits import Limits

CANDIDATES: Final = frozenset({CANDIDATE_START, CANDIDATE_END})
NOWHERE: Final = -1
_BLANK_LINES: Final = re.compile(rf"((?:[{WHITE}\r]*+\n)*+)[{WHITE}]*+(\r[{WHITE}\r]*+)?")
_BYTE_ORDER_MARK: Final = "\ufeff"

Seen: TypeAlias = tuple[int, int, int, int, int]
"""What has been seen of a chunk: its first LF, which ends a line of text or a candidate, its last LF, where a
prefix stands in the complete lines between them, how far its last line has been read, and the state of that
line there. An LF that has not been seen is -1; then the line that the chunk begins with is the last one."""

UNSEEN: Final[Seen] = (NOWHERE, NOWHERE, NOWHERE, 0, LEAD)


class LineScanner:
    """The state of reading one stream; :class:`~componentstream.ComponentParser` is made of it."""

    __slots__ = (
        "_base", "_body", "_chunk", "_fence", "_grammar", "_held", "_limits", "_line", "_line_from",
        "_machine", "_offset", "_sent", "_state", "_structure",
    )  # fmt: skip

    def __init__(self, grammar: Grammar, limits: Limits) -> None:
        self._grammar = grammar
        self._limits = limits
        self._machine = grammar.machine
        self._structure = BlockBuilder(grammar, limits)
        self._chunk = ""
        self._base = self._offset = self._sent = 0
        self._line = 1
        self._line_from = self._body = 0
        self._state = LEAD
        self._held = ""
        self._fence = ""

    def _rebase(self, text: str) -> None:
        """Let positions be those of `text`, which follows what has been read so far."""
        self._chunk = text
        self._base = self._offset
        self._sent = 0
        self._offset += len(text)

    def _read(self, text: str, seen: Seen) -> None:
        """Read the next chunk; everything that it decides is settled, and acted on if it is a marker."""
        if not text:
            return
        first, last, hit, at, state = seen
        self._rebase(text)
        if first < 0:
            if self._base == 0 and text[0] == _BYTE_ORDER_MARK:
                at = self._sent = self._line_from = 1
            if self._state == LEAD:
                self._state = state
            if self._state in (TEXT, LEAD):
                at = self._drop_blank(at)
            first = self._read_line(at, len(text))
            at = 0
        elif self._state == LEAD:
            self._state = TEXT
        if first >= 0:
            self._take_line(self._machine.ends.get(self._state), first, first + 1)
            if last < 0:
                last = max(first, text.rfind("\n", first + 1))
            pos = self._read_lines(first + 1, last + 1, hit)
            if at > last + 1:
                pos, self._state = at, state
            self._read_line(pos, last + 1)
        if self._state == TEXT:
            self._settle(len(text))
        else:
            self._settle_before_line()
            self._held += text[self._sent :]
            self._sent = len(text)

    def _read_line(self, pos: int, searched: int) -> int:
        """Read on in the current line from `pos`; return where its LF is, -1 if it is not in the chunk.

        There is no LF from `searched` on.
        """
        chunk, size = self._chunk, len(self._chunk)
        limit = self._line_from - self._base + self._limits.max_marker_chars
        if self._state >= LEAD:
            pos = self._step(pos, limit)
            if pos < size and self._state >= LEAD:
                return pos
            if self._fence:
                hopeful = self._machine.closing if self._structure.open else self._machine.opening
                if self._state not in hopeful:
                    self._release_fence()
        if self._state in CANDIDATES:
            end = chunk.find("\n", pos, min(limit + 2, searched))
            # One character more than the limit may be a CR that belongs to the line end.
            if end >= 0 or size <= limit or (size == limit + 1 and chunk[-1] == "\r"):
                return end
            self._reject_too_long()
            self._state = TEXT
        return chunk.find("\n", pos, searched) if self._state == TEXT else NOWHERE

    def _step(self, pos: int, limit: int) -> int:
        """Read an undecided line from `pos` until it is decided, ends, or the chunk does; return where.

        A line with a character at `limit` that is still undecided is text.
        """
        chunk, state, end = self._chunk, self._state, len(self._chunk)
        steps = self._machine.steps[self._structure.fences]
        while pos < end and pos <= limit:
            char = chunk[pos]
            if char == "\n":
                break
            state = steps[state].get(char, TEXT)
            pos += 1
            if state < LEAD:
                break
        if state >= LEAD and pos > limit:
            returned = state in self._machine.returns and (pos == end or chunk[pos] == "\n")
            state = state if returned else TEXT
        self._state = state
        self._body = self._base + pos - (state in self._machine.returns)
        return pos

    def _read_lines(self, pos: int, stop: int, hit: int) -> int:
        """Read the complete lines from `pos` to `stop`; return how far the line behind them has been read.

        `hit` may be where the first prefix stands in them, `stop` if there is none.
        """
        chunk, structure, prefix = self._chunk, self._structure, self._grammar.prefix
        leads = self._machine.leads[ALL_FENCES]
        while pos < stop:
            at, pattern = pos, self._machine.line
            if structure.target is None:
                at = self._drop_blank(pos)
            if at == pos and not self._fence:
                if structure.first_line and chunk[pos] not in leads:
                    structure.end_first_line()
                if not structure.first_line:
                    at, pattern = self._pass_text(pos, stop, hit)
            if at >= stop:
                break
            char = chunk[at]
            if not self._fence and self._state == LEAD:
                if pattern is self._machine.line and chunk.startswith(prefix, at):
                    at, pattern = at + len(prefix), self._machine.keyword
                if pattern is self._machine.keyword:
                    pos = self._take_prefixed(at)
                    continue
            end = at if char == "\n" else chunk.find("\n", at + 1)
            kind = None
            if self._state == LEAD and (at > pos or char in leads):
                kind = self._look(at, end, pattern)
            self._take_line(kind, end, end + 1)
            pos = end + 1
        else:
            at = stop
        return max(at, self._drop_blank(stop))

    def _pass_text(self, pos: int, stop: int, hit: int) -> tuple[int, re.Pattern[str]]:
        """Pass over lines of text, from `pos` to a line that begins like a marker, or a fence that counts.

        Returns how far that line has been read, `stop` if there is none, and the pattern for its rest.
        """
        chunk, prefix, machine = self._chunk, self._grammar.prefix, self._machine
        counted = start = pos
        if self._structure.fences != NO_FENCES:
            match = machine.interest.search(chunk, pos - 1, stop - 1)
            start, at = (match.start() + 1, match.end()) if match else (stop, stop)
            self._line += chunk.count("\n", pos, start)
            self._line_from = self._base + start
            return at, machine.keyword if match and match[1] else machine.fence
        while 0 <= (lead := hit if hit >= start else chunk.find(prefix, start, stop - 1)) < stop:
            begin, char = lead, ""
            while begin > start and (char := chunk[begin - 1]) in WHITE:
                begin -= 1
            self._line += chunk.count("\n", counted, begin)
            if begin == start or char == "\n":
                self._line_from = self._base + begin
                return lead + len(prefix), machine.keyword
            start = counted = chunk.find("\n", lead + len(prefix)) + 1
            self._line += 1
        self._line += chunk.count("\n", counted, stop)
        self._line_from = self._base + stop
        return stop, machine.keyword

    def _drop_blank(self, pos: int) -> int:
        """Drop the white space at `pos` if text between components would begin there; return its end.

        It is dropped before anything is known about the line that it ends in: text does not begin with it,
        and a marker or a fence is dropped with it.
        """
        structure = self._structure
        if structure.target is not None or structure.run or self._held or self._fence or self._sent != pos:
            return pos
        match = _BLANK_LINES.match(self._chunk, pos)
        if match is None or match.end() == pos:
            return pos
        if match[1]:
            self._line += match[1].count("\n")
            self._line_from = self._base + match.end(1)
            self._state = LEAD
        if match[2]:
            # A CR is blank before text, but no white space of a marker: this line is text.
            self._state = TEXT
        self._sent = match.end()
        return match.end()

    def _look(self, at: int, end: int, pattern: re.Pattern[str]) -> int | None:
        """Look from `at` by `pattern` at a line that ends at `end` in the chunk; return its kind."""
        match = pattern.match(self._chunk[at:end])
        kind = match.lastindex if match else None
        if match is None or kind is None:
            return None
        at += self._base
        self._body = at + match.end()
        # A candidate may be too long, and is an error then; a fence, or half a candidate, is text.
        needed = self._body if kind == BARE_FENCE else at + match.end(kind)
        if needed - self._line_from > self._limits.max_marker_chars:
            return None
        return INFO_FENCE if kind == BARE_FENCE and match[kind] else kind

    def _take_line(self, kind: int | None, end: int, after: int) -> None:
        """Take the current line, which is complete: act on it, hold it as a fence, or let it be text.

        Its content ends at `end`, or before a CR there, and the next line begins at `after`.
        """
        begins = False
        if kind is None:
            self._release_fence()
        elif kind in (START_LINE, END_LINE):
            begins = self._take_candidate(end, after, opens=kind == START_LINE)
        else:
            self._take_fence(after, bare=kind == BARE_FENCE)
        self._next_line(after, first=begins)

    def _take_prefixed(self, at: int) -> int:
        """Take a complete line, whose prefix ends at `at` in the chunk; return where the next line begins."""
        chunk = self._chunk
        match = self._machine.marker.match(chunk, at)
        if match is None:
            end = chunk.find("\n", at)
            self._take_line(None, end, end + 1)
            return end + 1
        opener, _, name, line_end = match.groups()
        seen = after = match.end()
        if line_end:
            end = seen - len(line_end)
        else:
            end = chunk.find("\n", seen)
            after = end + 1
            end -= chunk[end - 1] == "\r"
        start = self._line_from - self._base
        limit = start + self._limits.max_marker_chars
        if end > limit or name is None or len(name) > MAX_NAME_CHARS or match.end(3) == seen:
            # The end of a right line was seen behind its name, and what follows the name stands apart.
            kind = START_LINE if opener else END_LINE
            keyword = match.end(kind)
            self._body = self._base + keyword
            self._take_line(kind if keyword <= limit else None, after - 1, after)
            return after
        if start > self._sent:
            self._settle(start)
        span = (self._line_from, self._base + after)
        if opener or seen < end:
            verdict = self._grammar.judge_named(name, chunk[seen:end], opens=bool(opener))
            acted = self._act(verdict, "", span, opens=bool(opener))
        else:
            acted = self._structure.end(name, "", self._line, span)
        if acted:
            self._sent = after
        self._next_line(after, first=acted and opener is not None)
        return after

    def _take_fence(self, after: int, *, bare: bool) -> None:
        structure = self._structure
        self._release_fence()
        if structure.fences == ALL_FENCES or (structure.fences == BARE_FENCES and bare):
            self._settle_before_line()
            if not structure.drops_fence(bare=bare):
                self._fence = self._held + self._chunk[self._sent : after]
            self._held = ""
            self._sent = after

    def _take_candidate(self, end: int, after: int, *, opens: bool) -> bool:
        """Judge a candidate whose line ends at `end`; return whether it begins a component."""
        structure = self._structure
        self._settle_before_line()
        size = self._base + end
        line = self._held + self._chunk[self._sent : end]
        tail = line[self._body - size :] if self._body < size else ""
        rest = tail.removesuffix("\r")
        if size - self._line_from - (len(tail) - len(rest)) > self._limits.max_marker_chars:
            self._reject_too_long()
            return False
        if opens == bool(structure.open):
            self._release_fence()
        fence, self._fence = self._fence, ""
        span = (self._line_from, self._base + after)
        acted = self._act(self._grammar.judge(rest, opens=opens), fence, span, opens=opens)
        if acted:
            self._held = ""
            self._sent = after
        return acted and opens

    def _act(self, verdict: Marker | Fault, fence: str, span: Span, *, opens: bool) -> bool:
        """Act on a candidate; return whether it is more than text."""
        if isinstance(verdict, Fault):
            return self._structure.reject(verdict.code, verdict.message, fence, self._line, span)
        if opens:
            return self._structure.start(verdict, fence, self._line, span)
        return self._structure.end(verdict.name, fence, self._line, span)

    def _reject_too_long(self) -> None:
        self._settle_before_line()
        fence, self._fence = self._fence, ""
        message = f"A marker line has at most {self._limits.max_marker_chars} characters."
        self._structure.reject("marker_too_long", message, fence, self._line, None)

    def _next_line(self, pos: int, *, first: bool) -> None:
        """Begin a line at `pos`; what is still held of the line before it is text."""
        if self._held:
            self._settle(pos)
        self._line += 1
        self._line_from = self._base + pos
        self._state = LEAD
        if self._structure.first_line and not first:
            self._structure.end_first_line()

    def _take_last_line(self) -> None:
        """Take the line that the end of the stream ends."""
        self._rebase("")
        if self._state != TEXT:
            self._take_line(self._machine.ends.get(self._state), 0, 0)

    def _settle(self, end: int) -> None:
        """Let everything before `end` leave with the structure's run."""
        if self._held:
            self._structure.run.append(self._held)
            self._held = ""
        if end > self._sent:
            self._structure.run.append(self._chunk[self._sent : end])
            self._sent = end

    def _settle_before_line(self) -> None:
        start = self._line_from - self._base
        if start > self._sent:
            self._settle(start)

    def _settle_all(self) -> None:
        self._release_fence()
        self._settle(len(self._chunk))

    def _release_fence(self) -> None:
        if self._fence:
            self._structure.run.append(self._fence)
            self._fence = ""
