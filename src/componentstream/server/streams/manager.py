"""The generations that this process produces, and the subscribers that it serves.

Streams belong to the log, not to a worker. Any worker can serve a client, stop a stream, or end a stream
whose producer was lost.
"""

import asyncio
import hashlib
import json
import logging
import math
import secrets
import time
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Final
from weakref import WeakValueDictionary

import attrs

from componentstream._aio.deadlines import SharedTimeout
from componentstream.core import codes
from componentstream.core.buffer import ComponentBuffer
from componentstream.core.escaping import escape_control_chars
from componentstream.core.parser import ComponentParser
from componentstream.drive.generation import Generation
from componentstream.inspection.near_misses import NearMissParser
from componentstream.log.memory import MemoryEventLog
from componentstream.log.protocol import EventLog, Lease, StoreError, StreamStatus
from componentstream.server.access.quota import Quota, Slot
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import Generate, GenerationRequest, Source
from componentstream.server.metrics import Metrics
from componentstream.server.settings import ServerSettings
from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.payloads import renderer
from componentstream.server.streams.producer import Producer
from componentstream.server.streams.source_opener import SHUTTING_DOWN, SourceOpener, shutting_down
from componentstream.server.streams.subscriber import StreamSubscriber
from componentstream.server.streams.takeover import end_cancelled, finish_abandoned
from componentstream.session.session import GenerationSession

_STOP_WAIT: Final = 1.0
"""Seconds that a stop waits until the log has the end."""

_FAREWELL: Final = 1.5
"""Seconds of the grace period that are reserved for ending the generations that are still running."""

_logger: Final = logging.getLogger("componentstream.server")


@attrs.frozen
class Owner:
    """Owner of a stream and of the request that started it.

    Attributes:
        subject: Subject of the user, empty for the anonymous user.
        fingerprint: Hash of the request, so that an idempotency key is not used for two requests.
    """

    subject: str
    fingerprint: str

    @property
    def text(self) -> str:
        """The owner as the log stores it."""
        return f"user {self.fingerprint} {self.subject}"


def subject_of(owner: str) -> str | None:
    """Return the subject in a stored owner, or None if the stream does not belong to a user."""
    # Tickets are streams of the same log, with owners of another kind.
    kind, _, rest = owner.partition(" ")
    return rest.partition(" ")[2] if kind == "user" else None


