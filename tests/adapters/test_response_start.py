"""The start of a response, without a server."""

import asyncio
import json
from http import HTTPStatus

import pytest

from componentstream import ErrorEvent, MessageStop, StatusEvent
from componentstream.adapters.response_start import (
    ResponseStart,
    acheck_status,
    check_headers,
    check_status,
    close_unread,
    report_reconnect,
)
from componentstream.core.errors import UsageError
from componentstream.core.event_json import event_from_dict
from componentstream.session.session import GenerationSession, SessionState
from componentstream.wire import JSONLinesEncoder, SSEEncoder
from tests.drive.kinds import Closable

STARTED = StatusEvent("started", 0, 0, 0, 0)


def fatal(code, *, retryable=False):
    return ErrorEvent(code, "It did not work.", fatal=True, retryable=retryable)


def opened(*events, encoder=None, headers=()):
    opening = ResponseStart(encoder, headers)
    chunks = [opening.encode(event) for event in events]
    assert chunks == [(encoder or SSEEncoder()).encode(event) for event in events]
    return opening


def test_the_started_status_alone_does_not_start_the_response():
    assert not opened(STARTED).ready(SSEEncoder().encode(STARTED))


def test_the_first_event_after_the_started_status_starts_the_response():
    opening = opened(STARTED, MessageStop("complete"))
    assert opening.ready(b"")
    assert opening.failure is None


def test_a_heartbeat_starts_the_response():
    opening = opened(STARTED)
    assert opening.ready(opening.heartbeat())
    assert opening.heartbeat() == SSEEncoder().heartbeat()


def hold_plainly(opening, chunks):
    return opening.hold(chunks)


def hold_asynchronously(opening, chunks):
    async def given():
        for chunk in chunks:
            yield chunk

    return asyncio.run(opening.ahold(given()))


def test_a_stream_that_ends_before_all_events_is_a_failure():
    for hold in (hold_plainly, hold_asynchronously):
        opening = opened(STARTED)
        assert hold(opening, [b"first"]) == [b"first"]
        assert (opening.failure.code, opening.failure.fatal) == ("internal_error", True)
        assert opening.error_response(opening.failure)[0] == HTTPStatus.INTERNAL_SERVER_ERROR


def test_chunks_are_held_until_the_status_is_settled():
    chunks = [b"first", SSEEncoder().heartbeat(), b"last"]
    for hold in (hold_plainly, hold_asynchronously):
        opening = opened(STARTED)
        assert hold(opening, chunks) == chunks[:2]
        assert opening.failure is None


def test_a_fatal_error_before_all_other_events_is_the_failure():
    assert opened(STARTED, fatal("source_failed")).failure == fatal("source_failed")


@pytest.mark.parametrize(
    "events",
    [
        [MessageStop("complete"), fatal("source_failed")],
        [ErrorEvent("not_resumable", "The stream continues.")],
    ],
    ids=["later", "not fatal"],
)
def test_other_errors_are_part_of_the_stream(events):
    assert opened(STARTED, *events).failure is None


@pytest.mark.parametrize("headers", [{"X-Kept": "1"}, [("X-Kept", "1")]], ids=["mapping", "pairs"])
def test_headers_are_added_to_those_of_the_encoder(headers):
    assert opened(headers=headers).headers() == [*SSEEncoder().headers.items(), ("X-Kept", "1")]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Kept": ""},
        {"x_1": "a\tb \xe9"},
        [("Set-Cookie", "a"), ("Set-Cookie", "b")],
        {"X-A": "1"}.items(),
    ],
)
def test_headers_that_http_can_carry_are_accepted(headers):
    check_headers(headers)


@pytest.mark.parametrize(
    "pair",
    [
        ("X-Kept", "1\r\nX-Other: 2"),
        ("X-Kept", "1\n"),
        ("X-Kept", "1\0"),
        ("X-Kept", "\u20ac"),
        ("X-Kept", 1),
        ("X-Kept\n", "1"),
        ("X Kept", "1"),
        ("", "1"),
        (b"X-Kept", b"1"),
        ("X-Kept",),
        "X-Kept",
    ],
    ids=repr,
)
def test_a_header_that_http_cannot_carry_is_refused(pair):
    with pytest.raises(UsageError) as caught:
        check_headers([("X-Good", "1"), pair])
    assert str(caught.value).startswith(f"{pair!r} is not a header: ")


