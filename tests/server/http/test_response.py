import asyncio
import json
import math
from types import SimpleNamespace

import pytest

from componentstream.core.events import ErrorEvent, MessageStop, StatusEvent
from componentstream.server.errors import RefusedRequestError
from componentstream.server.http.response import STREAM_ID, StreamResponse
from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.subscriber import StreamSubscriber
from componentstream.session.session import Timeouts
from componentstream.wire import SSEDecoder, SSEEncoder, event_to_json
from tests.drive.kinds import Source, SourceError, Stalled
from tests.drive.virtual import count_suspensions
from tests.server.stream_helpers import PAGE, STREAM, begin, new_log, paced, run, settle, stored

SLOT = object()
SEND_TIMEOUT = 20.0
STARTED = StatusEvent("started", 0.0, 0, 0, 0)
BEAT = SSEEncoder().heartbeat()


class Exchange:
    """A request as a server hands it on, and its client.

    Attributes:
        sent: the messages that were sent.
        times: when each was.
        opened: readers that were opened and not given back.
        given_back: how many were given back.
        known: whether the client knows the stream.
        refused: the codes that were told.
        stuck_at: number of the message, from 1, that the client does not take.
        broken_at: number of the message for which the server raises.
    """

    def __init__(self, producer, log, *, begins=True, known=True, heartbeat=math.inf, **view):
        self.sent = []
        self.times = []
        self.opened = []
        self.given_back = 0
        self.known = known
        self.refused = []
        self.stuck_at = self.broken_at = None
        self.gone = asyncio.Event()
        self.broken = None
        self.loop = asyncio.get_running_loop()
        self.producer = producer
        self.log = log
        self.heartbeat = heartbeat
        self.view = view
        self.begins = begins
        self.metrics = SimpleNamespace(refused=self.refused.append)

    def subscribe(self, status, view, slot, *, resumable):
        assert slot is SLOT
        reader = StreamSubscriber(
            self.log,
            status,
            None if self.producer is None else self.producer.tail,
            view,
            finish_abandoned=None,
            heartbeat=self.heartbeat,
            log_timeout=1.0,
            resumable=resumable,
        )
        self.opened.append(reader)
        return reader

    async def unsubscribe(self, reader):
        self.known = reader.resumable
        self.opened.remove(reader)
        self.given_back += 1
        await reader.aclose()

    async def receive(self):
        await self.gone.wait()
        if self.broken is not None:
            raise self.broken
        return {"type": "http.disconnect"}

    async def send(self, message):
        if len(self.sent) + 1 == self.broken_at:
            raise OSError("gone")
        if len(self.sent) + 1 == self.stuck_at:
            await asyncio.Event().wait()
        self.sent.append(message)
        self.times.append(self.loop.time())
        await asyncio.sleep(0)

    async def answer(self):
        status = await self.log.log.status(STREAM)
        view = EventFilter(**self.view)
        response = StreamResponse(self, status, view, SLOT, self.begins, self.known, SEND_TIMEOUT)
        await response({}, self.receive, self.send)
        return self

    @property
    def head(self):
        return self.sent[0]["status"], {
            name.decode(): value.decode() for name, value in self.sent[0]["headers"]
        }

    @property
    def body(self):
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def whole(self):
        """Whether the response was ended."""
        return [message.get("more_body") for message in self.sent] == [None] + [True] * (
            len(self.sent) - 2
        ) + [False]


async def exchange(source, *, timeouts=None, producer_debug=False, log=None, store="continue", **how):
    """Return an exchange about a stream that a producer writes of a source, and the producer's task."""
    log = log or new_log()
    producer = await begin(log, source, timeouts=timeouts, debug=producer_debug, on_store_failure=store)
    task = asyncio.create_task(producer.run())
    return Exchange(producer, log, **how), task


def asked(test):
    """Make a test of a coroutine function, on virtual time."""

    def on_loop():
        run(test())

    on_loop.__name__ = test.__name__
    return on_loop


