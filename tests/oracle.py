"""A second reading of the marker protocol, on the whole text at once.

It is slow and plain on purpose: the text is cut into lines, each line is judged alone, and one walk over the
lines with a look at the next one gives the events. It never holds anything back and shares nothing with the
parser but the events, so that the two can be compared.
"""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from itertools import zip_longest
from typing import Any, NoReturn

import attrs

from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    Span,
    StopReason,
    TextBlock,
)

WS = " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
BOM = "\ufeff"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
_ATTRIBUTE = re.compile(
    rf"[{WS}]+(?P<key>[A-Za-z_][A-Za-z0-9_-]*)="
    rf"(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^{WS}=]+))"
)
_FENCE = re.compile(rf"[{WS}]*`{{3,}}(?P<info>[A-Za-z0-9_+.#-]{{0,32}})[{WS}]*")


def parse_whole(text: str, *, grammar: Any, limits: Any) -> list[Event]:
    """Return the events of a stream that consists of ``text``, error messages left empty.

    All adjacent deltas of a block are one. ``grammar`` and ``limits`` only need the attributes of
    ``Grammar`` and ``Limits``.
    """
    walk = _Walk(grammar, limits)
    with suppress(_Fatal):
        walk.run(text)
    return comparable(walk.events)


def comparable(events: Iterable[Event]) -> list[Event]:
    """Return ``events`` with adjacent deltas of a block merged and without the words of the errors."""
    merged: list[Event] = []
    for event in events:
        last = merged[-1] if merged else None
        if isinstance(event, ErrorEvent):
            merged.append(attrs.evolve(event, message=""))
        elif (
            isinstance(event, ContentBlockDelta)
            and isinstance(last, ContentBlockDelta)
            and last.index == event.index
        ):
            merged[-1] = ContentBlockDelta(event.index, last.text + event.text)
        else:
            merged.append(event)
    return merged


@attrs.frozen
class _Text:
    """A line that is neither marker nor fence."""


@attrs.frozen
class _Fence:
    bare: bool


@attrs.frozen
class _Wrong:
    """A candidate that is not a marker, and the reason."""

    code: str


@attrs.frozen
class _Start:
    name: str
    position: str | None
    attributes: dict[str, str]


@attrs.frozen
class _End:
    name: str


_Meaning = _Text | _Fence | _Wrong | _Start | _End


@attrs.frozen
class _Line:
    number: int
    span: Span
    raw: str
    meaning: _Meaning


def _read_lines(text: str, grammar: Any, limits: Any) -> list[_Line]:
    offset = 1 if text.startswith(BOM) else 0
    pieces = text[offset:].split("\n")
    raws = [piece + "\n" for piece in pieces[:-1]] + [piece for piece in pieces[-1:] if piece]
    lines = []
    for number, raw in enumerate(raws, start=1):
        content = raw.removesuffix("\n").removesuffix("\r")
        meaning = _judge(content, grammar, limits.max_marker_chars)
        lines.append(_Line(number, (offset, offset + len(raw)), raw, meaning))
        offset += len(raw)
    return lines


def _judge(content: str, grammar: Any, longest: int) -> _Meaning:
    opening = rf"[{WS}]*{re.escape(grammar.prefix)}[{WS}]*"
    keyword = rf"(?P<keyword>{re.escape(grammar.start)}|{re.escape(grammar.end)})"
    if len(content) > longest:
        seen = content[: longest + 1]
        return _Wrong("marker_too_long") if re.match(rf"{opening}{keyword}[{WS}]", seen) else _Text()
    candidate = re.match(rf"{opening}{keyword}(?=[{WS}]|\Z)", content)
    if candidate:
        rest = content[candidate.end() :].strip(WS)
        if not rest:
            return _Wrong("malformed_marker")
        return _judge_candidate(rest, is_start=candidate["keyword"] == grammar.start)
    fence = _FENCE.fullmatch(content)
    return _Fence(bare=not fence["info"]) if fence else _Text()


