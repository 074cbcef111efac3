"""The two functions for Django, on requests from its own factories."""

import asyncio

import pytest

from componentstream.core.errors import UsageError
from componentstream.session.hooks import Reconnected
from tests import parts
from tests.adapters.given_sources import (
    PAGE,
    SECRET,
    TYPES,
    Source,
    SourceFailedError,
    endless,
    error_of,
    types,
    watched_session,
)
from tests.adapters.missing import words_without

django = parts.module("django")
conf = parts.module("django.conf")
if not conf.settings.configured:
    conf.settings.configure()

from django.test import AsyncRequestFactory, RequestFactory  # noqa: E402 - when there are settings

from componentstream.adapters.django import astream_response, stream_response  # noqa: E402

GET = {"path": "/"}


def plain(**headers):
    return RequestFactory().get("/", headers=headers)


def asynchronous(**headers):
    return AsyncRequestFactory().get("/", headers=headers)


def arun(source, request=None, **options):
    """Return the response of the asynchronous function, and its body."""

    async def run():
        response = await astream_response(request or asynchronous(), source, **options)
        return response, b"".join([chunk async for chunk in response])

    return asyncio.run(run())


def test_a_stream_is_sent_whole_with_its_headers():
    source = Source(*PAGE)
    response = stream_response(plain(), source.plain())
    assert (response.status_code, response.is_async) == (200, False)
    assert response["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response["Cache-Control"] == "no-cache, no-transform"
    assert types(b"".join(response)) == TYPES
    assert source.closed == 1


def test_an_asynchronous_stream_is_the_same():
    source = Source(*PAGE)
    response, body = arun(source.chunks())
    assert (response.status_code, response.is_async) == (200, True)
    assert response["Content-Type"] == "text/event-stream; charset=utf-8"
    assert types(body) == TYPES
    assert source.closed == 1


def test_a_source_that_fails_before_its_first_event_is_a_bad_gateway():
    response = stream_response(plain(), Source(SourceFailedError(SECRET)).plain())
    assert response.status_code == 502
    assert error_of(b"".join(response))["type"] == "source_failed"
    response, body = arun(Source(SourceFailedError(SECRET)).chunks())
    assert response.status_code == 502
    assert response["Content-Length"] == str(len(body))


def test_closing_the_response_closes_the_source():
    source = endless()
    response = stream_response(plain(), source.plain())
    assert types(next(iter(response)))[:2] == TYPES[:2]
    response.close()
    assert source.closed == 1


def test_head_closes_the_source_unread():
    source = Source(*PAGE)
    response = stream_response(RequestFactory().head("/"), source.plain())
    assert b"".join(response) == b""
    assert (source.read, source.closed) == (0, 1)


def test_hooks_are_notified_of_a_reconnect():
    records = []
    session = watched_session(records.append)
    stream_response(plain(**{"Last-Event-ID": "41"}), Source(*PAGE).plain(), session=session).close()
    session = watched_session(records.append)
    arun(Source(*PAGE).chunks(), asynchronous(**{"Last-Event-ID": "42"}), session=session)
    assert [record.last_event_id for record in records if isinstance(record, Reconnected)] == ["41", "42"]


def test_each_function_refuses_the_other_kind_of_request():
    with pytest.raises(UsageError, match=r"came over ASGI: await astream_response\(\)"):
        stream_response(asynchronous(), Source(*PAGE).plain())
    with pytest.raises(UsageError, match=r"came over WSGI: call stream_response\(\)"):
        arun(Source(*PAGE).chunks(), plain())


def test_without_django_the_error_names_the_extra_to_install(monkeypatch):
    words = words_without("django", monkeypatch)
    assert words == "This adapter needs Django: pip install 'componentstream[django]'."


def test_a_wrong_call_is_refused_by_name():
    with pytest.raises(UsageError, match=r"stream_response\(\) is synchronous .*; use astream_response"):
        stream_response(plain(), Source(*PAGE).chunks())
    with pytest.raises(UsageError, match=r"The source of astream_response\(\) is None"):
        arun(None)


def test_an_awaitable_source_is_awaited():
    source = Source(*PAGE)
    assert types(arun(source.awaited())[1]) == TYPES
    assert source.closed == 1
