"""One generation as one machine: decoder, session, batcher and encoder, with a clock.

The two live drivers differ in how they wait; all else is here. A driver calls the method that matches the
event, and then sends the contents of ``out``.
"""

import math
from collections.abc import Callable, Iterable
from typing import Final, Generic, Protocol, TypeVar, assert_never

from componentstream.core.events import Event, ReasoningEvent, UsageEvent
from componentstream.drive.decoding import Decoder
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession
from componentstream.sources.failures import source_failure
from componentstream.sources.pieces import Piece, Reasoning, SourceError, Usage

MAX_CHUNKS: Final = 64
"""Most chunks that are read ahead of a consumer: half a second of a fast model."""

MAX_CHARS: Final = 64 * 1024
"""Most characters that are read ahead of a consumer, but for the last chunk, which may be longer."""

CLOSE_WAIT: Final = 1.0
"""Seconds that the end of a stream waits for its source to be closed; the last events do not wait for it."""

T = TypeVar("T")


class Encoder(Protocol):
    """Encodes events, as the encoders of ``componentstream.wire`` do."""

    def encode(self, event: Event, /) -> bytes:
        """Return an event as bytes that are complete in themselves."""

    def heartbeat(self) -> bytes:
        """Return bytes that carry no event and show that the stream is alive."""


def usage_event(usage: Usage) -> UsageEvent:
    """Return the event that reports these counts."""
    return UsageEvent(usage.input_tokens, usage.output_tokens, usage.reasoning_tokens, usage.cached_tokens)


