"""A stream outlives its connections: clients are cut off, read it twice, or resume on another worker."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest

from tests import parts
from tests.timing import STORE_WAIT, WAIT, at_best

for name in ("uvicorn", "httpx2", "starlette", "limits", "prometheus_client"):
    parts.module(name)

import httpx2  # noqa: E402 - they need what is asked for above

from componentstream.log import MemoryEventLog, SQLiteEventLog  # noqa: E402
from componentstream.server import create_app  # noqa: E402
from componentstream.session.session import GenerationSession  # noqa: E402
from componentstream.testing import EventVerifier  # noqa: E402
from componentstream.wire import event_to_json  # noqa: E402
from tests.listening import serving  # noqa: E402
from tests.server.application import (  # noqa: E402
    ENDING,
    Model,
    asking,
    by_name,
    decoded,
    error_of,
    events_of,
    eventually,
    ids_of,
    read_until,
    settings_of,
    text_of,
    user,
    whole_blocks,
)

AT_ONCE = 200


@pytest.fixture(scope="module")
def client():
    with asking(create_app(Model(), settings_of())) as client:
        yield client


@contextmanager
def two_workers(model, path, **settings):
    """Serve two applications that share the log in a file; give a client of each."""
    with ExitStack() as stack:
        yield [stack.enter_context(asking(worker(model, path, **settings))) for _ in range(2)]


def worker(model, path, **settings):
    """Return an application with its log in a file, which is closed after the application."""
    log = SQLiteEventLog(path, call_timeout=STORE_WAIT)
    app = create_app(model, settings_of(log=log, **settings))
    ends = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(_app):
        async with ends(app):
            yield
        await log.aclose()

    app.router.lifespan_context = lifespan
    return app


def start(client, prompt="text", **headers):
    return client.post("generate", json={"prompt": prompt}, headers=headers)


def path_of(response):
    return f"streams/{response.headers['stream-id']}"


def later(client, prompt, **headers):
    """Start a generation without reading it; return the path of its stream."""
    response = start(client, prompt, Prefer="respond-async", **headers)
    assert response.status_code == 202
    return path_of(response)


# Replay


def test_a_stream_that_is_done_is_read_again_to_the_byte(client):
    whole = start(client)
    for _ in range(3):
        assert client.get(path_of(whole)).content == whole.content
    assert ids_of(whole.content) == list(range(1, len(events_of(whole)) + 1))


def test_it_is_read_on_after_each_of_its_ids(client):
    whole = start(client)
    blocks = whole.content.split(b"\n\n")[:-1]
    for after in range(len(blocks)):
        rest = client.get(path_of(whole), headers={"Last-Event-ID": str(after)})
        assert rest.content == b"".join(block + b"\n\n" for block in blocks[after:])
    done = client.get(path_of(whole), headers={"Last-Event-ID": str(len(blocks))})
    assert (done.status_code, done.content) == (204, b"")


def test_a_reader_who_is_cut_off_again_and_again_misses_nothing_and_gets_nothing_twice():
    with asking(create_app(model := Model(), settings_of(batch_delay=0.005))) as client:
        got, last, path = b"", 0, later(client, "endless")
        for _ in range(6):
            with client.stream("GET", path, headers={"Last-Event-ID": str(last)} if last else {}) as response:
                piece = read_until(response.iter_raw(), b"\n\n")
            got += whole_blocks(piece)
            last = ids_of(got)[-1]
        assert client.delete(path).status_code == 204
        got += client.get(path, headers={"Last-Event-ID": str(last)}).content
        assert got == client.get(path).content
        assert ids_of(got) == list(range(1, len(ids_of(got)) + 1))
        events = decoded(got)
        EventVerifier().check_all(events)
        assert events[-1].reason == "cancelled"
        assert model.begun == 1


def test_readers_who_come_at_any_time_get_the_same_stream():
    with asking(create_app(model := Model(), settings_of())) as client, ThreadPoolExecutor(8) as pool:
        path = later(client, "held")
        readers = [pool.submit(client.get, path) for _ in range(4)]
        eventually(lambda: b"componentstream_readers 4.0" in client.get("metrics").content)
        model.go_on()
        readers += [pool.submit(client.get, path) for _ in range(4)]
        contents = {reader.result().content for reader in readers}
    assert len(contents) == 1
    events = decoded(contents.pop())
    assert text_of(events, 2) == ENDING
    assert events[-1].reason == "complete"
    assert model.begun == 1


def test_a_reader_at_another_worker_gets_the_same_stream(tmp_path):
    with two_workers(model := Model(), tmp_path / "log") as (one, other):
        with one.stream("POST", "generate", json={"prompt": "held"}) as response:
            path = path_of(response)
            pieces = response.iter_raw()
            got = read_until(pieces, b"Here:")
            with other.stream("GET", path) as elsewhere:
                more = elsewhere.iter_raw()
                got_elsewhere = read_until(more, b"Here:")
                model.go_on()
                got_elsewhere += b"".join(more)
            got += b"".join(pieces)
        assert other.get(path).content == one.get(path).content == got
        assert got_elsewhere == got
        last = ids_of(got)[-1]
        assert other.get(path, headers={"Last-Event-ID": str(last)}).status_code == 204
        assert error_of(other.get(path, headers={"Last-Event-ID": str(last + 1)}))[0] == 400


# As an EventSource


class EventSource:
    """An ``EventSource`` like that of browsers: GET, and again after each end, until the status is not 200.

    Attributes:
        content: all that came.
        statuses: of all the answers.
    """

    def __init__(self, client):
        self._client = client
        self.content = b""
        self.statuses = []

    def read(self, path, *, cut_after=()):
        """Read a stream; leave the first connections after the given numbers of events."""
        cuts = list(cut_after)
        last = ""
        while True:
            headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
            headers |= {"Last-Event-ID": last} if last else {}
            with self._client.stream("GET", path, headers=headers) as response:
                self.statuses.append(response.status_code)
                if response.status_code != 200:
                    return
                got = b""
                for piece in response.iter_raw():
                    got += piece
                    if cuts and len(ids_of(got)) >= cuts[0]:
                        break
            del cuts[:1]
            self.content += whole_blocks(got)
            last = str(ids_of(self.content)[-1])


def test_an_event_source_comes_back_once_after_the_end(client):
    whole = start(client)
    source = EventSource(client)
    source.read(path_of(whole))
    assert source.statuses == [200, 204]
    assert source.content == whole.content


def test_an_event_source_reads_a_stream_that_is_being_written_to_its_end():
    with asking(create_app(model := Model(), settings_of())) as client:
        path = later(client, "late")
        source = EventSource(client)
        source.read(path, cut_after=[1, 2])
        assert source.statuses[-1] == 204
        assert source.statuses[:-1] == [200] * (len(source.statuses) - 1)
        assert source.content == client.get(path).content
        assert ids_of(source.content) == list(range(1, len(ids_of(source.content)) + 1))
        assert model.begun == 1


def test_an_event_source_begins_with_a_ticket_and_stops_when_it_cannot_come_back():
    with asking(create_app(Model(), settings_of(authenticate=by_name))) as client:
        path = later(client, "text", **user("ada"))
        ticket = client.post(f"{path}/tickets", headers=user("ada")).json()["ticket"]
        source = EventSource(client)
        source.read(f"{path}?ticket={ticket}")
        assert source.statuses == [200, 401]
        assert source.content == client.get(path, headers=user("ada")).content
        last = ids_of(source.content)[-1]
        ticket = client.post(f"{path}/tickets", headers=user("ada")).json()["ticket"]
        again = EventSource(client)
        again.read(f"{path}?ticket={ticket}&after={last}")
        assert again.statuses == [204]


# One key, one call of the model


async def start_at_once(urls, key, times=AT_ONCE):
    """Start the same generation several times concurrently; return all responses."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(timeout=2 * WAIT, limits=limits) as client:

        async def post(url):
            body = {"prompt": "text"}
            return await client.post(f"{url}generate", json=body, headers={"Idempotency-Key": key})

        return await asyncio.gather(*(post(urls[at % len(urls)]) for at in range(times)))


