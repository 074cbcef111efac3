"""Where did each character go? An audit of the events against the text that they came from."""

import re

import attrs

from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
)

WS = " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_FENCE = re.compile(rf"[{WS}]*(?:`{{3,}}|~{{3,}})[{WS}]*(?:[^`\r{WS}](?:[^`\r]{{0,126}}[^`\r{WS}])?)?[{WS}]*")


@attrs.define
class _Open:
    too_large: bool = False
    trimmed: int = 0


def account(text, events, grammar, limits):
    """Assert that deltas and acted markers account for every character that the rules do not drop.

    The spans of the markers that acted cut the text into segments. The deltas between those events are the
    rest of each segment without white space at the beginning of a run outside components, fences, the
    text beyond the limit of a component, and the text after a fatal error.
    """
    _Audit(text, grammar, limits).run(events)


class _Audit:
    def __init__(self, text, grammar, limits):
        self.text = text
        self.grammar = grammar
        self.limits = limits
        self.at = 1 if text.startswith("\ufeff") else 0
        self.open = []
        self.delivered = ""

    def run(self, events):
        end = len(self.text)
        unmarked = []
        for event in events:
            match event:
                case ContentBlockDelta():
                    self.delivered += event.text
                case ContentBlockStart(block=ComponentBlock()):
                    self.act(event.span)
                    self.open.append(_Open())
                case ContentBlockStop() if event.span is not None:
                    self.act(event.span)
                    self.stop(event)
                case ContentBlockStop() if self.open:
                    unmarked.append(event)
                case ErrorEvent(code="component_too_large"):
                    self.open[-1].too_large = True
                case ErrorEvent(fatal=True):
                    end = self.end_at(event)
        self.segment(self.at, end)
        if end is not None:
            for event in unmarked:
                self.stop(event)

    def act(self, span):
        """Take the marker line at `span`, once, however many events it caused."""
        if span[1] == self.at and not self.delivered:
            return
        self.segment(self.at, span[0])
        self.at = span[1]
        self.delivered = ""

    def stop(self, event):
        block = self.open.pop()
        if self.grammar.fences == "keep":
            assert event.trimmed == block.trimmed
        assert bool(event.trimmed) == block.too_large

    def end_at(self, fatal):
        """Return where the text before a fatal error ends, None if the event cannot tell."""
        if fatal.span is not None:
            return fatal.span[0]
        if fatal.line is not None:
            begins = [0, *(match.end() for match in re.finditer("\n", self.text))]
            return begins[fatal.line - 1]
        return self.limits.max_total_chars if fatal.code == "stream_too_large" else None

    def segment(self, first, last):
        """Check that the text between two markers that acted was delivered, except for droppable parts."""
        if not self.open and self.grammar.outside == "discard":
            assert self.delivered == ""
            return
        lines = re.findall(r"[^\n]*\n|[^\n]+", self.text[first:last])
        beginnings = [lines] if self.open else self.beginnings(lines)
        trimmed = [self.trimmed(rest, last) for rest in beginnings]
        found = [count for count in trimmed if count is not None]
        assert found, f"{self.delivered!a} does not account for {self.text[first:last]!a}"
        if self.open:
            self.open[-1].trimmed += found[0]

    def beginnings(self, lines):
        """Return the lines of a run outside without those at its beginning that may be dropped."""
        for at, line in enumerate(lines):
            begun = line.lstrip(WS + "\r\n")
            if begun:
                yield [begun, *lines[at + 1 :]]
                if not self.may_be_dropped(line):
                    return
        yield []

    def trimmed(self, lines, last):
        """Return how much of `lines` a limit cut off after the delivered text, None if they do not fit."""
        rest = self.delivered
        may_end = last is None or (self.open and self.open[-1].too_large)
        for at, line in enumerate(lines):
            if rest.startswith(line):
                rest = rest[len(line) :]
            elif (may_end and rest and line.startswith(rest)) or not self.may_be_dropped(line):
                fits = may_end and line.startswith(rest)
                return sum(map(len, lines[at:])) - len(rest) if fits else None
        return None if rest else 0

    def may_be_dropped(self, line):
        content = line.removesuffix("\n").removesuffix("\r")
        return self.grammar.fences == "strip" and _FENCE.fullmatch(content) is not None
