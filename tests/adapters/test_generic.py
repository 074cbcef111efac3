"""The reply as values: how it starts, how its body is read, and how an abandoned body ends."""

import asyncio
import threading
import time
from contextlib import aclosing, closing

import pytest

from componentstream.adapters.generic import astart_response, start_response
from componentstream.core.errors import UsageError
from componentstream.session.hooks import Reconnected
from componentstream.wire import JSONLinesEncoder
from tests.adapters.given_sources import (
    LONG,
    PAGE,
    SECRET,
    TYPES,
    Source,
    SourceFailedError,
    endless,
    error_of,
    types,
    until,
    watched_session,
)
from tests.timing import WAIT, passed_once

STREAM_HEADERS = [
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
]


def test_a_reply_is_status_headers_and_body():
    source = Source(*PAGE)
    reply = start_response(source.plain())
    assert (reply.status, reply.headers) == (200, STREAM_HEADERS)
    assert types(b"".join(reply.body)) == TYPES
    assert source.closed == 1


def test_a_reply_starts_with_the_first_event():
    gate = threading.Event()
    source = Source(PAGE[0], gate, *PAGE[1:])
    with closing(start_response(source.plain()).body) as body:
        assert source.read <= 2
        assert types(next(body)) == TYPES[:2]
        gate.set()


def test_a_reply_starts_with_the_first_heartbeat():
    gate = threading.Event()
    source = Source(gate, *PAGE)
    reply = start_response(source.plain(), heartbeat=0.05)
    assert source.read == 1
    gate.set()
    assert types(b"".join(reply.body)) == TYPES


def test_closing_the_body_closes_the_source():
    source = endless()
    body = start_response(source.plain()).body
    next(body)
    body.close()
    assert source.closed == 1
    assert list(body) == []


def test_closing_an_unread_body_closes_the_source():
    source = endless()
    start_response(source.plain()).body.close()
    assert source.closed == 1


def test_a_body_that_is_not_read_in_time_closes_the_source():
    source = endless()
    body = start_response(source.plain(), send_timeout=0.05).body
    with closing(body):
        asyncio.run(until(lambda: source.closed))
        with pytest.raises(TimeoutError, match="longer than send_timeout"):
            next(body)
        assert source.closed == 1


@passed_once
def test_a_body_that_is_read_slowly_is_read_whole():
    source = Source(*[step for _ in range(6) for step in ("text\n", 0.06)])
    read = []
    for chunk in start_response(source.plain(), send_timeout=0.2, batcher=None).body:
        time.sleep(0.05)
        read.append(chunk)
    assert types(b"".join(read))[-1] == "message_stop"


