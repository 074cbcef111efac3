"""Streams are started once, found only by their owners, stopped on any worker, and ended at shutdown."""

import asyncio
import contextlib
import logging
import math
import re

import pytest

from componentstream.core.errors import UsageError
from componentstream.log import MemoryEventLog, SQLiteEventLog, StoreError
from componentstream.session.hooks import StreamFinished, StreamStarted
from componentstream.session.lifecycle import Timeouts
from componentstream.session.session import GenerationSession
from componentstream.wire import event_to_json
from tests import parts

for name in ("starlette", "limits", "prometheus_client"):
    parts.module(name)

from starlette.exceptions import HTTPException  # noqa: E402 - they need what is asked for above

from componentstream.server import GenerationRequest, RefusedRequestError, ServerSettings  # noqa: E402
from componentstream.server.access.tickets import Tickets  # noqa: E402
from componentstream.server.streams.event_filter import EventFilter  # noqa: E402
from componentstream.server.streams.manager import Owner, StreamManager, _digest, subject_of  # noqa: E402
from tests.server import stream_helpers as streams  # noqa: E402
from tests.server.stream_helpers import (  # noqa: E402
    REAL_TIMEOUT,
    FailingLog,
    codes_of,
    new_log,
    reason_of,
    settle,
    state,
    stored,
    verify,
)

PAGE = GenerationRequest("a page")
STARTED = event_to_json(GenerationSession().start(0.0)[0])
KEY = "7d1f"
MODEL_SECONDS = 4.0
LONG = 3600.0


@pytest.fixture(autouse=True)
def run(monkeypatch):
    """Run a coroutine on virtual time; no task may be left over."""

    class LoopTime:
        monotonic = staticmethod(streams.monotonic)

    monkeypatch.setattr("componentstream.server.streams.manager.time", LoopTime)
    return streams.run


class Model:
    """A model that writes a line per second, for `seconds` seconds, and records its calls."""

    def __init__(self, seconds=MODEL_SECONDS, *, stubborn=0.0):
        self.calls = []
        self.closed_at = []
        self._seconds = seconds
        self._stubborn = stubborn

    async def __call__(self, request):
        self.calls.append(request)
        try:
            yield "/// START Hero\n"
            for second in range(int(min(self._seconds, LONG))):
                await asyncio.sleep(1.0)
                yield f"<p>{second}</p>\n"
            yield "/// END Hero\n"
        finally:
            await self._resist()
            self.closed_at.append(now())

    async def _resist(self):
        end = now() + self._stubborn
        while now() < end:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(end - now())


def now():
    return asyncio.get_running_loop().time()


def new_worker(model=None, **settings):
    settings = {"timeouts": Timeouts(None, None), "heartbeat": None, "batch_delay": 0.5, **settings}
    return StreamManager(model or Model(), ServerSettings(**settings))


async def start(worker, asked=PAGE, subject="ada", *, key=None, user=None, debug=False):
    return await worker.start(asked, subject, user=user or f"user {subject}", key=key, debug=debug)


async def read(worker, status, view=None):
    """Read a stream to its end, and return the payloads."""
    subscriber = worker.subscribe(status, view or EventFilter(), worker.reserve("user reader"))
    payloads = []
    try:
        while (records := await subscriber.next()) is not None:
            payloads += [record.payload for record in records]
    finally:
        await worker.unsubscribe(subscriber)
    return payloads


async def refused(call):
    with pytest.raises(RefusedRequestError) as caught:
        await call
    return caught.value


# IDs and owners


@pytest.mark.parametrize("subject", ["", "ada", "a b  c", "user x", "\U0001f600"])
def test_the_subject_can_be_read_back_from_the_stored_owner(subject):
    assert Owner(subject, "f00d").text == f"user f00d {subject}"
    assert subject_of(Owner(subject, "f00d").text) == subject


@pytest.mark.parametrize("owner", ["", "ticket s-1 ada", "users f00d ada", "userf00d ada"])
def test_an_owner_of_another_kind_does_not_have_a_subject(owner):
    assert subject_of(owner) is None


def test_a_stream_without_a_key_has_a_random_id(run):
    async def main():
        worker = new_worker(model := Model(2))
        one, other = await start(worker), await start(worker)
        assert re.fullmatch("s-[0-9a-f]{32}", one.stream)
        assert re.fullmatch("s-[0-9a-f]{32}", other.stream)
        assert one.stream != other.stream
        assert len(model.calls) == 0  # the task of the source begins with the next turn
        await read(worker, one)
        assert model.calls == [PAGE, PAGE]
        await worker.aclose()

    run(main())


