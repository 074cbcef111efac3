"""One generation as one machine: decoder, session, batcher and encoder, with a clock.

The two live drivers differ in how they wait; all else is here. Whoever drives it calls the method that says
what happened and then sends what is in ``out``.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, Protocol, TypeVar

from componentstream.core import codes
from componentstream.core.events import Event
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession
from componentstream.sources.pieces import Piece

MAX_CHUNKS: Final = 64
"""Most chunks that are read ahead of a consumer. It is what a fast model sends in half a second."""

MAX_CHARS: Final = 64 * 1024
"""Most characters that are read ahead of a consumer, but for the last chunk, which may be longer."""

CLOSE_WAIT: Final = 1.0
"""Seconds that the end of a stream waits for its source to be closed; the last events do not wait at all."""

T = TypeVar("T")


class Decoder(Protocol):
    """What makes text of chunks; the decoders of ``componentstream.sources`` do."""

    def feed(self, chunk: Any, /) -> list[Piece]:
        """Return the text of a chunk, and what is wrong with it."""

    def close(self) -> list[Piece]:
        """Return what the end of the source adds."""


class Encoder(Protocol):
    """What makes bytes of events; the encoders of ``componentstream.wire`` do."""

    def encode(self, event: Event, /) -> bytes:
        """Return the event as bytes that stand for themselves."""

    def heartbeat(self) -> bytes:
        """Return bytes that say nothing but that the stream is alive."""


class Generation(Generic[T]):
    """Everything between a source and a consumer that does not wait.

    While the batcher holds text, more text of the same line can change nothing but what it holds: a marker
    acts at the end of its line. So such chunks are kept as they are, as many as the batcher has room for, and
    are parsed together when a line ends or when the held text must leave, whichever comes first.

    Every method may raise what a hook of the session raises. The session's state is right even so.

    Args:
        session: a session that has not been started.
        decoder: makes text of the chunks.
        batcher: merges deltas, None for none.
        clock: seconds of a monotonic clock.
        render: makes what is sent of some events.
        beat: what is sent when nothing else was for `interval` seconds, None for nothing.
        interval: those seconds.

    Attributes:
        clock: the clock.
        out: what is to be sent.
        sent: when something was put there last.
        session: the session.
    """

    __slots__ = (
        "_batcher",
        "_beat",
        "_decoder",
        "_heard",
        "_interval",
        "_kept",
        "_render",
        "_room",
        "clock",
        "out",
        "sent",
        "session",
    )

    def __init__(
        self,
        session: GenerationSession,
        decoder: Decoder,
        batcher: DeltaBatcher | None,
        clock: Callable[[], float],
        render: Callable[[list[Event]], Iterable[T]],
        *,
        beat: T | None = None,
        interval: float = math.inf,
    ) -> None:
        self.session = session
        self.out: list[T] = []
        self._decoder = decoder
        self._batcher = batcher
        self.clock = clock
        self._render = render
        self._beat = beat
        self._interval = interval
        self._kept: list[str] = []
        self._room = 0
        self._heard = 0.0
        self.sent = 0.0

    @property
    def ended(self) -> bool:
        """Whether the session is over, and so the last of ``out`` is the end of the stream."""
        return self.session.ended

    def take(self) -> list[T]:
        """Return what is to be sent, and forget it."""
        out, self.out = self.out, []
        return out

    def start(self) -> None:
        """Begin the session; call it before the source is read."""
        now = self.sent = self.clock()
        self._put(self.session.start(now), now)

    def chunk(self, chunk: object) -> int:
        """Take a chunk of the source; return how many characters of text it brought.

        Raises:
            UsageError: the decoder does not know such chunks.
        """
        pieces = self._decoder.feed(chunk)
        now = self.clock()
        if len(pieces) == 1 and type(piece := pieces[0]) is str:
            size = len(piece)
            if size < self._room and "\n" not in piece:
                self._room -= size
                self._heard = now
                self._kept.append(piece)
            else:
                self._parse_kept()
                self._put(self.session.feed(piece, now), now)
                if self._batcher is not None:
                    self._room = self._batcher.room
            return size
        self._parse_kept()
        if pieces:
            return self._feed(pieces, now)
        # An event without text, such as a thought, shows that the source lives.
        self.session.feed("", now)
        return 0

    def excuse(self) -> None:
        """Take note that the source was not read until now, and so is not to blame for its silence."""
        self._parse_kept()
        self.session.feed("", self.clock())

    def exhausted(self) -> None:
        """Take note that the source has come to its end by itself."""
        self._parse_kept()
        now = self.clock()
        self._feed(self._decoder.close(), now)
        self._put(self.session.finish(now), now)

    def failed(self, error: BaseException) -> None:
        """Take note that reading the source raised `error`."""
        if self.ended:
            return
        self._parse_kept()
        now = self.clock()
        # What else the decoder would say, that the stream is incomplete, is a consequence.
        self._feed([piece for piece in self._decoder.close() if isinstance(piece, str)], now)
        events = self.session.report_error(
            codes.SOURCE_FAILED, "The source failed.", now, fatal=True, cause=error
        )
        self._put(events, now)

    def cancel(self) -> None:
        """End the session, because nobody wants the rest; nothing happens if it is over."""
        try:
            self._parse_kept()
        finally:
            now = self.clock()
            self._put(self.session.cancel(now), now)

    def break_off(self, code: str, message: str) -> None:
        """End the session with a fatal error that says why; another try may well succeed."""
        if not self.ended:
            self._parse_kept()
            now = self.clock()
            self._put(self.session.report_error(code, message, now, fatal=True, retryable=True), now)

    def tick(self, *, hungry: bool = True) -> float:
        """Do what is due; return the time. Call it when :meth:`deadline` has come.

        Args:
            hungry: the consumer is waiting, so silence is to be broken.
        """
        now = self.clock()
        if now < self.deadline():
            return now
        self._parse_kept()
        self._put(self.session.tick(now), now)
        if self._beat is not None and now >= self.sent + self._interval:
            self.sent = now
            if hungry and not self.out:
                self.out.append(self._beat)
        return now

    def deadline(self) -> float:
        """Return when :meth:`tick` must be called at the latest, infinity for never."""
        deadline = self.batch_deadline()
        due = self.session.next_deadline()
        if due is not None and due < deadline:
            deadline = due
        return min(deadline, self.sent + self._interval)

    def batch_deadline(self) -> float:
        """Return when held text must leave: the one deadline that a chunk can bring nearer."""
        due = None if self._batcher is None else self._batcher.next_deadline()
        return math.inf if due is None else due

    def _parse_kept(self) -> None:
        """Parse the chunks that were kept."""
        kept = self._kept
        self._room = 0
        if kept:
            text, chunks, heard = "".join(kept), len(kept), self._heard
            kept.clear()
            self._put(self.session.feed(text, heard, chunks=chunks), heard)

    def _feed(self, pieces: Iterable[Piece], now: float) -> int:
        session = self.session
        chars = 0
        for piece in pieces:
            if isinstance(piece, str):
                chars += len(piece)
                self._put(session.feed(piece, now), now)
            else:
                events = session.report_error(
                    piece.code, piece.message, now, fatal=piece.fatal, retryable=piece.retryable
                )
                self._put(events, now)
        return chars

    def _put(self, events: list[Event], now: float) -> None:
        if self._batcher is not None:
            events = self._batcher.feed(events, now)
        if events:
            self.sent = now
            self.out.extend(self._render(events))
