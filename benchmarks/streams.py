"""Reading a stream of events over HTTP, and seeing that it is whole."""

from typing import Final

import httptools
from worker import Response

from componentstream import Event, MessageStop, WireError
from componentstream.testing import EventGrammarError, EventVerifier
from componentstream.wire import SSEDecoder

_BETWEEN: Final = b"\n\n"


class WrongStreamError(Exception):
    """A stream is not what a server of ours sends."""


class EventReader:
    """Reads the events of one response as they come, and holds them to their grammar.

    Args:
        numbered: the events have ids, which are 1, 2, 3 and so on.

    Attributes:
        response: what they come in.
        count: how many events there were.
    """

    def __init__(self, *, numbered: bool) -> None:
        self.response = Response()
        self.count = 0
        self._numbered = numbered
        self._decoder = SSEDecoder()
        self._verifier = EventVerifier()
        self._block = b""
        self._reasons: list[str] = []

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that bytes from the socket complete.

        Raises:
            WrongStreamError: they are no HTTP, no events, or not in order.
        """
        events: list[Event] = []
        try:
            self.response.feed(data)
            # The decoder knows the id of its last event alone, so it gets them one by one.
            *blocks, self._block = (self._block + b"".join(self.response.take())).split(_BETWEEN)
            for block in blocks:
                events += self._read(block + _BETWEEN)
        except (EventGrammarError, WireError, httptools.HttpParserError) as error:
            raise WrongStreamError(str(error)) from error
        return events

    def finish(self) -> None:
        """See that the stream came to its end.

        Raises:
            WrongStreamError: it did not.
        """
        if not self.response.whole:
            raise WrongStreamError("it broke off")
        if self._reasons != ["complete"]:
            raise WrongStreamError(f"its message_stop are {self._reasons}")
        try:
            self._verifier.finish()
        except EventGrammarError as error:
            raise WrongStreamError(str(error)) from error

    def _read(self, block: bytes) -> list[Event]:
        events = self._decoder.feed(block)
        for event in events:
            self.count += 1
            if self._numbered and self._decoder.last_event_id != str(self.count):
                raise WrongStreamError(f"event {self.count} has the id {self._decoder.last_event_id!r}")
            self._verifier.check(event)
            if isinstance(event, MessageStop):
                self._reasons.append(event.reason)
        return events