def test_a_started_stream_is_open_and_belongs_to_its_owner(run):
    async def main():
        log = new_log()
        worker = new_worker(log=log, lease=7.0)
        status = await start(worker, subject="ada")
        assert (status.state, status.first, status.last, status.lease_left) == ("open", 1, 0, 7.0)
        assert status.owner == Owner("ada", fingerprint(PAGE)).text
        assert await log.status(status.stream) == status
        await worker.aclose()

    run(main())


def fingerprint(asked):
    return _digest(asked.prompt, asked.project, asked.version)


def test_a_stream_is_read_from_its_first_event_to_its_last(run):
    async def main():
        log, model = new_log(), Model(2)
        worker = new_worker(model, log=log)
        status = await start(worker)
        payloads = await read(worker, status)
        verify(payloads)
        assert reason_of(payloads) == "complete"
        assert payloads == await stored(log, status.stream)
        assert streams.text_of(payloads) == "<p>0</p>\n<p>1</p>\n"
        await settle()
        assert await state(log, status.stream) == "finished"
        assert await read(worker, await worker.find(status.stream, "ada")) == payloads
        await worker.aclose()

    run(main())


def test_a_stream_started_with_debug_has_debug_events(run):
    async def main():
        worker = new_worker(Model(1))
        for debug in (False, True):
            payloads = await read(worker, await start(worker, debug=debug))
            assert ("debug" in streams.types_of(payloads)) is debug
        await worker.aclose()

    run(main())


def test_hooks_get_the_events_of_each_stream_with_its_id(run):
    async def main():
        told = []
        worker = new_worker(Model(1), hooks=[told.append])
        status = await start(worker)
        await read(worker, status)
        assert {record.stream for record in told} == {status.stream}
        assert isinstance(told[0], StreamStarted)
        assert isinstance(told[-1], StreamFinished)
        await worker.aclose()

    run(main())


# Idempotency keys


def test_two_requests_with_the_same_key_share_a_stream(run):
    async def main():
        worker = new_worker(model := Model(2))
        first = await start(worker, key=KEY)
        assert re.fullmatch("k-[0-9a-f]{64}", first.stream)
        payloads = await read(worker, first)
        again = await start(worker, GenerationRequest("a page"), key=KEY)
        assert (again.stream, again.state) == (first.stream, "finished")
        assert await read(worker, again) == payloads
        assert len(model.calls) == 1
        await worker.aclose()

    run(main())


def test_a_key_is_known_to_the_subject_that_used_it(run):
    async def main():
        worker = new_worker(Model(1))
        assert not await worker.is_known("ada", KEY)
        await start(worker, key=KEY)
        assert await worker.is_known("ada", KEY)
        assert not await worker.is_known("bob", KEY)
        assert not await worker.is_known("ada", f"{KEY}2")
        await worker.aclose()

    run(main())


def test_concurrent_requests_with_a_key_call_the_model_once(run):
    async def main():
        log = new_log()
        for name in ("acquire", "status"):
            log.trouble(name, math.inf, error=None, turns=3)
        worker = new_worker(model := Model(2), log=log, max_readers_per_user=200)
        statuses = await asyncio.gather(*(start(worker, key=KEY) for _ in range(200)))
        streams_read = await asyncio.gather(*(read(worker, status) for status in statuses))
        assert len({status.stream for status in statuses}) == 1
        assert len({b"".join(payloads) for payloads in streams_read}) == 1
        assert len(model.calls) == 1
        assert worker._generations.taken == 0
        assert dict(worker._starting) == {}
        await worker.aclose()

    run(main())


def test_concurrent_requests_with_a_key_to_several_workers_call_the_model_once(run):
    async def main():
        log, model = new_log(), Model(2)
        log.trouble("acquire", math.inf, error=None, turns=5)
        workers = [new_worker(model, log=log) for _ in range(5)]
        statuses = await asyncio.gather(*(start(worker, key=KEY) for worker in workers * 10))
        assert len({status.stream for status in statuses}) == 1
        read_everywhere = [await read(worker, statuses[0]) for worker in workers]
        assert [payloads == read_everywhere[0] for payloads in read_everywhere] == [True] * 5
        assert len(model.calls) == 1
        assert [worker._generations.taken for worker in workers] == [0] * 5
        for worker in workers:
            await worker.aclose()

    run(main())


def test_the_same_key_of_another_user_starts_another_stream(run):
    async def main():
        worker = new_worker(model := Model(1))
        begun = [await start(worker, subject=subject, key=KEY) for subject in ("ada", "bob", "")]
        assert len({status.stream for status in begun}) == 3
        assert [subject_of(status.owner) for status in begun] == ["ada", "bob", ""]
        for status in begun:
            await read(worker, status)
        assert len(model.calls) == 3
        await worker.aclose()

    run(main())


