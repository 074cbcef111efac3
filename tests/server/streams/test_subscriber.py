"""A subscriber delivers a stream completely, once, in order and to an end, in spite of all failures."""

import asyncio
import math

import pytest

from componentstream.core.events import (
    ContentBlockDelta,
    ContentBlockStart,
    TextBlock,
)
from componentstream.log import SQLiteEventLog
from componentstream.server.streams.event_filter import EventFilter
from componentstream.server.streams.subscriber import StreamSubscriber
from componentstream.server.streams.tail import Tail, TailEntry
from componentstream.server.streams.takeover import finish_abandoned
from componentstream.wire import SSEDecoder, event_to_json
from tests.drive.virtual import count_suspensions
from tests.server import junctions
from tests.server.stream_helpers import (
    EVENTS,
    OWNER,
    PAGE,
    PAYLOADS,
    REAL_TIMEOUT,
    STREAM,
    Watch,
    begin,
    chunks_of,
    codes_of,
    events_of,
    new_log,
    paced,
    reason_of,
    run,
    settle,
    state,
    stored,
    text_of,
    verify,
)

BEAT = b": keep-alive\n"


def numbered(*numbers):
    """Return payloads that contain only their number."""
    return [b'{"type":"debug","state":{"n":%d}}' % number for number in numbers]


class Stream:
    """A stream that a test writes by hand, and the tail of its worker.

    Attributes:
        reader: the latest one; every one has to be closed.
    """

    def __init__(self, log=None):
        self.log = log or new_log()
        self.tail = Tail()
        self.lease = None
        self.enders = 0

    async def begin(self, payloads=(), *, ttl=1e7):
        self.lease = await self.log.acquire(STREAM, owner=OWNER, ttl=ttl)
        if payloads:
            await self.write(*payloads)
        return self

    async def write(self, *payloads):
        await self.log.append(self.lease, self.tail.last + 1, payloads)
        self.tail.put(payloads)

    async def finish(self):
        await self.log.finish(self.lease)
        self.tail.end()

    async def finish_abandoned(self, status):
        self.enders += await finish_abandoned(self.log, status.stream, status.owner, 10.0)

    async def subscriber(self, after=0, *, tail=True, heartbeat=math.inf, patience=1.0, debug=True, **view):
        return StreamSubscriber(
            self.log,
            await self.log.log.status(STREAM),
            self.tail if tail else None,
            EventFilter(after, debug=debug, **view),
            finish_abandoned=self.finish_abandoned,
            heartbeat=heartbeat,
            log_timeout=patience,
        )


class Client:
    """Reads all chunks of a subscriber in a task of its own, and records when each came."""

    def __init__(self, subscriber, pace=0.0):
        self.subscriber = subscriber
        self.chunks = []
        self.times = []
        self.pace = pace
        self.task = asyncio.create_task(self._read())

    async def _read(self):
        loop = asyncio.get_running_loop()
        try:
            async for chunk in chunks_of(self.subscriber):
                self.chunks.append(chunk)
                self.times.append(loop.time())
                await asyncio.sleep(self.pace)
        finally:
            await self.subscriber.aclose()

    async def whole(self):
        await self.task
        return self

    @property
    def entries(self):
        """ID, None for none, and payload of each event."""
        found = []
        for frame in b"".join(chunk for chunk in self.chunks if chunk != BEAT).split(b"\n\n")[:-1]:
            data, _, number = frame.removeprefix(b"data: ").partition(b"\nid: ")
            found.append((int(number) if number else None, data))
        return found

    @property
    def ids(self):
        return [number for number, _ in self.entries]

    @property
    def payloads(self):
        return [payload for _, payload in self.entries]

    @property
    def beats(self):
        return [at for at, chunk in zip(self.times, self.chunks, strict=True) if chunk == BEAT]


def on_virtual_time(test):
    """Turn a coroutine function into a test on virtual time."""

    def on_loop():
        run(test())

    on_loop.__name__ = test.__name__
    return on_loop


# Delivery


