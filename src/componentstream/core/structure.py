"""Turn marker lines and fences into structure: decide which blocks they open and close.

The scanner reads lines; this module decides how they change the open blocks, which the base class builds.

A fence directly before a marker is passed in together with the marker, because it is dropped if the marker
takes effect and is text if it does not.
"""

from typing import Final

from componentstream.core import codes
from componentstream.core.automaton import ALL_FENCES, BARE_TICKS, BARE_TILDES, NO_FENCES, TICK, TILDE
from componentstream.core.blocks import Block, BlockBuilder
from componentstream.core.events import ComponentBlock, Json, Span, StopReason
from componentstream.core.grammar import WHITE, Grammar
from componentstream.core.limits import Limits
from componentstream.core.markers import Fault, Marker
from componentstream.core.recovery import looks_meant, recover_end, recover_start
from componentstream.core.snapshots import require

_BARE_FENCES: Final = {"": NO_FENCES, TICK: BARE_TICKS, TILDE: BARE_TILDES}
_ROOT: Final = "root"
_SHOWN_CHARS: Final = 200


class Structure(BlockBuilder):
    """The blocks of one stream as its lines form them.

    Attributes:
        first_line: whether the current line is the first of the innermost component.
        fences: which fences would be dropped on the current line (``NO_FENCES`` to ``ALL_FENCES``).
    """

    def __init__(self, grammar: Grammar, limits: Limits) -> None:
        super().__init__(grammar, limits)
        self.first_line: bool = False
        self._closing_fences: set[str] = set()
        self._recovers = grammar.recover and not grammar.strict
        strip = grammar.fences == "strip"
        self._fences_outside = ALL_FENCES if strip and grammar.outside == "emit" else NO_FENCES
        self._fences_of_first_line = ALL_FENCES if strip else NO_FENCES
        self.fences = self._fences_outside

    def end_first_line(self) -> None:
        """End the first line of the innermost component."""
        self.first_line = False
        self._update_fences()

    def drops_fence(self, char: str, *, bare: bool) -> bool:
        """Return whether a fence on the current line is dropped regardless of the next line."""
        if self.open:
            if self.first_line:
                self.open[-1].fenced = char
            return self.first_line
        if bare and char in self._closing_fences:
            self._closing_fences.remove(char)
            return True
        return False

    def awaits(self, *, opens: bool) -> bool:
        """Return whether a held fence may be dropped because of a START, or else of an END, after it."""
        if not self.open:
            return opens
        if not opens or self._grammar.nesting == "close":
            return True
        return self._grammar.nesting == "sections" and not self.open[-1].root

    def act(
        self, verdict: Marker | Fault, fence: str, line: int, span: Span, *, opens: bool, last: bool = False
    ) -> bool:
        """Act on a judged candidate; return False if the line is text.

        Args:
            verdict: the marker, or the fault of the line.
            fence: the fence line directly before it, or empty.
            line: number of the line.
            span: input offsets of the line.
            opens: whether it is a START.
            last: whether the end of the stream completed the line.
        """
        if not opens:
            if isinstance(verdict, Fault):
                return self._end_faulty(verdict, fence, line, span, last=last)
            return self.end(verdict.name, fence, line, span, last=last)
        if isinstance(verdict, Fault):
            marker = recover_start(verdict) if self._recovers and not last else None
            if marker is None:
                self.count_start(verdict.name)
                return self.reject(verdict, fence, line, span)
            verdict = marker
        return self.start(verdict, fence, line, span)

    def start(self, marker: Marker, fence: str, line: int, span: Span) -> bool:
        """Start a component; return False if the START line is text instead; see :meth:`act`."""
        position = self._grammar.default_position if marker.position is None else marker.position
        depth = len(self.open)
        # Everything unusual about a START is handled in `_prepare`; a plain one skips all of it.
        if (
            fence
            or marker.fault
            or depth == self._limits.max_depth
            or self._components == self._limits.max_components
            or position not in self._grammar.positions
            or (depth and self._grammar.nesting != "nest")
        ):
            if not self._prepare(marker, fence, line, span):
                return False
            if position not in self._grammar.positions:
                position = self._grammar.default_position
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
        block = self._begin(component, marker.name, span)
        block.root = position == "root"
        self.open.append(block)
        self.first_line = True
        self.fences = self._fences_of_first_line
        return True

    def end(self, name: str, fence: str, line: int, span: Span, *, last: bool = False) -> bool:
        """End the named component and all inside it; return False if the END line is text instead."""
        if not (self.open and self.open[-1].name == name) or fence:
            if all(block.name != name for block in self.open):
                fault = Fault(codes.UNEXPECTED_END, f"No component {name} is open.", name, name)
                return self._end_faulty(fault, fence, line, span, last=last)
            self._end_inner(name, fence, line, span, None)
        if self.pending_text:
            self.flush()
        self._stop(self.open[-1], "end", span)
        return True

    def count_start(self, name: str) -> None:
        """Count a START of this name, which stays text, if it is meant as a marker."""
        if self.open and looks_meant(name):
            self.open[-1].starts += 1

    def reject(self, fault: Fault, fence: str, line: int, span: Span | None) -> bool:
        """Report an error that makes the line text; always return False."""
        if fence:
            self.pending_text.append(fence)
        self.error(fault.code, fault.message, line, span)
        return False

    def _prepare(self, marker: Marker, fence: str, line: int, span: Span) -> bool:
        """Do all that comes before the component of a START; return False if the line is text.

        Nothing may be emitted before it is known that the START acts: one that is text has no other effect.
        """
        unclosed = self._unclosed_by(marker)
        known = marker.position is None or marker.position in self._grammar.positions
        if self.open and self._grammar.nesting == "text":
            # Not even an error: with this grammar a START inside a component is ordinary text.
            self.open[-1].starts += 1
            return self.reject(marker.fault, fence, line, span) if marker.fault else False
        refusal = self._refusal(marker, known=known, depth=len(self.open) - unclosed)
        if refusal:
            if self.open:
                self.open[-1].starts += 1
            return self.reject(marker.fault or refusal, fence, line, span)
        errors = unclosed + (not known) + (marker.fault is not None)
        if fence and self.open and not unclosed:
            # The fence was not the last line of a body, so it is part of it.
            self.pending_text.append(fence)
        elif fence and not self._fence_becomes_text(fence, errors=errors) and not self.open:
            # The fence was dropped, so its counterpart after the component is dropped too.
            self._closing_fences.add(fence.lstrip(WHITE)[0])
        if marker.fault:
            self.error(marker.fault.code, marker.repair, line, span, recovered=True)
        if not known:
            default = self._grammar.default_position
            message = f"Unknown position {marker.position!r:.80}; {default!r:.80} was used. {self._known()}"
            self.error(codes.INVALID_POSITION, message, line, span)
        for _ in range(unclosed):
            self._stop_unclosed("implied", line, span)
        return True

    def _unclosed_by(self, marker: Marker) -> int:
        """Return how many components a START closes."""
        if not self.open or self._grammar.nesting == "close":
            return len(self.open)
        if self._grammar.nesting != "sections" or not marker.has_position:
            return 0
        # `Menu.Item` is a part of `Menu`, wherever it is placed.
        if any(marker.name[: len(block.name) + 1] == f"{block.name}." for block in self.open):
            return 0
        return next((at for at, block in enumerate(reversed(self.open)) if block.root), len(self.open))

    def _refusal(self, marker: Marker, *, known: bool, depth: int) -> Fault | None:
        """Return the error of a START that breaks a limit or a strict grammar."""
        limits = self._limits
        if not known and self._grammar.strict:
            message = f"Unknown position {marker.position!r:.80}. {self._known()}"
            return Fault(codes.MALFORMED_MARKER, message)
        if depth == limits.max_depth:
            return Fault(codes.NESTING_TOO_DEEP, f"At most {limits.max_depth} components may be open.")
        if self._components == limits.max_components:
            message = f"A stream has at most {limits.max_components} components."
            return Fault(codes.TOO_MANY_COMPONENTS, message)
        return None

    def _known(self) -> str:
        return f"Known: {', '.join(sorted(self._grammar.positions)):.{_SHOWN_CHARS}}."

    def _end_faulty(self, fault: Fault, fence: str, line: int, span: Span, *, last: bool) -> bool:
        """End the component that a faulty END line means; return False if the line is text."""
        found = None
        if self._recovers:
            found = recover_end(fault, [block.name for block in self.open], last=last)
        if found and not fault.name and self.open[-1].starts:
            # The END of a START that stayed text: both are.
            self.open[-1].starts -= 1
            found = None
        if found is None:
            return self.reject(fault, fence, line, span)
        name, fault = found
        self._end_inner(name, fence, line, span, fault)
        self.flush()
        self._stop(self.open[-1], "end", span)
        return True

    def _end_inner(self, name: str, fence: str, line: int, span: Span, fault: Fault | None) -> None:
        """Do all that comes before the end of the named component, with the error of the line if it has one.

        The innermost of that name is meant; all components inside it lack an END.
        """
        inner = [block.name for block in reversed(self.open)].index(name)
        self._fence_becomes_text(fence, errors=inner + (fault is not None))
        if fault:
            self.error(fault.code, fault.message, line, span, recovered=True)
        for _ in range(inner):
            self._stop_unclosed("implied", line, span)

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

    def _stop(self, block: Block, reason: StopReason, span: Span | None) -> None:
        super()._stop(block, reason, span)
        self._update_fences()

    def _update_fences(self) -> None:
        """Recompute `fences` after the current line or the innermost component has changed."""
        if not self.open:
            self.fences = self._fences_outside
        elif self.first_line:
            self.fences = self._fences_of_first_line
        else:
            self.fences = _BARE_FENCES[self.open[-1].fenced]

    def snapshot(self) -> Json:
        """Return the state as JSON values; `pending_text` and `events` must be empty."""
        return {
            **super().snapshot(),
            "first_line": self.first_line,
            "closing_fences": "".join(sorted(self._closing_fences)),
        }

    def restore(self, state: Json) -> None:
        """Restore the state that :meth:`snapshot` returned.

        Raises:
            KeyError, TypeError, ValueError: `state` is damaged.
        """
        super().restore(state)
        self.first_line = require(state, "first_line", bool)
        self._closing_fences = set(require(state, "closing_fences", str))
        if not self._closing_fences <= {TICK, TILDE} or any(
            block.fenced not in _BARE_FENCES for block in self.open
        ):
            raise ValueError("a fence must be of backticks or tildes")
        # Derived from the rest, so it is not part of the snapshot.
        self._update_fences()