def _judge_candidate(rest: str, *, is_start: bool) -> _Meaning:
    name = re.split(rf"[{WS}]", rest, maxsplit=1)[0]
    tail = rest[len(name) :]
    attributes = _read_attributes(tail) if is_start else (None if tail else {})
    name_is_right = len(name) <= 128 and _NAME.fullmatch(name)
    if not name_is_right and attributes is None:
        return _Wrong("malformed_marker")
    if not name_is_right:
        return _Wrong("invalid_name")
    if attributes is None:
        return _Wrong("invalid_attribute")
    if not is_start:
        return _End(name)
    return _Start(name, attributes.pop("position", None), attributes)


def _read_attributes(tail: str) -> dict[str, str] | None:
    """Return all attributes, ``position`` among them, or None when anything in ``tail`` is wrong."""
    found: dict[str, str] = {}
    at = 0
    while at < len(tail):
        one = _ATTRIBUTE.match(tail, at)
        if not one or len(one["key"]) > 64 or one["key"] in found:
            return None
        value = one["bare"] or one["double"] or one["single"] or ""
        if any(_is_forbidden(char) for char in value):
            return None
        found[one["key"]] = value
        at = one.end()
    return found if len(found) <= 16 else None


def _is_forbidden(char: str) -> bool:
    if char in WS:
        return False
    # The controls of U+13430 to U+1343F became format characters with Unicode 15, which Python 3.11 lacks.
    late = "\U00013430" <= char <= "\U0001343f"
    return late or char in "\"'<>&`" or unicodedata.category(char) in {"Cc", "Cf", "Cs"}


class _Fatal(Exception):  # noqa: N818 - it says that the walk is over, not that something broke
    pass


@attrs.define
class _Component:
    index: int
    name: str
    start_line: int
    chars: int = 0
    trimmed: int = 0
    is_fenced: bool = False


@attrs.define
class _TextRun:
    index: int
    chars: int = 0


