import builtins
import gzip
import importlib
import sys

import pytest

from componentstream import ConfigurationError, MissingExtraError
from componentstream.browser import preview
from componentstream.browser.preview import bundle
from tests import parts
from tests.browser.preview.sources import write_build, write_sources

parts.module("starlette")
parts.module("httpx2")

from starlette.applications import Starlette  # noqa: E402 - it needs what is asked for above
from starlette.testclient import TestClient  # noqa: E402

from componentstream.browser.preview.routes import preview_routes  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    folder = write_sources(tmp_path / "browser")
    write_build(folder / "preview" / "dist", bundle.digest(folder), "let frame = 1;" * 100)
    return folder


@pytest.fixture
def client(folder):
    return TestClient(Starlette(routes=preview_routes(folder=folder)))


def test_a_frame_is_served_with_the_headers_that_its_safety_rests_on(client, folder):
    response = client.get("/preview/frame.html")
    frame = bundle.find_frames(folder)["frame.html"]
    assert response.status_code == 200
    assert response.content == frame.path.read_bytes()
    assert response.headers["content-security-policy"] == f"{frame.policy}; frame-ancestors 'self'"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-dns-prefetch-control"] == "off"
    assert response.headers["connection-allowlist"] == "()"


def test_pages_that_may_embed_the_frame_can_be_named(folder):
    routes = preview_routes("/p", frame_ancestors=["https://app.example"], folder=folder)
    response = TestClient(Starlette(routes=routes)).get("/p/frame.html")
    assert response.headers["content-security-policy"].endswith("; frame-ancestors https://app.example")


def test_a_frame_of_a_named_version_is_kept_without_asking_again(client, folder):
    version = bundle.find_frames(folder)["frame.html"].version
    for query, caching in {
        f"?v={version}": "public, max-age=31536000, immutable",
        "?v=0123456789abcdef": "no-cache",
        "?secret": "no-cache",
        "": "no-cache",
    }.items():
        response = client.get(f"/preview/frame.html{query}")
        assert response.headers["cache-control"] == caching
        assert response.headers["etag"] == f'"{version}"'


def test_a_frame_that_has_not_changed_is_not_sent_again(client):
    tag = client.get("/preview/frame.html").headers["etag"]
    response = client.get("/preview/frame.html", headers={"If-None-Match": f"W/{tag}"})
    assert response.status_code == 304
    assert response.content == b""
    assert "content-security-policy" in response.headers
    assert client.get("/preview/frame.html", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_frame_is_compressed_for_clients_that_ask_for_it(client, folder):
    plain = bundle.find_frames(folder)["frame.html"].path.read_bytes()
    for _ in range(2):
        with client.stream("GET", "/preview/frame.html", headers={"Accept-Encoding": "gzip, br"}) as response:
            packed = b"".join(response.iter_raw())
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(packed) == plain
    response = client.get("/preview/frame.html", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in response.headers


def test_the_routes_have_names_for_the_policy_of_the_page(folder):
    app = Starlette(routes=preview_routes(folder=folder))
    assert app.url_path_for("preview-frame.html") == "/preview/frame.html"


def test_other_files_of_the_build_are_not_served(client):
    assert client.get("/preview/manifest.json").status_code == 404
    assert client.get("/preview/..%2fhost.js").status_code == 404
    assert client.post("/preview/frame.html").status_code == 405


@pytest.mark.parametrize("prefix", ["", "preview", "/", "/preview/"])
def test_an_invalid_prefix_is_rejected(prefix, folder):
    with pytest.raises(ConfigurationError, match="prefix must begin with a slash"):
        preview_routes(prefix, folder=folder)


def test_frames_that_are_not_built_are_told_when_the_application_starts(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"python -m componentstream\.browser\.preview"):
        preview_routes(folder=write_sources(tmp_path / "browser"))


def test_the_package_exports_the_routes_without_loading_them_before():
    assert preview.preview_routes is preview_routes
    with pytest.raises(AttributeError, match="has no attribute 'routes_of'"):
        _ = preview.routes_of


def test_a_missing_package_is_told_with_the_extra_that_brings_it(monkeypatch):
    real = builtins.__import__

    def without_starlette(name, *arguments, **options):
        if name.split(".")[0] == "starlette":
            raise ImportError(name="starlette")
        return real(name, *arguments, **options)

    name = "componentstream.browser.preview.routes"
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without_starlette)
    with pytest.raises(MissingExtraError, match=r"pip install 'componentstream\[preview\]'"):
        importlib.import_module(name)
