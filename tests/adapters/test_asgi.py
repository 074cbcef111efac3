"""The ASGI application, called with a fake `receive` and `send`."""

import asyncio
import logging

import pytest

from componentstream.adapters.asgi import ASGIStream
from componentstream.core.errors import UsageError
from componentstream.session.hooks import Reconnected, StreamFinished
from componentstream.session.session import GenerationSession
from componentstream.wire import JSONLinesDecoder, JSONLinesEncoder
from tests.adapters.given_sources import (
    LONG,
    PAGE,
    SECRET,
    TYPES,
    Source,
    SourceFailedError,
    endless,
    error_of,
    failing_session,
    hasty_session,
    types,
    until,
    watched_session,
)
from tests.timing import WAIT, passed_once

GET = {"type": "http", "method": "GET", "headers": []}
DELTA = {"type": "http.request", "body": b"", "more_body": False}


class Server:
    """A server as an application sees it: the client may disconnect, and sends may take time."""

    def __init__(self, *, pace=0.0, stuck_at=None, requests=(DELTA,)):
        self.sent = []
        self.requests = list(requests)
        self.gone = asyncio.Event()
        self.pace = pace
        self.stuck_at = stuck_at
        self.stuck = asyncio.Event()

    async def receive(self):
        if self.requests:
            return self.requests.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if self.stuck_at == len(self.sent):
            self.stuck.set()
            await asyncio.sleep(LONG)
        await asyncio.sleep(self.pace)
        self.sent.append(message)

    @property
    def start(self):
        assert self.sent[0]["type"] == "http.response.start"
        return self.sent[0]["status"], dict(self.sent[0]["headers"])

    @property
    def body(self):
        assert {message["type"] for message in self.sent[1:]} == {"http.response.body"}
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def complete(self):
        return [message.get("more_body") for message in self.sent[1:]].count(False) == 1


def answer(source, *, scope=GET, server=(), before=None, **options):
    """Run the application over a source, in its own event loop; return the server afterwards."""

    async def run():
        made = Server(**dict(server))
        call = ASGIStream(source, **options)(scope, made.receive, made.send)
        task = asyncio.create_task(call)
        if before is not None:
            await before(made, task)
        await asyncio.wait_for(task, WAIT)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return made

    return asyncio.run(run())


def test_a_stream_is_sent_whole_with_its_headers():
    source = Source(*PAGE)
    server = answer(source.chunks())
    assert server.start == (
        200,
        {
            b"content-type": b"text/event-stream; charset=utf-8",
            b"cache-control": b"no-cache, no-transform",
            b"x-accel-buffering": b"no",
        },
    )
    assert types(server.body) == TYPES
    assert server.complete
    assert source.closed == 1


def test_a_stream_may_be_of_json_lines():
    server = answer(Source(*PAGE).chunks(), encoder=JSONLinesEncoder())
    assert server.start[1][b"content-type"] == b"application/x-ndjson"
    assert [event.type for event in JSONLinesDecoder().feed(server.body)] == TYPES


def test_the_response_begins_with_the_first_event_of_the_source():
    gate = asyncio.Event()

    async def before(server, _task):
        await asyncio.sleep(0.05)
        assert server.sent == []
        gate.set()

    server = answer(Source(gate, *PAGE).chunks(), before=before)
    assert types(server.sent[1]["body"])[:2] == TYPES[:2]


def test_the_response_begins_with_the_first_heartbeat_if_that_is_earlier():
    gate = asyncio.Event()

    async def before(server, _task):
        await until(lambda: len(server.sent) >= 2)
        assert [message["type"] for message in server.sent[:2]] == [
            "http.response.start",
            "http.response.body",
        ]
        assert server.sent[1]["body"].endswith(b"}\n\n: keep-alive\n")
        assert types(server.body) == ["status"]
        gate.set()

    server = answer(Source(gate, *PAGE).chunks(), heartbeat=0.05, before=before)
    assert types(server.body) == TYPES