@on_virtual_time
async def test_a_finished_stream_is_read_to_its_end():
    stream = await Stream().begin(PAYLOADS)
    await stream.finish()
    for tail in (True, False):
        client = await Client(await stream.subscriber(tail=tail)).whole()
        assert client.entries == list(enumerate(PAYLOADS, 1))
        decoder = SSEDecoder()
        assert decoder.feed(b"".join(client.chunks)) == EVENTS
        assert decoder.last_event_id == str(len(PAYLOADS))


@on_virtual_time
async def test_a_subscriber_resumes_after_its_last_number():
    stream = await Stream().begin(PAYLOADS)
    await stream.finish()
    for tail in (True, False):
        for after in range(len(PAYLOADS) + 1):
            client = await Client(await stream.subscriber(after, tail=tail)).whole()
            assert client.entries == list(enumerate(PAYLOADS, 1))[after:]


@on_virtual_time
async def test_an_entry_is_delivered_without_delay():
    stream = await Stream().begin()
    clients = [Client(await stream.subscriber(tail=tail)) for tail in (True, False)]
    for payload in PAYLOADS:
        await asyncio.sleep(1.0)
        await stream.write(payload)
    await stream.finish()
    for client in clients:
        await client.whole()
        assert client.payloads == PAYLOADS
        assert client.times == [float(number) for number in range(1, len(PAYLOADS) + 1)]


@on_virtual_time
async def test_an_entry_that_the_log_lacks_is_sent_without_an_id():
    stream = await Stream().begin(PAYLOADS[:3])
    client = Client(await stream.subscriber())
    await settle()
    stream.tail.put(PAYLOADS[3:], logged=False)
    stream.tail.end()
    await client.whole()
    assert client.payloads == PAYLOADS
    assert client.ids == [1, 2, 3] + [None] * (len(PAYLOADS) - 3)


@on_virtual_time
async def test_the_next_entries_are_returned_unchanged():
    stream = await Stream().begin(PAYLOADS[:2])
    subscriber = await stream.subscriber(heartbeat=5.0)
    assert await subscriber.next() == [TailEntry(1, PAYLOADS[0]), TailEntry(2, PAYLOADS[1])]
    assert await subscriber.next() == []
    await stream.finish()
    assert await subscriber.next() is None
    assert await subscriber.next() is None
    await subscriber.aclose()


# Selection


@on_virtual_time
async def test_a_hidden_block_stays_hidden_after_a_resume():
    stream = await Stream().begin(PAYLOADS)
    await stream.finish()
    for tail in (True, False):
        client = await Client(
            await stream.subscriber(3, tail=tail, components_only=True, debug=False)
        ).whole()
        assert client.ids == [6, 7, 8, 9, 10, 11, 15]


# Heartbeats


@on_virtual_time
async def test_heartbeats_are_sent_only_during_silence():
    stream = await Stream().begin(PAYLOADS[:1])
    clients = [Client(await stream.subscriber(tail=tail, heartbeat=4.0)) for tail in (True, False)]
    for pause in (3.0, 3.0, 9.0, 1.0, 4.5):
        await asyncio.sleep(pause)
        await stream.write(b"{}")
    await stream.finish()
    for client in clients:
        await client.whole()
        assert client.beats == [10.0, 14.0, 20.0]
        assert len(client.entries) == 6


@on_virtual_time
async def test_heartbeats_can_be_disabled():
    stream = await Stream().begin(PAYLOADS[:1])
    client = Client(await stream.subscriber())
    await asyncio.sleep(1e6)
    await stream.finish()
    await client.whole()
    assert (client.beats, len(client.chunks)) == ([], 1)


@pytest.mark.parametrize("tail", [True, False])
def test_a_client_that_all_entries_are_hidden_from_gets_heartbeats(tail):
    async def test():
        stream = await Stream().begin(PAYLOADS[:1])
        client = Client(await stream.subscriber(tail=tail, heartbeat=4.0, components_only=True))
        await stream.write(event_to_json(ContentBlockStart(0, TextBlock())))
        for _ in range(100):
            await asyncio.sleep(0.1)
            await stream.write(event_to_json(ContentBlockDelta(0, "x")))
        await stream.finish()
        await client.whole()
        assert client.ids == [1]
        assert client.beats == pytest.approx([4.0, 8.0], abs=0.11)

    run(test())


