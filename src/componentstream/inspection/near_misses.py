"""Lines that look like markers and are text.

The protocol acts on a marker only where it is alone on its line and written as the grammar says. Models
decorate markers: as a comment of JSX, an item of a list, a quotation, in bold, with two slashes, in lower
case, behind the last line of code. Such a line stays text, as it must, since a comment of somebody's code may
look the same. But a component that never begins, without a word about it, is the hardest fault to find. So
each such line is reported once, as a finding.

Both classes here keep the chunks of the current line and join them at its end. Nearly all lines have nothing
like a prefix; only the others are searched, all lines of a chunk at once (:mod:`.look_alikes`).
"""

from collections.abc import Mapping
from typing import Final

import attrs
from typing_extensions import override

from componentstream.core.arguments import shown
from componentstream.core.automaton import LEAD, TEXT
from componentstream.core.errors import UsageError
from componentstream.core.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    Finding,
    FindingEvent,
    Json,
    Span,
)
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.core.snapshots import escape_text, require, require_count, require_text
from componentstream.inspection.look_alikes import KEPT_CHARS, LookAlikes, sign_of

MAX_FINDINGS: Final = 10
"""Findings of one stream. A model that decorates one marker decorates all."""

MAX_LINE_CHARS: Final = 32_768
"""Characters after which the beginning of a line is dropped. A parser may keep twice as many."""

_SHORT_CHUNK: Final = 256
"""Characters below which a chunk is kept whole: to cut off its complete lines would take longer."""


class NearMissScanner:
    """A stage from text to findings: one for each line that looks like a marker and is none.

    A line is reported if it holds a prefix, a keyword and a name, with at most ``MAX_DECORATION`` characters
    of decoration around and between them, behind other text, or with one slip: a slash too many or missing,
    the keyword in the wrong case, ``BEGIN`` for the keyword of a start. After the name only attributes and
    decoration may follow, so prose and comments such as ``// Start the timer`` are not reported. A line that
    is a marker, or that the parser reports as a faulty one, is not reported, but a second marker on it is.

    The findings do not depend on how the text is cut. Work is linear, and at most 32,768 characters of a line
    are kept between two calls.

    Args:
        grammar: Grammar of the parser that reads the same text.
        max_findings: Findings after which nothing more is reported, an integer >= 0.
    """

    __slots__ = ("_base", "_closed", "_end", "_line", "_look_alikes", "_parts", "_start")

    def __init__(self, grammar: Grammar = Grammar(), *, max_findings: int = MAX_FINDINGS) -> None:
        if not isinstance(grammar, Grammar):
            raise UsageError(f"grammar must be a Grammar, not {type(grammar).__name__}.")
        if type(max_findings) is not int or max_findings < 0:
            raise UsageError(f"max_findings must be an integer >= 0, not {shown(max_findings)}.")
        self._look_alikes = LookAlikes(grammar, max_findings)
        self._closed = False
        # The current line behind the line end before it, or the end of a long line.
        self._parts = ["\n"]
        self._base, self._end = -1, 0  # offsets of its beginning and end
        self._start = 0  # offset of the current line
        self._line = 1

    def feed(self, text: str) -> list[Finding]:
        """Return the findings of the lines that end in ``text``.

        Raises:
            UsageError: The scanner is closed.
        """
        if self._closed:
            raise UsageError("feed() after close(): make a new NearMissScanner for each text.")
        self._parts.append(text)
        self._end += len(text)
        findings: list[Finding] = []
        if "\n" in text:
            lines = "".join(self._parts)
            last = text[text.rfind("\n") :]
            findings = self._search(lines)
            self._line += text.count("\n")
            self._parts = [last]
            self._base = self._end - len(last)
            self._start = self._base + 1
        if self._end - self._base > MAX_LINE_CHARS:
            self._parts = ["".join(self._parts)[-KEPT_CHARS:]]
            self._base = self._end - KEPT_CHARS
        return findings

    def close(self) -> list[Finding]:
        """Return the finding of the last line, if it has no line end."""
        if self._closed:
            return []
        self._closed = True
        return self._search("".join(self._parts))

    def _search(self, lines: str) -> list[Finding]:
        return self._look_alikes.search(
            lines, base=self._base, start=self._start, number=self._line, last=self._closed
        )


_parse: Final = ComponentParser.feed