class _Walk:
    """The state between lines, and the events so far."""

    def __init__(self, grammar: Any, limits: Any) -> None:
        self.grammar = grammar
        self.limits = limits
        self.events: list[Event] = []
        self.open: list[_Component] = []
        self.text_run: _TextRun | None = None
        self.blocks = 0
        self.components = 0
        self.errors = 0
        self.closing_fence_due = False

    def run(self, text: str) -> None:
        total = self.limits.max_total_chars
        lines = _read_lines(text[:total], self.grammar, self.limits)
        for line, following in zip_longest(lines, lines[1:]):
            if not self.drops_fence(line, following):
                self.take(line)
        if len(text) > total:
            self.fatal("stream_too_large")
        self.stop_text_run("end")
        while self.open:
            self.close_unclosed("truncated", None)

    # Fences

    def drops_fence(self, line: _Line, following: _Line | None) -> bool:
        fence = line.meaning
        if not isinstance(fence, _Fence) or self.grammar.fences == "keep":
            return False
        if not self.open:
            if self.closing_fence_due and fence.bare:
                self.closing_fence_due = False
                return True
            if following and isinstance(following.meaning, _Start) and self.start_acts(following.meaning):
                self.closing_fence_due = True
                return True
            return False
        innermost = self.open[-1]
        if line.number == innermost.start_line + 1:
            innermost.is_fenced = True
            return True
        return (
            innermost.is_fenced
            and fence.bare
            and following is not None
            and isinstance(following.meaning, _End)
            and self.end_acts(following.meaning)
        )

    def start_acts(self, start: _Start) -> bool:
        """Tell whether ``start`` would open a component at this place, where nothing is open."""
        if self.components >= self.limits.max_components:
            return False
        if self.position_is_known(start):
            return True
        return not self.grammar.strict and self.errors < self.limits.max_errors

    def end_acts(self, end: _End) -> bool:
        """Tell whether ``end`` would close the component that it names."""
        inner = self.inner_of(end)
        return inner is not None and self.errors + len(inner) <= self.limits.max_errors

    # Lines

    def take(self, line: _Line) -> None:
        match line.meaning:
            case _Wrong(code):
                span = None if code == "marker_too_long" else line.span
                self.error(code, line.number, span)
                self.deliver(line.raw)
            case _Start():
                self.take_start(line, line.meaning)
            case _End():
                self.take_end(line, line.meaning)
            case _:
                self.deliver(line.raw)

    def take_start(self, line: _Line, start: _Start) -> None:
        nesting = self.grammar.nesting
        if nesting == "text" and self.open:
            self.deliver(line.raw)
        elif self.grammar.strict and not self.position_is_known(start):
            self.error("malformed_marker", line.number, line.span)
            self.deliver(line.raw)
        elif nesting != "close" and len(self.open) >= self.limits.max_depth:
            self.error("nesting_too_deep", line.number, line.span)
            self.deliver(line.raw)
        elif self.components >= self.limits.max_components:
            self.fatal("too_many_components", line.number, line.span)
        else:
            self.open_component(line, start)

    def open_component(self, line: _Line, start: _Start) -> None:
        if not self.position_is_known(start):
            self.error("invalid_position", line.number, line.span)
        while self.grammar.nesting == "close" and self.open:
            self.close_unclosed("implied", line)
        self.stop_text_run("end")
        block = ComponentBlock(
            start.name,
            self.position_of(start),
            start.attributes,
            self.open[-1].index if self.open else None,
        )
        index = self.next_index()
        self.components += 1
        self.events.append(ContentBlockStart(index, block, line.span))
        self.open.append(_Component(index, start.name, line.number))

    def take_end(self, line: _Line, end: _End) -> None:
        inner = self.inner_of(end)
        if inner is None:
            self.error("unexpected_end", line.number, line.span)
            self.deliver(line.raw)
            return
        for _ in inner:
            self.close_unclosed("implied", line)
        self.stop_component("end", line.span)

    def inner_of(self, end: _End) -> list[_Component] | None:
        """Return the components open inside the innermost one that ``end`` names, None without one."""
        places = [place for place, component in enumerate(self.open) if component.name == end.name]
        return self.open[places[-1] + 1 :] if places else None

    def position_is_known(self, start: _Start) -> bool:
        return start.position is None or start.position.lower() in self.grammar.positions

    def position_of(self, start: _Start) -> str:
        if start.position is None or not self.position_is_known(start):
            return str(self.grammar.default_position)
        return start.position.lower()

    # Text

    def deliver(self, text: str) -> None:
        if self.open:
            self.deliver_inside(self.open[-1], text)
        elif self.grammar.outside == "emit":
            self.deliver_outside(text)

    def deliver_inside(self, component: _Component, text: str) -> None:
        room = self.limits.max_component_chars - component.chars
        fits, rest = text[:room], text[room:]
        if fits:
            self.events.append(ContentBlockDelta(component.index, fits))
            component.chars += len(fits)
        if rest and not component.trimmed:
            self.error("component_too_large", None, None, component.index)
        component.trimmed += len(rest)

    def deliver_outside(self, text: str) -> None:
        if self.text_run is None:
            text = text.lstrip(WS + "\r\n")
            if not text:
                return
            self.text_run = _TextRun(self.next_index())
            self.events.append(ContentBlockStart(self.text_run.index, TextBlock()))
        self.events.append(ContentBlockDelta(self.text_run.index, text))
        self.text_run.chars += len(text)

    def next_index(self) -> int:
        self.blocks += 1
        return self.blocks - 1

    # Stops and errors

    def stop_text_run(self, reason: StopReason) -> None:
        if self.text_run is not None:
            self.events.append(ContentBlockStop(self.text_run.index, reason, self.text_run.chars))
            self.text_run = None

    def stop_component(self, reason: StopReason, span: Span | None) -> None:
        gone = self.open.pop()
        self.events.append(ContentBlockStop(gone.index, reason, gone.chars, gone.trimmed, span))

    def close_unclosed(self, reason: StopReason, line: _Line | None) -> None:
        number, span = (line.number, line.span) if line else (None, None)
        self.error("unclosed_component", number, span, self.open[-1].index)
        self.stop_component(reason, span)

    def error(self, code: str, line: int | None, span: Span | None, index: int | None = None) -> None:
        if self.errors >= self.limits.max_errors:
            self.fatal(code, line, span)
        self.errors += 1
        self.events.append(ErrorEvent(code, "", line=line, index=index, span=span))

    def fatal(self, code: str, line: int | None = None, span: Span | None = None) -> NoReturn:
        if self.errors >= self.limits.max_errors:
            code = "too_many_errors"
        self.events.append(ErrorEvent(code, "", fatal=True, line=line, span=span))
        while self.open:
            self.stop_component("aborted", None)
        self.stop_text_run("aborted")
        raise _Fatal