def test_different_users_and_keys_never_collide(run):
    async def main():
        worker = new_worker(Model(1))
        pairs = [("a", "bc"), ("ab", "c"), ('a", "b', "c"), ("a", 'b", "c'), ("abc", "-"), ("", "abc")]
        begun = {(await start(worker, subject=subject, key=key)).stream for subject, key in pairs}
        assert len(begun) == len(pairs)
        await worker.aclose()

    run(main())


@pytest.mark.parametrize(
    "other",
    [
        GenerationRequest("another page"),
        GenerationRequest("a page", "p"),
        GenerationRequest("a page", "", "2"),
    ],
)
def test_a_key_is_rejected_with_a_different_request(run, other):
    async def main():
        worker = new_worker(model := Model(1))
        first = await start(worker, key=KEY)
        refusal = await refused(start(worker, other, key=KEY))
        assert (refusal.status, refusal.code) == (422, "idempotency_key_reused")
        await read(worker, first)
        assert (await refused(start(worker, other, key=KEY))).status == 422
        assert model.calls == [PAGE]
        await worker.aclose()

    run(main())


def test_fingerprints_depend_on_where_the_fields_end():
    requests = [
        GenerationRequest("a", "b", "c"), GenerationRequest("a", "bc"), GenerationRequest("a", "", "bc"),
        GenerationRequest("ab", "", "c"), GenerationRequest('a", "b', "c"),
    ]  # fmt: skip
    assert len({fingerprint(asked) for asked in requests}) == len(requests)


def test_a_stream_that_another_worker_started_meanwhile_is_shared(run):
    async def main():
        log = new_log()
        one, other = new_worker(model := Model(1), log=log), new_worker(unasked := Model(1), log=log)
        log.trouble("acquire", 1, error=None, seconds=0.5)
        late = asyncio.create_task(start(other, key=KEY))
        await settle()
        first = await start(one, key=KEY)
        assert (await late).stream == first.stream
        assert await read(other, await late) == await read(one, first)
        assert (len(model.calls), len(unasked.calls)) == (1, 0)
        assert other._generations.taken == 0
        await one.aclose()
        await other.aclose()

    run(main())


def test_a_stream_that_another_worker_deleted_meanwhile_is_a_store_error(run):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(1), log=log)
        stream = f"k-{_digest('ada', KEY)}"
        log.trouble("acquire", 1, error=None, seconds=0.5)
        late = asyncio.create_task(start(worker, key=KEY))
        await settle()
        await log.log.acquire(stream, owner="user 0 ada")
        log.trouble("status", 1, error=None, seconds=1.0)
        await asyncio.sleep(1.0)
        await log.log.delete(stream)
        with pytest.raises(StoreError, match="has lost a stream"):
            await late
        assert model.calls == []
        assert worker._generations.taken == 0
        await worker.aclose()

    run(main())


# Failures at the start


def raising(error):
    def generate(_request):
        raise error

    return generate


def returning(thing):
    def generate(_request):
        return thing

    return generate


def late(generate):
    async def later(request):
        await asyncio.sleep(1.0)
        return generate(request)

    return later


NO_STARTS = {
    "raises": (raising(RuntimeError("no")), RuntimeError),
    "refuses": (raising(RefusedRequestError(409, "conflict", "No.")), RefusedRequestError),
    "refuses as Starlette does": (raising(HTTPException(403)), HTTPException),
    "is cancelled": (raising(asyncio.CancelledError()), asyncio.CancelledError),
    "returns nothing": (returning(None), UsageError),
    "returns a number": (returning(7), UsageError),
    "returns text": (returning("text"), UsageError),
    "raises later": (late(raising(RuntimeError("no"))), RuntimeError),
    "refuses later": (late(raising(RefusedRequestError(409, "conflict", "No."))), RefusedRequestError),
    "refuses later as Starlette does": (late(raising(HTTPException(403))), HTTPException),
    "returns nothing later": (late(returning(None)), UsageError),
}


@pytest.mark.parametrize(("generate", "error"), NO_STARTS.values(), ids=NO_STARTS.keys())
@pytest.mark.parametrize("key", [None, KEY])
def test_a_generation_that_fails_to_start_leaves_neither_stream_nor_slot(run, key, generate, error):
    async def main():
        log = MemoryEventLog()
        worker = new_worker(generate, log=log)
        for _ in range(2):
            with pytest.raises(error):
                await start(worker, key=key)
        assert log._streams == {}
        assert worker._generations.taken == 0
        assert worker._producers == worker._tasks == {}
        await worker.aclose()

    run(main())


def test_a_key_whose_generation_failed_to_start_can_be_retried(run):
    async def main():
        attempts = []

        def generate(request):
            attempts.append(request)
            if len(attempts) == 1:
                raise RuntimeError
            return ["text"]

        worker = new_worker(generate)
        with pytest.raises(RuntimeError):
            await start(worker, key=KEY)
        assert reason_of(await read(worker, await start(worker, key=KEY))) == "complete"
        assert len(attempts) == 2
        await worker.aclose()

    run(main())