def test_a_source_that_fails_before_its_first_event_is_a_bad_gateway():
    source = Source(SourceFailedError(SECRET))
    server = answer(source.chunks(), headers={"x-request": "7", "cache-control": "private"})
    assert server.start == (
        502,
        {
            b"content-type": b"application/json",
            b"content-length": str(len(server.body)).encode(),
            b"cache-control": b"no-store",
            b"x-request": b"7",
        },
    )
    assert error_of(server.body)["type"] == "source_failed"
    assert SECRET.encode() not in server.body
    assert server.complete
    assert source.closed == 1


def test_a_deadline_before_the_first_event_is_a_gateway_timeout_worth_another_try():
    source = Source(LONG)
    server = answer(source.chunks(), session=hasty_session(), heartbeat=0.05)
    assert server.start[0] == 504
    assert server.start[1][b"retry-after"] == b"1"
    assert error_of(server.body)["type"] == "chunk_timeout"
    assert source.closed == 1


def test_any_other_fatal_error_before_the_first_event_is_an_internal_one():
    server = answer(Source("/// START\n").chunks(), session=failing_session())
    assert server.start[0] == 500
    assert b"retry-after" not in server.start[1]
    assert error_of(server.body)["type"] == "error_threshold"


def test_an_error_that_is_not_fatal_is_an_event_of_the_stream():
    server = answer(Source("/// START\n").chunks())
    assert server.start[0] == 200
    assert types(server.body)[:2] == ["status", "error"]


def test_an_error_after_the_first_event_is_an_event_of_the_stream():
    server = answer(Source(PAGE[0], SourceFailedError(SECRET)).chunks())
    assert server.start[0] == 200
    assert types(server.body) == [*TYPES[:2], "error", "content_block_stop", "message_stop"]
    assert SECRET.encode() not in server.body
    assert server.complete


def test_head_gets_the_headers_and_closes_the_source_unread():
    source = Source(*PAGE)
    server = answer(source.plain(), scope={**GET, "method": "HEAD"}, headers=[("x-request", "7")])
    assert server.start[0] == 200
    assert server.start[1][b"content-type"] == b"text/event-stream; charset=utf-8"
    assert server.start[1][b"x-request"] == b"7"
    assert server.body == b""
    assert (source.read, source.closed) == (0, 1)


def test_headers_may_be_added_and_replaced():
    server = answer(Source(*PAGE).chunks(), headers=[("Cache-Control", "no-store"), ("X-Request", "7")])
    assert server.start[1][b"cache-control"] == b"no-store"
    assert server.start[1][b"x-request"] == b"7"


def test_hooks_are_notified_of_a_reconnect():
    records = []
    scope = {**GET, "headers": [(b"last-event-id", b"41")]}
    answer(Source(*PAGE).chunks(), scope=scope, session=watched_session(records.append))
    told = [record for record in records if isinstance(record, Reconnected)]
    assert [(record.stream, record.last_event_id) for record in told] == [("s1", "41")]
    assert records[0] is told[0]


def test_hooks_are_not_notified_of_a_first_connection():
    records = []
    answer(Source(*PAGE).chunks(), session=watched_session(records.append))
    assert not any(isinstance(record, Reconnected) for record in records)


def test_a_disconnect_while_the_source_is_silent_closes_it():
    source = Source(PAGE[0], LONG)
    records = []

    async def before(server, task):
        await until(lambda: server.sent)
        server.gone.set()
        await asyncio.wait([task], timeout=WAIT / 2)
        assert task.done()

    session = GenerationSession(hooks=[records.append])
    server = answer(source.chunks(), session=session, before=before)
    assert source.closed == 1
    assert not server.complete
    assert [record.reason for record in records if isinstance(record, StreamFinished)] == ["cancelled"]


def test_a_disconnect_before_the_first_event_closes_the_source():
    source = Source(LONG)

    async def before(server, _task):
        await asyncio.sleep(0.05)
        server.gone.set()

    server = answer(source.chunks(), before=before)
    assert server.sent == []
    assert source.closed == 1