@on_virtual_time
async def test_a_slow_client_gets_entries_before_heartbeats():
    stream = await Stream().begin(PAYLOADS[:1])
    client = Client(await stream.subscriber(heartbeat=4.0), pace=6.0)
    await asyncio.sleep(5.0)
    client.pace = 0.0
    await stream.write(*PAYLOADS[1:3])
    await asyncio.sleep(7.5)
    await stream.finish()
    await client.whole()
    assert (client.ids, client.beats) == ([1, 2, 3], [10.0])


@on_virtual_time
async def test_heartbeats_continue_while_the_log_fails():
    stream = await Stream().begin(PAYLOADS[:1])
    stream.log.trouble("read", math.inf)
    client = Client(await stream.subscriber(tail=False, heartbeat=2.0, patience=7.0))
    await client.whole()
    assert client.beats == [2.0, 4.0, 6.0]


# Hand-over between log and tail


@on_virtual_time
async def test_a_late_subscriber_catches_up_from_the_log_and_moves_to_the_tail():
    stream = await Stream().begin(numbered(*range(1, 1001)))
    client = Client(await stream.subscriber())
    await settle()
    assert client.ids == list(range(1, 1001))
    reads = len(stream.log.times("read"))
    for number in range(1001, 1101):
        await stream.write(*numbered(number))
        await settle()
    await stream.finish()
    await client.whole()
    assert client.payloads == numbered(*range(1, 1101))
    assert len(stream.log.times("read")) == reads == 1


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_subscriber_that_lags_returns_to_the_log_and_then_to_the_tail(size):
    async def test():
        stream = await Stream().begin()
        client = Client(await stream.subscriber())
        payloads = [b'{"type":"x","n":%d,"x":"%b"}' % (n, b"x" * size) for n in range(700)]
        for place, payload in enumerate(payloads):
            client.pace = 3.0 if place in {50, 380} else 0.0
            await stream.write(payload)
            await asyncio.sleep(0.01)
        await asyncio.sleep(10)
        await stream.finish()
        await client.whole()
        assert client.payloads == payloads
        assert client.ids == list(range(1, 701))
        assert len(stream.log.times("read")) == 2

    run(test(), debug=False)


@on_virtual_time
async def test_a_tail_that_drops_entries_during_the_hand_over_sends_the_subscriber_back():
    stream = await Stream().begin(numbered(*range(300)))
    stream.log.trouble("read", 1, error=None, closing=0.5)
    client = Client(await stream.subscriber())
    await asyncio.sleep(0.25)
    assert len(client.ids) == 256
    await stream.write(*numbered(*range(300, 600)))
    await stream.finish()
    await client.whole()
    assert client.payloads == numbered(*range(600))
    assert len(stream.log.times("read")) == 2


@on_virtual_time
async def test_a_tail_that_is_fenced_during_the_hand_over_sends_the_subscriber_back():
    stream = await Stream().begin(PAYLOADS[:5])
    stream.tail._entries.clear()  # so that it reads in the log
    stream.log.trouble("read", 1, error=None, closing=0.5)
    client = Client(await stream.subscriber())
    await asyncio.sleep(0.25)
    assert client.ids == [1, 2, 3, 4, 5]
    other = await stream.log.acquire(STREAM, owner=OWNER, take_over="open")
    await stream.log.append(other, 6, PAYLOADS[5:])
    await stream.log.finish(other)
    stream.tail.end(fenced=True)
    await client.whole()
    assert client.payloads == PAYLOADS


@on_virtual_time
async def test_a_subscriber_in_the_log_may_be_ahead_of_the_tail():
    stream = await Stream().begin(PAYLOADS[:2])
    client = Client(await stream.subscriber())
    await settle()
    stream.tail._entries.clear()  # its entries have grown old, so the subscriber reads from the log
    client = Client(await stream.subscriber())
    await settle()
    await stream.log.append(stream.lease, 3, PAYLOADS[2:4])
    await settle()
    before = list(client.ids)
    stream.tail.put(PAYLOADS[2:4])
    await settle()
    assert client.ids == [1, 2, 3, 4]
    assert before in ([1, 2], [1, 2, 3, 4])
    await stream.finish()
    await client.whole()


