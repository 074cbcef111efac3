"""Text, cut anywhere, to events: the incremental parser.

The rules of the house: the result depends on the text, never on its cuts; what can be told is told in the
same ``feed``; no character is examined more than twice; only a line that may still become a marker or a
dropped fence is held back.

Theory of operation. A stream is a sequence of lines. A *complete* line is looked at once, as a whole, and
becomes a marker, a dropped fence or text; inside a chunk, runs of lines without anything of interest are
passed over by searching for the prefix. Only the last line of a chunk is looked at in part. Its state says
what it can still become: it is ``TEXT`` and has left, it is a candidate that waits for its end, or it is
undecided (``LEAD`` and the states of :class:`~componentstream.grammar.LineMachine`); then it is held.

Positions are those of the chunk; ``_base`` is the offset of the chunk in the input. What stands before
``_sent`` has been settled: it went to the structure's run, to ``_fence``, or was dropped. ``_held`` is the
part of the current line that came in earlier chunks. ``_fence`` is a fence line that waits for the line
behind it to tell whether it is text.

Most chunks are the middle of a text line, and ``feed`` gives each its delta at once: that is allowed up to
the offset ``_barrier``. Chunks around a line end or an indentation are as simple, and common, so they have
a way of their own (``_feed_light``). What left on these ways is counted when another chunk comes.
"""

import re
from typing import Final, Self, TypeAlias, cast

import attrs

from componentstream.errors import UsageError
from componentstream.events import ContentBlockDelta, Event, Json
from componentstream.grammar import (
    ALL_FENCES,
    BARE_FENCE,
    BARE_FENCES,
    CANDIDATE_END,
    CANDIDATE_START,
    END_LINE,
    ENDED,
    INFO_FENCE,
    LEAD,
    NO_FENCES,
    START_LINE,
    TEXT,
    WHITE,
    Fault,
    Grammar,
)
from componentstream.limits import Limits
from componentstream.structure import Halt, Structure

_BLANK_LINES: Final = re.compile(rf"((?:[{WHITE}\r]*+\n)*+)[{WHITE}]*+(\r[{WHITE}\r]*+)?")
_BYTE_ORDER_MARK: Final = "\ufeff"
_NOWHERE: Final = -1
_CANDIDATES: Final = frozenset({CANDIDATE_START, CANDIDATE_END})
_SNAPSHOT_VERSION: Final = 1

_Seen: TypeAlias = tuple[int, int, int, int, int]
"""What has been seen of a chunk: its first LF, which ends a line of text, its last LF, where a prefix stands
in the complete lines between them, how far its last line has been read, and the state of that line there. An
LF that has not been seen is -1; then the line that the chunk begins with is the last one."""

_UNSEEN: Final[_Seen] = (_NOWHERE, _NOWHERE, _NOWHERE, 0, LEAD)


