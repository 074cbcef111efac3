"""Debugging is for those whom the server lets, and cannot be asked for."""

import json

import httpx2
import pytest

from componentstream.core.events import DebugEvent
from componentstream.server import ServerSettings, create_app
from tests.listening import serving
from tests.timing import WAIT
from tests.web.running import Model, by_name, events_of, token_of

ASKING = ["debug=1", "debug=true", "DEBUG=1", "debug", "verbose=1", "trace=1", "debug=1&debug=2", "_debug=1"]
ASKING_HEADERS = [{"X-Debug": "1"}, {"Debug": "true"}, {"Cookie": "debug=1"}, {"Prefer": "debug"}]


@pytest.fixture(scope="module", params=[False, True], ids=["off", "on"])
def setting(request):
    return request.param


@pytest.fixture(scope="module")
def client(setting):
    settings = ServerSettings(rate_limit=None, authenticate=by_name, debug=setting)
    with serving(create_app(Model(), settings)) as url, httpx2.Client(base_url=url, timeout=WAIT) as client:
        yield client


def start(client, user, key, query="", **headers):
    """Start a stream, or get it again from its start: only so are two streams equal to the byte."""
    headers |= {"Idempotency-Key": key, **token_of(user)}
    return client.post(f"/generate?{query}", json={"prompt": "x"}, headers=headers)


def said(response):
    """Return all of a response but its date."""
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return response.status_code, headers, response.content


@pytest.mark.parametrize("query", ASKING)
def test_the_query_changes_nothing_of_a_generation(client, query):
    plain = start(client, "me", "a")
    assert plain.status_code == 200
    assert said(start(client, "me", "a", query)) == said(plain)


@pytest.mark.parametrize("query", ASKING)
def test_nor_of_a_stream_that_is_read_again(client, query):
    path = f"/streams/{start(client, 'me', 'a').headers['stream-id']}"
    plain = client.get(path, headers=token_of("me"))
    assert plain.status_code == 200
    assert said(client.get(f"{path}?{query}", headers=token_of("me"))) == said(plain)


@pytest.mark.parametrize("query", ASKING)
def test_nor_of_anything_that_is_refused(client, query):
    for path in ("/generate", "/streams/x", "/nothing", "/health", "/openapi.json"):
        for headers in ({}, token_of("me")):
            plain = client.get(path, headers=headers)
            assert said(client.get(f"{path}?{query}", headers=headers)) == said(plain)


@pytest.mark.parametrize("headers", ASKING_HEADERS, ids=lambda headers: next(iter(headers)))
def test_nor_does_a_header(client, headers):
    plain = start(client, "me", "a")
    assert said(start(client, "me", "a", **headers)) == said(plain)


@pytest.mark.parametrize("field", ["debug", "Debug", "verbose"])
def test_nor_does_the_body(client, field):
    body = {"prompt": "x", field: True}
    response = client.post("/generate", json=body, headers=token_of("me") | {"Idempotency-Key": "a"})
    assert said(response) == said(start(client, "me", "a"))


def test_a_user_with_the_claim_gets_debug_events_where_the_setting_says_so(client, setting):
    events = events_of(start(client, "debugger", "b").content)
    assert any(isinstance(event, DebugEvent) for event in events) is setting
    assert b'"debug"' not in start(client, "me", "b").content


def test_the_ids_of_those_without_debug_events_say_where_to_go_on(client):
    response = start(client, "debugger", "b")
    ids = [int(line[4:]) for line in response.text.split("\n") if line.startswith("id: ")]
    assert ids == sorted(set(ids))
    path = f"/streams/{response.headers['stream-id']}"
    ticket = client.post(f"{path}/tickets", headers=token_of("debugger")).json()["ticket"]
    again = client.get(path, params={"ticket": ticket})
    assert b'"debug"' not in again.content
    kept = [json.loads(line[6:])["type"] for line in again.text.split("\n") if line.startswith("data: ")]
    every = [json.loads(line[6:])["type"] for line in response.text.split("\n") if line.startswith("data: ")]
    assert kept == [kind for kind in every if kind != "debug"]
