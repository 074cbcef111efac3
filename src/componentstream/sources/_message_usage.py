"""The tokens of all messages of a source together."""

from componentstream.sources.pieces import Usage
from componentstream.sources.providers.reading import Reading
from componentstream.sources.providers.usage import NO_USAGE, added, merged


class MessageUsage:
    """Adds up the tokens of messages; within a message, each report includes those before it."""

    def __init__(self) -> None:
        self._before = NO_USAGE
        self._message = NO_USAGE
        self._message_id: str | None = None
        self._reported = NO_USAGE

    def add(self, reading: Reading, *, ended: bool) -> None:
        """Count the tokens of an event; ``ended`` says whether a message ended before it."""
        other = reading.id is not None and reading.id != self._message_id
        if ended and (reading.starts or (other and self._message_id is not None)):
            self._before = added(self._before, self._message)
            self._message = NO_USAGE
        if other:
            self._message_id = reading.id
        if reading.usage is None:
            return
        if not reading.adds_usage:
            self._message = merged(self._message, reading.usage)
        elif not reading.echo or self._message == NO_USAGE:
            self._message = added(self._message, reading.usage)

    def changes(self) -> list[Usage]:
        """Return the tokens of all messages, if they have changed since the last call."""
        usage = added(self._before, self._message)
        if usage == self._reported:
            return []
        self._reported = usage
        return [usage]