class NearMissParser(ComponentParser):
    """A parser that also reports lines that look like markers and are text, as ``finding`` events.

    Use it in place of a :class:`~componentstream.ComponentParser` while you develop a prompt or choose a
    model; the other events are the same.

    Args:
        grammar: Grammar of the markers.
        limits: Limits of the input.
    """

    # `_parts` ends with the current line, or with the end of a long one.
    __slots__ = ("_filter", "_look_alikes", "_parts", "_sign")

    def __init__(self, grammar: Grammar = Grammar(), limits: Limits = Limits()) -> None:
        super().__init__(grammar, limits)
        self._look_alikes = LookAlikes(grammar, MAX_FINDINGS)
        self._sign = sign_of(grammar)
        self._filter = self._look_alikes.filter
        self._parts = ["\n"]

    @override
    def feed(self, text: str) -> list[Event]:
        """Return the events that ``text`` decides, and findings behind the text that they are about.

        Raises:
            UsageError: ``text`` is not a str, or the parser is closed.
        """
        if type(text) is not str or not text:
            # A subclass of str comes back here as plain text.
            return _parse(self, text)
        # As in `ComponentParser.feed`, whose fast paths most chunks take: one more call for each would cost
        # as much as they do.
        end = self._offset + len(text)
        ends_line = "\n" in text
        if end <= self._plain_until and not ends_line:
            self._offset = end
            self._parts.append(text)
            return [ContentBlockDelta(self._index, text)]
        scanner = self._scanner
        fast = end <= self._fast_until
        if not fast and (self._failed or self._closed):
            return _parse(self, text)
        findings: list[Finding] = []
        if not ends_line:
            self._parts.append(text)
        else:
            lines = "".join(self._parts) + text
            # Most short texts have nothing like a prefix; in a long one the search itself is faster.
            short = len(text) < _SHORT_CHUNK
            if (not short or self._sign in lines) and self._filter(lines) is not None:
                findings = self._search(lines, end)
            self._parts = [text if short else text[text.rfind("\n") :]]
        if findings:
            events = self._feed_findings(text, findings)
        elif fast and not ends_line and scanner.state == LEAD:
            events = self._feed_lead(text, end)
        elif fast and ends_line and scanner.state == TEXT:
            events = self._feed_lines(text, end, text.find("\n"))
        else:
            events = _parse(self, text)
        if not fast:
            self._shorten(end)
        return events

    def _search(self, lines: str, end: int, *, last: bool = False) -> list[Finding]:
        """Return the findings of the current line and those behind it, up to the offset `end`."""
        scanner, base = self._scanner, end - len(lines)
        return self._look_alikes.search(
            lines, base=base, start=scanner.line_start, number=scanner.line, last=last
        )

    def _feed_findings(self, text: str, findings: list[Finding]) -> list[Event]:
        """Feed text up to the end of each line with a finding, so that the finding is behind that line."""
        # A line that ends after a fatal error is not told, and only the cut here tells whether it does: the
        # events of a longer text do not show where in it a component became too long.
        events: list[Event] = []
        done, base = 0, self._offset
        for finding in findings:
            cut = _span(finding)[1] - base
            read = _parse(self, text[done:cut])
            done = cut
            events += read
            if self._failed:
                break
            index = self._block(read, len(read), finding.span)
            events.append(FindingEvent(attrs.evolve(finding, index=index)))
        return events + _parse(self, text[done:])

    def _shorten(self, end: int) -> None:
        """Drop the beginning of a long line."""
        if end - self._scanner.line_start > KEPT_CHARS:
            line = "".join(self._parts)
            self._parts = [line[-KEPT_CHARS:] if len(line) > MAX_LINE_CHARS else line]

    @override
    def _publish(self) -> list[Event]:
        events = super()._publish()
        # The fast paths end here at the latest, so that a long line is shortened from time to time.
        most = self._offset + MAX_LINE_CHARS
        self._plain_until = min(self._plain_until, most)
        self._fast_until = min(self._fast_until, most)
        return events

    @override
    def _end(self, *, aborted: bool) -> list[Event]:
        over = aborted or self._failed or self._closed
        findings = [] if over else self._search("".join(self._parts), self._offset, last=True)
        events = super()._end(aborted=aborted)
        fatal = next((event for event in events if isinstance(event, ErrorEvent) and event.fatal), None)
        if not findings or (fatal is not None and fatal.line is not None):
            return events
        (finding,) = findings
        # Without a line are the events that the end causes: stops and their errors.
        place = len(events)
        while place and _follows(events[place - 1]):
            place -= 1
        index = self._block(events, place, finding.span)
        return [*events[:place], FindingEvent(attrs.evolve(finding, index=index)), *events[place:]]

    @override
    def snapshot(self) -> Json:
        """Return the state between two calls as JSON values, for :meth:`restore` in another process.

        It contains the end of the current line, at most 514 characters, and the text that the parser holds.
        """
        line = "".join(self._parts)
        size = min(KEPT_CHARS, self._offset - self._scanner.line_start + 1)
        state = {"line": escape_text(line[-size:]), "room": self._look_alikes.room}
        return {**super().snapshot(), "near_misses": state}

    @override
    def _resume(self, snapshot: Mapping[str, object]) -> None:
        super()._resume(snapshot)
        state = require(snapshot, "near_misses", dict)
        line = require_text(state, "line")
        if len(line) > min(KEPT_CHARS, self._offset - self._scanner.line_start + 1):
            raise ValueError("line must be the end of the current line")
        self._look_alikes.room = require_count(state, "room", most=MAX_FINDINGS)
        self._parts = [line]

    def _block(self, events: list[Event], place: int, span: Span | None) -> int | None:
        """Return the index of the block that has the text before ``place``, None if that was dropped."""
        for event in reversed(events):
            # A recovered line acted, and its text is in no block.
            if isinstance(event, ContentBlockStart | ContentBlockStop) and event.span == span:
                return event.index
        # At the end of the stream the block has stopped already.
        stops = (event for event in events[place:] if isinstance(event, ContentBlockStop))
        block = next(stops, None) or self._blocks.current_block
        return None if block is None else block.index


def _span(finding: Finding) -> Span:
    assert finding.span is not None  # noqa: S101 - the scanner gives each finding its span
    return finding.span


def _follows(event: Event) -> bool:
    if isinstance(event, ErrorEvent):
        return event.line is None
    return isinstance(event, ContentBlockStop) and event.span is None
