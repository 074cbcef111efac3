"""What one process does for the server: the generations that it produces, and the readers that it serves.

Streams belong to the log, not to a worker: any worker can serve a reader, stop a stream, or end one whose
producer was lost.
"""

import asyncio
import hashlib
import json
import logging
import math
import secrets
import time
from collections.abc import AsyncIterable, Callable, Iterable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

import attrs

from componentstream._aio.deadlines import SharedTimeout
from componentstream.core import codes
from componentstream.core.buffer import ComponentBuffer
from componentstream.core.escaping import escape_control_chars
from componentstream.core.parser import ComponentParser
from componentstream.drive.closing import check_any_iterable
from componentstream.drive.generation import Generation
from componentstream.log.memory import MemoryEventLog
from componentstream.log.protocol import EventLog, Lease, StoreError, StreamStatus
from componentstream.server.access.quota import Quota, Slot
from componentstream.server.errors import RefusedRequestError
from componentstream.server.http.request import GenerationRequest
from componentstream.server.metrics import Metrics
from componentstream.server.settings import ServerSettings
from componentstream.server.streams.producer import Producer, renderer
from componentstream.server.streams.subscriber import EventFilter, StreamSubscriber
from componentstream.server.streams.takeover import end_cancelled, finish_abandoned
from componentstream.session.session import GenerationSession
from componentstream.sources.decoder import SourceDecoder

Generate: TypeAlias = Callable[[GenerationRequest], AsyncIterable[object] | Iterable[object]]
"""Asks the model: takes a request, returns the chunks of its answer as ``astream_bytes`` takes them.

An asynchronous generator function is one. Each call is one answer; what it returns is closed at its end, also
when the generation is stopped. It may refuse by raising ``RefusedRequestError`` or Starlette's
``HTTPException``.
"""

_STOP_WAIT: Final = 1.0
"""Seconds that a stop waits for the end to be in the log."""

_LAST_WORDS: Final = 1.5
"""Seconds of the grace that are kept for generations that have to be broken off."""

_logger: Final = logging.getLogger("componentstream.server")


@attrs.frozen
class Owner:
    """For whom a stream was started, and with what request.

    Attributes:
        subject: who; empty for the anonymous user.
        fingerprint: of the request, so that a key is not used for two.
    """

    subject: str
    fingerprint: str

    @property
    def text(self) -> str:
        """What the log keeps."""
        return f"user {self.fingerprint} {self.subject}"


def subject_of(owner: str) -> str | None:
    """Return the subject in an owner's text, None if the log's record is no stream of a user."""
    kind, _, rest = owner.partition(" ")
    return rest.partition(" ")[2] if kind == "user" else None