@on_virtual_time
async def test_a_fenced_tail_sends_its_subscribers_to_the_log():
    stream = await Stream().begin(PAYLOADS[:5])
    client = Client(await stream.subscriber())
    await settle()
    other = await stream.log.acquire(STREAM, owner=OWNER, take_over="open")
    await stream.log.append(other, 6, PAYLOADS[5:])
    await settle()
    assert client.ids == [1, 2, 3, 4, 5]
    stream.tail.end(fenced=True)
    await settle()
    assert client.ids == list(range(1, 16))
    assert stream.tail.subscribers == 0
    await stream.log.finish(other)
    await client.whole()
    assert client.payloads == PAYLOADS


@on_virtual_time
async def test_a_tail_counts_its_subscribers():
    stream = await Stream().begin(PAYLOADS)
    subscribers = [await stream.subscriber() for _ in range(3)]
    assert stream.tail.subscribers == 3
    for left, subscriber in enumerate(subscribers, 1):
        await subscriber.aclose()
        await subscriber.aclose()
        assert stream.tail.subscribers == 3 - left
    assert stream.tail._callbacks == set()


@on_virtual_time
async def test_a_subscriber_that_missed_entries_of_the_tail_alone_gets_an_error():
    """Entries that another producer has written since then have the same numbers and other contents."""
    stream = await Stream().begin(PAYLOADS[:8], ttl=1.0)
    client = Client(await stream.subscriber())
    await settle()
    client.pace = 5.0
    stream.tail.put(PAYLOADS[8:9], logged=False)
    await asyncio.sleep(1.5)
    await stream.finish_abandoned(await stream.log.status(STREAM))
    assert len(await stored(stream.log)) > 9
    for payload in PAYLOADS[9:13]:
        stream.tail.put([payload], logged=False)
        await asyncio.sleep(1.0)
    stream.tail.put(PAYLOADS[13:], logged=False)
    stream.tail.end()
    await client.whole()
    assert client.payloads[:9] == PAYLOADS[:9]
    assert client.ids == [1, 2, 3, 4, 5, 6, 7, 8, None, None]
    assert codes_of(client.payloads[9:]) == ["log_unavailable"]


@on_virtual_time
async def test_an_entry_whose_acknowledgement_was_lost_is_delivered_once():
    log = new_log()
    log.trouble("append", 3, error=None)
    producer = await begin(log, paced(*PAGE, pause=1.0))
    watch = Watch(producer.tail)
    stream = Stream(log)
    task = asyncio.create_task(producer.run())
    await asyncio.sleep(2.5)
    log.trouble("append", math.inf, gets_through=True)
    stream.tail = producer.tail
    client = Client(await stream.subscriber(), pace=0.0)
    remote = Client(await stream.subscriber(tail=False))
    await asyncio.sleep(1.0)  # the third chunk is in the log, and the producer does not know
    producer.tail._entries.clear()
    lagging = Client(await stream.subscriber())
    await task
    for subscriber in (client, lagging):
        await subscriber.whole()
        verify(subscriber.payloads)
        assert text_of(subscriber.payloads) == text_of(watch.payloads)
    assert codes_of(client.payloads) == codes_of(lagging.payloads) == ["not_resumable"]
    await remote.whole()
    verify(remote.payloads)
    assert codes_of(remote.payloads) == ["producer_lost"]


@pytest.mark.parametrize("number", range(6))
def test_entries_are_neither_lost_nor_doubled_wherever_subscribers_join_and_lag(number):
    figures = junctions.run_many(range(number * 50, number * 50 + 50))
    assert figures["runs"] == 50
    assert figures["readers"] > 100
    assert figures["went back to the log"] > 5
    assert figures["troubles"] > 5


def test_entries_are_neither_lost_nor_doubled_in_a_file(tmp_path):
    figures = junctions.run_many(range(3), path=tmp_path)
    assert figures["readers"] > 3


# The end of a stream