@pytest.mark.parametrize("headers", [None, 5, "X-Kept: 1", iter([("X-Kept", "1")])])
def test_headers_are_a_mapping_or_a_list_of_pairs(headers):
    with pytest.raises(UsageError, match="headers must be a mapping or a list of pairs, not"):
        check_headers(headers)


def test_headers_replace_those_of_the_encoder():
    headers = opened(encoder=JSONLinesEncoder(), headers={"content-type": "text/plain"}).headers()
    assert [value for name, value in headers if name.lower() == "content-type"] == ["text/plain"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("source_failed", HTTPStatus.BAD_GATEWAY),
        ("source_incomplete", HTTPStatus.BAD_GATEWAY),
        ("generation_timeout", HTTPStatus.GATEWAY_TIMEOUT),
        ("chunk_timeout", HTTPStatus.GATEWAY_TIMEOUT),
        ("log_unavailable", HTTPStatus.SERVICE_UNAVAILABLE),
        ("producer_lost", HTTPStatus.SERVICE_UNAVAILABLE),
        ("server_stopping", HTTPStatus.SERVICE_UNAVAILABLE),
        ("stream_too_large", HTTPStatus.INTERNAL_SERVER_ERROR),
        ("source_of_the_application", HTTPStatus.BAD_GATEWAY),
        ("queue_timeout", HTTPStatus.GATEWAY_TIMEOUT),
        ("of_the_application", HTTPStatus.INTERNAL_SERVER_ERROR),
    ],
)
def test_the_status_depends_on_the_code_of_the_failure(code, status):
    assert opened().error_response(fatal(code))[0] == status


def test_an_error_response_is_the_event_and_must_not_be_stored():
    failure = fatal("source_failed")
    _, headers, body = opened(headers={"X-Kept": "1", "Cache-Control": "max-age=9"}).error_response(failure)
    assert event_from_dict(json.loads(body)) == failure
    assert headers == [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Kept", "1"),
    ]


def test_a_retryable_error_has_a_retry_after_header():
    _, headers, _ = opened().error_response(fatal("chunk_timeout", retryable=True))
    assert ("Retry-After", "1") in headers


@pytest.mark.parametrize(("last_event_id", "told"), [("41", ["41"]), ("", []), (None, [])])
def test_hooks_are_notified_of_a_reconnect(last_event_id, told):
    heard = []
    report_reconnect(GenerationSession(hooks=[heard.append]), last_event_id)
    assert [record.last_event_id for record in heard] == told


def test_a_reconnect_without_a_session_is_ignored():
    report_reconnect(None, "41")


@pytest.mark.parametrize("status", [200, HTTPStatus.CREATED, 302, 404, 599])
def test_a_status_with_a_body_is_accepted(status):
    assert check_status(status, None) is None


@pytest.mark.parametrize("status", [100, 199, 204, 205, 304, 600, True, "200", None])
def test_another_status_is_refused_and_a_coroutine_closed(status):
    async def opened():
        return []

    source = opened()
    with pytest.raises(UsageError, match=f"has a body, not {status!r}; answer with an empty response"):
        check_status(status, source)
    assert source.cr_frame is None


def test_a_status_that_is_refused_late_closes_source_and_session():
    async def test():
        session, source = GenerationSession(), Closable("a")
        assert await acheck_status(200, source, session) is None
        assert (source.closed, session.state) == (0, SessionState.IDLE)
        with pytest.raises(UsageError):
            await acheck_status(204, source, session)
        assert (source.closed, session.state) == (1, SessionState.CANCELLED)

    asyncio.run(test())


def test_a_source_is_closed_unread_without_a_session_too():
    source = Closable("a")
    asyncio.run(close_unread(source, None))
    assert (source.read, source.closed) == (0, 1)


def test_the_response_is_that_of_the_stream_or_of_its_failure():
    status, headers, first = opened(STARTED).response([b"a", b"b"])
    assert (status, first) == (200, b"ab")
    assert ("Content-Type", "text/event-stream; charset=utf-8") in headers
    failing = opened(STARTED, ErrorEvent("source_failed", "The source failed.", fatal=True))
    assert failing.response([b"a"]) == failing.error_response(failing.failure)