class StreamManager:
    """The streams of one application in one process. Use it on one event loop.

    It owns the producer tasks. A request only starts them and subscribes to their streams, so a client that
    disconnects does not end its generation. Each task releases its slot and its entries here when it is done.

    Args:
        generate: Function that calls the model.
        settings: Server settings.

    Attributes:
        log: Log that holds the streams.
        metrics: Metrics of this application.
        draining: True during shutdown, when new generations are rejected.
    """

    def __init__(self, generate: Generate, settings: ServerSettings) -> None:
        self.log: EventLog = MemoryEventLog() if settings.log is None else settings.log
        self.metrics: Metrics = Metrics()
        self._settings = settings
        self._opener = SourceOpener(generate, self.log, settings.timeouts.chunk)
        self._heartbeat = math.inf if settings.heartbeat is None else settings.heartbeat
        self._log_timeout = SharedTimeout(settings.log_timeout)
        self._generations = Quota(settings.max_generations, settings.max_generations_per_user, "generations")
        self._subscriptions = Quota(settings.max_readers, settings.max_readers_per_user, "readers")
        self._producers: dict[str, Producer] = {}
        self._tasks: dict[Producer, asyncio.Task[None]] = {}
        self._subscribers: dict[StreamSubscriber, Slot] = {}
        # One lock per idempotency key, for as long as a request holds it.
        self._starting: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.draining: bool = False
        self._grace_ends = math.inf

    async def start(
        self, request: GenerationRequest, subject: str, *, user: str, key: str | None, debug: bool
    ) -> StreamStatus:
        """Start a generation, or find the one that was started with the same key.

        Args:
            request: Request of the client.
            subject: Subject that owns the stream.
            user: User whose quota of generations is charged.
            key: Idempotency key, None to always start a new generation.
            debug: Add debug events.

        Raises:
            RefusedRequestError: `generate` rejected the request, a limit is reached, the key was used for
                another request, or the server is shutting down.
            StoreError: The log failed.
        """
        owner = Owner(subject, _digest(request.prompt, request.project, request.version))
        begin = partial(self._begin, request=request, owner=owner.text, user=user, debug=debug)
        if key is None:
            return await begin(f"s-{secrets.token_hex(16)}")
        stream = _keyed(subject, key)
        # Between workers `acquire` decides who starts the stream. The lock spares the requests of this worker
        # from taking generation slots for a race that only one of them can win.
        lock = self._starting.setdefault(stream, asyncio.Lock())
        async with lock:
            status = await self.log.status(stream) or await begin(stream)
        if status.owner != owner.text:
            raise RefusedRequestError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                codes.IDEMPOTENCY_KEY_REUSED,
                "This Idempotency-Key was used for a different request; send a new request with a new key.",
            )
        return status

    async def is_known(self, subject: str, key: str) -> bool:
        """Return whether a stream was started with this key.

        Raises:
            StoreError: The log failed.
        """
        return await self.log.status(_keyed(subject, key)) is not None

    async def find(self, stream: str, subject: str) -> StreamStatus:
        """Return the status of a stream of this subject.

        Raises:
            RefusedRequestError: The stream does not exist or belongs to another subject; the two cases look
                the same to the client.
            StoreError: The log failed.
        """
        status = await self.log.status(stream)
        if status is None or subject_of(status.owner) != subject:
            raise RefusedRequestError(
                HTTPStatus.NOT_FOUND,
                codes.STREAM_UNKNOWN,
                "Stream not found: it was never started, or is no longer kept.",
            )
        return status

    def reserve(self, user: str) -> Slot:
        """Return a slot for a subscriber; take it before starting a generation that the subscriber pays for.

        Raises:
            RefusedRequestError: The limit of subscribers is reached.
        """
        return self._subscriptions.take(user)

    def subscribe(
        self, status: StreamStatus, event_filter: EventFilter, slot: Slot, *, resumable: bool = True
    ) -> StreamSubscriber:
        """Return a new subscriber of a stream; pass it to :meth:`unsubscribe` when the response ends.

        Args:
            status: Status of the stream.
            event_filter: Selection of the client.
            slot: The slot that :meth:`reserve` returned; it is released with the subscriber.
            resumable: True if the client can ask for the stream again.
        """
        producer = self._producers.get(status.stream)
        subscriber = StreamSubscriber(
            self.log,
            status,
            None if producer is None else producer.tail,
            event_filter,
            finish_abandoned=self._finish_abandoned,
            heartbeat=self._heartbeat,
            log_timeout=self._settings.log_timeout,
            resumable=resumable,
        )
        self._subscribers[subscriber] = slot
        self.metrics.readers.inc()
        return subscriber

    async def unsubscribe(self, subscriber: StreamSubscriber) -> None:
        """Close a subscriber, and stop the generation if it was the last one and that is the policy."""
        self._subscribers.pop(subscriber).release()
        self.metrics.readers.dec()
        await subscriber.aclose()
        producer = self._producers.get(subscriber.stream.stream)
        # A client that got neither the stream ID nor sent a key can never ask for the rest.
        cancel = self._settings.on_disconnect == "cancel" or not subscriber.resumable
        if producer is not None and cancel and not producer.tail.subscribers:
            producer.stop()

    async def stop(self, status: StreamStatus) -> None:
        """End a generation as cancelled, on whichever worker it runs; do nothing if it has ended.

        A producer on another worker notices with its next append or lease renewal.

        Raises:
            StoreError: The log failed.
        """
        producer = self._producers.get(status.stream)
        if producer is None:
            await end_cancelled(self.log, status.stream, status.owner, self._settings.lease)
        else:
            producer.stop()
            await asyncio.wait([self._tasks[producer]], timeout=_STOP_WAIT)

    async def drain(self) -> None:
        """Reject new generations, let the running ones end, fail those that do not, and end all subscribers.

        Call it when the server is told to stop, before its connections are closed. It takes at most
        ``shutdown_grace`` seconds from the first call; further calls share that time.
        """
        grace = self._settings.shutdown_grace
        now = asyncio.get_running_loop().time
        if not self.draining:
            self.draining = True
            self._grace_ends = now() + grace
            self._opener.stop()
        tasks = list(self._tasks.values())
        if tasks:
            farewell = min(_FAREWELL, grace / 2)
            await asyncio.wait(tasks, timeout=max(0.0, self._grace_ends - farewell - now()))
            for producer in self._tasks:
                producer.fail(codes.SERVER_STOPPING, SHUTTING_DOWN)
            await asyncio.wait(tasks, timeout=max(0.0, self._grace_ends - now()))
        # Last, so that subscribers deliver the ends that the producers have just written.
        for subscriber in self._subscribers:
            subscriber.end()

    async def aclose(self) -> None:
        """Drain, cancel the producers that are left, and close the log unless it came with the settings."""
        await self.drain()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._opener.aclose()
        if self._settings.log is None:
            await self.log.aclose()

    async def _status(self, stream: str) -> StreamStatus:
        status = await self.log.status(stream)
        if status is None:
            raise StoreError("The log has lost a stream that was just started.")
        return status

    async def _begin(
        self, stream: str, *, request: GenerationRequest, owner: str, user: str, debug: bool
    ) -> StreamStatus:
        """Start a stream on this worker, unless another worker has it."""
        if self.draining:
            raise shutting_down()
        slot = self._generations.take(user)
        try:
            # The lease comes before the model: of all workers that get the same key, one calls it.
            lease = await self.log.acquire(stream, owner=owner, ttl=self._settings.lease)
            if lease is None:
                slot.release()
                return await self._status(stream)
            try:
                source = await self._opener.open(request, lease)
                producer = self._new_producer(source, lease, debug=debug)
            except BaseException:
                # Clients that wait for the stream learn that it does not exist. If the store cannot delete
                # it, the lease expires and they learn that its producer was lost.
                with suppress(StoreError):
                    await self.log.delete(stream)
                raise
        except BaseException:
            slot.release()
            raise
        # From here on the task owns the slot; `_on_produced` releases it.
        task = asyncio.create_task(producer.run(), name="componentstream producer")
        self._producers[stream] = producer
        self._tasks[producer] = task
        task.add_done_callback(partial(self._on_produced, stream, producer, slot))
        return StreamStatus(
            stream=stream, owner=owner, state="open", first=1, last=0, lease_left=self._settings.lease
        )

    def _new_producer(self, source: Source, lease: Lease, *, debug: bool) -> Producer:
        settings = self._settings
        parser = NearMissParser if settings.near_misses else ComponentParser
        session = GenerationSession(
            parser=parser(settings.grammar, settings.limits),
            buffer=ComponentBuffer(keep_text=False, catalog=settings.catalog),
            timeouts=settings.timeouts,
            hooks=[self.metrics.hook, *settings.hooks],
            id=lease.stream,
        )
        generation = Generation(
            session,
            settings.new_decoder(),
            settings.new_batcher(),
            time.monotonic,
            renderer(session, debug=debug),
        )
        return Producer(
            source,
            generation,
            self.log,
            lease,
            on_store_failure=settings.on_store_failure,
            log_timeout=self._log_timeout,
            on_log_failure=self._on_log_failure,
        )

    def _on_produced(self, stream: str, producer: Producer, slot: Slot, task: asyncio.Task[None]) -> None:
        slot.release()
        del self._tasks[producer]
        # The stream may have been deleted from the log and started anew meanwhile.
        if self._producers.get(stream) is producer:
            del self._producers[stream]
        if not task.cancelled() and (failure := task.exception()) is not None:
            _logger.error("A producer failed.", exc_info=failure)

    def _on_log_failure(self, error: Exception) -> None:
        self.metrics.log_failures.inc()
        _logger.error(
            "The event log failed; a stream continues without it or ends: %s",
            escape_control_chars(repr(error)),
        )

    async def _finish_abandoned(self, status: StreamStatus) -> None:
        if await finish_abandoned(self.log, status.stream, status.owner, self._settings.lease):
            self.metrics.lost_producers.inc()
            _logger.warning("The producer of stream %s was lost.", status.stream)


def _keyed(subject: str, key: str) -> str:
    """Return the id of the stream of an idempotency key; each subject has keys of its own."""
    return f"k-{_digest(subject, key)}"


def _digest(*parts: str) -> str:
    """Return a hash of texts that depends on where one ends and the next begins."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