class StreamManager:
    """The server's part in one process; use it on one event loop.

    Args:
        generate: asks the model.
        settings: how requests are treated.

    Attributes:
        log: where the streams are kept.
        metrics: what happens here, counted.
        draining: the server stops, and takes nothing new.
    """

    def __init__(self, generate: Generate, settings: ServerSettings) -> None:
        self.log: EventLog = MemoryEventLog() if settings.log is None else settings.log
        self.metrics = Metrics()
        self._generate = generate
        self._settings = settings
        self._heartbeat = math.inf if settings.heartbeat is None else settings.heartbeat
        self._generations = Quota(settings.max_generations, settings.max_generations_per_user, "generations")
        self._patience = SharedTimeout(settings.log_timeout)
        self._reading = Quota(settings.max_readers, settings.max_readers_per_user, "readers")
        self._producers: dict[str, Producer] = {}
        self._tasks: dict[Producer, asyncio.Task[None]] = {}
        self._readers: dict[StreamSubscriber, Slot] = {}
        self._starting: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.draining = False
        self._grace_ends = math.inf

    async def start(
        self, asked: GenerationRequest, subject: str, *, user: str, key: str | None, debug: bool
    ) -> StreamStatus:
        """Start a generation, or find the one that was started with the same key.

        Args:
            asked: what the model is asked.
            subject: who owns the stream.
            user: whose share of the generations it takes.
            key: the idempotency key.
            debug: add debug events.

        Raises:
            RefusedRequestError: there are too many, the key was used for another request, or the server
                stops.
            StoreError: the log failed.
        """
        owner = Owner(subject, _digest(asked.prompt, asked.project, asked.version))
        begin = partial(self._begin, asked=asked, owner=owner.text, user=user, debug=debug)
        if key is None:
            return await begin(f"s-{secrets.token_hex(16)}")
        stream = f"k-{_digest(subject, key)}"
        lock = self._starting.setdefault(stream, asyncio.Lock())
        async with lock:
            status = await self.log.status(stream) or await begin(stream)
        if status.owner != owner.text:
            raise RefusedRequestError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                codes.IDEMPOTENCY_KEY_REUSED,
                "This Idempotency-Key was sent with another request; take a new key for a new request.",
            )
        return status

    async def find(self, stream: str, subject: str) -> StreamStatus:
        """Return what is known of a stream of this subject.

        Raises:
            RefusedRequestError: there is none, or it belongs to somebody else; a stranger cannot tell which.
            StoreError: the log failed.
        """
        status = await self.log.status(stream)
        if status is None or subject_of(status.owner) != subject:
            raise RefusedRequestError(
                HTTPStatus.NOT_FOUND,
                codes.STREAM_UNKNOWN,
                "There is no such stream: it was never started, or is not kept any more.",
            )
        return status

    def check_room(self, user: str) -> None:
        """See that a reader can be opened, before a generation begins that nobody else would read.

        Raises:
            RefusedRequestError: there are too many readers.
        """
        self._reading.take(user).release()

    def open_reader(
        self, status: StreamStatus, view: EventFilter, user: str, *, known: bool = True
    ) -> StreamSubscriber:
        """Return a reader of a stream; give it to :meth:`close_reader` in the end.

        Args:
            status: how the stream stands.
            view: what to show of it.
            user: whose share of the readers it takes.
            known: whether the client could ask for the stream again; see :attr:`StreamSubscriber.known`.

        Raises:
            RefusedRequestError: there are too many readers.
        """
        slot = self._reading.take(user)
        producer = self._producers.get(status.stream)
        reader = StreamSubscriber(
            self.log,
            status,
            None if producer is None else producer.tail,
            view,
            finish_abandoned=self._end_lost,
            heartbeat=self._heartbeat,
            log_timeout=self._settings.log_timeout,
            known=known,
        )
        self._readers[reader] = slot
        self.metrics.readers.inc()
        return reader

    async def close_reader(self, reader: StreamSubscriber) -> None:
        """Release a reader; the last one may take the generation with it."""
        self._readers.pop(reader).release()
        self.metrics.readers.dec()
        await reader.aclose()
        producer = self._producers.get(reader.stream.stream)
        ends = self._settings.on_disconnect == "cancel" or not reader.known
        if producer is not None and ends and not producer.tail.readers:
            producer.stop()

    async def stop(self, status: StreamStatus) -> None:
        """End a generation as cancelled, wherever it runs; nothing happens if it has ended.

        A generation of another worker hears of it when it writes next, or renews its lease.

        Raises:
            StoreError: the log failed.
        """
        producer = self._producers.get(status.stream)
        if producer is None:
            await end_cancelled(self.log, status.stream, status.owner, self._settings.lease)
        else:
            producer.stop()
            await asyncio.wait([self._tasks[producer]], timeout=_STOP_WAIT)

    async def drain(self) -> None:
        """Refuse new generations, let the open ones end, break off those that do not, and let all readers go.

        Call it when the server is told to stop, before its connections are closed; it takes no longer than
        ``shutdown_grace``, however often it is called.
        """
        grace = self._settings.shutdown_grace
        now = asyncio.get_running_loop().time
        if not self.draining:
            self.draining = True
            self._grace_ends = now() + grace
        tasks = list(self._tasks.values())
        if tasks:
            last_words = min(_LAST_WORDS, grace / 2)
            await asyncio.wait(tasks, timeout=max(0.0, self._grace_ends - last_words - now()))
            for producer in self._tasks:
                producer.break_off(codes.SERVER_STOPPING, "The server stops; ask once more.")
            await asyncio.wait(tasks, timeout=max(0.0, self._grace_ends - now()))
        for reader in self._readers:
            reader.end()

    async def aclose(self) -> None:
        """Drain, end what is left, and close the log if it is the worker's own."""
        await self.drain()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._settings.log is None:
            await self.log.aclose()

    async def _status(self, stream: str) -> StreamStatus:
        status = await self.log.status(stream)
        if status is None:
            raise StoreError("The log has lost a stream that was just started.")
        return status

    async def _begin(
        self, stream: str, *, asked: GenerationRequest, owner: str, user: str, debug: bool
    ) -> StreamStatus:
        """Start a stream here, unless another worker has it."""
        self._refuse_if_draining()
        slot = self._generations.take(user)
        try:
            lease = await self.log.acquire(stream, owner=owner, ttl=self._settings.lease)
            if lease is None:
                slot.release()
                return await self._status(stream)
            try:
                self._refuse_if_draining()
                producer = self._producer(asked, lease, debug=debug)
            except BaseException:
                # Whoever waits for the stream is told that it is not there, or that its producer is lost.
                with suppress(StoreError):
                    await self.log.delete(stream)
                raise
        except BaseException:
            slot.release()
            raise
        task = asyncio.create_task(producer.run(), name="componentstream producer")
        self._producers[stream] = producer
        self._tasks[producer] = task
        task.add_done_callback(partial(self._produced, stream, producer, slot))
        return StreamStatus(
            stream=stream, owner=owner, state="open", first=1, last=0, lease_left=self._settings.lease
        )

    def _refuse_if_draining(self) -> None:
        if self.draining:
            raise RefusedRequestError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                codes.SERVER_STOPPING,
                "The server stops; ask once more.",
                {"Retry-After": "1"},
                retryable=True,
            )

    def _producer(self, asked: GenerationRequest, lease: Lease, *, debug: bool) -> Producer:
        settings = self._settings
        source = self._generate(asked)
        check_any_iterable(source, "generate")
        session = GenerationSession(
            parser=ComponentParser(settings.grammar, settings.limits),
            buffer=ComponentBuffer(keep_text=False, catalog=settings.catalog),
            timeouts=settings.timeouts,
            hooks=[self.metrics.hook, *settings.hooks],
            id=lease.stream,
        )
        generation = Generation(
            session, SourceDecoder(), settings.new_batcher(), time.monotonic, renderer(session, debug=debug)
        )
        return Producer(
            source,
            generation,
            self.log,
            lease,
            on_store_failure=settings.on_store_failure,
            patience=self._patience,
            on_log_failure=self._log_failed,
        )

    def _produced(self, stream: str, producer: Producer, slot: Slot, task: asyncio.Task[None]) -> None:
        slot.release()
        del self._tasks[producer]
        if self._producers.get(stream) is producer:  # not deleted from the log and begun again
            del self._producers[stream]
        if not task.cancelled() and (failure := task.exception()) is not None:
            _logger.error("A producer failed.", exc_info=failure)

    def _log_failed(self, error: Exception) -> None:
        self.metrics.log_failures.inc()
        _logger.error(
            "The log failed, and a stream goes on without it or ends: %s", escape_control_chars(repr(error))
        )

    async def _end_lost(self, status: StreamStatus) -> None:
        if await finish_abandoned(self.log, status.stream, status.owner, self._settings.lease):
            self.metrics.lost_producers.inc()
            _logger.warning("The producer of stream %s was lost.", status.stream)


def _digest(*parts: str) -> str:
    """Return a hash of texts, which tells them apart wherever one ends and the next begins."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