class ComponentParser:
    """Turn the text of one stream into events.

    Feed it chunks in order with :meth:`feed`; each call returns the events that the chunk decides. When the
    stream has ended call :meth:`close` once, or :meth:`abort` if it broke off, and pass on what they
    return. One parser reads one stream; make another for the next.

    It does no I/O and knows no clock. No text makes it raise: what a model writes wrongly comes back as
    :class:`~componentstream.ErrorEvent`. Any exception other than UsageError is a bug.

    Args:
        grammar: the language of the markers.
        limits: the bounds of the stream.
    """

    __slots__ = (
        "_barrier", "_base", "_body", "_chunk", "_closed", "_counted", "_failed", "_fence", "_grammar",
        "_held", "_index", "_leads", "_light", "_limits", "_line", "_line_from", "_machine", "_offset",
        "_sent", "_state", "_structure",
    )  # fmt: skip

    def __init__(self, grammar: Grammar = Grammar(), limits: Limits = Limits()) -> None:  # noqa: B008
        self._grammar = grammar
        self._limits = limits
        self._machine = grammar.machine
        self._structure = Structure(grammar, limits)
        self._chunk = ""
        self._base = self._offset = self._counted = self._sent = 0
        self._barrier = self._light = self._index = _NOWHERE
        self._leads: dict[str, int] = {}
        self._line = 1
        self._line_from = self._body = 0
        self._state = LEAD
        self._held = ""
        self._fence = ""
        self._failed = self._closed = False

    @property
    def pending(self) -> str:
        """The text that is held back because it may still become a marker or a dropped fence."""
        return self._fence + self._held

    @property
    def failed(self) -> bool:
        """Whether a fatal error has ended the stream; nothing comes out any more."""
        return self._failed

    @property
    def closed(self) -> bool:
        """Whether the stream has been ended by ``close`` or ``abort``."""
        return self._closed

    def feed(self, text: str) -> list[Event]:
        """Take the next piece of the stream, of any length, and return the events that it decides.

        At most one delta comes per uninterrupted run of text. After a fatal error the result is empty.

        Raises:
            UsageError: `text` is no str (decode bytes with ``componentstream.sources.text.TextDecoder``),
                or the stream has been ended.
        """
        if type(text) is str and text:
            end = self._offset + len(text)
            if end <= self._barrier and "\n" not in text:
                self._offset = end
                return [ContentBlockDelta(self._index, text)]
            if end <= self._light:
                if self._state == TEXT:
                    return self._feed_lines(text, end, text.find("\n"))
                if self._state == LEAD:
                    return self._feed_lead(text, end)
                return self._feed_candidate(text, end)
            return self._feed(text, _UNSEEN)
        if isinstance(text, str):
            return self.feed(str.__str__(text)) if text else self._feed("", _UNSEEN)
        raise UsageError(
            f"feed takes str, not {type(text).__name__}; decode bytes with TextDecoder, or use parse()."
        )

    def close(self) -> list[Event]:
        """End the stream: judge what is held, close what is open; return the last events.

        Call it once the source has ended by itself. A second call returns nothing.
        """
        return self._end(aborted=False)

    def abort(self) -> list[Event]:
        """End the stream because it broke off or is not wanted any more; return the last events.

        What is held leaves as text, open blocks stop with the reason ``aborted``, and no error is added:
        the caller knows why. A second call, or one after ``close``, returns nothing.
        """
        return self._end(aborted=True)

    def _end(self, *, aborted: bool) -> list[Event]:
        if self._failed or self._closed:
            self._closed = True
            return []
        self._closed = True
        self._enter()
        try:
            if not aborted:
                self._take_last_line()
            self._settle_all()
            if aborted:
                self._structure.flush()
                self._structure.abort()
            else:
                self._structure.finish()
        except Halt:
            self._fail()
        return self._leave()

    def snapshot(self) -> Json:
        """Return the state between two calls as JSON values, for :meth:`restore` in another process.

        It holds the text that is held back, and no other text of the stream.
        """
        self._enter()
        self._leave()
        return {
            "version": _SNAPSHOT_VERSION,
            "grammar": _settings(self._grammar),
            "limits": _settings(self._limits),
            "structure": self._structure.snapshot(),
            "offset": self._offset,
            "line": self._line,
            "line_from": self._line_from,
            "text": self._state == TEXT,
            "held": self._held,
            "fence": self._fence,
            "failed": self._failed,
            "closed": self._closed,
        }

    @classmethod
    def restore(cls, snapshot: Json, *, grammar: Grammar = Grammar(), limits: Limits = Limits()) -> Self:  # noqa: B008
        """Return a parser that goes on where `snapshot` was taken.

        Args:
            snapshot: what :meth:`snapshot` returned, also after a way through JSON.
            grammar: the grammar of the parser it was taken from.
            limits: the limits of that parser.

        Raises:
            UsageError: `snapshot` is no snapshot of this version, or of other settings.
        """
        if snapshot.get("version") != _SNAPSHOT_VERSION:
            raise UsageError(f"restore takes what snapshot() returned, of version {_SNAPSHOT_VERSION}.")
        if snapshot.get("grammar") != _settings(grammar) or snapshot.get("limits") != _settings(limits):
            raise UsageError("restore: give the grammar and the limits of the parser that was snapshotted.")
        parser = cls(grammar, limits)
        try:
            parser._resume(snapshot)
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"restore: the snapshot is damaged ({error!r}).") from error
        return parser

    def _resume(self, snapshot: Json) -> None:
        held = cast("str", snapshot["held"])
        self._structure.restore(cast("Json", snapshot["structure"]))
        self._offset = cast("int", snapshot["offset"]) - len(held)
        self._line = cast("int", snapshot["line"])
        self._line_from = cast("int", snapshot["line_from"])
        self._fence = cast("str", snapshot["fence"])
        self._state = TEXT if snapshot["text"] else LEAD
        self._counted = self._offset
        self._enter()
        # The state of a line in part follows from its text; reading that again brings no event.
        self._read(held, _UNSEEN)
        self._failed = bool(snapshot["failed"])
        self._closed = bool(snapshot["closed"])
        self._leave()

    # The next two feed what is probably nothing but text. If it may be more they hand the chunk on, with
    # what they have seen of it, so that no character need be examined again.

    def _feed_candidate(self, text: str, end: int) -> list[Event]:
        """Feed a chunk to a candidate that it does not make too long."""
        first = text.find("\n")
        if first >= 0:
            return self._feed(text, (first, _NOWHERE, _NOWHERE, 0, LEAD))
        self._held += text
        self._offset = end
        return []

    def _feed_lead(self, text: str, end: int) -> list[Event]:
        """Feed a chunk to a line of which there is only white space yet."""
        at, state = self._see_lead(text, 0)
        if state == ENDED:
            return self._feed_lines(text, end, 0)
        if state != TEXT:
            too_long = end - self._line_from > self._limits.max_marker_chars
            if at < len(text) or state != LEAD or too_long:
                return self._feed(text, (_NOWHERE, _NOWHERE, _NOWHERE, at, state))
            self._held += text
            self._offset = end
            return []
        first = text.find("\n", at)
        if first >= 0:
            return self._feed_lines(text, end, first)
        text = self._held + text
        self._held = ""
        self._state = TEXT
        self._offset = end
        self._barrier = self._light
        return [ContentBlockDelta(self._index, text)]

    def _see_lead(self, text: str, at: int) -> tuple[int, int]:
        """Return the state of the line that begins at `at`, as far as it is plain to see, and how far."""
        char = text[at]
        state = self._leads.get(char, TEXT)
        if state == LEAD:
            match = self._machine.plain.match(text, at + 1)
            if match:
                return match.end(), TEXT if match[1] else LEAD
        return at + 1, state

    def _feed_lines(self, text: str, end: int, first: int) -> list[Event]:
        """Feed a chunk whose first line is text and ends with the LF at `first`."""
        last = text.rfind("\n", first + 1)
        begin = hit = (last if last >= 0 else first) + 1
        if last >= 0:
            if self._structure.fences != NO_FENCES:
                return self._feed(text, (first, last, _NOWHERE, begin, LEAD))
            hit = text.find(self._grammar.prefix, first + 1, last)
            if hit >= 0:
                return self._feed(text, (first, last, hit, begin, LEAD))
        at, state = self._see_lead(text, begin) if begin < len(text) else (begin, LEAD)
        if state == TEXT:
            leaving = self._held + text
            self._held = ""
            self._state = TEXT
            self._barrier = self._light
        elif at < len(text) or state != LEAD or at - begin > self._limits.max_marker_chars:
            return self._feed(text, (first, begin - 1, begin, at, state))
        else:
            leaving = self._held + text[:begin]
            self._held = text[begin:]
            self._state = LEAD
            self._barrier = _NOWHERE
        self._line += 1 if last < 0 else 1 + text.count("\n", first + 1, begin)
        self._line_from = end - len(text) + begin
        self._offset = end
        return [ContentBlockDelta(self._index, leaving)]

    def _feed(self, text: str, seen: _Seen) -> list[Event]:
        """Feed any chunk."""
        if self._failed:
            return []
        if self._closed:
            raise UsageError("feed after the end of the stream; make a new ComponentParser for each stream.")
        room = self._limits.max_total_chars - self._offset
        self._enter()
        try:
            if len(text) <= room:
                self._read(text, seen)
                self._structure.flush()
            else:
                self._read(text[:room], _UNSEEN)
                self._take_last_line()
                self._settle_all()
                message = f"The stream is longer than {self._limits.max_total_chars} characters."
                self._structure.error("stream_too_large", message)
        except Halt:
            self._fail()
        return self._leave()

    def _enter(self) -> None:
        """Begin a call: count the text that left on the short ways."""
        target = self._structure.target
        if target is not None:
            target.chars += self._offset - len(self._held) - self._counted

    def _leave(self) -> list[Event]:
        """End a call: see how far the short ways may go, hand out the events."""
        structure = self._structure
        self._counted = self._offset - len(self._held)
        self._barrier = self._light = _NOWHERE
        if not (self._failed or self._closed):
            target = structure.target
            limit = self._limits.max_total_chars
            if self._state in _CANDIDATES:
                self._light = min(limit, self._line_from + self._limits.max_marker_chars)
            elif self._state <= LEAD and target is not None and not target.trimmed:
                if structure.open:
                    limit = min(limit, self._counted + self._limits.max_component_chars - target.chars)
                self._index = target.index
                self._leads = self._machine.leads[structure.fences]
                if self._state == TEXT:
                    self._barrier = limit
                if not (self._fence or structure.first_line):
                    self._light = limit
        events, structure.events = structure.events, []
        return events

    def _fail(self) -> None:
        """End the stream behind a fatal error."""
        self._failed = True
        self._fence = self._held = ""
        self._structure.abort()

    def _rebase(self, text: str) -> None:
        """Let positions be those of `text`, which follows what has been read so far."""
        self._chunk = text
        self._base = self._offset
        self._sent = 0
        self._offset += len(text)

    def _read(self, text: str, seen: _Seen) -> None:
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
        if self._state in _CANDIDATES:
            end = chunk.find("\n", pos, min(limit + 2, searched))
            # One character more than the limit may be a CR that belongs to the line end.
            if end >= 0 or size <= limit or (size == limit + 1 and chunk[-1] == "\r"):
                return end
            self._reject_too_long()
            self._state = TEXT
        return chunk.find("\n", pos, searched) if self._state == TEXT else _NOWHERE

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
        chunk, structure = self._chunk, self._structure
        while pos < stop:
            at, pattern = self._drop_blank(pos), self._machine.line
            if at == pos and not (structure.first_line or self._fence):
                at, pattern = self._pass_text(pos, stop, hit)
            if at >= stop:
                return max(at, self._drop_blank(stop))
            end = chunk.find("\n", at)
            kind = self._look(at, end, pattern) if self._state == LEAD else None
            self._take_line(kind, end, end + 1)
            pos = end + 1
        return self._drop_blank(stop)

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
        if at + match.end(kind) - self._line_from > self._limits.max_marker_chars:
            return None
        self._body = at + match.end()
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
        tail = line[len(line) - (size - self._body) :]
        rest = tail.removesuffix("\r")
        if size - self._line_from - (len(tail) - len(rest)) > self._limits.max_marker_chars:
            self._reject_too_long()
            return False
        if opens == bool(structure.open):
            self._release_fence()
        fence, self._fence = self._fence, ""
        span = (self._line_from, self._base + after)
        verdict = self._grammar.judge(rest, opens=opens)
        if isinstance(verdict, Fault):
            acted = structure.reject(verdict.code, verdict.message, fence, self._line, span)
        elif opens:
            acted = structure.start(verdict, fence, self._line, span)
        else:
            acted = structure.end(verdict.name, fence, self._line, span)
        if acted:
            self._held = ""
            self._sent = after
        return acted and opens

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
        self._structure.begin_line(first=first)

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


def _settings(value: Grammar | Limits) -> Json:
    """Return the settings as JSON values, for comparison."""
    return {
        name: sorted(setting) if isinstance(setting, frozenset) else setting
        for name, setting in attrs.asdict(value).items()
    }
