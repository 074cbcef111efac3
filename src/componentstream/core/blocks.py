"""Markers and text to blocks: what is open, and the events that say so.

The parser reads lines; this keeps the structure they make. Text is collected in a *run* and leaves as one
delta when another event comes, or at :meth:`BlockBuilder.flush`. Everything that can end a stream early
happens here, as :class:`FatalError`, raised behind the fatal error's event.

The fence that stands directly before a marker is handed in with it, because whether it is text depends
on whether the marker is acted on.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

import attrs

from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    Json,
    ParserErrorCode,
    Span,
    StopReason,
    TextBlock,
)
from componentstream.core.grammar import ALL_FENCES, BARE_FENCES, NO_FENCES, Grammar, Marker
from componentstream.core.limits import Limits

_FATAL: Final = frozenset({"too_many_components", "too_many_errors", "stream_too_large"})


class FatalError(Exception):
    """A fatal error has been emitted; unwinds to the parser, which ends the stream."""


@attrs.define
class Block:
    """An open block: what its stop will say, and whether a fence before its first line was dropped."""

    index: int
    name: str
    chars: int = 0
    trimmed: int = 0
    fenced: bool = False


class BlockBuilder:
    """The open blocks of one stream, and the events that are still to be handed out.

    Attributes:
        events: the events since the caller last took them.
        run: settled text that will leave as the next delta.
        open: the open components, outermost first.
        target: the block that text goes to, None between components before any text.
        first_line: whether the current line is the first of the innermost component.
        fences: which fences would be dropped on the current line (``NO_FENCES`` to ``ALL_FENCES``).
    """

    def __init__(self, grammar: Grammar, limits: Limits) -> None:
        self._grammar = grammar
        self._limits = limits
        self.events: list[Event] = []
        self.run: list[str] = []
        self.open: list[Block] = []
        self.target: Block | None = None
        self._blocks = self._components = self._errors = 0
        self.first_line = self._closing_fence = False
        strip = grammar.fences == "strip"
        self._fences_outside = ALL_FENCES if strip and grammar.outside == "emit" else NO_FENCES
        self._fences_of_first_line = ALL_FENCES if strip else NO_FENCES
        self.fences = self._fences_outside

    def end_first_line(self) -> None:
        """The first line of the innermost component is over."""
        self.first_line = False
        self._see_fences()

    def drops_fence(self, *, bare: bool) -> bool:
        """Return whether a fence on the current line is dropped for itself, whatever follows it."""
        if self.open:
            if self.first_line:
                self.open[-1].fenced = True
            return self.first_line
        if bare and self._closing_fence:
            self._closing_fence = False
            return True
        return False

    def start(self, marker: Marker, fence: str, line: int, span: Span) -> bool:
        """Act on a START line; return whether it was, otherwise it is text.

        `fence` is the fence line directly before it, or empty.
        """
        if self.open and self._grammar.nesting == "text":
            return False
        position = self._grammar.default_position if marker.position is None else marker.position
        depth = len(self.open)
        if (
            fence
            or depth == self._limits.max_depth
            or self._components == self._limits.max_components
            or position not in self._grammar.positions
            or (depth and self._grammar.nesting == "close")
        ):
            unclosed = depth if self._grammar.nesting == "close" else 0
            known = marker.position is None or marker.position in self._grammar.positions
            if not self._admits(marker, fence, line, span, known=known, depth=depth - unclosed):
                return False
            if fence and not self._kept(fence, errors=unclosed + (not known)):
                self._closing_fence = True
            if not known:
                self.error("invalid_position", f"There is no position {marker.position!r:.80}.", line, span)
                position = self._grammar.default_position
            for _ in range(unclosed):
                self._stop_unclosed("implied", line, span)
        if self.run:
            self.flush()
        parent = None
        if self.open:
            parent = self.open[-1].index
        elif self.target is not None:
            self._stop(self.target, "end", None)
        self._components += 1
        component = ComponentBlock(marker.name, position, marker.attributes, parent)
        self.open.append(self._begin(component, marker.name, span))
        self.first_line = True
        self.fences = self._fences_of_first_line
        return True

    def end(self, name: str, fence: str, line: int, span: Span) -> bool:
        """Act on an END line; return whether it was, otherwise it is text."""
        if not (self.open and self.open[-1].name == name) or fence:
            names = [block.name for block in self.open]
            if name not in names:
                return self.reject("unexpected_end", f"No component {name} is open.", fence, line, span)
            inner = names[::-1].index(name)
            self._kept(fence, errors=inner)
            for _ in range(inner):
                self._stop_unclosed("implied", line, span)
        if self.run:
            self.flush()
        self._stop(self.open[-1], "end", span)
        return True

    def reject(self, code: ParserErrorCode, message: str, fence: str, line: int, span: Span | None) -> bool:
        """Report a line that is text because of an error; always False."""
        if fence:
            self.run.append(fence)
        self.error(code, message, line, span)
        return False

    def finish(self) -> None:
        """Stop everything at the end of the stream."""
        self.flush()
        if self.target is not None and not self.open:
            self._stop(self.target, "end", None)
        while self.open:
            self._stop_unclosed("truncated", None, None)

    def abort(self) -> None:
        """Stop everything, innermost first, without another word."""
        self.run.clear()
        while self.target is not None:
            self._stop(self.target, "aborted", None)

    def flush(self) -> None:
        """Let the run leave as a delta of the block that is open here, a text block if none is."""
        if not self.run:
            return
        text = "".join(self.run)
        self.run.clear()
        if self.open:
            self._deliver(text)
        elif self._grammar.outside == "emit":
            if self.target is None:
                self.target = self._begin(TextBlock(), "", None)
            self.target.chars += len(text)
            self.events.append(ContentBlockDelta(self.target.index, text))

    def error(
        self,
        code: ParserErrorCode,
        message: str,
        line: int | None = None,
        span: Span | None = None,
        index: int | None = None,
    ) -> None:
        """Report an error behind the text before it; raise Halt if it is fatal."""
        self.flush()
        self._errors += 1
        if self._errors > self._limits.max_errors:
            message = f"The stream has more than {self._limits.max_errors} errors."
            code, index = "too_many_errors", None
        fatal = code in _FATAL
        self.events.append(ErrorEvent(code, message, fatal=fatal, line=line, index=index, span=span))
        if fatal:
            raise FatalError

    def _admits(self, marker: Marker, fence: str, line: int, span: Span, *, known: bool, depth: int) -> bool:
        """Return whether the limits and a strict grammar admit a START."""
        limits = self._limits
        if not known and self._grammar.strict:
            message = f"There is no position {marker.position!r:.80}."
            return self.reject("malformed_marker", message, fence, line, span)
        if depth == limits.max_depth:
            message = f"At most {limits.max_depth} components may be open."
            return self.reject("nesting_too_deep", message, fence, line, span)
        if self._components == limits.max_components:
            message = f"A stream has at most {limits.max_components} components."
            return self.reject("too_many_components", message, fence, line, span)
        return True

    def _kept(self, fence: str, *, errors: int) -> bool:
        """Let the fence before a marker become text if the `errors` of that marker will end the stream."""
        if fence and self._errors + self._run_is_too_long() + errors > self._limits.max_errors:
            self.run.append(fence)
            return True
        return False

    def _run_is_too_long(self) -> bool:
        """Return whether the run, when it leaves, will be the first text too much of its component."""
        if not self.open or self.open[-1].trimmed:
            return False
        return self.open[-1].chars + sum(map(len, self.run)) > self._limits.max_component_chars

    def _see_fences(self) -> None:
        if not self.open:
            self.fences = self._fences_outside
        elif self.first_line:
            self.fences = self._fences_of_first_line
        else:
            self.fences = BARE_FENCES if self.open[-1].fenced else NO_FENCES

    def _begin(self, block: ComponentBlock | TextBlock, name: str, span: Span | None) -> Block:
        self.events.append(ContentBlockStart(self._blocks, block, span))
        self.target = Block(self._blocks, name)
        self._blocks += 1
        return self.target

    def _stop(self, block: Block, reason: StopReason, span: Span | None) -> None:
        """Stop the innermost open block."""
        self.events.append(ContentBlockStop(block.index, reason, block.chars, block.trimmed, span))
        self.target = None
        if self.open:
            self.open.pop()
            if self.open:
                self.target = self.open[-1]
                self._see_fences()
            else:
                self.fences = self._fences_outside

    def _stop_unclosed(self, reason: StopReason, line: int | None, span: Span | None) -> None:
        """Stop the innermost component, which has no END of its own, after saying so."""
        block = self.open[-1]
        self.error("unclosed_component", f"Component {block.name} was not closed.", line, span, block.index)
        self._stop(block, reason, span)

    def _deliver(self, text: str) -> None:
        """Deliver text of the innermost component as far as its limit allows."""
        block = self.open[-1]
        room = self._limits.max_component_chars - block.chars
        if len(text) <= room:
            block.chars += len(text)
            self.events.append(ContentBlockDelta(block.index, text))
            return
        if room:
            block.chars += room
            self.events.append(ContentBlockDelta(block.index, text[:room]))
        if not block.trimmed:
            message = f"Component {block.name} is longer than {self._limits.max_component_chars} characters."
            self.error("component_too_large", message, index=block.index)
        block.trimmed += len(text) - room

    def snapshot(self) -> Json:
        """Return the state as JSON values; `run` and `events` must be empty."""
        return {
            "open": [attrs.asdict(block) for block in self.open],
            "prose": attrs.asdict(self.target) if self.target is not None and not self.open else None,
            "blocks": self._blocks,
            "components": self._components,
            "errors": self._errors,
            "first_line": self.first_line,
            "closing_fence": self._closing_fence,
        }

    def restore(self, state: Json) -> None:
        """Take over what :meth:`snapshot` gave.

        Raises:
            KeyError, TypeError: `state` is something else.
        """
        self.open = [_block(block) for block in part(state, "open", list)]
        prose = state["prose"]
        self.target = self.open[-1] if self.open else None if prose is None else _block(prose)
        self._blocks = part(state, "blocks", int)
        self._components = part(state, "components", int)
        self._errors = part(state, "errors", int)
        self.first_line = part(state, "first_line", bool)
        self._closing_fence = part(state, "closing_fence", bool)
        self._see_fences()


_T = TypeVar("_T")


def part(state: Mapping[str, object], key: str, kind: type[_T]) -> _T:
    """Return a part of a snapshot, which must be of its kind.

    Raises:
        KeyError, TypeError: it is missing, or of another kind.
    """
    value = state[key]
    if type(value) is not kind:
        raise TypeError(f"{key} must be {kind.__name__}")
    return value


def _block(state: object) -> Block:
    if not isinstance(state, dict):
        raise TypeError("a block must be an object")
    return Block(
        index=part(state, "index", int),
        name=part(state, "name", str),
        chars=part(state, "chars", int),
        trimmed=part(state, "trimmed", int),
        fenced=part(state, "fenced", bool),
    )
