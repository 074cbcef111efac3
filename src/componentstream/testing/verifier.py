"""A verifier of event streams that does not share code with the parser.

Event streams have a grammar: each block is a start, any number of deltas and one stop; blocks are numbered
from 0 without gaps; components nest, with text between them; an error about a component comes directly
before the stop that it explains; only stops follow a fatal error, and no event follows ``message_stop``.
:class:`EventVerifier` checks each event as it comes, so that every accepted prefix is well-formed. It
accepts the events of a parser, of a session, of any stage between, and those decoded from the wire, which
do not have spans.
"""

from collections.abc import Iterable
from typing import NoReturn, assert_never

import attrs

from componentstream.core import codes
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    FindingEvent,
    MessageStop,
    ReasoningEvent,
    Span,
    StatusEvent,
    UsageEvent,
)

_TEXT_REASONS = ("end", "aborted", "blocked")
_UNCLOSED_REASONS = ("implied", "truncated")


class EventGrammarError(AssertionError):
    """An event violates the grammar of event streams; the message names the rule."""


@attrs.define
class _OpenBlock:
    index: int
    is_component: bool
    chars: int = 0
    too_large: bool = False


class EventVerifier:
    """Check that events, in their order, are a well-formed stream.

    Pass every event of one stream to :meth:`check` or :meth:`check_all`, and call :meth:`finish` at its
    end. After an error, discard the verifier.
    """

    def __init__(self) -> None:
        self._seen = 0
        self._next_index = 0
        self._open: list[_OpenBlock] = []
        self._unclosed: int | None = None
        self._fatal = False
        self._over = False
        self._ending: str | None = None
        self._span: Span | None = None
        self._span_is_used = False
        self._line = 1

    def check(self, event: Event) -> None:
        """Check the next event of the stream.

        Raises:
            EventGrammarError: The event is not allowed here.
        """
        if self._over:
            self._reject(event, "nothing may follow message_stop")
        if self._fatal and not isinstance(event, ContentBlockStop | MessageStop | DebugEvent):
            self._reject(event, "only the stops of open blocks and message_stop may follow a fatal error")
        if self._unclosed is not None and not isinstance(event, ContentBlockStop):
            self._reject(
                event, f"unclosed_component must be followed by the stop of component {self._unclosed}"
            )
        match event:
            case ContentBlockStart():
                self._start(event)
            case ContentBlockDelta():
                self._delta(event)
            case ContentBlockStop():
                self._stop(event)
            case ErrorEvent():
                self._error(event)
            case MessageStop():
                self._require_all_stopped(event)
                self._over = True
            case StatusEvent() | DebugEvent() | ReasoningEvent() | UsageEvent() | FindingEvent():
                pass
            case _:
                assert_never(event)
        self._seen += 1

    def check_all(self, events: Iterable[Event]) -> None:
        """Check the next events of the stream, such as those of one ``feed``.

        Raises:
            EventGrammarError: One of them is not allowed at its place.
        """
        for event in events:
            self.check(event)

    def finish(self) -> None:
        """Check that the stream may end here: every started block is stopped.

        Raises:
            EventGrammarError: A block is still open.
        """
        self._require_all_stopped(None)

    def _start(self, event: ContentBlockStart) -> None:
        if self._ending is not None:
            self._reject(event, f"no block may start after a stop with reason {self._ending}")
        if event.index != self._next_index:
            self._reject(event, f"the next block must have index {self._next_index}")
        top = self._open[-1] if self._open else None
        if top is not None and not top.is_component:
            self._reject(event, f"text block {top.index} must be stopped before another block starts")
        if isinstance(event.block, ComponentBlock):
            innermost = None if top is None else top.index
            if event.block.parent != innermost:
                self._reject(event, f"its parent must be {innermost}, the innermost open component")
        elif top is not None:
            self._reject(event, f"no text block may start while component {top.index} is open")
        elif event.span is not None:
            self._reject(event, "a text block has no span")
        self._follow_span(event, event.span, used=True)
        self._open.append(_OpenBlock(event.index, isinstance(event.block, ComponentBlock)))
        self._next_index += 1

    def _delta(self, event: ContentBlockDelta) -> None:
        if self._ending is not None:
            self._reject(event, f"no text may follow a stop with reason {self._ending}")
        block = self._innermost(event, event.index)
        if not event.text:
            self._reject(event, "a delta must not be empty")
        block.chars += len(event.text)

    def _stop(self, event: ContentBlockStop) -> None:
        block = self._innermost(event, event.index)
        if event.chars != block.chars:
            self._reject(event, f"chars must be {block.chars}, the length of the deltas before it")
        self._check_trimmed(event, block)
        self._check_reason(event, block)
        if event.reason in {"truncated", "aborted"}:
            self._ending = event.reason
        if event.span is not None and (not block.is_component or event.reason not in {"end", "implied"}):
            self._reject(event, "only a component that a marker line closed has a span in its stop")
        self._follow_span(event, event.span, used=event.reason == "end")
        self._unclosed = None
        self._open.pop()

    def _check_trimmed(self, event: ContentBlockStop, block: _OpenBlock) -> None:
        if event.trimmed < 0:
            self._reject(event, "trimmed must not be negative")
        if event.reason == "blocked":
            return
        if event.trimmed and not block.too_large:
            self._reject(event, "trimmed must be 0 without an error component_too_large for this block")
        if block.too_large and not event.trimmed:
            self._reject(event, "trimmed must not be 0 after component_too_large")

    def _check_reason(self, event: ContentBlockStop, block: _OpenBlock) -> None:
        if self._fatal and event.reason != "aborted":
            self._reject(event, "after a fatal error the reason of a stop must be aborted")
        if self._ending is not None and event.reason != self._ending and not self._fatal:
            self._reject(event, f"after a stop with reason {self._ending} the reason must be the same")
        if not block.is_component and event.reason not in _TEXT_REASONS:
            self._reject(event, f"a text block cannot stop with reason {event.reason}")
        needs_error = event.reason in _UNCLOSED_REASONS
        if needs_error and self._unclosed is None:
            self._reject(event, f"reason {event.reason} needs the error unclosed_component right before it")
        if self._unclosed is not None and not needs_error:
            self._reject(event, "the reason after unclosed_component must be implied or truncated")

    def _error(self, event: ErrorEvent) -> None:
        if event.line is not None:
            if event.line < self._line:
                self._reject(event, f"lines must not go back from {self._line}")
            self._line = event.line
        self._follow_span(event, event.span, used=False)
        if event.code == codes.UNCLOSED_COMPONENT:
            self._component(event)
            self._unclosed = event.index
        elif event.code == codes.COMPONENT_TOO_LARGE:
            block = self._component(event)
            if block.too_large:
                self._reject(event, "component_too_large must come once per component")
            block.too_large = True
        self._fatal = event.fatal

    def _component(self, event: ErrorEvent) -> _OpenBlock:
        block = self._innermost(event, event.index)
        if not block.is_component:
            self._reject(event, f"block {block.index} is not a component")
        return block

    def _innermost(self, event: Event, index: int | None) -> _OpenBlock:
        if not self._open:
            self._reject(event, "no block is open")
        if self._open[-1].index != index:
            self._reject(event, f"it must be about block {self._open[-1].index}, the innermost open one")
        return self._open[-1]

    def _follow_span(self, event: Event, span: Span | None, *, used: bool) -> None:
        """Check that spans never go backwards. Events that one line caused share its span.

        The last of them is the start or the stop by which the line acted; no later event may have that span.
        """
        if span is None:
            return
        first, last = span
        if not 0 <= first < last:
            self._reject(event, "a span must run forward from 0 or more")
        if span == self._span:
            if self._span_is_used:
                self._reject(event, f"the line at {span} has already acted")
        elif self._span is not None and first < self._span[1]:
            self._reject(event, f"its span must begin at {self._span[1]} or later")
        self._span = span
        self._span_is_used = used

    def _require_all_stopped(self, event: Event | None) -> None:
        if self._open:
            indexes = ", ".join(str(block.index) for block in self._open)
            self._reject(event, f"every block must be stopped; still open: {indexes}")

    def _reject(self, event: Event | None, rule: str) -> NoReturn:
        where = "At the end of the stream" if event is None else f"Event {self._seen}, {event!r:.300}"
        raise EventGrammarError(f"{where}: {rule}.")
