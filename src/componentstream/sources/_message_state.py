"""The state of a provider's message, from all of its events together."""

from componentstream.sources.pieces import INCOMPLETE, Piece, SourceError
from componentstream.sources.providers.reading import Reading


class ProviderMessageState:
    """Turns the readings of the events of one source into pieces.

    Attributes:
        failed: Whether a fatal error has come; further calls return [].
        recognized: Whether any event was known.
        ignored: Number of events that were not known.
    """

    def __init__(self) -> None:
        self.failed = False
        self.recognized = False
        self.ignored = 0
        self._open = False
        self._stop_reported = False
        self._has_text = False

    def add(self, reading: Reading | None) -> list[Piece]:
        """Return the pieces that the reading of one event adds; None means that the event is not known."""
        if self.failed:
            return []
        if reading is None:
            self.ignored += 1
            return []
        self.recognized = True
        # An agent may ask for several messages in one stream; each must be ended, and may be cut short.
        if reading.opens and not self._open:
            self._open = True
            self._stop_reported = False
        if reading.ends:
            self._open = False
        pieces = self._text(reading)
        if reading.error is not None:
            pieces += self._error(reading.error)
        return pieces

    def close(self) -> list[Piece]:
        """Return the pieces that the end of the source adds."""
        return [INCOMPLETE] if self._open and not self.failed else []

    def message_ended(self) -> None:
        """Record that the provider has ended its message by something other than an event."""
        self._open = False

    def _text(self, reading: Reading) -> list[Piece]:
        # An echo repeats the text of other events, if the stream has those.
        if not reading.text or (reading.echo and self._has_text):
            return []
        self._has_text = self._has_text or not reading.echo
        return [reading.text]

    def _error(self, error: SourceError) -> list[Piece]:
        # Some servers repeat the reason in a last chunk that reports usage.
        if not error.fatal and self._stop_reported:
            return []
        self.failed = error.fatal
        self._stop_reported = True
        return [error]