@on_virtual_time
async def test_a_subscriber_can_be_ended_at_any_entry():
    stream = await Stream().begin(PAYLOADS[:3])
    clients = [Client(await stream.subscriber(tail=tail)) for tail in (True, False)]
    await settle()
    for client in clients:
        client.subscriber.end()
        client.subscriber.end()
        await client.whole()
        assert client.ids == [1, 2, 3]
    assert (stream.tail.subscribers, asyncio.get_running_loop().time()) == (0, 0.0)


@on_virtual_time
async def test_a_subscriber_ended_before_it_reads_gets_nothing():
    stream = await Stream().begin(PAYLOADS[:3])
    subscriber = await stream.subscriber()
    subscriber.end()
    client = await Client(subscriber).whole()
    assert client.chunks == []


@on_virtual_time
async def test_a_subscriber_ended_while_it_finishes_a_lost_stream_does_not_wait():
    stream = await Stream().begin(PAYLOADS[:3], ttl=1.0)
    await asyncio.sleep(1.0)
    client = Client(await stream.subscriber(tail=False))
    stream.log.trouble("acquire", 1, error=None, seconds=0.5)
    await asyncio.sleep(0.25)
    client.subscriber.end()
    await client.whole()
    assert client.ids == [1, 2, 3]
    assert asyncio.get_running_loop().time() == pytest.approx(1.5, abs=0.01)


@on_virtual_time
async def test_all_subscribers_of_a_dead_producer_get_the_same_end():
    stream = await Stream().begin(PAYLOADS[:7], ttl=5.0)
    clients = [Client(await stream.subscriber(number % 8, tail=False)) for number in range(100)]
    for client in clients:
        await client.whole()
        after = 7 if not client.ids else client.ids[0] - 1
        assert client.ids == list(range(after + 1, 11))
        assert max(client.times) <= 5.5
    assert stream.enders == 1
    assert await state(stream.log) == "finished"
    whole = clients[0].payloads
    verify(whole)
    assert (codes_of(whole), reason_of(whole)) == (["producer_lost"], "failed")
    assert all(client.payloads == whole[-len(client.payloads) :] for client in clients)


@on_virtual_time
async def test_subscribers_on_the_worker_of_a_dead_producer_get_that_end_too():
    stream = await Stream().begin(PAYLOADS[:7], ttl=5.0)
    client = Client(await stream.subscriber())
    await settle()
    stream.tail.end(fenced=True)
    await client.whole()
    verify(client.payloads)
    assert codes_of(client.payloads) == ["producer_lost"]


@pytest.mark.parametrize("call", ["status", "acquire", "append", "finish"])
def test_an_ending_that_fails_at_first_is_retried(call):
    async def test():
        stream = await Stream().begin(PAYLOADS[:7], ttl=5.0)
        clients = [Client(await stream.subscriber(tail=False)) for _ in range(5)]
        stream.log.trouble(call, 5)
        for client in clients:
            await client.whole()
            verify(client.payloads)
            assert client.ids == list(range(1, 11))
        assert await state(stream.log) == "finished"

    run(test())


@on_virtual_time
async def test_an_ending_that_cannot_be_written_in_time_is_sent_without_an_id():
    stream = await Stream().begin(PAYLOADS[:3], ttl=5.0)
    stream.log.trouble("acquire", math.inf)
    client = await Client(await stream.subscriber(2, tail=False)).whole()
    assert client.ids == [3, None]
    assert codes_of(client.payloads) == ["log_unavailable"]
    assert client.times[-1] == pytest.approx(6.0, abs=0.1)


@on_virtual_time
async def test_a_stream_that_is_deleted_ends_with_an_error():
    stream = await Stream().begin(PAYLOADS[:3])
    client = Client(await stream.subscriber(tail=False))
    await settle()
    await stream.log.delete(STREAM)
    await client.whole()
    assert client.ids == [1, 2, 3, None]
    (error,) = events_of(client.payloads[3:])
    assert (error.code, error.fatal, error.retryable) == ("stream_unknown", True, False)


@on_virtual_time
async def test_trimmed_entries_are_an_error():
    stream = await Stream(new_log(max_entries=5)).begin(PAYLOADS[:10])
    client = await Client(await stream.subscriber(3, tail=False)).whole()
    assert client.ids == [None]
    (error,) = events_of(client.payloads)
    assert (error.code, error.fatal, error.retryable) == ("events_trimmed", True, False)