# A stream


@asked
async def test_response_has_the_stream_its_id_and_streaming_headers():
    client, task = await exchange(paced(*PAGE))
    await client.answer()
    await task
    assert client.head == (200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
        STREAM_ID.lower(): STREAM,
    })  # fmt: skip
    payloads = await stored(client.log)
    assert client.body == b"".join(
        b"data: %b\nid: %d\n\n" % (payload, seq) for seq, payload in enumerate(payloads, 1)
    )
    assert (client.whole, client.given_back, client.opened, client.refused) == (True, 1, [], [])


@asked
async def test_events_are_sent_immediately():
    client, task = await exchange(paced("a", "b", "c"))
    await client.answer()
    await task
    assert client.times == [1.0, 1.0, 2.0, 3.0, 3.0, 3.0]
    assert [message["type"] for message in client.sent] == ["http.response.start"] + [
        "http.response.body"
    ] * 5


@asked
async def test_filtered_events_send_no_message():
    client, task = await exchange(paced("a", "b", "c"), begins=False, components_only=True)
    await client.answer()
    await task
    assert client.times == [0.0, 0.0, 3.0, 3.0]
    assert [event.type for event in SSEDecoder().feed(client.body)] == ["status", "status", "message_stop"]


@asked
async def test_response_starts_with_the_first_event_that_settles_its_status():
    client, task = await exchange(paced("a", pause=7.0))
    await client.answer()
    await task
    assert client.times[0] == 7.0


@asked
async def test_response_starts_with_the_first_heartbeat_if_that_is_earlier():
    client, task = await exchange(paced("a", pause=7.0), heartbeat=2.0)
    await client.answer()
    await task
    assert client.times[:4] == [2.0, 2.0, 4.0, 6.0]
    assert [message.get("body") for message in client.sent[2:4]] == [BEAT, BEAT]
    assert SSEDecoder().feed(client.sent[1]["body"]) == [STARTED]
    assert client.whole


@asked
async def test_heartbeat_may_precede_all_events():
    log = new_log()
    await log.acquire(STREAM, owner="", ttl=100.0)
    client = Exchange(None, log, heartbeat=2.0)
    task = asyncio.create_task(client.answer())
    await asyncio.sleep(3.0)
    assert [message["type"] for message in client.sent] == ["http.response.start"]
    client.gone.set()
    await task
    assert client.given_back == 1


@asked
async def test_resumed_response_starts_immediately():
    client, task = await exchange(paced("a", pause=7.0), begins=False)
    await client.answer()
    await task
    assert (client.times[0], client.head[0], client.whole) == (0.0, 200, True)


@asked
async def test_response_is_sent_after_its_stream_has_ended():
    client, task = await exchange(Source("a").aitems(), begins=False)
    await task
    await client.answer()
    assert SSEDecoder().feed(client.body)[-1].reason == "complete"
    assert client.whole


@asked
async def test_client_ended_before_the_first_event_gets_an_empty_stream():
    log = new_log()
    await log.acquire(STREAM, owner="", ttl=100.0)
    client = Exchange(None, log)
    task = asyncio.create_task(client.answer())
    await settle()
    client.opened[0].end()
    await task
    assert (client.head[0], client.body, client.whole, client.given_back) == (200, b"", True, 1)


# An error instead of a stream


