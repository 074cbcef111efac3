"""A second reading of the marker protocol, on the whole text at once.

It is slow and plain on purpose: the text is cut into lines, each line is judged alone, and one walk over the
lines with a look at the next one gives the events. It never holds anything back and shares nothing with the
parser but the events, so that the two can be compared. Rules are those of ``docs/protocol.md``.
"""

import re
import string
import unicodedata
from collections import Counter
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
_KEY = re.compile(rf"(?P<key>[A-Za-z_][A-Za-z0-9_-]*)[{WS}]*(?P<sign>[=:])[{WS}]*")
_QUOTED = re.compile(rf"(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')(?=[{WS},;]|\Z)")
_DEFAULT_POSITION = "\n"
"""The position that R11 puts for a piece that cannot be read; it occurs in no line."""

_OPENING_QUOTE = re.compile(r"(?:\A|(?<=[=:]))[\"']")


def parse_whole(text: str, *, grammar: Any, limits: Any, rules: Counter[str] | None = None) -> list[Event]:
    """Return the events of a stream that consists of ``text``, error messages left empty.

    All adjacent deltas of a block are one. ``grammar`` and ``limits`` only need the attributes of
    ``Grammar`` and ``Limits``. In ``rules`` the rules of recovery, sections and tildes are counted each time
    they decide.
    """
    walk = _Walk(grammar, limits, Counter() if rules is None else rules)
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
    char: str
    bare: bool


@attrs.frozen
class _Start:
    """A START; ``position`` is None without the key."""

    name: str
    position: str | None
    attributes: dict[str, str]


@attrs.frozen
class _End:
    name: str


@attrs.frozen
class _Wrong:
    """A candidate that is not a marker: the code, the text T of recovery, and the START that R12 lets act."""

    code: str
    is_start: bool
    rest: str
    repaired: _Start | None = None


_Meaning = _Text | _Fence | _Wrong | _Start | _End


@attrs.frozen
class _Acting:
    """A marker, and the code of the error and the rule if the line is recovered."""

    marker: _Start | _End
    code: str = ""
    rule: str = ""


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
        candidate = re.match(rf"{opening}{keyword}[{WS}]", seen)
        if candidate is None:
            return _Text()
        is_start = candidate["keyword"] == grammar.start
        return _Wrong("marker_too_long", is_start, seen[candidate.end() : longest].strip(WS))
    candidate = re.match(rf"{opening}{keyword}(?=[{WS}]|\Z)", content)
    if candidate:
        rest = content[candidate.end() :].strip(WS)
        return _judge_candidate(rest, is_start=candidate["keyword"] == grammar.start)
    return _judge_fence(content) or _Text()


def _judge_fence(content: str) -> _Fence | None:
    bare = content.strip(WS)
    char = bare[:1]
    info = bare.lstrip(char).strip(WS) if char in {"`", "~"} else None
    if info is None or not bare.startswith(3 * char) or len(info) > 128 or "`" in info or "\r" in info:
        return None
    return _Fence(char, bare=not info)


def _judge_candidate(rest: str, *, is_start: bool) -> _Meaning:
    name = re.split(rf"[{WS}]", rest, maxsplit=1)[0]
    tail = rest[len(name) :]
    attributes = _read_attributes(tail) if is_start else (None if tail else {})
    name_is_right = _is_name(name)
    if name_is_right and attributes is not None:
        return _start(name, attributes) if is_start else _End(name)
    if not name or not (name_is_right or attributes is not None):
        code = "malformed_marker"
    else:
        code = "invalid_attribute" if name_is_right else "invalid_name"
    return _Wrong(code, is_start, rest, _repaired_start(rest) if is_start else None)


def _is_name(text: str) -> bool:
    return len(text) <= 128 and _NAME.fullmatch(text) is not None


def _start(name: str, attributes: dict[str, str]) -> _Start:
    return _Start(name, attributes.pop("position", None), attributes)


def _read_attributes(tail: str) -> dict[str, str] | None:
    """Return all attributes, ``position`` among them, or None when anything in ``tail`` is wrong."""
    found: dict[str, str] = {}
    at = 0
    while at < len(tail):
        one = _ATTRIBUTE.match(tail, at)
        if not one or len(one["key"]) > 64 or one["key"] in found:
            return None
        bare = one["bare"] or ""
        value = bare or one["double"] or one["single"] or ""
        if any(_is_forbidden(char) for char in value) or bare.endswith((",", ";")):
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