class Untouched:
    """A source that records whether it is read and closed."""

    def __init__(self):
        self.notes = []

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.notes.append("read")
        raise StopAsyncIteration

    async def aclose(self):
        self.notes.append("closed")


def test_a_hook_that_fails_at_the_start_closes_the_unread_source(run):
    async def main():
        def hook(_record):
            raise RuntimeError("the hook fails")

        log = MemoryEventLog()
        worker = new_worker(returning(source := Untouched()), log=log, hooks=[hook])
        with pytest.raises(RuntimeError, match="the hook fails"):
            await start(worker)
        await settle()
        assert source.notes == ["closed"]
        assert log._streams == {}
        assert worker._generations.taken == 0
        await worker.aclose()

    run(main())


@pytest.mark.parametrize("key", [None, KEY])
def test_the_model_is_not_called_while_the_log_is_down(run, key):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(1), log=log)
        log.trouble("acquire")
        with pytest.raises(StoreError):
            await start(worker, key=key)
        assert model.calls == []
        assert worker._generations.taken == 0
        assert reason_of(await read(worker, await start(worker, key=key))) == "complete"
        await worker.aclose()

    run(main())


def test_a_log_that_fails_to_look_up_a_key_is_a_store_error(run):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(1), log=log)
        log.trouble("status")
        with pytest.raises(StoreError):
            await start(worker, key=KEY)
        assert model.calls == []
        assert worker._generations.taken == 0
        await worker.aclose()

    run(main())


@pytest.mark.parametrize("key", [None, KEY])
def test_a_log_that_fails_after_the_start_does_not_hide_the_stream(run, key):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(1), log=log)
        log.trouble("acquire", error=None)  # the calls of status after it fail
        if key is not None:
            log.trouble("status", error=None)
        log.trouble("status", math.inf)
        status = await start(worker, key=key)
        assert reason_of(await read(worker, status)) == "complete"
        assert len(model.calls) == 1
        await worker.aclose()

    run(main())


def test_the_reason_of_a_failed_start_is_reported_even_if_the_log_fails_too(run):
    async def main():
        log = new_log()
        worker = new_worker(raising(RefusedRequestError(409, "conflict", "No.")), log=log, lease=5.0)
        log.trouble("delete")
        assert (await refused(start(worker, key=KEY))).code == "conflict"
        assert worker._generations.taken == 0
        await worker.aclose()

    run(main())


# Kinds of generate functions


async def lines():
    yield "a\n"
    yield "b\n"


async def awaited_stream(_request):
    await asyncio.sleep(1.0)
    return lines()


async def awaited_list(_request):
    return ["a\n", "b\n"]


async def async_generator(_request):
    async for line in lines():
        yield line


FUNCTIONS = {
    "an async generator function": async_generator,
    "an async def that returns a stream": awaited_stream,
    "an async def that returns a list": awaited_list,
    "a function that returns a stream": lambda _request: lines(),
    "a function that returns a list": lambda _request: ["a\n", "b\n"],
    "a function that returns an awaitable": lambda request: asyncio.ensure_future(awaited_stream(request)),
}


