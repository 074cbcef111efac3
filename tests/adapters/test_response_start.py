"""The start of a response, without a server."""

import json
from http import HTTPStatus

import pytest

from componentstream import ErrorEvent, MessageStop, StatusEvent
from componentstream.adapters.response_start import ResponseStart, report_reconnect
from componentstream.core.events import event_from_dict
from componentstream.session.session import GenerationSession
from componentstream.wire import JSONLinesEncoder, SSEEncoder

STARTED = StatusEvent("started", 0, 0, 0, 0)


def fatal(code, *, retryable=False):
    return ErrorEvent(code, "It did not work.", fatal=True, retryable=retryable)


def opened(*events, encoder=None, headers=()):
    opening = ResponseStart(encoder, headers)
    chunks = [opening.encode(event) for event in events]
    assert chunks == [(encoder or SSEEncoder()).encode(event) for event in events]
    return opening


def test_a_start_alone_decides_nothing():
    assert not opened(STARTED).ready(SSEEncoder().encode(STARTED))


def test_the_first_event_behind_the_start_decides():
    opening = opened(STARTED, MessageStop("complete"))
    assert opening.ready(b"")
    assert opening.failure is None


def test_a_heartbeat_decides_because_it_has_to_be_sent():
    opening = opened(STARTED)
    assert opening.ready(opening.heartbeat())
    assert opening.heartbeat() == SSEEncoder().heartbeat()


def test_a_fatal_error_before_all_else_is_the_failure():
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
def test_headers_come_beside_those_of_the_encoder(headers):
    assert opened(headers=headers).headers() == [*SSEEncoder().headers.items(), ("X-Kept", "1")]


def test_headers_that_are_given_win_over_those_of_the_encoder():
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
def test_the_status_says_whose_failure_it_was(code, status):
    assert opened().error_response(fatal(code))[0] == status


def test_the_answer_to_a_failure_is_the_event_and_may_not_be_kept():
    failure = fatal("source_failed")
    _, headers, body = opened(headers={"X-Kept": "1", "Cache-Control": "max-age=9"}).error_response(failure)
    assert event_from_dict(json.loads(body)) == failure
    assert headers == [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Kept", "1"),
    ]


def test_what_may_be_tried_again_says_when():
    _, headers, _ = opened().error_response(fatal("chunk_timeout", retryable=True))
    assert ("Retry-After", "1") in headers


@pytest.mark.parametrize(("last_event_id", "told"), [("41", ["41"]), ("", []), (None, [])])
def test_hooks_hear_of_a_reader_who_comes_back(last_event_id, told):
    heard = []
    report_reconnect(GenerationSession(hooks=[heard.append]), last_event_id)
    assert [record.last_event_id for record in heard] == told


def test_without_a_session_there_is_nobody_to_tell():
    report_reconnect(None, "41")