def test_a_disconnect_while_the_server_sends_closes_the_source():
    source = endless()

    async def before(server, _task):
        await server.stuck.wait()
        await asyncio.sleep(0.05)
        server.gone.set()

    answer(source.chunks(), server={"stuck_at": 2}, before=before)
    assert source.closed == 1


@pytest.mark.parametrize("stuck_at", [0, 1, 2])
def test_a_client_that_does_not_read_is_dropped(stuck_at, caplog):
    source = endless()
    caplog.set_level(logging.INFO, "componentstream")
    server = answer(source.chunks(), server={"stuck_at": stuck_at}, send_timeout=0.1)
    assert len(server.sent) == stuck_at
    assert source.closed == 1
    assert "A client took nothing for 0.1 seconds; its stream is dropped." in caplog.messages


def test_the_end_of_the_response_is_not_waited_for_either():
    server = answer(Source().chunks(), server={"stuck_at": 2}, send_timeout=0.1)
    assert types(server.body) == ["status", "status", "message_stop"]
    assert not server.complete


@passed_once
def test_a_slow_client_is_not_dropped():
    source = Source(*[step for _ in range(8) for step in ("text\n", 0.03)])
    server = answer(source.chunks(), server={"pace": 0.03}, send_timeout=0.15, batcher=None)
    assert types(server.body)[-1] == "message_stop"
    assert server.complete


def test_an_oserror_of_the_server_after_a_disconnect_ends_the_stream():
    source = endless()

    async def run():
        async def send(_message):
            raise BrokenPipeError

        server = Server()
        await ASGIStream(source.chunks())(GET, server.receive, send)

    asyncio.run(run())
    assert source.closed == 1


def test_a_cancellation_from_outside_closes_the_source():
    source = Source(PAGE[0], LONG)

    async def before(server, task):
        await until(lambda: server.sent)
        task.cancel()

    with pytest.raises(asyncio.CancelledError):
        answer(source.chunks(), before=before)
    assert source.closed == 1


@pytest.mark.parametrize("told", [True, False])
def test_a_cancellation_before_the_first_turn_closes_the_source_and_ends_the_session(told):
    class Unread:
        closed = 0

        def __aiter__(self):
            raise AssertionError("it is read")

        async def aclose(self):
            self.closed += 1

    source, records = Unread(), []
    options = {"session": GenerationSession(hooks=[records.append])} if told else {}

    async def run():
        server = Server()
        tasks = asyncio.all_tasks()
        task = asyncio.create_task(ASGIStream(source, **options)(GET, server.receive, server.send))
        await asyncio.sleep(0)
        for each in asyncio.all_tasks() - tasks:
            each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return server

    assert asyncio.run(run()).sent == []
    assert source.closed == 1
    assert [type(record) for record in records] == [StreamFinished] * told


def test_the_rest_of_the_request_body_is_skipped():
    more = {"type": "http.request", "body": b"x", "more_body": True}
    server = answer(Source(0.02, *PAGE).chunks(), server={"requests": [more, more, DELTA]})
    assert types(server.body) == TYPES


def test_a_wrong_call_is_refused_by_the_constructor():
    with pytest.raises(UsageError, match=r"ASGIStream\(\) takes an iterable of chunks; wrap .* in a list"):
        ASGIStream("text")
    with pytest.raises(UsageError, match="did you mean 'heartbeat'"):
        ASGIStream([], hartbeat=1.0)


def test_an_awaitable_source_is_awaited():
    source = Source(*PAGE)
    assert types(answer(source.awaited()).body) == TYPES
    assert source.closed == 1


def test_an_awaitable_that_fails_is_a_bad_gateway():
    async def failing():
        raise SourceFailedError(SECRET)

    server = answer(failing())
    assert server.start[0] == 502
    assert error_of(server.body)["type"] == "source_failed"


def test_a_disconnect_cancels_an_awaitable_source():
    cancelled = []

    async def slow():
        try:
            await asyncio.sleep(LONG)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def before(server, _task):
        await asyncio.sleep(0.05)
        server.gone.set()

    assert answer(slow(), before=before).sent == []
    assert cancelled == [True]