@pytest.mark.parametrize("generate", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_generate_may_return_a_stream_or_an_awaitable_of_one(run, generate):
    async def main():
        worker = new_worker(generate)
        payloads = await read(worker, await start(worker))
        assert (streams.text_of(payloads), reason_of(payloads)) == ("a\nb\n", "complete")
        await worker.aclose()

    run(main())


def test_a_stream_that_takes_long_to_open_is_known_to_other_workers_and_keeps_its_lease(run):
    async def slow(_request):
        await asyncio.sleep(20.0)
        return lines()

    async def main():
        log = new_log()
        one, other = (new_worker(slow, log=log, lease=5.0) for _ in range(2))
        starting = asyncio.create_task(start(one, key=KEY))
        await settle()
        status = await start(other, key=KEY)
        elsewhere = await read(other, status)
        assert await read(one, await starting) == elsewhere
        assert reason_of(elsewhere) == "complete"
        await one.aclose()
        await other.aclose()

    run(main())


def test_a_stream_that_is_stopped_elsewhere_while_it_opens_ends_as_cancelled(run):
    async def slow(_request):
        await asyncio.sleep(3.0)
        return lines()

    async def main():
        log = new_log()
        one, other = (new_worker(slow, log=log) for _ in range(2))
        starting = asyncio.create_task(start(one, key=KEY))
        await settle()
        await other.stop(await start(other, key=KEY))
        payloads = await read(one, await starting)
        assert reason_of(payloads) == "cancelled"
        assert payloads == await stored(log, (await starting).stream)
        assert one._generations.taken == 0
        await one.aclose()
        await other.aclose()

    run(main())


def test_a_shutdown_does_not_wait_for_a_stream_that_opens(run):
    async def slow(_request):
        await asyncio.sleep(60.0)
        return lines()

    async def main():
        log = MemoryEventLog()
        worker = new_worker(slow, log=log)
        starting = asyncio.create_task(start(worker))
        await settle()
        await worker.drain()
        assert (await refused(starting)).code == "server_stopping"
        assert now() == 0.0
        assert log._streams == {}
        assert worker._generations.taken == 0
        await worker.aclose()

    run(main())


# Slots


def test_concurrent_generations_are_limited_and_slots_are_released(run):
    async def main():
        worker = new_worker(Model(2), max_generations_per_user=2, max_generations=3)
        mine = [await start(worker), await start(worker)]
        refusal = await refused(start(worker))
        assert (refusal.status, refusal.code) == (429, "too_many_generations")
        assert int(refusal.headers["Retry-After"]) > 0
        other = await start(worker, subject="bob")
        refusal = await refused(start(worker, subject="eve"))
        assert (refusal.status, refusal.code) == (503, "server_busy")
        assert int(refusal.headers["Retry-After"]) > 0
        for status in (*mine, other):
            await read(worker, status)
        await settle()
        assert worker._generations.taken == 0
        await read(worker, await start(worker))
        await worker.aclose()

    run(main())


def test_a_repeated_key_does_not_take_a_slot(run):
    async def main():
        worker = new_worker(Model(2), max_generations=1)
        first = await start(worker, key=KEY)
        assert (await start(worker, key=KEY)).stream == first.stream
        await worker.aclose()

    run(main())


def test_a_slot_is_released_after_the_model_or_the_log_failed(run):
    async def failing(_request):
        yield "text"
        raise RuntimeError

    async def main():
        worker = new_worker(failing, max_generations=1)
        assert reason_of(await read(worker, await start(worker))) == "failed"
        await asyncio.sleep(2.0)
        await start(worker)
        await worker.aclose()

        log = new_log()
        worker = new_worker(Model(1), log=log, max_generations=1, log_timeout=0.2)
        status = await start(worker)
        log.trouble("append", math.inf)
        log.trouble("finish", math.inf)
        assert "not_resumable" in codes_of(await read(worker, status))
        log.works("append", "finish")
        await asyncio.sleep(2.0)
        await read(worker, await start(worker))
        await worker.aclose()

    run(main())


def test_a_log_failure_is_logged_without_the_content_of_the_stream(run, caplog):
    async def main():
        log = new_log()
        worker = new_worker(Model(1), log=log, log_timeout=0.2)
        status = await start(worker, GenerationRequest("a secret prompt"))
        log.trouble("append", math.inf, error=StoreError("down\n\u202e"))
        await read(worker, status)
        await worker.aclose()

    run(main(), debug=False)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("componentstream.server", "ERROR")
    assert record.getMessage() == (
        r"The event log failed; a stream continues without it or ends: StoreError('down\n\u202e')"
    )


def test_a_producer_that_crashes_is_logged_and_releases_its_slot(run, caplog):
    async def main():
        log = new_log()
        worker = new_worker(Model(1), log=log)
        status = await start(worker)
        log.trouble("append", error=RuntimeError("a mistake"))
        assert codes_of(await read(worker, status)) == ["producer_lost"]
        assert worker._generations.taken == 0
        assert worker._producers == worker._tasks == {}
        await worker.aclose()

    run(main(), debug=False)
    failed, lost = caplog.records
    assert (failed.getMessage(), str(failed.exc_info[1])) == ("A producer failed.", "a mistake")
    assert lost.getMessage().endswith(" was lost.")


def test_concurrent_subscribers_are_limited_separately(run):
    async def main():
        worker = new_worker(Model(LONG), max_readers=3, max_readers_per_user=2)
        status = await start(worker)
        mine = [worker.subscribe(status, EventFilter(), worker.reserve("user ada")) for _ in range(2)]
        with pytest.raises(RefusedRequestError) as caught:
            worker.reserve("user ada")
        assert (caught.value.status, caught.value.code) == (429, "too_many_readers")
        other = worker.subscribe(status, EventFilter(), worker.reserve("user bob"))
        with pytest.raises(RefusedRequestError) as caught:
            worker.reserve("user eve")
        assert (caught.value.status, caught.value.code) == (503, "server_busy")
        assert "componentstream_readers 3.0" in worker.metrics.render("")[0].decode()
        for subscriber in (*mine, other):
            await worker.unsubscribe(subscriber)
            worker.reserve("user eve").release()
        assert worker._subscriptions.taken == 0
        assert "componentstream_readers 0.0" in worker.metrics.render("")[0].decode()
        await worker.stop(status)
        await worker.aclose()

    run(main())


# Finding streams


def test_a_stream_is_found_only_by_its_owner(run):
    async def main():
        worker = new_worker(Model(1))
        status = await start(worker, subject="ada")
        ticket = await Tickets(worker.log).issue(status.stream, "ada")
        assert (await worker.find(status.stream, "ada")).stream == status.stream
        for stream, subject in [
            (status.stream, "bob"), (status.stream, ""), (status.stream, "ad"), (status.stream, "user ada"),
            ("s-0", "ada"), ("", "ada"), ("\0", "ada"), (ticket, "ada"), (ticket, ""),
            (ticket, f"{status.stream} ada"),
        ]:  # fmt: skip
            refusal = await refused(worker.find(stream, subject))
            assert (refusal.status, refusal.code) == (404, "stream_unknown")
            assert refusal.body == (await refused(worker.find("s-1", "eve"))).body
        await worker.aclose()

    run(main())


# Stopping


def test_a_local_generation_is_stopped_at_once(run):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(LONG), log=log)
        status = await start(worker)
        reading = asyncio.create_task(read(worker, status))
        await asyncio.sleep(2.5)
        await worker.stop(status)
        assert model.closed_at == [2.5]
        assert await state(log, status.stream) == "finished"
        payloads = await reading
        assert now() == 2.5
        verify(payloads)
        assert reason_of(payloads) == "cancelled"
        assert payloads == await stored(log, status.stream)
        await worker.stop(status)
        assert await stored(log, status.stream) == payloads
        await worker.aclose()

    run(main())