def full():
    log = new_log()
    log.trouble("append", math.inf)
    return {"log": log, "store": "fail"}


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("case", "status", "code", "retryable"),
    [
        ("fails", 502, "source_failed", False),
        ("stalls", 504, "chunk_timeout", True),
        ("full", 503, "log_unavailable", True),
    ],
)
def test_generation_that_fails_before_its_first_event_gets_an_error_status(
    case, status, code, retryable, debug
):
    async def test():
        source = {"fails": Source(SourceError("secret")), "stalls": Stalled(), "full": Stalled()}[case]
        client, task = await exchange(
            source.aitems(), timeouts=Timeouts(None, 5), debug=debug, producer_debug=debug,
            **(full() if case == "full" else {}),
        )  # fmt: skip
        await client.answer()
        await task
        assert client.head[0] == status
        headers = client.head[1]
        assert headers.pop("retry-after", None) == ("1" if retryable else None)
        assert headers == {
            "content-type": "application/json",
            "content-length": str(len(client.body)),
            "cache-control": "no-store",
            STREAM_ID.lower(): STREAM,
        }
        error = json.loads(client.body)
        assert (error["type"], error["error"]["type"], error["error"]["fatal"]) == ("error", code, True)
        assert error["error"]["retryable"] == retryable
        assert b"secret" not in client.body
        assert (client.refused, client.given_back, client.whole) == ([code], 1, True)

    run(test())


@asked
async def test_resumed_failed_stream_is_sent_as_a_stream():
    client, task = await exchange(Source(SourceError("no")).aitems(), begins=False)
    await task
    await client.answer()
    assert (client.head[0], client.refused) == (200, [])
    assert [event.type for event in SSEDecoder().feed(client.body)] == ["status", "error", "message_stop"]


@asked
async def test_generation_that_fails_later_is_sent_as_a_stream():
    client, task = await exchange(Source("a", SourceError("no")).aitems())
    await client.answer()
    await task
    assert (client.head[0], client.refused, client.whole) == (200, [], True)


@asked
async def test_non_fatal_error_is_part_of_the_stream():
    client, task = await exchange(Source("/// START 9\n").aitems())
    await client.answer()
    await task
    events = SSEDecoder().feed(client.body)
    assert (client.head[0], events[1].code, events[-1].reason) == (200, "invalid_name", "complete")


@asked
async def test_unknown_event_does_not_start_the_response():
    log = new_log()
    lease = await log.acquire(STREAM, owner="", ttl=100.0)
    events = [STARTED, ErrorEvent("source_failed", "No.", fatal=True), MessageStop("failed")]
    payloads = [event_to_json(event) for event in events]
    await log.append(lease, 1, [payloads[0], b'{"type":"of_another_version"}', *payloads[1:]])
    client = await Exchange(None, log).answer()
    assert client.head[0] == 502


@asked
async def test_rejected_subscription_leaves_no_subscriber():
    client, task = await exchange(Source("a").aitems())
    refusal = RefusedRequestError(503, "server_busy", "Too many.")

    def refuse(*_, **_named):
        raise refusal

    client.subscribe = refuse
    with pytest.raises(RefusedRequestError) as caught:
        await client.answer()
    await task
    assert caught.value is refusal
    assert (client.sent, client.given_back) == ([], 0)


# Readers that leave, stall or break


async def read_until(client, chunks):
    task = asyncio.create_task(client.answer())
    while len(client.sent) < chunks:  # noqa: ASYNC110 - time is virtual
        await asyncio.sleep(0.1)
    return task


@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("messages", [0, 1, 3, 6])
def test_disconnected_client_is_unsubscribed_immediately(messages, begins):
    async def test():
        client, production = await exchange(paced(*PAGE), begins=begins)
        task = await read_until(client, messages)
        before = client.loop.time()
        client.gone.set()
        await task
        assert client.loop.time() == before
        assert (client.given_back, client.opened, client.producer.tail.subscribers) == (1, [], 0)
        assert not client.whole
        await production

    run(test())


@pytest.mark.parametrize(
    ("messages", "before", "after"),
    [(0, False, False), (0, True, True), (1, False, True), (3, False, True)],
)
def test_client_can_resume_if_its_response_had_started(messages, before, after):
    async def test():
        client, production = await exchange(paced(*PAGE), known=before)
        task = await read_until(client, messages)
        client.gone.set()
        await task
        assert client.known is after
        await production

    run(test())


