"""Request bodies that are too long, too slow, or not valid."""

import json
import logging
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import httpx2
import pytest

from componentstream.server import ServerSettings, create_app
from tests.listening import serving
from tests.web.running import (
    AT_ONCE,
    WAIT,
    Model,
    cheap,
    connected,
    events_of,
    exchange,
    read_to_end,
    refusal,
)

LONGEST = 65_536
BODY_TIMEOUT = 1.0
HEAD = b"POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
PIECE = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
NO_JSON = {
    "nothing": b"",
    "a part": b'{"prompt": "x"',
    "too much": b'{"prompt": "x"}}',
    "no UTF-8": b'{"prompt": "\xff"}',
    "UTF-16": '{"prompt": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"prompt": "x"}',
    "deep": b"[" * 60_000,
    "deep objects": b'{"a":' * 12_000,
    "a long number": b'{"prompt": ' + b"9" * 60_000 + b"}",
    "NUL": b'{"prompt": "x"}\0',
    "a control character": b'{"prompt": "a\nb"}',
    "a form": b"prompt=x",
}
NO_REQUEST = {
    "a list": [],
    "a number": 5,
    "null": None,
    "no prompt": {},
    "an empty prompt": {"prompt": ""},
    "a blank prompt": {"prompt": " \t\n\u00a0\u2003"},
    "a number for a prompt": {"prompt": 5},
    "no value for a prompt": {"prompt": None},
    "a list for a prompt": {"prompt": ["x"]},
    "a number for a project": {"prompt": "x", "project": 1},
    "a flag for a version": {"prompt": "x", "version": True},
    "half a character": {"prompt": "\ud800"},
}


@pytest.fixture(scope="module")
def model():
    return Model()


def serving_with(model, body_timeout):
    settings = ServerSettings(rate_limit=None, max_generations_per_user=1000, body_timeout=body_timeout)
    return serving(create_app(model, settings))


@pytest.fixture(scope="module")
def server(model):
    """Give the URL of a server that waits for a body for longer than a busy machine needs to send it."""
    with serving_with(model, 2 * WAIT) as url:
        yield url


@pytest.fixture(scope="module")
def hasty(model):
    """Give the URL of a server that waits for a body for `BODY_TIMEOUT` only."""
    with serving_with(model, BODY_TIMEOUT) as url:
        yield url


@pytest.fixture(autouse=True)
def asked(model):
    """Give the number of prompts that the model had got before the test."""
    return len(model.asked)


@pytest.fixture
def url(server, model, asked):
    """Give the URL of a server that must refuse everything: the model must not be called."""
    yield server
    assert len(model.asked) == asked


def post(url, body, media_type="application/json"):
    with cheap():
        headers = {"Content-Type": media_type}
        return httpx2.post(f"{url}generate", content=body, headers=headers, timeout=WAIT)


def answer_to(url, *pieces):
    """Send a request in pieces, without an end; return the answer, which must come all the same."""
    with cheap(), connected(url) as raw:
        with suppress(OSError):
            for piece in pieces:
                raw.sendall(piece)
        received = b""
        with suppress(ConnectionError):  # see read_to_end
            while b"}}" not in received and (more := raw.recv(65536)):
                received += more
    return received