def test_a_stop_does_not_wait_for_a_stubborn_source(run):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(LONG, stubborn=0.75), log=log)
        status = await start(worker)
        await asyncio.sleep(2.5)
        await worker.stop(status)
        assert now() == 3.25
        assert model.closed_at == [3.25]
        worker = new_worker(model := Model(LONG, stubborn=60.0), log=log)
        status = await start(worker)
        await asyncio.sleep(2.5)
        began = now()
        await worker.stop(status)
        assert now() - began <= 1.0
        assert reason_of(await stored(log, status.stream)) == "cancelled"
        await asyncio.sleep(60.0)
        await worker.aclose()

    run(main())


def test_a_generation_on_another_worker_is_stopped_through_the_log(run):
    async def main():
        log = new_log()
        producing = new_worker(model := Model(LONG), log=log)
        other = new_worker(Model(), log=log)
        status = await start(producing)
        readings = [asyncio.create_task(read(at, status)) for at in (producing, other)]
        await asyncio.sleep(2.5)
        await other.stop(status)
        assert await state(log, status.stream) == "finished"
        await asyncio.sleep(2.0)
        (closed_at,) = model.closed_at  # with its next line, which comes within a second and a half
        assert 2.5 <= closed_at <= 4.0
        logged = await stored(log, status.stream)
        verify(logged)
        assert reason_of(logged) == "cancelled"
        assert [await reading for reading in readings] == [logged, logged]
        assert producing._generations.taken == 0
        await other.stop(status)
        await producing.stop(status)
        assert await stored(log, status.stream) == logged
        await producing.aclose()
        await other.aclose()

    run(main())


def test_a_finished_stream_is_not_changed_by_a_stop(run):
    async def main():
        log = new_log()
        worker = new_worker(Model(1), log=log)
        status = await start(worker)
        payloads = await read(worker, status)
        await settle()
        await worker.stop(await worker.find(status.stream, "ada"))
        assert await stored(log, status.stream) == payloads
        await worker.aclose()

    run(main())


def test_a_stream_whose_producer_died_can_be_stopped(run):
    async def main():
        log = new_log()
        lease = await log.acquire("s-1", owner=Owner("ada", "0").text, ttl=1.0)
        await log.append(lease, 1, [STARTED])
        await asyncio.sleep(2.0)
        worker = new_worker(log=log)
        await worker.stop(await worker.find("s-1", "ada"))
        assert streams.types_of(await stored(log, "s-1")) == ["status", "message_stop"]
        assert await state(log, "s-1") == "finished"
        await worker.aclose()

    run(main())


def test_a_stop_that_the_log_rejects_is_a_store_error(run):
    async def main():
        log = new_log()
        producing, other = new_worker(Model(2), log=log), new_worker(log=log)
        status = await start(producing)
        log.trouble("acquire")
        with pytest.raises(StoreError):
            await other.stop(status)
        assert reason_of(await read(producing, status)) == "complete"
        await producing.aclose()
        await other.aclose()

    run(main())


