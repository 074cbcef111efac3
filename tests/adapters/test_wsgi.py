"""The WSGI application, called as a server calls it."""

import socket
import threading
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from componentstream.adapters.wsgi import WSGIStream
from componentstream.core.errors import UsageError
from componentstream.session.hooks import Reconnected
from tests.adapters.given_sources import (
    PAGE,
    SECRET,
    TYPES,
    Source,
    SourceFailedError,
    endless,
    error_of,
    hasty_session,
    types,
    watched_session,
)


def asked(source, environ=(), **options):
    """Call the application; return the arguments of `start_response`, and the iterable."""
    made = dict(environ)
    setup_testing_defaults(made)
    said = []
    body = WSGIStream(source, **options)(made, lambda status, headers: said.append((status, dict(headers))))
    return said[0], body


def test_a_stream_is_sent_whole_with_its_headers():
    source = Source(*PAGE)
    (status, headers), body = asked(source.plain())
    assert status == "200 OK"
    assert headers == {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-cache, no-transform",
        "X-Accel-Buffering": "no",
    }
    assert types(b"".join(body)) == TYPES
    assert source.closed == 1


def test_the_application_keeps_to_the_rules_of_wsgi():
    environ = {"REQUEST_METHOD": "GET", "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    source = Source(*PAGE)
    body = validator(WSGIStream(source.plain()))(environ, lambda _status, _headers, _error=None: print)
    assert types(b"".join(body)) == TYPES
    body.close()


def test_a_source_that_fails_before_its_first_event_is_a_bad_gateway():
    (status, headers), body = asked(Source(SourceFailedError(SECRET)).plain(), headers={"X-Request": "7"})
    assert status == "502 Bad Gateway"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Request"] == "7"
    assert error_of(b"".join(body))["type"] == "source_failed"


def test_a_deadline_before_the_first_event_is_a_gateway_timeout():
    gate = threading.Event()
    (status, headers), body = asked(Source(gate).plain(), session=hasty_session())
    gate.set()
    body.close()
    assert status == "504 Gateway Timeout"
    assert headers["Retry-After"] == "1"


def test_head_closes_the_source_unread():
    source = Source(*PAGE)
    (status, _), body = asked(source.plain(), {"REQUEST_METHOD": "HEAD"})
    assert status == "200 OK"
    assert list(body) == []
    assert (source.read, source.closed) == (0, 1)


def test_hooks_are_notified_of_a_reconnect():
    records = []
    environ = {"HTTP_LAST_EVENT_ID": "41"}
    asked(Source(*PAGE).plain(), environ, session=watched_session(records.append))[1].close()
    assert isinstance(records[0], Reconnected)


@pytest.mark.parametrize("name", ["gunicorn.socket", "werkzeug.socket"])
def test_the_socket_has_a_time_limit_while_the_body_is_sent(name):
    source = endless()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(7.0)
        _, body = asked(source.plain(), {name: ours}, send_timeout=20.25)
        assert ours.gettimeout() == 7.0
        chunks = iter(body)
        assert types(next(chunks))[:2] == TYPES[:2]
        assert ours.gettimeout() == 20.25
        body.close()
        assert ours.gettimeout() == 7.0
    assert source.closed == 1


def test_a_send_timeout_longer_than_a_socket_takes_is_shortened_for_it():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        _, body = asked(Source(*PAGE).plain(), {"gunicorn.socket": ours}, send_timeout=1e300)
        assert types(b"".join(body))[-1] == "message_stop"
        body.close()


def test_a_socket_that_the_server_has_closed_is_left_alone():
    source = endless()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        _, body = asked(source.plain(), {"gunicorn.socket": ours})
        iter(body)
        ours.close()
        body.close()
    assert source.closed == 1


def test_a_wrong_call_is_refused_by_the_constructor():
    with pytest.raises(UsageError, match=r"WSGIStream\(\) is synchronous .*; use ASGIStream\(\)"):
        WSGIStream(Source(*PAGE).chunks())
    with pytest.raises(UsageError, match="did you mean 'headers'"):
        WSGIStream([], header={})