def test_a_source_that_fails_first_is_answered_with_an_error():
    source = Source(SourceFailedError(SECRET))
    reply = start_response(source.plain())
    body = b"".join(reply.body)
    assert reply.status == 502
    assert reply.headers == [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    assert error_of(body)["type"] == "source_failed"
    assert SECRET.encode() not in body
    assert source.closed == 1


def cancelling(session):
    """A source that cancels the session that reads it, as an application may at any time."""
    session.cancel(time.monotonic())
    yield "text"


def test_a_session_that_was_cancelled_elsewhere_is_answered_with_an_error():
    session = watched_session([].append)
    reply = start_response(cancelling(session), session=session)
    assert reply.status == 500
    assert error_of(b"".join(reply.body))["type"] == "internal_error"


async def acancelling(session):
    for chunk in cancelling(session):
        yield chunk


def test_a_session_that_was_cancelled_elsewhere_is_answered_with_an_error_asynchronously():
    async def answered():
        session = watched_session([].append)
        reply = await astart_response(acancelling(session), session=session)
        assert reply.status == 500
        return [chunk async for chunk in reply.body]

    assert error_of(b"".join(asyncio.run(answered())))["type"] == "internal_error"


def test_the_failure_of_a_source_is_logged(caplog):
    reply = start_response(Source(SourceFailedError(SECRET)).plain())
    reply.body.close()
    assert [record.exc_info[0] for record in caplog.records if record.name == "componentstream"] == [
        SourceFailedError
    ]


def test_head_closes_the_source_unread():
    source = Source(*PAGE)
    reply = start_response(source.plain(), method="HEAD", encoder=JSONLinesEncoder())
    assert reply.status == 200
    assert reply.headers[0] == ("Content-Type", "application/x-ndjson")
    assert list(reply.body) == []
    assert (source.read, source.closed) == (0, 1)


def test_hooks_are_notified_of_a_reconnect():
    records = []
    reply = start_response(Source(*PAGE).plain(), session=watched_session(records.append), last_event_id="41")
    reply.body.close()
    assert isinstance(records[0], Reconnected)
    assert records[0].last_event_id == "41"


def test_a_reconnect_without_a_session_is_answered_normally():
    reply = start_response(Source(*PAGE).plain(), last_event_id="41")
    assert types(b"".join(reply.body)) == TYPES


def arun(test):
    asyncio.run(test(), debug=True)


def test_an_asynchronous_reply_is_the_same():
    async def test():
        source = Source(*PAGE)
        reply = await astart_response(source.chunks())
        assert (reply.status, reply.headers) == (200, STREAM_HEADERS)
        async with aclosing(reply.body) as body:
            assert types(b"".join([chunk async for chunk in body])) == TYPES
        assert source.closed == 1

    arun(test)


def test_an_asynchronous_source_that_fails_first_is_answered_with_an_error():
    async def test():
        reply = await astart_response(Source(SourceFailedError(SECRET)).chunks())
        body = b"".join([chunk async for chunk in reply.body])
        assert reply.status == 502
        assert error_of(body)["type"] == "source_failed"

    arun(test)


def test_an_asynchronous_source_is_closed_unread_for_head():
    async def test():
        source = Source(*PAGE)
        reply = await astart_response(source.plain(), method="HEAD")
        assert [chunk async for chunk in reply.body] == []
        assert (source.read, source.closed) == (0, 1)

    arun(test)


def test_an_asynchronous_body_can_be_closed_at_any_time_and_again():
    async def test():
        for chunks_read in range(3):
            source = endless()
            body = (await astart_response(source.chunks())).body
            for _ in range(chunks_read):
                await anext(body)
            await body.aclose()
            assert source.closed == 1
            await body.aclose()
            assert [chunk async for chunk in body] == []

    arun(test)


def test_a_body_closes_itself_when_the_task_that_reads_it_ends():
    async def test():
        source = endless()
        body = (await astart_response(source.chunks())).body
        begun = asyncio.Event()

        async def read():
            await anext(body)
            begun.set()
            await asyncio.sleep(LONG)

        reader = asyncio.create_task(read())
        await begun.wait()
        reader.cancel()
        await asyncio.wait([reader])
        await until(lambda: source.closed)

    arun(test)


def test_a_body_may_be_handed_from_task_to_task_while_both_live():
    async def test():
        source = Source(*PAGE)
        body = (await astart_response(source.chunks())).body
        first = await anext(body)
        rest = await asyncio.create_task(collect(body))
        assert types(first + rest) == TYPES

    async def collect(body):
        return b"".join([chunk async for chunk in body])

    arun(test)


def test_a_body_that_is_never_read_closes_itself_in_time():
    async def test():
        source = endless()
        await astart_response(source.chunks(), send_timeout=0.05)
        await until(lambda: source.closed)

    arun(test)


def test_the_task_of_a_stalled_client_is_cancelled_and_the_body_is_marked_as_stalled():
    async def test():
        source = endless()
        body = (await astart_response(source.chunks(), send_timeout=0.05)).body

        async def read():
            await anext(body)
            await asyncio.sleep(LONG)

        reader = asyncio.create_task(read())
        await asyncio.wait([reader], timeout=WAIT)
        assert reader.cancelled()
        assert body.stalled
        assert source.closed == 1
        with pytest.raises(TimeoutError, match="longer than send_timeout"):
            await anext(body)

    arun(test)


@pytest.mark.parametrize("send_timeout", [0, -1.0, float("nan")])
def test_the_time_for_a_chunk_must_be_above_zero(send_timeout):
    words = "send_timeout must be a finite number of seconds above 0"
    with pytest.raises(UsageError, match=words):
        start_response(Source(*PAGE).plain(), send_timeout=send_timeout)
    with pytest.raises(UsageError, match=words):
        asyncio.run(astart_response(Source(*PAGE).plain(), send_timeout=send_timeout))


@pytest.mark.parametrize("options", [{"encoder": JSONLinesEncoder}, {"headers": "x"}, {"session": "x"}])
def test_a_wrong_option_is_refused_before_the_source_is_read(options):
    source = Source(*PAGE)
    with pytest.raises(UsageError):
        start_response(source.plain(), **options)
    with pytest.raises(UsageError):
        asyncio.run(astart_response(source.chunks(), **options))
    assert source.closed == 0


@passed_once
def test_waiting_for_the_source_does_not_count_as_stalling():
    async def test():
        source = Source(PAGE[0], 0.3, *PAGE[1:])
        body = (await astart_response(source.chunks(), send_timeout=0.05)).body
        assert types(b"".join([chunk async for chunk in body])) == TYPES

    arun(test)


def test_an_awaitable_source_is_awaited():
    async def test():
        source = Source(*PAGE)
        body = (await astart_response(source.awaited())).body
        assert types(b"".join([chunk async for chunk in body])) == TYPES
        assert source.closed == 1

    arun(test)


def test_head_closes_a_coroutine_and_cancels_a_task_that_would_return_the_source():
    async def test():
        coroutine = Source(*PAGE).awaited()
        await (await astart_response(coroutine, method="HEAD")).body.aclose()
        assert coroutine.cr_frame is None
        task = asyncio.create_task(Source(*PAGE).awaited())
        await (await astart_response(task, method="HEAD")).body.aclose()
        await asyncio.wait([task])
        assert task.cancelled()

    arun(test)


def test_a_synchronous_reply_does_not_take_an_awaitable():
    with pytest.raises(UsageError, match=r"use astart_response\(\), or a synchronous client"):
        start_response(Source(*PAGE).awaited())
