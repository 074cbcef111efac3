"""The files of the demo's page, the headers that they are served with, and the token that it is given."""

import pytest

from tests import parts

parts.module("starlette")
parts.module("httpx2")

from starlette.applications import Starlette  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402

from componentstream.demo.preview import FRAME, LivePreview  # noqa: E402
from componentstream.demo.routes import page_routes  # noqa: E402 - it needs what is asked for above


def client_of(**options):
    routes = page_routes(lambda: {"api": "../api/"}, LivePreview(), **options)
    return TestClient(Starlette(routes=routes), base_url="http://127.0.0.1:8000", follow_redirects=False)


@pytest.fixture(scope="module")
def client():
    return client_of(new_token=lambda: "a token", host="Demo.test")


def test_the_front_door_leads_to_the_page(client):
    response = client.get("/")
    assert (response.status_code, response.headers["location"]) == (307, "/demo/")
    assert "<title>componentstream demo</title>" in client.get("/demo/").text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/demo/", "text/html; charset=utf-8"),
        ("/demo/main.js", "text/javascript; charset=utf-8"),
        ("/demo/base.css", "text/css; charset=utf-8"),
        ("/demo/demo.json", "application/json"),
    ],
)
def test_every_page_has_its_type_and_allows_nothing_from_elsewhere(client, path, kind):
    response = client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, kind)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ")
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert client.put(path).status_code == 405


def test_the_page_imports_the_browser_client_from_the_same_server(client):
    response = client.get("/componentstream/componentstream.js")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert client.get("/componentstream/preview/host.js").status_code == 200


@pytest.mark.parametrize(
    ("status", "frames"),
    [("off", "frame-src 'none'"), ("ready", f"frame-src http://127.0.0.1:8000/preview/{FRAME}")],
)
def test_the_page_permits_the_frame_of_its_preview_and_no_other(status, frames):
    routes = page_routes(dict, LivePreview(status))
    with TestClient(Starlette(routes=routes), base_url="http://127.0.0.1:8000") as client:
        assert client.get("/demo/").headers["content-security-policy"].endswith(f"; {frames}")
        assert "frame-src" not in client.get("/demo/main.js").headers["content-security-policy"]


def test_the_pages_name_no_other_host_and_set_no_html(client):
    files = [route.path for route in client.app.routes if route.path.startswith("/demo/")]
    assert {"/demo/", "/demo/blocks.css", "/demo/highlight.js", "/demo/main.js"} <= set(files)
    for path in files:
        text = client.get(path).text
        assert "http:" not in text
        assert "https:" not in text
        assert "innerHTML" not in text
        assert text.count("\n") <= 400


def test_the_facts_the_token_and_the_preview_are_told_together_and_not_kept(client):
    response = client.get("/demo/demo.json")
    assert response.json() == {
        "api": "../api/",
        "token": "a token",
        "preview": {"status": "off", "src": None, "message": ""},
    }
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("192.0.2.7:8000", 200),
        ("[::1]:8000", 200),
        ("demo.test:8000", 200),
        ("evil.example:8000", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
    ],
)
def test_the_token_is_not_given_to_a_name_that_was_made_to_mean_this_machine(client, host, status):
    response = client.get("/demo/demo.json", headers={"Host": host})
    assert response.status_code == status
    if status == 421:
        error = response.json()["error"]
        assert error["type"] == "misdirected_request"
        assert error["message"] == "Open this page by the address that the server printed."


def test_without_a_token_to_give_any_name_of_the_server_will_do():
    response = client_of().get("/demo/demo.json", headers={"Host": "app.example"})
    assert (response.status_code, response.json()["token"]) == (200, None)