@pytest.mark.parametrize("ends", ["deleted", "failing", "lost"])
def test_errors_are_not_sent_after_the_end(ends):
    async def test():
        stream = await Stream().begin(PAYLOADS, ttl=5.0)
        clients = [Client(await stream.subscriber(tail=tail)) for tail in (True, False)]
        await settle()
        if ends == "deleted":
            await stream.log.delete(STREAM)
        elif ends == "failing":
            stream.log.trouble("read", math.inf)
            stream.log.trouble("status", math.inf)
            stream.log.trouble("acquire", math.inf)
        stream.tail.end(fenced=True)
        for client in clients:
            await client.whole()
            assert client.payloads == PAYLOADS

    run(test())


# Log failures


@pytest.mark.parametrize("times", [1, 2, 9])
@pytest.mark.parametrize("gets_through", [False, True])
def test_a_temporary_log_failure_is_retried(times, gets_through):
    async def test():
        stream = await Stream().begin(numbered(*range(1, 401)))
        stream.log.trouble("read", times, gets_through=gets_through)
        client = Client(await stream.subscriber(tail=False))
        await asyncio.sleep(5)
        await stream.write(*numbered(*range(401, 600)))
        await stream.finish()
        await client.whole()
        assert client.payloads == numbered(*range(1, 600))

    run(test())


@pytest.mark.parametrize(("how", "by"), [({}, 2.1), ({"seconds": 0.9}, 2.9)], ids=["at once", "late"])
def test_a_log_that_fails_for_longer_than_the_timeout_is_given_up(how, by):
    async def test():
        stream = await Stream().begin(PAYLOADS[:3])
        stream.log.trouble("read", math.inf, **how)
        client = await Client(await stream.subscriber(tail=False, patience=2.0)).whole()
        (error,) = events_of(client.payloads)
        assert (error.code, error.fatal, error.retryable) == ("log_unavailable", True, True)
        assert client.ids == [None]
        assert 2.0 <= client.times[0] <= by

    run(test())


@pytest.mark.parametrize("seconds", [2.5, 5.0, 25.0])
def test_a_log_that_hangs_for_longer_than_a_follow_may_fail_is_given_up(seconds):
    async def test():
        stream = await Stream().begin(PAYLOADS[:3])
        stream.log.trouble("read", math.inf, seconds=seconds)
        client = await Client(await stream.subscriber(tail=False, patience=1.0)).whole()
        assert [event.code for event in events_of(client.payloads)] == ["log_unavailable"]
        assert client.times[0] <= 2 * seconds + 0.1

    run(test())


@on_virtual_time
async def test_the_time_for_retries_begins_when_a_quiet_follow_fails():
    stream = await Stream().begin(PAYLOADS[:3])
    stream.log.trouble("read", 1, seconds=20.0, gets_through=True)
    stream.log.trouble("read", 1, seconds=0.0)
    client = Client(await stream.subscriber(tail=False))
    await asyncio.sleep(25.0)
    await stream.finish()
    await client.whole()
    assert client.ids == [1, 2, 3]


@on_virtual_time
async def test_failures_far_apart_are_not_added_up():
    stream = await Stream().begin(PAYLOADS[:3])
    stream.log.trouble("read", 1)
    for _ in range(5):
        stream.log.trouble("read", 1, seconds=40.0)
    client = Client(await stream.subscriber(tail=False))
    await asyncio.sleep(205)
    await stream.finish()
    await client.whole()
    assert client.ids == [1, 2, 3]


@on_virtual_time
async def test_a_subscriber_of_the_tail_does_not_notice_a_log_failure():
    stream = await Stream().begin(PAYLOADS[:3])
    stream.log.trouble("read", math.inf)
    client = Client(await stream.subscriber())
    await settle()
    await stream.write(*PAYLOADS[3:])
    await stream.finish()
    await client.whole()
    assert client.payloads == PAYLOADS
    assert stream.log.times("read") == []


# Cleanup


