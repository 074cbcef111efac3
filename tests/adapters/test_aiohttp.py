"""The function for aiohttp, behind its own server in this process."""

import asyncio

import pytest

from componentstream.core.errors import UsageError
from componentstream.session.hooks import Reconnected
from tests import parts
from tests.adapters.given_sources import (
    LONG,
    PAGE,
    SECRET,
    TYPES,
    Source,
    SourceFailedError,
    error_of,
    types,
    until,
    watched_session,
)
from tests.adapters.missing import words_without
from tests.timing import WAIT

parts.module("aiohttp")

from aiohttp import ClientError, ClientSession, ClientTimeout, web  # noqa: E402 - only if it is there

from componentstream.adapters.aiohttp import stream_response  # noqa: E402


def ask(source, reading, *, method="GET", headers=(), **options):
    """Serve a source, read the response with a coroutine function, and return its result."""

    async def page(request):
        return await stream_response(request, source, **options)

    async def run():
        app = web.Application()
        app.router.add_route("*", "/", page)
        runner = web.AppRunner(app)  # not the test server, which alone cancels handlers
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = "http://{}:{}/".format(*runner.addresses[0])
            async with (
                ClientSession(timeout=ClientTimeout(WAIT)) as client,
                client.request(method, url, headers=dict(headers)) as response,
            ):
                return await reading(response)
        finally:
            await runner.cleanup()

    return asyncio.run(run())


async def whole(response):
    return response.status, response.headers, await response.read()


def test_a_stream_is_sent_whole_with_its_headers():
    source = Source(*PAGE)
    status, headers, body = ask(source.chunks(), whole)
    assert status == 200
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert headers["Cache-Control"] == "no-cache, no-transform"
    assert types(body) == TYPES
    assert source.closed == 1


def test_a_source_that_fails_before_its_first_event_is_a_bad_gateway():
    status, headers, body = ask(Source(SourceFailedError(SECRET)).chunks(), whole)
    assert status == 502
    assert headers.getall("Content-Type") == ["application/json"]
    assert error_of(body)["type"] == "source_failed"


def test_head_closes_the_source_unread():
    source = Source(*PAGE)
    status, _, body = ask(source.plain(), whole, method="HEAD")
    assert (status, body) == (200, b"")
    assert (source.read, source.closed) == (0, 1)


def test_hooks_are_notified_of_a_reconnect():
    records = []
    session = watched_session(records.append)
    ask(Source(*PAGE).chunks(), whole, headers={"Last-Event-ID": "41"}, session=session)
    assert isinstance(records[0], Reconnected)


@pytest.mark.parametrize("steps", [(PAGE[0], LONG), (PAGE[0], *["more\n", 0.01] * 1000)])
def test_a_disconnect_closes_the_source(steps):
    source = Source(*steps)

    async def leave(response):
        await response.content.readany()
        response.close()
        await until(lambda: source.closed)

    ask(source.chunks(), leave)


def test_the_connection_of_a_client_that_does_not_read_is_aborted():
    source = Source(*["\N{GRINNING FACE}" * 65536] * 200)

    async def stall(response):
        await until(lambda: source.closed)
        with pytest.raises(ClientError):
            await response.read()

    ask(source.chunks(), stall, send_timeout=0.1)


def test_without_aiohttp_the_error_names_the_extra_to_install(monkeypatch):
    words = words_without("aiohttp", monkeypatch)
    assert words == "This adapter needs aiohttp: pip install 'componentstream[aiohttp]'."


def test_a_wrong_call_is_refused_by_name():
    with pytest.raises(UsageError, match=r"stream_response\(\) does not have an option 'sesion'"):
        asyncio.run(stream_response(None, [], sesion=None))


def test_an_awaitable_source_is_awaited():
    source = Source(*PAGE)
    assert types(ask(source.awaited(), whole)[2]) == TYPES
    assert source.closed == 1
