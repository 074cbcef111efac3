"""How far the answer of a source is: what its events have said so far, taken together."""

from componentstream.sources.pieces import INCOMPLETE, Piece, SourceError
from componentstream.sources.providers import Reading


class ProviderMessageState:
    """Turns the readings of one source into pieces.

    Attributes:
        failed: a fatal error came; nothing follows it.
        heard: some event was known.
        ignored: events that were not known.
    """

    def __init__(self) -> None:
        self.failed = False
        self.heard = False
        self.ignored = 0
        self._open = False
        self._cut_off = False
        self._has_text = False

    def take(self, reading: Reading | None) -> list[Piece]:
        """Return what a reading adds."""
        if self.failed:
            return []
        if reading is None:
            self.ignored += 1
            return []
        self.heard = True
        if reading.opens and not self._open:
            self._open = True
            self._cut_off = False
        if reading.ends:
            self._open = False
        pieces = self._text(reading)
        if reading.error is not None:
            pieces += self._error(reading.error)
        return pieces

    def end(self) -> list[Piece]:
        """Return what the end of the source adds."""
        return [INCOMPLETE] if self._open and not self.failed else []

    def complete(self) -> None:
        """Take note that the provider has ended its answer, said outside of its events."""
        self._open = False

    def _text(self, reading: Reading) -> list[Piece]:
        if not reading.text or (reading.echo and self._has_text):
            return []
        self._has_text = self._has_text or not reading.echo
        return [reading.text]

    def _error(self, error: SourceError) -> list[Piece]:
        if not error.fatal and self._cut_off:
            return []  # some servers give the reason again in a last chunk about usage
        self.failed = error.fatal
        self._cut_off = True
        return [error]
