"""Turn markers and text into blocks: track the open blocks and build their events.

The scanner reads lines; this module keeps the structure that they form. Text is collected as *pending text*
and emitted as one delta before any other event, or by :meth:`BlockBuilder.flush`. Everything that ends a
stream early happens here: :class:`FatalError` is raised after the event of the fatal error.

A fence directly before a marker is passed in together with the marker, because it is dropped if the marker
takes effect and is text if it does not.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

import attrs

from componentstream.core import codes
from componentstream.core.codes import ParserErrorCode
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    Json,
    Span,
    StopReason,
    TextBlock,
)
from componentstream.core.grammar import ALL_FENCES, BARE_FENCES, NO_FENCES, Grammar, Marker
from componentstream.core.limits import Limits

_FATAL: Final = frozenset(code for code, record in codes.CODES.items() if record.fatal)


class FatalError(Exception):
    """A fatal error has been emitted. The parser catches it and ends the stream."""


@attrs.define
class Block:
    """An open block: the values for its stop event, and whether its body began with a dropped fence."""

    index: int
    name: str
    chars: int = 0
    trimmed: int = 0
    fenced: bool = False


class BlockBuilder:
    """The open blocks of one stream, and the events that the parser has not yet returned.

    Attributes:
        events: the events since the parser last took them.
        pending_text: fragments of the next delta.
        open: the open components, outermost first.
        current_block: the block that receives text, None between components before any text.
        first_line: whether the current line is the first of the innermost component.
        fences: which fences would be dropped on the current line (``NO_FENCES`` to ``ALL_FENCES``).
    """

    def __init__(self, grammar: Grammar, limits: Limits) -> None:
        self._grammar = grammar
        self._limits = limits
        self.events: list[Event] = []
        self.pending_text: list[str] = []
        self.open: list[Block] = []
        self.current_block: Block | None = None
        self._blocks = self._components = self._errors = 0
        self.first_line: bool = False
        self._closing_fence = False
        strip = grammar.fences == "strip"
        self._fences_outside = ALL_FENCES if strip and grammar.outside == "emit" else NO_FENCES
        self._fences_of_first_line = ALL_FENCES if strip else NO_FENCES
        self.fences = self._fences_outside

    def end_first_line(self) -> None:
        """End the first line of the innermost component."""
        self.first_line = False
        self._update_fences()

    def drops_fence(self, *, bare: bool) -> bool:
        """Return whether a fence on the current line is dropped regardless of the next line."""
        if self.open:
            if self.first_line:
                self.open[-1].fenced = True
            return self.first_line
        if bare and self._closing_fence:
            self._closing_fence = False
            return True
        return False

    def start(self, marker: Marker, fence: str, line: int, span: Span) -> bool:
        """Start a component; return False if the START line is text instead.

        Args:
            marker: the content of the line.
            fence: the fence line directly before it, or empty.
            line: number of the line.
            span: input offsets of the line.
        """
        # Not even an error: with this grammar a START inside a component is ordinary text.
        if self.open and self._grammar.nesting == "text":
            return False
        position = self._grammar.default_position if marker.position is None else marker.position
        depth = len(self.open)
        # Everything unusual about a START is handled in this branch; a plain one skips all of it. Nothing
        # may be emitted before `_within_limits` has agreed: a START that is text has no other effect.
        if (
            fence
            or depth == self._limits.max_depth
            or self._components == self._limits.max_components
            or position not in self._grammar.positions
            or (depth and self._grammar.nesting == "close")
        ):
            unclosed = depth if self._grammar.nesting == "close" else 0
            known = marker.position is None or marker.position in self._grammar.positions
            if not self._within_limits(marker, fence, line, span, known=known, depth=depth - unclosed):
                return False
            # The fence was dropped, so its counterpart after the component is dropped too.
            if fence and not self._fence_becomes_text(fence, errors=unclosed + (not known)):
                self._closing_fence = True
            if not known:
                self.error(codes.INVALID_POSITION, f"Unknown position {marker.position!r:.80}.", line, span)
                position = self._grammar.default_position
            for _ in range(unclosed):
                self._stop_unclosed("implied", line, span)
        if self.pending_text:
            self.flush()
        # Text between components ends where a component starts; the text of a component continues after its
        # child, so an outer component stays open.
        parent = None
        if self.open:
            parent = self.open[-1].index
        elif self.current_block is not None:
            self._stop(self.current_block, "end", None)
        self._components += 1
        component = ComponentBlock(marker.name, position, marker.attributes, parent)
        self.open.append(self._begin(component, marker.name, span))
        self.first_line = True
        self.fences = self._fences_of_first_line
        return True

    def end(self, name: str, fence: str, line: int, span: Span) -> bool:
        """End the named component and all inside it; return False if the END line is text instead."""
        if not (self.open and self.open[-1].name == name) or fence:
            names = [block.name for block in self.open]
            if name not in names:
                return self.reject(codes.UNEXPECTED_END, f"No component {name} is open.", fence, line, span)
            # The innermost of that name is meant; all components inside it lack an END.
            inner = names[::-1].index(name)
            self._fence_becomes_text(fence, errors=inner)
            for _ in range(inner):
                self._stop_unclosed("implied", line, span)
        if self.pending_text:
            self.flush()
        self._stop(self.open[-1], "end", span)
        return True

    def reject(self, code: ParserErrorCode, message: str, fence: str, line: int, span: Span | None) -> bool:
        """Report an error that makes the line text; always return False."""
        if fence:
            self.pending_text.append(fence)
        self.error(code, message, line, span)
        return False

    def finish(self) -> None:
        """Stop all open blocks at the end of the stream."""
        self.flush()
        if self.current_block is not None and not self.open:
            self._stop(self.current_block, "end", None)
        # Each stop pops a component, innermost first, and reports it; too many reports are fatal and end
        # this loop, and `abort` then stops the rest.
        while self.open:
            self._stop_unclosed("truncated", None, None)

    def abort(self) -> None:
        """Stop all open blocks, innermost first, without emitting errors.

        Pending text is discarded: the caller flushes first if the text is to be delivered.
        """
        self.pending_text.clear()
        while self.current_block is not None:
            self._stop(self.current_block, "aborted", None)

    def flush(self) -> None:
        """Emit the pending text as one delta, in a new text block if no block is open."""
        if not self.pending_text:
            return
        text = "".join(self.pending_text)
        self.pending_text.clear()
        if self.open:
            self._deliver(text)
        elif self._grammar.outside == "emit":
            # A text block starts with its first delta, never before, so that it is never empty.
            if self.current_block is None:
                self.current_block = self._begin(TextBlock(), "", None)
            self.current_block.chars += len(text)
            self.events.append(ContentBlockDelta(self.current_block.index, text))

    def error(
        self,
        code: ParserErrorCode,
        message: str,
        line: int | None = None,
        span: Span | None = None,
        index: int | None = None,
    ) -> None:
        """Emit an error after the text before it.

        Raises:
            FatalError: the error is fatal, or exceeds ``max_errors``.
        """
        # Flushing may itself report an error (`component_too_large`), which then counts before this one.
        self.flush()
        self._errors += 1
        if self._errors > self._limits.max_errors:
            message = f"The stream has more than {self._limits.max_errors} errors."
            code, index = codes.TOO_MANY_ERRORS, None
        fatal = code in _FATAL
        self.events.append(ErrorEvent(code, message, fatal=fatal, line=line, index=index, span=span))
        if fatal:
            raise FatalError

    def _within_limits(
        self, marker: Marker, fence: str, line: int, span: Span, *, known: bool, depth: int
    ) -> bool:
        """Return whether a START respects the limits and a strict grammar; report it otherwise."""
        limits = self._limits
        if not known and self._grammar.strict:
            message = f"Unknown position {marker.position!r:.80}."
            return self.reject(codes.MALFORMED_MARKER, message, fence, line, span)
        if depth == limits.max_depth:
            message = f"At most {limits.max_depth} components may be open."
            return self.reject(codes.NESTING_TOO_DEEP, message, fence, line, span)
        if self._components == limits.max_components:
            message = f"A stream has at most {limits.max_components} components."
            return self.reject(codes.TOO_MANY_COMPONENTS, message, fence, line, span)
        return True

    def _fence_becomes_text(self, fence: str, *, errors: int) -> bool:
        """Emit the held fence as text when this marker's errors will exceed ``max_errors``.

        A marker whose errors end the stream does not take effect, so the fence before it must not be
        dropped. The fence has to be placed before the errors are emitted, hence the count in advance.
        """
        if fence and self._errors + self._overflows() + errors > self._limits.max_errors:
            self.pending_text.append(fence)
            return True
        return False

    def _overflows(self) -> bool:
        """Return whether the pending text will be the first to exceed the limit of its component."""
        if not self.open or self.open[-1].trimmed:
            return False
        return self.open[-1].chars + sum(map(len, self.pending_text)) > self._limits.max_component_chars

    def _update_fences(self) -> None:
        """Recompute `fences` after the current line or the innermost component has changed."""
        if not self.open:
            self.fences = self._fences_outside
        elif self.first_line:
            self.fences = self._fences_of_first_line
        else:
            self.fences = BARE_FENCES if self.open[-1].fenced else NO_FENCES

    def _begin(self, block: ComponentBlock | TextBlock, name: str, span: Span | None) -> Block:
        self.events.append(ContentBlockStart(self._blocks, block, span))
        self.current_block = Block(self._blocks, name)
        self._blocks += 1
        return self.current_block

    def _stop(self, block: Block, reason: StopReason, span: Span | None) -> None:
        """Stop the innermost open block."""
        self.events.append(ContentBlockStop(block.index, reason, block.chars, block.trimmed, span))
        self.current_block = None
        if self.open:
            self.open.pop()
            if self.open:
                self.current_block = self.open[-1]
                self._update_fences()
            else:
                self.fences = self._fences_outside

    def _stop_unclosed(self, reason: StopReason, line: int | None, span: Span | None) -> None:
        """Report that the innermost component has no END, and stop it."""
        block = self.open[-1]
        self.error(
            codes.UNCLOSED_COMPONENT, f"Component {block.name} was not closed.", line, span, block.index
        )
        self._stop(block, reason, span)

    def _deliver(self, text: str) -> None:
        """Emit text of the innermost component up to its limit; count the rest as trimmed."""
        block = self.open[-1]
        room = self._limits.max_component_chars - block.chars
        if len(text) <= room:
            block.chars += len(text)
            self.events.append(ContentBlockDelta(block.index, text))
            return
        if room:
            block.chars += room
            self.events.append(ContentBlockDelta(block.index, text[:room]))
        # Reported once per component, when the first character is dropped, so `trimmed` serves as the flag.
        if not block.trimmed:
            message = f"Component {block.name} is longer than {self._limits.max_component_chars} characters."
            self.error(codes.COMPONENT_TOO_LARGE, message, index=block.index)
        block.trimmed += len(text) - room

    def snapshot(self) -> Json:
        """Return the state as JSON values; `pending_text` and `events` must be empty."""
        block = self.current_block
        return {
            "open": [attrs.asdict(block) for block in self.open],
            "prose": None if self.open or block is None else attrs.asdict(block),
            "blocks": self._blocks,
            "components": self._components,
            "errors": self._errors,
            "first_line": self.first_line,
            "closing_fence": self._closing_fence,
        }

    def restore(self, state: Json) -> None:
        """Restore the state that :meth:`snapshot` returned.

        Raises:
            KeyError, TypeError: `state` is damaged.
        """
        self.open = [_block(block) for block in require(state, "open", list)]
        prose = state["prose"]
        self.current_block = self.open[-1] if self.open else None if prose is None else _block(prose)
        self._blocks = require(state, "blocks", int)
        self._components = require(state, "components", int)
        self._errors = require(state, "errors", int)
        self.first_line = require(state, "first_line", bool)
        self._closing_fence = require(state, "closing_fence", bool)
        # Derived from the rest, so it is not part of the snapshot.
        self._update_fences()


_T = TypeVar("_T")


def require(state: Mapping[str, object], key: str, kind: type[_T]) -> _T:
    """Return a value of a snapshot, which must be present and of type `kind`.

    Raises:
        KeyError: the value is missing.
        TypeError: it has another type.
    """
    value = state[key]
    # Not isinstance: JSON has no subclasses, and True must not count as the integer 1.
    if type(value) is not kind:
        raise TypeError(f"{key} must be {kind.__name__}")
    return value


def _block(state: object) -> Block:
    """Return the block of a snapshot."""
    if not isinstance(state, dict):
        raise TypeError("a block must be an object")
    return Block(
        index=require(state, "index", int),
        name=require(state, "name", str),
        chars=require(state, "chars", int),
        trimmed=require(state, "trimmed", int),
        fenced=require(state, "fenced", bool),
    )
