"""Which events of a parser remain when an error that it does not know ends the stream."""

from collections import Counter
from typing import assert_never

from componentstream.core import codes
from componentstream.core.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    FindingEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    UsageEvent,
)


def stops_without(undone: list[Event]) -> list[Event]:
    """Return the stops of the blocks that were open before the events `undone`, as if those had not happened.

    `undone` must continue until every block is stopped. Text that the parser dropped within `undone` from a
    component that was already too large stays in ``trimmed``, because ``chars`` does not include it.
    """
    started: set[int] = set()
    fitting: set[int | None] = set()
    chars: Counter[int] = Counter()
    stops: list[Event] = []
    for event in undone:
        match event:
            case ContentBlockStart(index=index):
                started.add(index)
            case ContentBlockDelta(index=index, text=text):
                chars[index] += len(text)
            case ErrorEvent(code=codes.COMPONENT_TOO_LARGE, index=about):
                # The component still fitted before these events, so without them nothing was trimmed.
                fitting.add(about)
            case ContentBlockStop(index=index) if index not in started:
                trimmed = 0 if index in fitting else event.trimmed
                stops.append(ContentBlockStop(index, "aborted", event.chars - chars[index], trimmed))
            case ContentBlockStop() | ErrorEvent() | StatusEvent() | MessageStop() | DebugEvent():
                pass
            case ReasoningEvent() | UsageEvent() | FindingEvent():
                pass
            case _:
                assert_never(event)
    return stops


def with_fatal_error(error: ErrorEvent, aborted: list[Event]) -> list[Event]:
    """Return held text, then the fatal error, then the stops of open blocks.

    Args:
        error: The error that ends the stream.
        aborted: The events of ``ComponentParser.abort``: the held text, which may trip a limit of the
            parser, and the stops. Of two fatal errors only `error` is kept.
    """
    texts: list[Event] = []
    stops: list[Event] = []
    for event in aborted:
        if isinstance(event, ContentBlockStop):
            stops.append(event)
        elif not (isinstance(event, ErrorEvent) and event.fatal):
            texts.append(event)
    return [*texts, error, *stops]