def status_and_code(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["type"]


def test_a_body_whose_length_is_told_is_refused_before_it_has_come(url):
    answer = answer_to(url, HEAD + b"Content-Length: 100000000\r\n\r\n")
    assert status_and_code(answer) == (413, "request_too_large")


def test_a_hundred_megabytes_are_refused_while_they_come(url):
    answer = answer_to(url, HEAD + b"Content-Length: 100000000\r\n\r\n", b" " * 1_000_000)
    assert status_and_code(answer) == (413, "request_too_large")


def test_a_body_without_an_end_is_refused_when_it_is_too_long(url):
    pieces = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", PIECE, PIECE, b"8000\r\n "]
    answer = answer_to(url, *pieces)
    assert status_and_code(answer) == (413, "request_too_large")


def test_the_length_that_is_told_is_not_believed_if_it_is_none(url):
    for length in (b"-1", b"1e9", b"0x10", b"99999999999999999999999", b"5, 5"):
        answer = answer_to(url, HEAD + b"Content-Length: " + length + b"\r\n\r\n{}")
        assert answer.split()[1] in (b"400", b"413")


def test_a_body_as_long_as_allowed_is_taken(server, model):
    prompt = "x" * (LONGEST - len('{"prompt":""}'))
    body = json.dumps({"prompt": prompt}, separators=(",", ":")).encode()
    assert len(body) == LONGEST
    assert events_of(post(server, body).content)[-1].reason == "complete"
    assert model.asked[-1].prompt == prompt
    assert refusal(post(server, body + b" "))[:2] == (413, "request_too_large")


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_refused(url, body):
    status, code, message = refusal(post(url, body))
    assert (status, code) == (400, "invalid_request")
    assert 'Send {"prompt": "..."' in message


@pytest.mark.parametrize("value", NO_REQUEST.values(), ids=NO_REQUEST)
def test_what_is_no_request_is_refused(url, value):
    status, code, message = refusal(post(url, json.dumps(value).encode()))
    assert (status, code) == (400, "invalid_request")
    assert 'Send {"prompt": "..."' in message


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
    ],
)
def test_what_a_page_of_another_site_could_post_is_refused(url, media_type):
    assert refusal(post(url, b'{"prompt": "x"}', media_type))[:2] == (415, "unsupported_media_type")


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON ; charset=utf-8"])
def test_json_is_taken_however_its_type_is_written(server, media_type):
    answer = post(server, b'{"prompt": "x", "later": [1]}', media_type)
    assert events_of(answer.content)[-1].reason == "complete"


def drip(raw, stopped):
    while not stopped.wait(0.1):
        try:
            raw.sendall(b" ")
        except OSError:
            return


@pytest.mark.parametrize("dripping", [False, True], ids=["silent", "dripping"])
def test_a_body_that_comes_too_slowly_is_refused_in_time(hasty, model, asked, dripping):
    stopped = threading.Event()
    with connected(hasty) as raw:
        began = time.monotonic()
        raw.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        dripper = threading.Thread(target=drip, args=(raw, stopped))
        if dripping:
            dripper.start()
        answer = read_to_end(raw)
        seconds = time.monotonic() - began
        stopped.set()
        if dripping:
            dripper.join()
    assert status_and_code(answer) == (408, "request_timeout")
    assert b"connection: close" in answer.lower()
    assert BODY_TIMEOUT - 0.1 < seconds < BODY_TIMEOUT + AT_ONCE
    assert len(model.asked) == asked


@contextmanager
def slow_bodies(url, count):
    """Give connections that have sent the beginning of a body each."""
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(url)) for _ in range(count)]
        for raw in slow:
            raw.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        yield slow


def test_slow_bodies_do_not_delay_other_requests(url):
    with slow_bodies(url, 100), cheap():
        assert httpx2.get(f"{url}health", timeout=WAIT).status_code == 200


def test_many_slow_bodies_are_refused_each(hasty, model, asked):
    with slow_bodies(hasty, 100) as slow:
        for raw in slow:
            assert raw.recv(65536).startswith(b"HTTP/1.1 408 ")
    assert len(model.asked) == asked


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_failure(url, caplog):
    with connected(url) as raw:
        raw.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        raw.shutdown(socket.SHUT_WR)
        raw.settimeout(AT_ONCE)
        assert raw.recv(65536) == b""
    assert httpx2.get(f"{url}health", timeout=WAIT).status_code == 200
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []


def test_requests_that_two_servers_may_read_in_two_ways_are_refused(url):
    both = HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    two = HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\n{}    "
    for request in (both, two):
        assert exchange(url, request).split()[1] == b"400"
