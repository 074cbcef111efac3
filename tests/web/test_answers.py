"""The properties that all responses share."""

import time

import httpx2
import pytest

from componentstream.server import ServerSettings, create_app
from tests.listening import serving
from tests.timing import WAIT
from tests.web.running import AT_ONCE, Model, connected, refusal

ORIGIN = "https://app.example.com"
PATHS = {
    "/generate": {"POST"},
    "/streams/s-1": {"GET", "HEAD", "DELETE"},
    "/streams/s-1/tickets": {"POST"},
    "/health": {"GET", "HEAD"},
    "/metrics": {"GET", "HEAD"},
    "/openapi.json": {"GET", "HEAD"},
}


def broken(_request):
    raise RuntimeError("the key is hunter2")


def model(request):
    return broken(request) if request.prompt == "break" else Model()(request)


@pytest.fixture(scope="module")
def client():
    settings = ServerSettings(allowed_origins=[ORIGIN], rate_limit="1000/day", shutdown_grace=0.5)
    with serving(create_app(model, settings)) as url, httpx2.Client(base_url=url, timeout=WAIT) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("PUT", "/generate", 405),
        ("GET", "/streams/x", 404),
        ("POST", "/generate", 415),
        ("GET", "/health", 200),
    ],
)
def test_a_page_of_an_allowed_origin_may_read_every_answer(client, method, path, status):
    response = client.request(method, path, headers={"Origin": ORIGIN})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["vary"] == "Origin"
    other = client.request(method, path, headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    assert other.headers["vary"] == "Origin"


def test_a_page_of_an_allowed_origin_may_read_that_the_server_failed(client):
    headers = {"Origin": ORIGIN, "Connection": "close"}
    response = client.post("/generate", json={"prompt": "break"}, headers=headers)
    assert refusal(response) == (
        500,
        "internal_error",
        "Internal server error. The operator can find the cause in the server log.",
    )
    assert response.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("path", PATHS)
def test_another_method_is_refused_with_those_that_there_are(client, path):
    response = client.request("PATCH", path)
    assert refusal(response)[:2] == (405, "method_not_allowed")
    assert set(response.headers["allow"].split(", ")) == PATHS[path]


def test_a_head_gets_the_headers_of_a_stream_that_goes_on_and_waits_for_nothing(client):
    started = client.post("/generate", json={"prompt": "stall"}, headers={"Prefer": "respond-async"})
    path = f"/streams/{started.json()['stream']}"
    with connected(str(client.base_url)) as raw:
        raw.settimeout(AT_ONCE)
        began = time.monotonic()
        for method in ("HEAD", "DELETE"):
            raw.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = raw.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 " if method == "HEAD" else b"HTTP/1.1 204 ")
            assert answer.endswith(b"\r\n\r\n")
        assert time.monotonic() - began < AT_ONCE
    assert b"componentstream_readers 0.0" in client.get("/metrics").content


def test_a_client_whose_body_is_too_long_is_cut_off(client):
    piece = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    with connected(str(client.base_url)) as raw:
        head = "POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        raw.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + 3 * piece)
        assert raw.recv(65536).startswith(b"HTTP/1.1 413 ")
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            send_again_and_again(raw, piece)


def send_again_and_again(raw, piece):
    for _ in range(1000):
        raw.sendall(piece)


def test_the_description_is_that_of_the_settings():
    settings = ServerSettings(metrics=False, max_body_bytes=1000)
    with serving(create_app(Model(), settings)) as url:
        described = httpx2.get(f"{url}openapi.json", timeout=WAIT).json()
        assert httpx2.get(f"{url}metrics", timeout=WAIT).status_code == 404
    assert "/metrics" not in described["paths"]
    body = described["components"]["schemas"]["GenerationRequest"]
    assert body["properties"]["prompt"]["maxLength"] == 987