def test_the_first_subscriber_of_an_abandoned_stream_ends_it(run, caplog):
    async def main():
        log = new_log()
        lease = await log.acquire("s-1", owner=Owner("ada", "0").text, ttl=1.0)
        await log.append(lease, 1, [STARTED])
        workers = [new_worker(log=log) for _ in range(2)]
        status = await log.status("s-1")
        got = await asyncio.gather(*(read(workers[at % 2], status) for at in range(10)))
        logged = await stored(log, "s-1")
        assert got == [logged] * 10
        assert codes_of(logged) == ["producer_lost"]
        lost = [
            "componentstream_lost_producers_total 1.0" in worker.metrics.render("")[0].decode()
            for worker in workers
        ]
        assert sorted(lost) == [False, True]
        for worker in workers:
            await worker.aclose()

    run(main(), debug=False)
    assert [record.getMessage() for record in caplog.records] == ["The producer of stream s-1 was lost."]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_stream_that_was_deleted_and_restarted_is_the_new_one(run):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(6), log=log, max_generations=2)
        first = await start(worker, key=KEY)
        await asyncio.sleep(0.5)
        await log.delete(first.stream)
        second = await start(worker, key=KEY)
        assert second.stream == first.stream
        await asyncio.sleep(2.5)  # the first has noticed when it wrote its next line
        assert len(model.closed_at) == 1
        assert worker._generations.taken == 1
        assert second.stream in worker._producers
        payloads = await read(worker, second)
        verify(payloads)
        assert payloads == await stored(log, second.stream)
        await settle()
        assert worker._generations.taken == 0
        assert worker._producers == worker._tasks == {}
        await worker.aclose()

    run(main())


# Subscribers that leave


def test_a_generation_continues_without_subscribers(run):
    async def main():
        log = new_log()
        worker = new_worker(Model(4), log=log)
        status = await start(worker)
        subscriber = worker.subscribe(status, EventFilter(), worker.reserve("user ada"))
        await subscriber.next()
        await worker.unsubscribe(subscriber)
        await asyncio.sleep(6.0)
        assert reason_of(await stored(log, status.stream)) == "complete"
        await worker.aclose()

    run(main())


def test_a_generation_that_cannot_be_resumed_ends_with_its_last_subscriber(run):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(LONG), log=log)
        status = await start(worker)
        one, other = (
            worker.subscribe(status, EventFilter(), worker.reserve("user ada"), resumable=False)
            for _ in range(2)
        )
        await worker.unsubscribe(one)
        await asyncio.sleep(1.0)
        assert model.closed_at == []
        await worker.unsubscribe(other)
        await settle()
        assert model.closed_at == [1.0]
        assert reason_of(await stored(log, status.stream)) == "cancelled"
        await worker.aclose()

    run(main())


def test_on_disconnect_cancel_ends_a_generation_with_its_last_subscriber(run):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(LONG), log=log, on_disconnect="cancel")
        status = await start(worker)
        one, other = (worker.subscribe(status, EventFilter(), worker.reserve("user ada")) for _ in range(2))
        await asyncio.sleep(1.5)
        await worker.unsubscribe(one)
        await asyncio.sleep(1.0)
        assert model.closed_at == []
        await worker.unsubscribe(other)
        await settle()
        assert model.closed_at == [2.5]
        assert reason_of(await stored(log, status.stream)) == "cancelled"
        finished = worker.subscribe(status, EventFilter(), worker.reserve("user ada"))
        await worker.unsubscribe(finished)
        await worker.aclose()

    run(main())


# Shutdown


def test_a_drain_waits_for_generations_that_end_in_time(run):
    async def main():
        log = new_log()
        worker = new_worker(Model(3), log=log, shutdown_grace=5.0)
        reading = asyncio.create_task(read(worker, await start(worker)))
        await settle()
        await worker.drain()
        assert worker.draining
        assert 3.0 <= now() < 3.5
        assert reason_of(await reading) == "complete"
        await worker.aclose()

    run(main())


def test_a_drain_fails_generations_that_do_not_end_in_time(run):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(LONG), log=log, shutdown_grace=5.0)
        status = await start(worker)
        reading = asyncio.create_task(read(worker, status))
        await settle()
        await worker.drain()
        assert now() == 3.5
        assert model.closed_at == [3.5]
        payloads = await reading
        verify(payloads)
        assert codes_of(payloads) == ["server_stopping"]
        assert reason_of(payloads) == "failed"
        assert payloads == await stored(log, status.stream)
        assert await state(log, status.stream) == "finished"
        await worker.aclose()
        assert now() == 3.5

    run(main())