class Generation(Generic[T]):
    """Everything between a source and a consumer that does not wait.

    Every method may raise the exception of a hook of the session. The session's state is right even so.

    Args:
        session: Session that has not been started.
        decoder: Decoder of the chunks.
        batcher: Batcher that merges deltas; None disables merging.
        clock: Monotonic clock in seconds.
        render: Makes the output from events.
        heartbeat: Output after `heartbeat_interval` seconds of silence; None disables heartbeats.
        heartbeat_interval: Interval in seconds.

    Attributes:
        batch_deadline: Time at which held text must be sent, infinity if none is held: the one deadline that
            a chunk can bring nearer.
        clock: The clock.
        out: Output to be sent.
        sent: Time at which something was added to `out` last.
        session: The session.
    """

    __slots__ = (
        "_batch_room",
        "_batcher",
        "_decoder",
        "_heartbeat",
        "_heartbeat_interval",
        "_held",
        "_held_at",
        "_render",
        "batch_deadline",
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
        heartbeat: T | None = None,
        heartbeat_interval: float = math.inf,
    ) -> None:
        self.session: GenerationSession = session
        self.out: list[T] = []
        self._decoder = decoder
        self._batcher = batcher
        self.clock: Callable[[], float] = clock
        self._render = render
        self._heartbeat = heartbeat
        self._heartbeat_interval = heartbeat_interval
        # While the batcher holds text, more text of the same line can only be appended to that: a marker acts
        # at the end of its line. So such chunks are held unparsed, up to the room in the batch, and parsed
        # together when a line ends or the batch must be sent, whichever comes first. One call of the session
        # for a dozen tokens is most of the gain of batching.
        self._held: list[str] = []
        self._held_at = 0.0  # arrival of the last of them
        self._batch_room = 0
        # An attribute, kept by `_put`: the asynchronous driver compares it after each chunk.
        self.batch_deadline: float = math.inf
        self.sent: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether the session is over, so that ``out`` ends with the end of the stream."""
        return self.session.ended

    def take(self) -> list[T]:
        """Return the output to send, and clear it."""
        out, self.out = self.out, []
        return out

    def start(self) -> None:
        """Start the session; call it before the source is read."""
        now = self.sent = self.clock()
        self._put(self.session.start(now), now)

    def chunk(self, chunk: object) -> int:
        """Feed a chunk of the source; return the number of its characters of text.

        Raises:
            UsageError: The decoder does not know such chunks.
        """
        pieces = self._decoder.feed(chunk)
        now = self.clock()
        # Nearly every chunk is one piece of text, so this comes first and calls as little as possible.
        if len(pieces) == 1 and type(piece := pieces[0]) is str:
            size = len(piece)
            if size < self._batch_room and "\n" not in piece:
                self._batch_room -= size
                self._held_at = now
                self._held.append(piece)
            else:
                self._parse_held()
                self._put(self.session.feed(piece, now), now)
                if self._batcher is not None:
                    self._batch_room = self._batcher.room
            return size
        self._parse_held()
        if pieces:
            return self._feed(pieces, now)
        # An event without text resets the chunk timeout.
        self.session.feed("", now)
        self._count_ignored()
        return 0

    def reset_chunk_timeout(self) -> None:
        """Restart the chunk timeout, because backpressure has paused the reading."""
        self._parse_held()
        self.session.feed("", self.clock())

    def source_ended(self) -> None:
        """End the session, because the source is exhausted."""
        self._parse_held()
        now = self.clock()
        # The decoder may hold half a character, or know that the answer is incomplete.
        self._feed(self._decoder.close(), now)
        self._put(self.session.finish(now), now)

    def source_failed(self, error: BaseException) -> None:
        """End the session with the fatal error that `error`, raised by the source, means."""
        if self.ended:
            return
        self._parse_held()
        now = self.clock()
        try:
            pieces = self._decoder.close()
        except Exception as failure:  # noqa: BLE001 - noted; the session must get its end all the same
            error.add_note(f"Closing the decoder failed too: {failure!r}")
            pieces = []
        # Without the errors of the decoder: that a stream is incomplete is a consequence of this one.
        self._feed([piece for piece in pieces if not isinstance(piece, SourceError)], now)
        failed = source_failure(error)
        events = self.session.report_error(
            failed.code, failed.message, now, fatal=True, retryable=failed.retryable, cause=error
        )
        self._put(events, now)

    def cancel(self) -> None:
        """End the session, because the rest is not wanted; do nothing if it is over."""
        try:
            self._parse_held()
        finally:
            # Also if a hook raised: the caller relies on a session that has ended.
            now = self.clock()
            self._count_ignored()
            self._put(self.session.cancel(now), now)

    def fail(self, code: str, message: str) -> None:
        """End the session with a fatal, retryable error; do nothing if it is over."""
        if not self.ended:
            self._parse_held()
            self._count_ignored()
            now = self.clock()
            self._put(self.session.report_error(code, message, now, fatal=True, retryable=True), now)

    def tick(self, *, client_waiting: bool = True) -> float:
        """Act on the deadlines that have passed; return the time. Call it at :meth:`deadline`.

        Args:
            client_waiting: Whether the client waits for output; a heartbeat is of use only then.
        """
        # Drivers call this on every wake-up. It must not parse held text before its time.
        now = self.clock()
        if now < self.deadline():
            return now
        self._parse_held()
        self._count_ignored()
        self._put(self.session.tick(now), now)
        if self._heartbeat is not None and now >= self.sent + self._heartbeat_interval:
            self.sent = now
            if client_waiting and not self.out:
                self.out.append(self._heartbeat)
        return now

    def deadline(self) -> float:
        """Return when :meth:`tick` must be called at the latest, infinity for never."""
        deadline = self.batch_deadline
        due = self.session.next_deadline()
        if due is not None and due < deadline:
            deadline = due
        return min(deadline, self.sent + self._heartbeat_interval)

    def _parse_held(self) -> None:
        """Parse the chunks that were held."""
        held = self._held
        self._batch_room = 0
        if held:
            # At the time of their arrival, not now: the chunk timeout runs from there.
            text, chunks, arrival = "".join(held), len(held), self._held_at
            held.clear()
            self._put(self.session.feed(text, arrival, chunks=chunks), arrival)

    def _count_ignored(self) -> None:
        self.session.ignored(getattr(self._decoder, "ignored", 0))

    def _feed(self, pieces: Iterable[Piece], now: float) -> int:
        session = self.session
        self._count_ignored()
        chars = 0
        for piece in pieces:
            match piece:
                case str():
                    chars += len(piece)
                    self._put(session.feed(piece, now), now)
                case SourceError(code=code, message=message, fatal=fatal, retryable=retryable):
                    self._put(session.report_error(code, message, now, fatal=fatal, retryable=retryable), now)
                case Reasoning(text=text):
                    self._put(session.report(ReasoningEvent(text), now), now)
                case Usage():
                    self._put(session.report(usage_event(piece), now), now)
                case _:
                    assert_never(piece)
        return chars

    def _put(self, events: list[Event], now: float) -> None:
        if self._batcher is not None:
            events = self._batcher.feed(events, now)
            due = self._batcher.next_deadline()
            self.batch_deadline = math.inf if due is None else due
        if events:
            self.sent = now
            self.out.extend(self._render(events))
