"""Lines that look like markers and are text.

The protocol acts on a marker only where it is alone on its line and written as the grammar says. Models
decorate markers: as a comment of JSX, an item of a list, a quotation, in bold, with two slashes, in lower
case, behind the last line of code. Such a line stays text, as it must, since a comment of somebody's code may
look the same. But a component that never begins, without a word about it, is the hardest fault to find. So
each such line is reported once, as a finding.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, TypeGuard

import attrs
from typing_extensions import override

from componentstream.core.errors import UsageError
from componentstream.core.escaping import escape_control_chars
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    Finding,
    FindingEvent,
    Span,
)
from componentstream.core.grammar import WHITE, Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser

RULE: Final = "near-miss"
MAX_FINDINGS: Final = 10
"""Findings of one stream. A model that decorates one marker decorates all."""

MAX_DECORATION: Final = 8
"""Characters of decoration before, in or after a marker, white space not counted."""

_MAX_LINE: Final = 512
"""Characters of a line that are looked at, its last ones: a marker behind code ends the line."""

MAX_PARTS: Final = 4_096
"""Chunks of a line after which its beginning is dropped."""


_MAX_GAP: Final = 12
"""Characters between prefix, keyword and name, white space included."""

_VALUE: Final = rf"\"[^\"]*+\"|'[^']*+'|[^{WHITE}\"']++"
_REST: Final = re.compile(
    rf"(?:[{WHITE},;]++[A-Za-z_][\w-]*+[{WHITE}]*+[=:][{WHITE}]*+(?:{_VALUE})){{0,16}}+(?P<behind>\W*+)\Z",
    re.ASCII,
)
"""The rest of a line after the name: attributes, and decoration."""

_FENCE: Final = re.compile(rf"[{WHITE}]*+(?:`{{3,}}+[^`]*+|~{{3,}}+.*+)\Z")
_LIST_ITEM: Final = re.compile(r"\(?[0-9]{1,3}[.)]|\(?[A-Za-z][.)]")


_Match: TypeAlias = Callable[..., re.Match[str] | None]


class NearMissScanner:
    """A stage from text to findings: one for each line that looks like a marker and is none.

    A line is reported if it holds a prefix, a keyword and a name, with at most ``MAX_DECORATION`` characters
    of decoration around and between them, behind other text, or with one slip: a slash too many or missing,
    the keyword in the wrong case, ``BEGIN`` for the keyword of a start. After the name only attributes and
    decoration may follow, so prose and comments such as ``// Start the timer`` are not reported. A line that
    is a marker, or that the parser reports as a faulty one, is not reported, but a second marker on it is.

    The findings do not depend on how the text is cut. Work is linear, and of a long line at most the last
    4,096 chunks are kept.

    Args:
        grammar: Grammar of the parser that reads the same text.
        max_findings: Findings after which nothing more is reported, an integer >= 0.
    """

    __slots__ = ("_closed", "_find", "_line", "_marker", "_read", "_room", "_sign", "_start", "parts")

    def __init__(self, grammar: Grammar = Grammar(), *, max_findings: int = MAX_FINDINGS) -> None:
        if not isinstance(grammar, Grammar):
            raise UsageError(f"grammar must be a Grammar, not {type(grammar).__name__}.")
        if type(max_findings) is not int or max_findings < 0:
            raise UsageError(f"max_findings must be an integer >= 0, not {max_findings!r}.")
        self._sign = _sign(grammar)
        self._marker = _marker(grammar)
        self._find = _finder(grammar)
        self._room = max_findings
        self._closed = False
        # The current line, behind the end of the line before it, since to cut that off at each line end would
        # cost more than all else here. Of a long line only the end is kept.
        self.parts: list[str] = []
        self._read = 0  # offset of the end of the parts
        self._start = 0  # offset of the current line
        self._line = 1

    def feed(self, text: str) -> list[Finding]:
        """Return the findings of the lines that end in ``text``.

        Raises:
            UsageError: The scanner is closed.
        """
        if self._closed:
            raise UsageError("feed() after close(): make a new NearMissScanner for each text.")
        self._read += len(text)
        if text:
            self.parts.append(text)
        if "\n" in text:
            return self.end_lines(self._read)
        if len(self.parts) > MAX_PARTS:
            del self.parts[:-_MAX_LINE]
        return []

    def end_lines(self, end: int) -> list[Finding]:
        """Return the findings of the lines that end in the last part, whose end has offset ``end``."""
        last = self.parts[-1]
        lines = "".join(self.parts)
        base = end - len(lines)
        begin = max(0, self._start - base)
        stop = len(lines) - len(last) + last.rfind("\n") + 1
        # Most lines have nothing like a prefix.
        findings = self._search(lines, base, begin, stop) if self._sign in lines else []
        self._line += lines.count("\n", begin)
        self._start = base + stop
        self.parts[:] = [last]
        return findings

    def end_last_line(self, end: int) -> list[Finding]:
        """Return the finding of the line without a line end, if the text ends at offset ``end``."""
        line = "".join(self.parts)
        base = end - len(line)
        return self._search(line, base, max(0, self._start - base), len(line))

    def close(self) -> list[Finding]:
        """Return the finding of the last line, if it has no line end."""
        if self._closed:
            return []
        self._closed = True
        return self.end_last_line(self._read)

    def _search(self, lines: str, base: int, begin: int, end: int) -> list[Finding]:
        """Return the findings of the lines between two indices, of which only those with a sign are judged.

        Args:
            lines: The lines.
            base: Offset of their first character in the input.
            begin: Index of the first line to judge.
            end: Index of the end of the last one.
        """
        findings: list[Finding] = []
        counted, number = begin, self._line
        cut = base > self._start  # whether the beginning of the first line is missing
        while (sign := lines.find(self._sign, begin, end)) >= 0 and self._room:
            first = lines.rfind("\n", begin, sign) + 1 or begin
            begin = lines.find("\n", sign, end) + 1 or end
            # The parser judges a marker at the beginning; only another behind it is looked for. This check
            # comes first, because nearly every line that gets here is a marker.
            marker = self._marker(lines, first, begin)
            if (
                marker is not None
                and lines.find(self._sign, marker.end(), begin) < 0
                and not (cut and not first)
            ):
                continue
            number += lines.count("\n", counted, first)
            counted = first
            start = self._start if cut and not first else base + first
            finding = self._judge(lines[first:begin], number, (start, base + begin))
            if finding is not None:
                self._room -= 1
                findings.append(finding)
        return findings

    def _judge(self, line: str, number: int, span: Span) -> Finding | None:
        """Return the finding of a line, or None; its beginning may be missing."""
        cut = span[1] - span[0] > len(line)
        if span[0] == 0 and not cut and line.startswith("\ufeff"):
            line, span = line[1:], (1, span[1])
        content = line.removesuffix("\n").removesuffix("\r")
        message = self._find(content[-_MAX_LINE:], cut or len(content) > _MAX_LINE)
        return None if message is None else Finding(RULE, "info", message, line=number, span=span)


_parse: Final = ComponentParser.feed


class NearMissParser(ComponentParser):
    """A parser that also reports lines that look like markers and are text, as ``finding`` events.

    Use it in place of a :class:`~componentstream.ComponentParser` while you develop a prompt or choose a
    model; the other events are the same. Snapshots are not supported.

    Args:
        grammar: Grammar of the markers.
        limits: Limits of the input.
    """

    __slots__ = ("_max_total_chars", "_near_misses", "_parts")

    def __init__(self, grammar: Grammar = Grammar(), limits: Limits = Limits()) -> None:
        super().__init__(grammar, limits)
        self._near_misses = NearMissScanner(grammar)
        self._parts = self._near_misses.parts
        self._max_total_chars = limits.max_total_chars

    @override
    def feed(self, text: str) -> list[Event]:
        """Return the events that ``text`` decides, and findings behind the text that they are about.

        Raises:
            UsageError: ``text`` is not a str, or the parser is closed.
        """
        if type(text) is not str:
            # The parser refuses it, or calls this method again with the plain text of a subclass.
            return _parse(self, text)
        parts = self._parts
        parts.append(text)
        if "\n" not in text:
            # The fast path: nearly every chunk is a part of a line.
            if len(parts) > MAX_PARTS:
                del parts[:-_MAX_LINE]
            return _parse(self, text)
        over = self._failed or self._closed
        end = self._offset + len(text)
        events = _parse(self, text)
        findings = () if over else self._near_misses.end_lines(end)
        return self._merge(events, findings) if findings else events

    @override
    def close(self) -> list[Event]:
        """Return the events that the end of the text decides."""
        findings = [] if self.failed or self.closed else self._near_misses.end_last_line(self._offset)
        return self._merge(super().close(), findings)

    def _merge(self, events: list[Event], findings: Iterable[Finding]) -> list[Event]:
        """Put each finding where its line is: behind its text, before the first event of a later line."""
        merged: list[Event] = []
        done = 0
        for finding in findings:
            if self.failed and not self._read(finding, events):
                break
            place = self._place(finding, events, done)
            merged += events[done:place]
            merged.append(FindingEvent(attrs.evolve(finding, index=self._block(events, place, finding.span))))
            done = place
        return [*merged, *events[done:]]

    def _block(self, events: list[Event], place: int, span: Span | None) -> int | None:
        """Return the index of the block that has the text before ``place``, None if that was dropped."""
        # The line end is a part of the line, so its delta is here, or the event of a recovered line.
        # Neither is there for a last line without line end, and for text that is trimmed or discarded.
        for event in events[:place][::-1]:
            if isinstance(event, ContentBlockDelta) or (_changes(event) and event.span == span):
                return event.index
            if _changes(event):
                break
        later = next((event for event in events[place:] if _changes(event)), None)
        if isinstance(later, ContentBlockStart):
            return later.block.parent if isinstance(later.block, ComponentBlock) else None
        block = self._blocks.current_block if later is None else later
        return None if block is None else block.index

    def _place(self, finding: Finding, events: list[Event], first: int) -> int:
        """Return the index of the first event of a later line."""
        acted = [at for at, event in enumerate(events) if _changes(event) and event.span == finding.span]
        if acted:
            # The line was recovered, and another marker is behind the one that acted.
            return acted[-1] + 1
        end = _span(finding)[1]
        place = first
        while place < len(events) and not ((span := getattr(events[place], "span", None)) and span[0] >= end):
            place += 1
        # Without a span are the events that a later line, or the end, causes first: stops and their errors.
        while place > first and _follows(events[place - 1]):
            place -= 1
        return place

    def _read(self, finding: Finding, events: list[Event]) -> bool:
        """Return whether the line of a finding ended before the fatal error among ``events``."""
        fatal = next(event for event in events if isinstance(event, ErrorEvent) and event.fatal)
        if fatal.line is None:
            return _span(finding)[1] <= self._max_total_chars
        return finding.line is not None and finding.line < fatal.line


def _span(finding: Finding) -> Span:
    assert finding.span is not None  # noqa: S101 - the scanner gives each finding its span
    return finding.span


def _changes(event: Event) -> TypeGuard[ContentBlockStart | ContentBlockStop]:
    """Return whether a block begins or ends with an event."""
    return isinstance(event, ContentBlockStart | ContentBlockStop)


def _follows(event: Event) -> bool:
    return isinstance(event, ContentBlockStop | ErrorEvent) and event.span is None


def _sign(grammar: Grammar) -> str:
    """Return the part of the prefix that every look-alike has: all of it, or all but one of its signs."""
    prefix = grammar.prefix
    return prefix[1:] if len(prefix) > 1 and len(set(prefix)) == 1 else prefix


def _marker(grammar: Grammar) -> _Match:
    """Return a function that matches the beginning of a line that the parser judges."""
    words = f"{grammar.start}|{grammar.end}"
    return re.compile(
        rf"[{WHITE}]*+{re.escape(grammar.prefix)}[{WHITE}]*+(?:{words})(?:[{WHITE}]|\r?$)", re.MULTILINE
    ).match


def _finder(grammar: Grammar) -> Callable[[str, bool], str | None]:
    """Return a function from the content of a line, and whether its beginning is missing, to a message."""
    signs = re.escape(grammar.prefix)
    if len(set(grammar.prefix)) == 1:
        # One sign repeated: once more or once less is a slip of the same kind.
        one, count = re.escape(grammar.prefix[0]), len(grammar.prefix)
        signs = rf"(?<!{one}){one}{{{max(1, count - 1)},{count + 1}}}(?!{one})"
    words = "|".join(dict.fromkeys(map(re.escape, (grammar.start, grammar.end, "BEGIN"))))
    marker = _marker(grammar)
    look_alike = re.compile(
        rf"(?P<signs>{signs})(?P<before>[^\w\n]{{0,{_MAX_GAP}}}?)(?P<word>(?i:{words}))"
        rf"(?P<after>[^\w\n]{{1,{_MAX_GAP}}}?)(?P<name>[A-Za-z]\w*+(?:\.[A-Za-z]\w*+)*+)",
        re.ASCII,
    )

    def find(line: str, cut: bool) -> str | None:  # noqa: FBT001 - called by position, once for each line
        if not cut and _FENCE.match(line):
            # The parser holds it until the next line is known, and may drop it.
            return None
        judged = None if cut else marker(line)
        begin = 0 if judged is None else judged.end()
        for match in look_alike.finditer(line, begin):
            problem = _problem(grammar, line, match, second=judged is not None, cut=cut)
            if problem is not None:
                word = grammar.end if match["word"].upper() == grammar.end.upper() else grammar.start
                right = f"{grammar.prefix} {word} {match['name']}"
                return f'This looks like a marker, but {problem}. Put "{right}" on a line of its own.'
        return None

    return find


def _problem(grammar: Grammar, line: str, match: re.Match[str], *, second: bool, cut: bool) -> str | None:
    """Return why a look-alike does not act, or None if it is not meant as a marker.

    Args:
        grammar: The grammar.
        line: The line.
        match: The look-alike in it.
        second: Whether another marker is before it on the line, which the parser judges.
        cut: Whether the beginning of the line is missing.
    """
    rest = _REST.match(line, match.end())
    front = line[: match.start()].strip(WHITE)
    slips = _slips(grammar, match)
    if rest is None or len(slips) > 1:
        return None
    signs = [front, match["before"], match["after"], rest["behind"]]
    decoration = sum(len(part) - sum(map(part.count, WHITE)) for part in signs[1:])
    if decoration > MAX_DECORATION:
        return None
    bare = _LIST_ITEM.sub("", front, count=1)
    decorated = len(bare) <= MAX_DECORATION and not re.search(r"\w", bare)
    if slips:
        # Two slashes, or a word in lower case, behind code is a comment.
        return slips[0] if decorated and not second and not cut and match["name"][0].isupper() else None
    if second:
        return "another marker is before it on the line"
    if cut or not decorated:
        return "other text is before it on the line"
    sign = next((part.strip(WHITE) for part in signs if part.strip(WHITE)), None)
    return None if sign is None else f'there is "{escape_control_chars(sign)}" on the line'


def _slips(grammar: Grammar, match: re.Match[str]) -> list[str]:
    slips = []
    if match["signs"] != grammar.prefix:
        slips.append(f'it begins with "{match["signs"]}" instead of "{grammar.prefix}"')
    word = match["word"]
    if word not in {grammar.start, grammar.end}:
        right = grammar.end if word.upper() == grammar.end.upper() else grammar.start
        slips.append(f'its keyword is "{word}" instead of "{right}"')
    return slips
