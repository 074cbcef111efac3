"""Build the blocks of one stream and their events: the open blocks, their text, their limits.

Text is collected as *pending text* and emitted as one delta before any other event, or by
:meth:`BlockBuilder.flush`. Everything that ends a stream early happens here: :class:`FatalError` is raised
after the event of the fatal error. :mod:`componentstream.core.structure` decides about marker lines.
"""

import re
from itertools import pairwise
from typing import Final

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
from componentstream.core.grammar import MAX_NAME_CHARS, Grammar
from componentstream.core.limits import Limits
from componentstream.core.markers import NAME
from componentstream.core.snapshots import MAX_COUNT, require, require_count

_FATAL: Final = frozenset(code for code, record in codes.CODES.items() if record.fatal)

_NAME: Final = re.compile(NAME)


class FatalError(Exception):
    """A fatal error has been emitted. The parser catches it and ends the stream."""


@attrs.define
class Block:
    """An open block.

    Args:
        index: its number.
        name: the name of the component, empty for text.
        root: whether it is a component in position ``root``, which sections do not close.
        fenced: the character of the dropped fence that its body begins with, or empty.
        starts: the START lines directly inside that stayed text and have no END yet.
        chars: characters delivered.
        trimmed: characters dropped.
    """

    index: int
    name: str
    root: bool = False
    fenced: str = ""
    starts: int = 0
    chars: int = 0
    trimmed: int = 0


class BlockBuilder:
    """The open blocks of one stream, and the events that the parser has not yet returned.

    Attributes:
        events: the events since the parser last took them.
        pending_text: fragments of the next delta.
        open: the open components, outermost first.
        current_block: the block that receives text, None between components before any text.
    """

    def __init__(self, grammar: Grammar, limits: Limits) -> None:
        self._grammar = grammar
        self._limits = limits
        self.events: list[Event] = []
        self.pending_text: list[str] = []
        self.open: list[Block] = []
        self.current_block: Block | None = None
        self._blocks = self._components = self._errors = 0

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
        *,
        recovered: bool = False,
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
        # A line whose error is fatal does not act.
        recovered = recovered and not fatal
        self.events.append(
            ErrorEvent(code, message, fatal=fatal, line=line, index=index, span=span, recovered=recovered)
        )
        if fatal:
            raise FatalError

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
        }

    def restore(self, state: Json) -> None:
        """Restore the state that :meth:`snapshot` returned.

        Raises:
            KeyError, TypeError, ValueError: `state` is damaged.
        """
        limits = self._limits
        self._blocks = require_count(state, "blocks")
        self._components = require_count(state, "components", most=min(self._blocks, limits.max_components))
        self._errors = require_count(state, "errors")
        opened = require(state, "open", list)
        self.open = [_block(block, most=limits.max_component_chars) for block in opened]
        prose = None if state["prose"] is None else _block(state["prose"])
        blocks = self.open if prose is None else [*self.open, prose]
        numbers = [-1, *(block.index for block in blocks), self._blocks]
        if any(one >= other for one, other in pairwise(numbers)) or (self.open and prose):
            raise ValueError("the blocks must be in order")
        if len(self.open) > min(self._components, limits.max_depth):
            raise ValueError("too many components are open")
        if any(not block.name for block in self.open) or (prose and prose.name):
            raise ValueError("each component must have a name")
        self.current_block = blocks[-1] if blocks else None


def _block(state: object, *, most: int = MAX_COUNT) -> Block:
    """Return the block of a snapshot, with at most `most` characters."""
    if not isinstance(state, dict):
        raise TypeError("a block must be an object")
    name = require(state, "name", str)
    if name and not (len(name) <= MAX_NAME_CHARS and _NAME.fullmatch(name)):
        raise ValueError("name must be the name of a component")
    return Block(
        index=require_count(state, "index"),
        name=name,
        root=require(state, "root", bool),
        fenced=require(state, "fenced", str),
        starts=require_count(state, "starts"),
        chars=require_count(state, "chars", most=most),
        trimmed=require_count(state, "trimmed"),
    )