@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("message", [1, 2, 4, 6])
def test_client_that_reads_nothing_for_too_long_is_dropped(message, begins, caplog):
    async def test():
        client, production = await exchange(paced("a", "b", "c", "d"), begins=begins)
        client.stuck_at = message
        await client.answer()
        assert (len(client.sent), client.given_back, client.opened) == (message - 1, 1, [])
        stuck_since = max([float(begins), *client.times])
        assert 0 <= client.loop.time() - stuck_since - SEND_TIMEOUT <= 1.0
        await production

    with caplog.at_level("INFO", "componentstream"):
        run(test())
    assert [record.message for record in caplog.records] == [
        "A client took nothing for 20.0 seconds; its stream is dropped."
    ]


@asked
async def test_idle_time_does_not_count_towards_the_send_timeout():
    client, task = await exchange(paced("a", "b", "c", "d", pause=100.0))
    await client.answer()
    await task
    assert client.whole


def test_send_timeout_ends_with_the_response(caplog):
    async def test():
        client, task = await exchange(paced(*PAGE))
        await client.answer()
        await task
        await asyncio.sleep(2 * SEND_TIMEOUT)

    with caplog.at_level("INFO", "componentstream"):
        run(test())
    assert caplog.records == []


@pytest.mark.parametrize("turns", range(6))
def test_cancellation_is_not_lost_when_the_client_disconnects_too(turns):
    async def test():
        client, production = await exchange(paced(*PAGE))
        task = await read_until(client, 3)
        client.gone.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        cancelled = task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() == cancelled
        assert (client.given_back, client.opened) == (1, [])
        await production

    run(test())


@pytest.mark.parametrize("message", [1, 2, 3, 9])
def test_error_of_a_send_to_a_disconnected_client_is_suppressed(message):
    async def test():
        client, production = await exchange(paced(*PAGE))
        client.broken_at = message
        await client.answer()
        assert (len(client.sent), client.given_back, client.opened) == (message - 1, 1, [])
        await production

    run(test())


@asked
async def test_error_while_waiting_for_the_disconnect_is_raised():
    client, production = await exchange(paced(*PAGE))
    task = await read_until(client, 3)
    client.broken = RuntimeError("bug")
    client.gone.set()
    with pytest.raises(RuntimeError, match="bug"):
        await task
    assert (client.given_back, client.opened) == (1, [])
    await production


@asked
async def test_bug_in_the_log_is_raised():
    log = new_log()
    await log.acquire(STREAM, owner="", ttl=100.0)
    log.trouble("read", 1, error=RuntimeError("bug"))
    client = Exchange(None, log)
    with pytest.raises(RuntimeError, match="bug"):
        await client.answer()
    assert (client.given_back, client.opened) == (1, [])


async def interrupted_at(suspension, how):
    """Cancel a response, have its reader leave, or both, where something waits; return whether it did."""
    loop = asyncio.get_running_loop()
    client, production = await exchange(paced(*PAGE[:4], pause=0.5), heartbeat=0.3)
    client.log.trouble("read", math.inf, error=None, seconds=0.05)
    if "remote" in how:
        client.producer, producer = None, client.producer
        assert producer.tail.subscribers == 0
    count = 0
    acted = []

    def suspended():
        nonlocal count
        count += 1
        if count == suspension and not task.done():
            acted.append(True)
            if "leaves" in how:
                client.gone.set()
            if "cancelled" in how:
                task.cancel()

    count_suspensions(loop, suspended)
    task = loop.create_task(client.answer())
    await asyncio.wait([task])
    loop.set_task_factory(None)
    assert (client.opened, client.given_back) == ([], 1 if client.given_back else 0)
    if acted and "cancelled" in how:
        assert task.cancelled()
    else:
        await task
    if not acted:
        assert client.whole
    await production
    return bool(acted)


@pytest.mark.parametrize(
    "how", ["leaves", "cancelled", "leaves and cancelled", "remote leaves", "remote cancelled"]
)
def test_response_interrupted_anywhere_unsubscribes_and_leaves_nothing(how):
    suspension = 1
    while run(interrupted_at(suspension, how)):
        suspension += 1
    assert suspension > 15
