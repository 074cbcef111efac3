"""Split chunks into lines and classify each line: the scanning half of the parser.

A *complete* line is classified once, as a whole: it is a marker, a fence or text. Within a chunk, runs of
plain lines are skipped, see :mod:`componentstream.core.lines`. Only the last line of a chunk can be
incomplete. Its state says which kinds of line are still possible:

* ``TEXT``: the line is text, and all of it that arrived has been released.
* ``CANDIDATE_START``, ``CANDIDATE_END``: the line has a keyword; it is held until its line end arrives.
* ``LEAD`` and the other states of :class:`~componentstream.core.grammar.LineMachine`: undecided, held.

Positions are indexes into the current chunk, and ``_base`` is the input offset of that chunk. Text before
``_settled`` is accounted for: it was appended to the pending text of the builder, is held in ``fence``, or
was dropped. ``held`` is the part of the current line that arrived earlier; the next line judges ``fence``.
"""

from collections.abc import Mapping
from typing import Final

from componentstream.core import codes
from componentstream.core.automaton import (
    ALL_FENCES,
    BARE_TICKS,
    CANDIDATE_START,
    END_LINE,
    INFO_TICKS,
    LEAD,
    START_LINE,
    TEXT,
    TICK,
    TICKS,
    TILDE,
    machine_of,
)
from componentstream.core.events import Json
from componentstream.core.grammar import MAX_NAME_CHARS, WHITE, Grammar
from componentstream.core.limits import Limits
from componentstream.core.lines import (
    BLANK_LINES,
    CANDIDATES,
    NOWHERE,
    UNSCANNED,
    LineScan,
    classify,
    run_machine,
    skip_text,
)
from componentstream.core.markers import Fault, judge, judge_named
from componentstream.core.snapshots import escape_text, require, require_count, require_text
from componentstream.core.structure import Structure

_BYTE_ORDER_MARK: Final = "\ufeff"


