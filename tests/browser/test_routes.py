"""The routes of the browser client, on a real server."""

import importlib
import re
import sys

import pytest

from componentstream import ConfigurationError, MissingExtraError, browser
from tests import parts
from tests.listening import serving

IMPORTS = re.compile(r'from "(\..*?)"')


@pytest.fixture(scope="module")
def client():
    httpx2 = parts.module("httpx2")
    routes = parts.module("componentstream.browser.routes")
    applications = parts.module("starlette.applications")
    app = applications.Starlette(routes=routes.browser_routes("/static"))
    with serving(app) as url, httpx2.Client(base_url=url, trust_env=False) as client:
        yield client


def test_the_folder_holds_the_module_and_its_types():
    assert (browser.path() / "componentstream.js").is_file()
    assert (browser.path() / "componentstream.d.ts").is_file()


def test_a_page_gets_the_module_and_everything_that_it_imports(client):
    waiting, seen = [f"/static/{name}.js" for name in ("componentstream", "heal", "preview/host")], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        response = client.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/javascript; charset=utf-8"
        assert response.headers["x-content-type-options"] == "nosniff"
        for name in IMPORTS.findall(response.text):
            imported = response.url.join(name).path
            if imported not in seen:
                waiting.append(imported)
    assert "/static/client/store.js" in seen
    assert "/static/heal/lexer.js" in seen


def test_a_browser_that_has_the_module_is_told_so(client):
    first = client.get("/static/componentstream.js")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for condition in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get("/static/componentstream.js", headers={"If-None-Match": condition})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for condition in ('"other"', ""):
        again = client.get("/static/componentstream.js", headers={"If-None-Match": condition})
        assert (again.status_code, again.content) == (200, first.content)
    assert client.get("/static/client/store.js").headers["etag"] != tag


def test_nothing_else_is_served(client):
    for path in ("/static/package.json", "/static/componentstream.d.ts", "/static/../routes.py", "/static/"):
        assert client.get(path).status_code == 404
    assert client.head("/static/componentstream.js").status_code == 200
    assert client.post("/static/componentstream.js").status_code == 405


@pytest.mark.parametrize("prefix", ["static", "/", "/static/", None])
def test_a_wrong_prefix_is_rejected(prefix):
    browser_routes = parts.module("componentstream.browser.routes").browser_routes
    with pytest.raises(ConfigurationError) as caught:
        browser_routes(prefix)
    assert str(caught.value) == (
        f"browser_routes: prefix must begin with a slash and not end with one, not {prefix!r}. "
        'Write browser_routes("/static/componentstream").'
    )


def test_the_modules_may_lie_at_the_root():
    browser_routes = parts.module("componentstream.browser.routes").browser_routes
    assert "/componentstream.js" in {route.path for route in browser_routes("")}


def test_the_error_without_starlette_says_what_to_install(monkeypatch):
    module = "componentstream.browser.routes"
    monkeypatch.setitem(sys.modules, "starlette.requests", None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'componentstream\[starlette\]'"):
        importlib.import_module(module)
