"""Well-formed streams of events, written step by step, for the strategies."""

import attrs

from componentstream.core import codes
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    MessageStopReason,
    StopReason,
    TextBlock,
)


@attrs.define
class OpenBlock:
    """A started block, with the figures of its stop."""

    index: int
    name: str
    chars: int = 0
    trimmed: int = 0


class StreamWriter:
    """Appends events in order, and counts for the fields of each stop.

    Attributes:
        events: The events so far.
        open: The started blocks, outermost first.
        blocks: The number of blocks so far, which is the index of the next one.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.open: list[OpenBlock] = []
        self.blocks = 0

    @property
    def parent(self) -> int | None:
        """The parent of a component that starts here."""
        return self.open[-1].index if self.open and self.open[-1].name else None

    def start(self, block: ComponentBlock | TextBlock) -> None:
        """Start a block inside the open component; an open text block is stopped first."""
        if self.open and not self.open[-1].name:
            self.stop("end")
        self.events.append(ContentBlockStart(self.blocks, block))
        self.open.append(OpenBlock(self.blocks, block.name if isinstance(block, ComponentBlock) else ""))
        self.blocks += 1

    def delta(self, text: str) -> None:
        """Append text to the innermost block."""
        self.events.append(ContentBlockDelta(self.open[-1].index, text))
        self.open[-1].chars += len(text)

    def trim(self, count: int) -> None:
        """Report that `count` code points of the innermost component were dropped."""
        self.events.append(ErrorEvent(codes.COMPONENT_TOO_LARGE, "Too large.", index=self.open[-1].index))
        self.open[-1].trimmed = count

    def unclosed(self, reason: StopReason) -> None:
        """Stop the innermost component, which has no END, after reporting that."""
        self.events.append(ErrorEvent(codes.UNCLOSED_COMPONENT, "Not closed.", index=self.open[-1].index))
        self.stop(reason)

    def stop(self, reason: StopReason) -> None:
        """Stop the innermost block."""
        block = self.open.pop()
        self.events.append(ContentBlockStop(block.index, reason, block.chars, block.trimmed))

    def end(self, ending: MessageStopReason) -> None:
        """Stop all blocks as a stream with this ending does."""
        if ending in {"failed", "timeout"}:
            self.events.append(ErrorEvent(codes.STREAM_TOO_LARGE, "Too long.", fatal=True))
        while self.open:
            if ending != "complete":
                self.stop("aborted")
            elif self.open[-1].name:
                self.unclosed("truncated")
            else:
                self.stop("end")