def check_that_all_got_the_same(responses):
    assert {response.status_code for response in responses} == {200}
    assert len({response.headers["stream-id"] for response in responses}) == 1
    assert len({response.content for response in responses}) == 1
    assert events_of(responses[0])[-1].reason == "complete"


def test_two_hundred_identical_starts_at_once_are_one_call_of_the_model():
    with serving(create_app(model := Model(), settings_of())) as url:
        responses = asyncio.run(start_at_once([url], "k1"))
    check_that_all_got_the_same(responses)
    assert model.begun == 1


def test_so_they_are_at_two_workers_that_share_a_log(tmp_path):
    model = Model()
    with ExitStack() as stack:
        urls = [stack.enter_context(serving(worker(model, tmp_path / "log"))) for _ in range(2)]
        responses = asyncio.run(start_at_once(urls, "k1", 60))
    check_that_all_got_the_same(responses)
    assert model.begun == 1


def test_a_start_that_is_repeated_while_it_runs_follows_the_first():
    with asking(create_app(model := Model(), settings_of())) as client, ThreadPoolExecutor(2) as pool:
        first, again = (pool.submit(start, client, "held", **{"Idempotency-Key": "k1"}) for _ in range(2))
        eventually(lambda: b"componentstream_readers 2.0" in client.get("metrics").content)
        refused = start(client, "text", **{"Idempotency-Key": "k1"})
        assert error_of(refused)[:2] == (422, "idempotency_key_reused")
        model.go_on()
        check_that_all_got_the_same([first.result(), again.result()])
    assert len(model.asked) == 1


# Whose