# Recovery of one line, R3 and R8 to R12


def _longest_name(rest: str) -> str:
    """Return N: the longest beginning of ``rest`` that is a name."""
    return max((rest[:size] for size in range(129) if _is_name(rest[:size])), key=len, default="")


def _is_punctuation(text: str) -> bool:
    return all(char in string.punctuation or char in WS for char in text)


def _repaired_start(rest: str) -> _Start | None:
    """Return the START that is read in an ill-formed one, None if there is none."""
    name = _longest_name(rest)
    behind = rest[len(name) :]
    if name[:1] not in set(string.ascii_uppercase) or not re.match(rf"[,;:]?(?:[{WS}]|\Z)", behind):
        return None
    attributes = _repaired_attributes(behind.removeprefix(":"))
    if attributes or _is_punctuation(behind):
        return _start(name, attributes)
    return None


def _rule_of(start: _Start) -> str:
    """Return the rule that lets a recovered START act."""
    if start.position == _DEFAULT_POSITION:
        return "R11"
    return "R9" if start.attributes or start.position is not None else "R12"


def _repaired_attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    while text := text.lstrip(WS + ",;"):
        key, value, text = _take_piece(text)
        if key and len(found) < 16:
            found.setdefault(key, value)
    return found


def _take_piece(text: str) -> tuple[str, str, str]:
    """Return the key and the value of the piece that ``text`` begins with, and the text behind it.

    The key is empty for a piece that cannot be read.
    """
    head = _KEY.match(text)
    is_position = head is not None and head["key"] == "position"
    if head and (head["sign"] == "=" or is_position) and len(head["key"]) <= 64:
        value, size = _repaired_value(text[head.end() :])
        if value is not None:
            return head["key"], value, text[head.end() + size :]
    return "position" if is_position else "", _DEFAULT_POSITION, _skip_piece(text)


def _repaired_value(text: str) -> tuple[str | None, int]:
    """Return the value that ``text`` begins with, None if there is none, and its length."""
    quoted = _QUOTED.match(text)
    if quoted:
        value = quoted["double"] or quoted["single"] or ""
        return None if any(_is_forbidden(char) for char in value) else value, quoted.end()
    bare = re.split(rf"[{WS}]", text, maxsplit=1)[0].rstrip(",;")
    is_right = bare and "=" not in bare and not any(_is_forbidden(char) for char in bare)
    return bare if is_right else None, len(bare)


def _skip_piece(text: str) -> str:
    """Return what follows a piece that cannot be read."""
    piece = re.split(rf"[{WS}]", text, maxsplit=1)[0]
    opening = _OPENING_QUOTE.search(piece)
    closing = text.find(opening[0], opening.end()) if opening else -1
    return text[closing + 1 :] if closing >= 0 else text[len(piece) :]


class _Fatal(Exception):  # noqa: N818 - it says that the walk is over, not that something broke
    pass


@attrs.define
class _Component:
    index: int
    name: str
    position: str
    start_line: int
    chars: int = 0
    trimmed: int = 0
    fence: str = ""
    starts_as_text: int = 0


@attrs.define
class _TextRun:
    index: int
    chars: int = 0


