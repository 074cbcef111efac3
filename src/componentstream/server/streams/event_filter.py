"""Select the events of a stream that one client wants."""

from typing import Final, assert_never

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
    TextBlock,
    UsageEvent,
)
from componentstream.server.streams.payloads import decode_payload
from componentstream.server.streams.tail import TailEntry

_DEBUG_PREFIX: Final = b'{"type":"debug"'
_NONE: Final[frozenset[int]] = frozenset()


class EventFilter:
    """The selection of one client.

    Args:
        after: Sequence number of the last entry that the client has.
        components_only: Hide text blocks.
        from_index: Hide the blocks before this index.
        debug: Show debug events.

    Attributes:
        after: Sequence number after which reading must begin. A selection of blocks needs the start of each
            block, so it reads from the beginning.
    """

    __slots__ = ("_after", "_components_only", "_debug", "_from_index", "_hidden", "_selects", "after")

    def __init__(
        self, after: int = 0, *, components_only: bool = False, from_index: int = 0, debug: bool = False
    ) -> None:
        self._selects = components_only or from_index > 0
        self.after: int = 0 if self._selects else after
        self._after = after
        self._components_only = components_only
        self._from_index = from_index
        self._debug = debug
        self._hidden = _NONE  # shared until a block is hidden: most clients hide none

    def shows(self, entry: TailEntry) -> bool:
        """Return True if the client gets an entry; call it for each entry, in order."""
        # First, because it has to see the start of every block, also of those that the client already has.
        if self._selects and self._hides(decode_payload(entry.payload)):
            return False
        if not self._debug and entry.payload.startswith(_DEBUG_PREFIX):
            return False
        return entry.seq > self._after

    def _hides(self, event: Event | None) -> bool:
        match event:
            case ContentBlockStart(index=index, block=block):
                if index < self._from_index or (self._components_only and isinstance(block, TextBlock)):
                    self._hidden |= {index}
                return index in self._hidden
            case ContentBlockDelta(index=index) | ContentBlockStop(index=index):
                return index in self._hidden
            case ErrorEvent() | StatusEvent() | MessageStop() | DebugEvent() | None:
                return False
            case ReasoningEvent() | UsageEvent() | FindingEvent():
                return False
            case _:
                assert_never(event)