def test_a_stranger_gets_not_a_byte_of_a_stream_however_often_he_tries():
    with asking(create_app(Model(), settings_of(authenticate=by_name))) as client:
        done = path_of(start(client, **user("ada")))
        open_ = later(client, "endless", **user("ada"))
        unknown = client.get("streams/s-0", headers=user("eve"))
        assert error_of(unknown)[:2] == (404, "stream_unknown")
        said = set()
        for number in range(100):
            for path in (done, open_):
                headers = {**user("eve"), "Last-Event-ID": str(number % 12)}
                response = client.get(path, headers=headers)
                said.add((response.status_code, response.content, "stream-id" in response.headers))
        for path in (done, open_):
            for method, place in (("DELETE", path), ("POST", f"{path}/tickets"), ("HEAD", path)):
                response = client.request(method, place, headers=user("eve"))
                assert response.status_code == 404
                assert response.content == (b"" if method == "HEAD" else unknown.content)
        assert said == {(404, unknown.content, False)}
        assert client.delete(open_, headers=user("ada")).status_code == 204


def test_a_ticket_of_one_stream_opens_no_other():
    with asking(create_app(Model(), settings_of(authenticate=by_name))) as client:
        mine, other = (path_of(start(client, **user(name))) for name in ("ada", "bob"))
        for _ in range(20):
            ticket = client.post(f"{mine}/tickets", headers=user("ada")).json()["ticket"]
            refused = client.get(other, params={"ticket": ticket}, headers=user("bob"))
            assert error_of(refused)[:2] == (401, "unauthorized")


def test_of_many_who_use_a_ticket_at_once_one_reads():
    with (
        asking(create_app(Model(), settings_of(authenticate=by_name))) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        path = path_of(start(client, **user("ada")))
        for _ in range(5):
            ticket = client.post(f"{path}/tickets", headers=user("ada")).json()["ticket"]
            reads = [pool.submit(client.get, path, params={"ticket": ticket}) for _ in range(8)]
            assert sorted(read.result().status_code for read in reads) == [200] + [401] * 7


# Stopped elsewhere


def test_a_generation_is_stopped_at_a_worker_that_does_not_produce_it(tmp_path):
    at_best(lambda: seconds_until_a_generation_is_stopped_from_elsewhere(tmp_path / "log"), below=2.0)


def seconds_until_a_generation_is_stopped_from_elsewhere(path_of_the_log):
    with two_workers(model := Model(), path_of_the_log) as (one, other):
        with one.stream("POST", "generate", json={"prompt": "endless"}) as response:
            path = path_of(response)
            pieces = response.iter_raw()
            got = read_until(pieces, b"Here:")
            began = time.monotonic()
            assert other.delete(path).status_code == 204
            eventually(lambda: model.closed == 1)
            closed = time.monotonic()  # it hears of it when it writes next
            got += b"".join(pieces)
        events = decoded(got)
        EventVerifier().check_all(events)
        assert events[-1].reason == "cancelled"
        assert ids_of(got) == list(range(1, len(events) + 1))
        assert one.get(path).content == other.get(path).content == got
        for client in (one, other):
            assert client.delete(path).status_code == 204
        assert one.get(path).content == got
    return closed - began


# A worker that stops


def test_a_reader_at_a_worker_that_stops_goes_on_at_another(tmp_path):
    at_best(lambda: seconds_until_a_worker_with_a_reader_has_stopped(tmp_path / "log"), below=2.0)


def seconds_until_a_worker_with_a_reader_has_stopped(path_of_the_log):
    model, got = Model(), []
    producing, leaving = (worker(model, path_of_the_log) for _ in range(2))

    def read():
        with httpx2.stream("GET", f"{url}{path}", timeout=WAIT) as response:
            pieces = response.iter_raw()
            got.append(read_until(pieces, b"Here:"))
            reads.set()
            got.append(b"".join(pieces))

    reads = threading.Event()
    with asking(producing) as client:
        path = later(client, "held")
        reader = threading.Thread(target=read)
        with serving(leaving, drain=leaving.state.streams.drain) as url:
            reader.start()
            assert reads.wait(WAIT)
            began = time.monotonic()
        stopped = time.monotonic()
        reader.join(WAIT)
        first = b"".join(got)
        assert b"message_stop" not in first
        model.go_on()
        rest = client.get(path, headers={"Last-Event-ID": str(ids_of(first)[-1])})
        assert first + rest.content == client.get(path).content
        assert decoded(rest.content)[-1].reason == "complete"
    return stopped - began


def test_what_a_worker_did_not_finish_is_ended_by_the_first_who_asks_another():
    async def begin():
        lease = await log.acquire("s-lost", owner="user 0 ", ttl=0.05)
        await log.append(lease, 1, [event_to_json(started)])

    log = MemoryEventLog()
    (started,) = GenerationSession().start(0.0)
    asyncio.run(begin())
    with asking(create_app(Model(), settings_of(log=log))) as client, ThreadPoolExecutor(4) as pool:
        contents = {
            read.result().content for read in [pool.submit(client.get, "streams/s-lost") for _ in range(4)]
        }
        assert len(contents) == 1
        (content,) = contents
        assert ids_of(content) == [1, 2, 3]
        assert [event.code for event in decoded(content)[1:2]] == ["producer_lost"]
        assert client.get("streams/s-lost", headers={"Last-Event-ID": "3"}).status_code == 204