@pytest.mark.parametrize("grace", [0.5, 3.0])
def test_a_drain_never_takes_longer_than_its_grace(run, grace):
    async def main():
        worker = new_worker(model := Model(LONG, stubborn=30.0), shutdown_grace=grace)
        reading = asyncio.create_task(read(worker, await start(worker)))
        await settle()
        await worker.drain()
        assert now() <= grace
        assert reason_of(await reading) == "failed"
        await worker.aclose()
        assert now() <= grace + 1.0
        assert worker._tasks == {}
        await asyncio.sleep(30.0)
        assert len(model.closed_at) == 1

    run(main())


def test_a_log_that_hangs_does_not_delay_a_drain(run):
    async def main():
        log = new_log()
        worker = new_worker(Model(LONG), log=log, shutdown_grace=3.0)
        status = await start(worker)
        log.trouble("append", math.inf, seconds=math.inf)
        reading = asyncio.create_task(read(worker, status))
        await settle()
        await worker.drain()
        assert now() <= 3.0
        await worker.aclose()
        await reading
        assert now() <= 3.0 + 1.0
        assert worker._tasks == {}

    run(main())


def test_a_drain_ends_subscribers_of_streams_of_other_workers(run):
    async def main():
        log = new_log()
        producing, draining = new_worker(Model(LONG), log=log), new_worker(log=log)
        status = await start(producing)
        reading = asyncio.create_task(read(draining, status))
        await asyncio.sleep(2.0)
        await draining.drain()
        assert now() == 2.0
        payloads = await reading
        verify(payloads, whole=False)
        assert payloads == (await stored(log, status.stream))[: len(payloads)]
        assert await state(log, status.stream) == "open"
        await draining.aclose()
        await producing.stop(status)
        await producing.aclose()

    run(main())


def test_a_drain_rejects_new_generations_and_serves_existing_streams(run):
    async def main():
        worker = new_worker(model := Model(2), shutdown_grace=5.0)
        first = await start(worker, key=KEY)
        draining = asyncio.create_task(worker.drain())
        await settle()
        refusal = await refused(start(worker))
        assert (refusal.status, refusal.code) == (503, "server_stopping")
        assert refusal.headers["Retry-After"] == "1"
        assert refusal.body["error"]["retryable"] is True
        assert (await refused(start(worker, key="other"))).code == "server_stopping"
        assert reason_of(await read(worker, await start(worker, key=KEY))) == "complete"
        assert first.stream == (await worker.find(first.stream, "ada")).stream
        await draining
        assert len(model.calls) == 1
        await worker.aclose()

    run(main())


def test_a_start_overtaken_by_a_drain_does_not_call_the_model(run):
    async def main():
        log = new_log()
        worker = new_worker(model := Model(LONG), log=log)
        log.trouble("acquire", error=None, seconds=0.5)
        starting = asyncio.create_task(start(worker, key=KEY))
        await settle()
        await worker.drain()
        refusal = await refused(starting)
        assert (refusal.status, refusal.code) == (503, "server_stopping")
        assert model.calls == []
        assert await log.status(f"k-{_digest('ada', KEY)}") is None
        assert worker._generations.taken == 0
        await worker.aclose()

    run(main())


def test_closing_the_manager_drains_it(run):
    async def main():
        worker = new_worker(Model(LONG), log=(log := new_log()), shutdown_grace=1.0)
        reading = asyncio.create_task(read(worker, status := await start(worker)))
        await worker.aclose()
        assert now() == 0.5
        assert codes_of(await reading) == ["server_stopping"]
        assert await state(log, status.stream) == "finished"
        assert worker.draining

    run(main())


def test_only_a_log_that_the_manager_created_is_closed(run):
    async def main():
        worker = new_worker(Model(1))
        assert isinstance(worker.log, MemoryEventLog)
        await read(worker, status := await start(worker))
        await worker.aclose()
        assert await worker.log.status(status.stream) is None

        log = FailingLog(MemoryEventLog())
        worker = new_worker(Model(1), log=log)
        await read(worker, status := await start(worker))
        await worker.aclose()
        assert await state(log, status.stream) == "finished"

    run(main())


def test_workers_share_a_file(tmp_path):
    async def main():
        model = Model(0)
        logs = [SQLiteEventLog(tmp_path / "log", call_timeout=REAL_TIMEOUT) for _ in range(2)]
        workers = [new_worker(model, log=log, log_timeout=REAL_TIMEOUT) for log in logs]
        statuses = await asyncio.gather(*(start(worker, key=KEY) for worker in workers * 20))
        read_everywhere = await asyncio.gather(*(read(worker, statuses[0]) for worker in workers))
        verify(read_everywhere[0])
        assert read_everywhere[0] == read_everywhere[1]
        assert len(model.calls) == 1
        for worker, log in zip(workers, logs, strict=True):
            await worker.aclose()
            await log.aclose()

    asyncio.run(main())