class LineScanner:
    """The scanning state of one stream; a :class:`~componentstream.ComponentParser` has one.

    Attributes:
        blocks: the structure that turns the lines into events.
        offset: code points read.
        line: number of the current line, from 1.
        line_start: input offset at which the current line begins.
        state: state of the current line.
        held: the part of the current line that is held back.
        fence: the complete fence line before it that is held back, with its line end.
    """

    __slots__ = (
        "_base", "_body", "_chunk", "_limits", "_machine", "_settled", "blocks", "fence", "held", "line",
        "line_start", "offset", "state",
    )  # fmt: skip

    def __init__(self, grammar: Grammar, limits: Limits) -> None:
        self._limits = limits
        self._machine = machine_of(grammar)
        self.blocks: Structure = Structure(grammar, limits)
        self._chunk = ""
        self._base = self._settled = self._body = 0
        self.offset: int = 0
        self.line: int = 1
        self.line_start: int = 0
        self.state: int = LEAD
        self.held: str = ""
        self.fence: str = ""

    def snapshot(self) -> Json:
        """Return the state between two chunks as JSON values."""
        return {
            "structure": self.blocks.snapshot(),
            "offset": self.offset,
            "line": self.line,
            "line_from": self.line_start,
            "text": self.state == TEXT,
            "held": escape_text(self.held),
            "fence": escape_text(self.fence),
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Restore the state that :meth:`snapshot` returned.

        Raises:
            FatalError, KeyError, TypeError, ValueError: `state` is damaged.
        """
        held, fence = require_text(state, "held"), require_text(state, "fence")
        if fence and not self._machine.is_fence(fence):
            raise ValueError("fence must be the line of a code fence")
        self.blocks.restore(require(state, "structure", dict))
        self.offset = require_count(state, "offset", least=len(held)) - len(held)
        self.line_start = require_count(state, "line_from", most=self.offset)
        self.line = require_count(state, "line", least=1, most=self.line_start + 2)
        self.fence = fence
        self.state = TEXT if require(state, "text", bool) else LEAD
        # The state of an incomplete line follows from its text: reading it again emits nothing, but may drop
        # white space that was held behind discarded text.
        self.read(held, UNSCANNED)
        if self.blocks.pending_text or self.held not in (held, held.lstrip(WHITE)):
            raise ValueError("held must be a line that may be a marker or a fence")

    def _begin_chunk(self, text: str) -> None:
        """Make positions refer to `text`, the next chunk."""
        self._chunk = text
        self._base = self.offset
        self._settled = 0
        self.offset += len(text)

    def read(self, text: str, scan: LineScan) -> None:
        """Read the next chunk: act on its markers, release its text, hold an undecided last line."""
        if not text:
            return
        first, last, hit, at, state = scan
        self._begin_chunk(text)
        if first < 0:
            # A byte order mark counts in offsets but belongs to no line.
            if self._base == 0 and text[0] == _BYTE_ORDER_MARK:
                at = self._settled = self.line_start = 1
            if self.state == LEAD:
                self.state = state
            if self.state in (TEXT, LEAD):
                at = self._drop_blank(at)
            first = self._read_line(at, len(text))
            at = 0
        elif self.state == LEAD:
            # The fast path has found a character that only text can have.
            self.state = TEXT
        if first >= 0:
            self._take_line(self._machine.ends.get(self.state), first, first + 1)
            if last < 0:
                last = max(first, text.rfind("\n", first + 1))
            pos = self._read_lines(first + 1, last + 1, hit)
            if at > last + 1:
                pos, self.state = at, state
            self._read_line(pos, last + 1)
        # Text leaves at once; an undecided line is held, together with the fence before it.
        if self.state == TEXT:
            self._settle(len(text))
        else:
            self._settle_before_line()
            self.held += text[self._settled :]
            self._settled = len(text)

    def _read_line(self, pos: int, searched: int) -> int:
        """Continue the current line at `pos`; return the position of its LF, -1 if the chunk lacks it.

        The caller knows that the chunk has no LF at or after `searched`.
        """
        chunk, size = self._chunk, len(self._chunk)
        limit = self.line_start - self._base + self._limits.max_marker_chars
        if self.state >= LEAD:
            pos, self.state = run_machine(
                self._machine, chunk, pos, limit=limit, state=self.state, fences=self.blocks.fences
            )
            self._body = self._base + pos - (self.state in self._machine.returns)
            if pos < size and self.state >= LEAD:
                return pos
            # The held fence depends on this line. Once the line can no longer be the marker that would drop
            # the fence, the fence is text and must leave in this call.
            if self.fence and not (
                (self.state in self._machine.closing and self.blocks.awaits(opens=False))
                or (self.state in self._machine.opening and self.blocks.awaits(opens=True))
            ):
                self._release_fence()
        if self.state in CANDIDATES:
            end = chunk.find("\n", pos, min(limit + 2, searched))
            # One character more than the limit may be a CR that belongs to the line end.
            if end >= 0 or size <= limit or (size == limit + 1 and chunk[-1] == "\r"):
                return end
            self._reject_too_long(opens=self.state == CANDIDATE_START)
            pos, self.state = min(limit + 2, size), TEXT
        return chunk.find("\n", pos, searched) if self.state == TEXT else NOWHERE

    def _read_lines(self, pos: int, stop: int, hit: int) -> int:
        """Read the complete lines from `pos` to `stop`; return how far the line after them is read."""
        chunk, blocks, prefix = self._chunk, self.blocks, self._machine.prefix
        leads = self._machine.leads[ALL_FENCES]
        while pos < stop:
            # `at` is how far this line has been read, `pattern` the one that fits the rest of it.
            at, pattern = pos, self._machine.line
            if blocks.current_block is None:
                at = self._drop_blank(pos)
            if at == pos and not self.fence:
                if blocks.first_line and chunk[pos] not in leads:
                    blocks.end_first_line()
                # On the first line of a component any fence counts, so that line is never skipped.
                if not blocks.first_line:
                    skipped, start, at, pattern = skip_text(
                        self._machine, chunk, pos, stop=stop, hit=hit, fences=blocks.fences
                    )
                    self.line += skipped
                    self.line_start = self._base + start
            if at >= stop:
                break
            char = chunk[at]
            if not self.fence and self.state == LEAD:
                if pattern is self._machine.line and chunk.startswith(prefix, at):
                    at, pattern = at + len(prefix), self._machine.keyword
                if pattern is self._machine.keyword:
                    pos = self._take_prefixed(at)
                    continue
            end = at if char == "\n" else chunk.find("\n", at + 1)
            kind = None
            if self.state == LEAD and (at > pos or char in leads):
                room = self._limits.max_marker_chars + self.line_start - self._base - at
                kind, read = classify(pattern, chunk[at:end], room)
                self._body = self._base + at + read
            self._take_line(kind, end, end + 1)
            pos = end + 1
        else:
            at = stop
        return max(at, self._drop_blank(stop))

    def _drop_blank(self, pos: int) -> int:
        """Drop white space at `pos` if a run of text between components would begin there; return its end.

        It can be dropped before the line is classified: such text does not begin with white space, and
        markers and fences are dropped together with their indentation.
        """
        blocks = self.blocks
        if (
            blocks.current_block is not None
            or blocks.pending_text
            or self.held
            or self.fence
            or self._settled != pos
        ):
            return pos
        match = BLANK_LINES.match(self._chunk, pos)
        if match is None or match.end() == pos:
            return pos
        if match[1]:
            self.line += match[1].count("\n")
            self.line_start = self._base + match.end(1)
            self.state = LEAD
        if match[2]:
            # A CR counts as blank before text but not as white space of a marker, so the line is text.
            self.state = TEXT
        self._settled = match.end()
        return match.end()

    def _take_line(self, kind: int | None, end: int, after: int) -> None:
        """Act on the current line, which is complete: a marker, a fence to hold, or text.

        Args:
            kind: the kind of line, None for text.
            end: where its content ends, except for a CR before that.
            after: where the next line begins.
        """
        begins = False
        if kind is None:
            self._release_fence()
        elif kind in (START_LINE, END_LINE):
            begins = self._take_candidate(end, after, opens=kind == START_LINE)
        else:
            self._take_fence(after, kind)
        self._next_line(after, first=begins)

    def _take_prefixed(self, at: int) -> int:
        """Act on a complete line whose prefix ends at `at`; return where the next line begins."""
        chunk = self._chunk
        match = self._machine.marker.match(chunk, at)
        if match is None:
            end = chunk.find("\n", at)
            self._take_line(None, end, end + 1)
            return end + 1
        opener, _, name, line_end = match.groups()
        # One pattern reads a well-formed marker to its line end; that is the common case. The rest of the
        # method tells it from lines that need the full treatment.
        seen = after = match.end()
        if line_end:
            end = seen - len(line_end)
        else:
            end = chunk.find("\n", seen)
            after = end + 1
            end -= chunk[end - 1] == "\r"
        start = self.line_start - self._base
        limit = start + self._limits.max_marker_chars
        if end > limit or name is None or len(name) > MAX_NAME_CHARS or match.end(3) == seen:
            # Too long, without a valid name, or with characters directly after the name.
            kind = START_LINE if opener else END_LINE
            keyword = match.end(kind)
            self._body = self._base + keyword
            self._take_line(kind if keyword <= limit else None, after - 1, after)
            return after
        if start > self._settled:
            self._settle(start)
        # No fence is held here (see `_read_lines`), hence the empty fence below.
        span = (self.line_start, self._base + after)
        if opener or seen < end:
            verdict = judge_named(name, chunk[seen:end], opens=bool(opener))
            acted = self.blocks.act(verdict, "", self.line, span, opens=bool(opener))
        else:
            acted = self.blocks.end(name, "", self.line, span)
        if acted:
            self._settled = after
        self._next_line(after, first=acted and opener is not None)
        return after

    def _take_fence(self, after: int, kind: int) -> None:
        """Drop or hold a fence line that counts here; leave any other as text."""
        blocks, bare = self.blocks, kind < INFO_TICKS
        self._release_fence()
        if blocks.fences == ALL_FENCES or (bare and blocks.fences == kind - TICKS + BARE_TICKS):
            self._settle_before_line()
            if not blocks.drops_fence(TICK if kind in (TICKS, INFO_TICKS) else TILDE, bare=bare):
                self.fence = self.held + self._chunk[self._settled : after]
            self.held = ""
            self._settled = after

    def _take_candidate(self, end: int, after: int, *, opens: bool) -> bool:
        """Judge a candidate whose line ends at `end`; return whether it starts a component."""
        blocks = self.blocks
        self._settle_before_line()
        size = self._base + end
        line = self.held + self._chunk[self._settled : end]
        tail = line[self._body - size :] if self._body < size else ""
        rest = tail.removesuffix("\r")
        if size - self.line_start - (len(tail) - len(rest)) > self._limits.max_marker_chars:
            self._reject_too_long(opens=opens)
            return False
        if not blocks.awaits(opens=opens):
            self._release_fence()
        fence, self.fence = self.fence, ""
        span = (self.line_start, self._base + after)
        # Only the end of the stream completes a line without any character.
        acted = blocks.act(judge(rest, opens=opens), fence, self.line, span, opens=opens, last=not after)
        if acted:
            self.held = ""
            self._settled = after
        return acted and opens

    def _reject_too_long(self, *, opens: bool) -> None:
        """Report the current line as a candidate over the limit; it is text."""
        self._settle_before_line()
        fence, self.fence = self.fence, ""
        limit = self._limits.max_marker_chars
        if opens and self.blocks.open:
            line = self.held + self._chunk[self._settled : self._settled + limit]
            self.blocks.count_start(line[self._body - self.line_start : limit].lstrip(WHITE))
        fault = Fault(codes.MARKER_TOO_LONG, f"A marker line has at most {limit} characters.")
        self.blocks.reject(fault, fence, self.line, None)

    def _next_line(self, pos: int, *, first: bool) -> None:
        """Begin a line at `pos`; the part of the previous line that is still held is text."""
        if self.held:
            self._settle(pos)
        self.line += 1
        self.line_start = self._base + pos
        self.state = LEAD
        if self.blocks.first_line and not first:
            self.blocks.end_first_line()

    def take_last_line(self) -> None:
        """Act on the last line, which the end of the stream completes."""
        self._begin_chunk("")
        if self.state != TEXT:
            self._take_line(self._machine.ends.get(self.state), 0, 0)

    def _settle(self, end: int) -> None:
        """Append all text before `end` to the pending text of the builder."""
        if self.held:
            self.blocks.pending_text.append(self.held)
            self.held = ""
        if end > self._settled:
            self.blocks.pending_text.append(self._chunk[self._settled : end])
            self._settled = end

    def _settle_before_line(self) -> None:
        """Settle the text before the current line, and nothing of the line."""
        start = self.line_start - self._base
        if start > self._settled:
            self._settle(start)

    def settle_all(self) -> None:
        """Release everything that is held as text."""
        self._release_fence()
        self._settle(len(self._chunk))

    def _release_fence(self) -> None:
        """Release the held fence as text; the order of text requires this before any later text."""
        if self.fence:
            self.blocks.pending_text.append(self.fence)
            self.fence = ""
