"""The response for Flask, in its own test client."""

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
    decoded,
    endless,
    error_of,
    types,
    watched_session,
)
from tests.adapters.missing import words_without

flask = parts.module("flask")

from componentstream.adapters.flask import stream_response  # noqa: E402 - only if Flask is there


def client(source, **options):
    """A client of an application that answers with a stream."""
    app = flask.Flask("streams")
    app.add_url_rule("/", view_func=lambda: stream_response(source, **options), endpoint="page")
    return app.test_client()


def test_a_stream_is_sent_whole_with_its_headers():
    source = Source(*PAGE)
    with client(source.plain()).get("/") as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-cache, no-transform"
        assert types(response.data) == TYPES
    assert source.closed == 1


def test_a_source_that_fails_before_its_first_event_is_a_bad_gateway():
    with client(Source(SourceFailedError(SECRET)).plain()).get("/") as response:
        assert response.status_code == 502
        assert response.json["error"]["type"] == error_of(response.data)["type"] == "source_failed"


def test_a_disconnect_closes_the_source():
    source = endless()
    with client(source.plain()).get("/", buffered=False) as response:
        assert types(next(response.iter_encoded()))[:2] == TYPES[:2]
    assert source.closed == 1


def test_a_source_sees_the_request_of_its_view():
    def source():
        yield f"{flask.request.path}\n"
        yield f"{flask.request.method}\n"

    with client(source()).get("/") as response:
        text = "".join(event.text for event in decoded(response.data) if event.type == "content_block_delta")
    assert text == "/\nGET\n"


def test_head_closes_the_source_unread():
    source = Source(*PAGE)
    with client(source.plain()).head("/") as response:
        assert (response.status_code, response.data) == (200, b"")
    assert (source.read, source.closed) == (0, 1)


def test_hooks_are_notified_of_a_reconnect():
    records = []
    asking = client(Source(*PAGE).plain(), session=watched_session(records.append))
    asking.get("/", headers={"Last-Event-ID": "41"}).close()
    assert isinstance(records[0], Reconnected)


def test_without_flask_the_error_names_the_extra_to_install(monkeypatch):
    words = words_without("flask", monkeypatch)
    assert words == "This adapter needs Flask: pip install 'componentstream[flask]'."


def test_a_wrong_call_is_refused_by_name():
    with pytest.raises(UsageError, match=r"stream_response\(\) is synchronous .*; use an ASGI framework"):
        stream_response(Source(*PAGE).chunks())