class _Walk:
    """The state between lines, and the events so far."""

    def __init__(self, grammar: Any, limits: Any, rules: Counter[str]) -> None:
        self.grammar = grammar
        self.limits = limits
        self.rules = rules
        self.events: list[Event] = []
        self.open: list[_Component] = []
        self.text_run: _TextRun | None = None
        self.blocks = 0
        self.components = 0
        self.errors = 0
        self.closing_fences_due: set[str] = set()
        self.recovers = grammar.recover and not grammar.strict

    def run(self, text: str) -> None:
        total = self.limits.max_total_chars
        lines = _read_lines(text[:total], self.grammar, self.limits)
        for line, following in zip_longest(lines, lines[1:]):
            if not self.drops_fence(line, following):
                self.take(line)
            elif isinstance(line.meaning, _Fence):
                self.rules["F13"] += line.meaning.char == "~"
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
            return self.drops_fence_outside(fence, following)
        innermost = self.open[-1]
        if line.number == innermost.start_line + 1:
            innermost.fence = fence.char
            return True
        return innermost.fence == fence.char and fence.bare and self.would_close(following)

    def drops_fence_outside(self, fence: _Fence, following: _Line | None) -> bool:
        if fence.bare and fence.char in self.closing_fences_due:
            self.closing_fences_due.remove(fence.char)
            return True
        acting = self.acting(following) if following else None
        if acting and isinstance(acting.marker, _Start) and self.start_acts(acting):
            self.closing_fences_due.add(fence.char)
            return True
        return False

    def would_close(self, line: _Line | None) -> bool:
        """Tell whether ``line`` is a marker that is acted on and closes the innermost component."""
        acting = self.acting(line) if line else None
        if acting is None:
            return False
        if isinstance(acting.marker, _Start):
            closes = self.start_acts(acting) and len(self.closed_by(acting.marker)) > 0
            self.rules["F14"] += closes
            return closes
        inner = self.inner_of(acting.marker)
        return inner is not None and self.has_room_for(len(inner) + bool(acting.code))

    def start_acts(self, acting: _Acting) -> bool:
        """Tell whether a START would open a component at this place."""
        start = acting.marker
        if not isinstance(start, _Start) or self.refusal(start) or self.is_one_too_many():
            return False
        is_wrong = not self.position_is_known(start)
        return self.has_room_for(bool(acting.code) + is_wrong + len(self.closed_by(start)))

    def has_room_for(self, errors: int) -> bool:
        return self.errors + errors <= int(self.limits.max_errors)

    # Recovery

    def acting(self, line: _Line) -> _Acting | None:
        """Return the marker as which ``line`` acts if its place lets it, None if it is text in any case."""
        meaning = line.meaning
        is_complete = line.raw.endswith("\n")
        match meaning:
            case _Start():
                return _Acting(meaning)
            case _End(name) if self.inner_of(meaning) is not None:
                return _Acting(meaning)
            case _End(name):
                return self.recovered_end(name, "unexpected_end", is_complete=is_complete)
            case _Wrong(code, is_start, rest, repaired) if code != "marker_too_long":
                if not is_start:
                    return self.recovered_end(rest, code, is_complete=is_complete)
                acts = repaired and self.recovers and is_complete
                if repaired and acts and not self.refusal(repaired) and not self.is_one_too_many():
                    return _Acting(repaired, code, _rule_of(repaired))
        return None

    def recovered_end(self, rest: str, code: str, *, is_complete: bool) -> _Acting | None:
        """Return the END as which a line acts that is not an END of an open component, by R4 to R7."""
        if not self.recovers or not self.open:
            return None
        if _is_punctuation(rest):
            is_free = is_complete and not self.open[-1].starts_as_text
            return _Acting(_End(self.open[-1].name), code, "R6") if is_free else None
        name = _longest_name(rest)
        if not re.match(rf"\Z|[{WS}]|(?!-[A-Za-z0-9])[{re.escape(string.punctuation)}]", rest[len(name) :]):
            return None
        if any(component.name == name for component in self.open):
            return _Acting(_End(name), code, "R4" if is_complete else "R14")
        alike = [component.name for component in self.open if component.name.lower() == name.lower()]
        return _Acting(_End(alike[-1]), "invalid_name", "R5") if alike and is_complete else None

    # Lines

    def take(self, line: _Line) -> None:
        acting = self.acting(line)
        match line.meaning, acting:
            case _, _Acting(_Start() as start, code, rule):
                self.take_start(line, start, code)
                self.rules[rule] += bool(rule)
            case _, _Acting(_End() as end, code, rule):
                self.take_end(line, end, code)
                self.rules[rule] += bool(rule)
            case _Wrong(), _:
                self.take_wrong(line, line.meaning)
            case _End(), _:
                self.error("unexpected_end", line.number, line.span)
                self.deliver(line.raw)
            case _:
                self.deliver(line.raw)

    def take_wrong(self, line: _Line, wrong: _Wrong) -> None:
        is_too_long = wrong.code == "marker_too_long"
        self.error(wrong.code, line.number, None if is_too_long else line.span)
        self.rules["R13"] += self.recovers and wrong.repaired is not None and line.raw.endswith("\n")
        if wrong.is_start:
            self.count_start_as_text(counts=wrong.rest[:1] in set(string.ascii_uppercase))
        elif self.open and not is_too_long and _is_punctuation(wrong.rest) and self.open[-1].starts_as_text:
            self.open[-1].starts_as_text -= 1
            self.rules["R7"] += self.recovers
        self.deliver(line.raw)

    def take_start(self, line: _Line, start: _Start, code: str) -> None:
        refusal = self.refusal(start)
        if refusal:
            if refusal != "no error":
                self.error(refusal, line.number, line.span)
            self.count_start_as_text(counts=True)
            self.deliver(line.raw)
        elif self.is_one_too_many():
            self.fatal("too_many_components", line.number, line.span)
        else:
            self.recovered_error(code, line)
            self.open_component(line, start)

    def count_start_as_text(self, *, counts: bool) -> None:
        if counts and self.open:
            self.open[-1].starts_as_text += 1

    def refusal(self, start: _Start) -> str | None:
        """Return the code of the error for which a START is text, None if it is not text."""
        if self.grammar.nesting == "text" and self.open:
            return "no error"
        if self.grammar.strict and not self.position_is_known(start):
            return "malformed_marker"
        is_deep = len(self.open) - len(self.closed_by(start)) >= self.limits.max_depth
        return "nesting_too_deep" if is_deep else None

    def is_one_too_many(self) -> bool:
        return bool(self.components >= self.limits.max_components)

    def closed_by(self, start: _Start) -> list[_Component]:
        """Return the open components that a START closes, by S3 or S12."""
        if self.grammar.nesting == "close":
            return self.open
        is_part = any(start.name.startswith(f"{component.name}.") for component in self.open)
        if self.grammar.nesting != "sections" or start.position is None or is_part:
            return []
        roots = [place for place, component in enumerate(self.open) if component.position == "root"]
        return self.open[roots[-1] + 1 :] if roots else self.open

    def open_component(self, line: _Line, start: _Start) -> None:
        if not self.position_is_known(start):
            self.error("invalid_position", line.number, line.span)
        for _ in list(self.closed_by(start)):
            self.close_unclosed("implied", line)
            self.rules["S12"] += self.grammar.nesting == "sections"
        self.stop_text_run("end")
        position = self.position_of(start)
        parent = self.open[-1].index if self.open else None
        block = ComponentBlock(start.name, position, start.attributes, parent)
        index = self.next_index()
        self.components += 1
        self.events.append(ContentBlockStart(index, block, line.span))
        self.open.append(_Component(index, start.name, position, line.number))

    def take_end(self, line: _Line, end: _End, code: str) -> None:
        self.recovered_error(code, line)
        for _ in self.inner_of(end) or []:
            self.close_unclosed("implied", line)
        self.stop_component("end", line.span)

    def recovered_error(self, code: str, line: _Line) -> None:
        if code:
            self.error(code, line.number, line.span, recovered=True)

    def inner_of(self, end: _End) -> list[_Component] | None:
        """Return the components open inside the innermost one that ``end`` names, None without one."""
        places = [place for place, component in enumerate(self.open) if component.name == end.name]
        return self.open[places[-1] + 1 :] if places else None

    def position_is_known(self, start: _Start) -> bool:
        asked = start.position
        return asked is None or asked == _DEFAULT_POSITION or asked.lower() in self.grammar.positions

    def position_of(self, start: _Start) -> str:
        asked = start.position
        if asked is None or asked == _DEFAULT_POSITION or asked.lower() not in self.grammar.positions:
            return str(self.grammar.default_position)
        return asked.lower()

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

    def error(
        self,
        code: str,
        line: int | None,
        span: Span | None,
        index: int | None = None,
        *,
        recovered: bool = False,
    ) -> None:
        if self.errors >= self.limits.max_errors:
            self.fatal(code, line, span)
        self.errors += 1
        self.events.append(ErrorEvent(code, "", line=line, index=index, span=span, recovered=recovered))

    def fatal(self, code: str, line: int | None = None, span: Span | None = None) -> NoReturn:
        if self.errors >= self.limits.max_errors:
            code = "too_many_errors"
        self.events.append(ErrorEvent(code, "", fatal=True, line=line, span=span))
        while self.open:
            self.stop_component("aborted", None)
        self.stop_text_run("aborted")
        raise _Fatal