async def closed_at(suspension, *, tail, cancel):
    """Close a subscriber at one of its suspensions; return False if it has fewer."""
    loop = asyncio.get_running_loop()
    stream = await Stream().begin(numbered(*range(400)), ttl=6.0)
    for call in ("status", "acquire", "append", "finish"):
        stream.log.trouble(call, math.inf, error=None, seconds=0.1)
    stream.log.trouble("read", 1, seconds=0.1)
    stream.log.trouble("read", math.inf, error=None, seconds=0.1)
    subscriber = await stream.subscriber(tail=tail, heartbeat=1.0)
    count = 0
    acted = []

    def suspended():
        nonlocal count
        count += 1
        if count == suspension and not client.task.done():
            acted.append(client.task.cancel() if cancel else subscriber.end())

    count_suspensions(loop, suspended)
    client = Client(subscriber)

    async def write():
        await asyncio.sleep(2.0)
        await stream.log.log.append(stream.lease, 401, numbered(400))
        stream.tail.put(numbered(400))
        await asyncio.sleep(2.0)
        stream.tail.end(fenced=True)

    writer = loop.create_task(write())
    await asyncio.wait([client.task, writer])
    loop.set_task_factory(None)
    assert client.task.cancelled() == bool(acted and cancel)
    # A retry timer may be left; it has no effect.
    await asyncio.sleep(0.1)
    assert (stream.tail.subscribers, stream.tail._callbacks) == (0, set())
    assert client.ids == list(range(1, len(client.ids) + 1))
    return bool(acted)


@pytest.mark.parametrize("tail", [True, False])
@pytest.mark.parametrize("cancel", [True, False])
def test_a_subscriber_can_be_closed_at_every_await(tail, cancel):
    suspension = 1
    while run(closed_at(suspension, tail=tail, cancel=cancel)):
        suspension += 1
    assert suspension > 20


@on_virtual_time
async def test_an_error_of_an_abandoned_page_is_not_logged():
    stream = await Stream().begin(PAYLOADS[:3])
    stream.log.trouble("read", 1, seconds=1.0)
    subscriber = await stream.subscriber(tail=False, heartbeat=0.5)
    assert await subscriber.next() == []
    await asyncio.sleep(1.0)
    await subscriber.aclose()


@on_virtual_time
async def test_an_error_other_than_a_log_error_is_raised():
    stream = await Stream().begin(PAYLOADS[:3])
    stream.log.trouble("read", 1, error=OSError("bug"))
    client = Client(await stream.subscriber(tail=False))
    with pytest.raises(OSError, match="bug"):
        await client.whole()


def test_a_stream_in_a_file_is_read_by_this_worker_and_others(tmp_path):
    async def test():
        logs = [SQLiteEventLog(tmp_path / "log.db", call_timeout=REAL_TIMEOUT) for _ in range(2)]
        try:
            producer = await begin(logs[0], paced(*PAGE, pause=0.005), log_timeout=REAL_TIMEOUT)
            stream = Stream()
            task = asyncio.create_task(producer.run())
            clients = []
            while not producer.tail.last:  # noqa: ASYNC110 - the tail has no event to wait for
                await asyncio.sleep(0.005)
            for log, tail in ((logs[0], producer.tail), (logs[0], None), (logs[1], None)):
                for after in (0, 1):
                    subscriber = StreamSubscriber(
                        log,
                        await logs[0].status(STREAM),
                        tail,
                        EventFilter(after),
                        finish_abandoned=stream.finish_abandoned,
                        heartbeat=15.0,
                        log_timeout=REAL_TIMEOUT,
                    )
                    clients.append(Client(subscriber))
            await task
            whole = await stored(logs[1])
            verify(whole)
            for client in clients:
                await client.whole()
                assert client.payloads == whole[-len(client.payloads) :]
                assert client.ids[-1] == len(whole)
        finally:
            for log in logs:
                await log.aclose()

    asyncio.run(test())


@on_virtual_time
async def test_a_subscriber_that_is_ended_still_delivers_a_completed_stream():
    stream = await Stream().begin(PAYLOADS[:1])
    subscriber = await stream.subscriber()
    await stream.write(*PAYLOADS[1:3])
    await stream.finish()
    subscriber.end()
    client = Client(subscriber)
    await client.whole()
    assert client.ids == [1, 2, 3]
