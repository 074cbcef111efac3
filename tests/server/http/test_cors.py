import asyncio

import pytest

from tests import parts

httpx2 = parts.module("httpx2")
parts.module("starlette")

from starlette.applications import Starlette  # noqa: E402 - checked above
from starlette.middleware import Middleware  # noqa: E402
from starlette.responses import PlainTextResponse, Response  # noqa: E402
from starlette.routing import Route  # noqa: E402

from componentstream.core.errors import ConfigurationError  # noqa: E402
from componentstream.server.http.cors import _with_vary, cors  # noqa: E402

ALLOWED = "https://app.example.com"
OTHER = "http://localhost:5173"
OURS = ["authorization", "content-type", "idempotency-key", "last-event-id", "prefer"]
STRANGERS = {
    "another": "https://evil.example",
    "null": "null",
    "a name below it": "https://x.app.example.com",
    "a name that ends like it": "https://evilapp.example.com",
    "a name that begins like it": "https://app.example.com.evil.example",
    "another case": "https://APP.example.com",
    "a port": "https://app.example.com:8443",
    "its own port, written out": "https://app.example.com:443",
    "no encryption": "http://app.example.com",
    "a dot at the end": "https://app.example.com.",
    "a slash at the end": "https://app.example.com/",
    "two": "https://app.example.com https://evil.example",
    "a list": "https://app.example.com, https://evil.example",
    "a user": "https://app.example.com@evil.example",
    "white space": "https://app.example.com\t",
    "nothing": "",
    "a star": "*",
}
ORIGINS = [
    ALLOWED, OTHER, "https://[2001:db8::1]:8443", "http://127.0.0.1", "https://localhost",
    "app://obsidian.md", "chrome-extension://abcdefghijklmnop", "https://xn--bcher-kva.example",
    "http://my_host:81",
]  # fmt: skip
NO_ORIGINS = [
    "*", "null", "", "https://*", "https://*.example.com", "https://app.example.com/", "https://a.example/x",
    "app.example.com", "//app.example.com", "HTTPS://app.example.com", "https://App.example.com",
    "https://app.example.com:443", "http://app.example.com:80", "https://a:b@example.com", "https://a:",
    "https://b\xfccher.example", "https://a.example?x", "https://a.example#x", "https://a.example\n",
    "https://", "https://a.example:0", "https://a.example:999999", "https://a..example",
    "https://a.example.", None, 7,
]  # fmt: skip
METHODS = ["GET", "POST", "DELETE"]
CREDENTIALS = {"none": {}, "a cookie": {"Cookie": "a=b"}, "a token": {"Authorization": "Bearer x"}}


async def answer(_request):
    return PlainTextResponse("done", headers={"Stream-Id": "s-1"})


async def vary(_request):
    return Response(headers={"Vary": "Accept-Encoding"})


async def fail(_request):
    raise RuntimeError


def app_with(origins):
    return cors(
        Starlette(
            routes=[Route("/", answer, methods=METHODS), Route("/vary", vary), Route("/fail", fail)],
        ),
        origins,
    )


def ask(app, method, path="/", **headers):
    async def main():
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(main())


def preflight(app, origin, method="POST", asked="authorization"):
    asks = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": asked}
    return ask(app, "OPTIONS", Origin=origin, **asks)


def of_cors(response):
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


def names(value):
    return [name.strip().lower() for name in value.split(",")]


def origins_in_vary(response):
    return names(response.headers["vary"]).count("origin")


@pytest.fixture(scope="module")
def app():
    return app_with([ALLOWED, OTHER])


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("origin", [ALLOWED, OTHER])
def test_page_of_an_allowed_origin_may_read_the_response(app, origin, method, credentials):
    response = ask(app, method, Origin=origin, **CREDENTIALS[credentials])
    assert response.text == "done"
    assert of_cors(response) == {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "Stream-Id, Retry-After, Location",
    }
    assert origins_in_vary(response) == 1


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stranger", STRANGERS)
def test_page_of_any_other_origin_may_not_read_the_response(app, stranger, method, credentials):
    response = ask(app, method, Origin=STRANGERS[stranger], **CREDENTIALS[credentials])
    assert not {"access-control-allow-origin", "access-control-allow-credentials"} & of_cors(response).keys()
    assert origins_in_vary(response) == 1


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("method", METHODS)
def test_request_without_an_origin_gets_a_response_that_varies_by_origin(app, method, credentials):
    response = ask(app, method, **CREDENTIALS[credentials])
    assert response.text == "done"
    assert of_cors(response) == {}
    assert origins_in_vary(response) == 1


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("method", METHODS)
def test_allowed_origin_passes_the_preflight_for_the_methods_and_headers_of_the_server(
    app, method, credentials
):
    asks = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": ",".join(OURS)}
    response = ask(app, "OPTIONS", Origin=ALLOWED, **asks, **CREDENTIALS[credentials])
    assert response.status_code == 200
    headers = of_cors(response)
    assert headers["access-control-allow-origin"] == ALLOWED
    assert names(headers["access-control-allow-methods"]) == ["get", "post", "delete"]
    assert set(OURS) <= set(names(headers["access-control-allow-headers"]))
    assert "*" not in "".join(headers.values())
    assert "access-control-allow-credentials" not in headers
    assert origins_in_vary(response) == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stranger", STRANGERS)
def test_other_origin_fails_every_preflight(app, stranger, method):
    response = preflight(app, STRANGERS[stranger], method)
    assert response.status_code == 400
    assert not {"access-control-allow-origin", "access-control-allow-credentials"} & of_cors(response).keys()
    assert origins_in_vary(response) == 1


@pytest.mark.parametrize(("method", "asked"), [("PUT", "authorization"), ("POST", "x-other")])
def test_allowed_origin_fails_the_preflight_for_other_methods_and_headers(app, method, asked):
    assert preflight(app, ALLOWED, method, asked).status_code == 400


def test_page_may_read_an_internal_error(app):
    response = ask(app, "GET", "/fail", Origin=ALLOWED)
    assert response.status_code == 500
    assert response.headers["access-control-allow-origin"] == ALLOWED
    assert origins_in_vary(response) == 1


def test_existing_vary_header_is_kept(app):
    response = ask(app, "GET", "/vary", Origin=ALLOWED)
    assert names(response.headers["vary"]) == ["accept-encoding", "origin"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], ["Origin"]),
        (["Accept-Encoding"], ["Accept-Encoding", "Origin"]),
        (["Accept, ORIGIN"], ["Accept, ORIGIN"]),
        (["Accept", "origin"], ["Accept", "origin"]),
    ],
)
def test_vary_origin_is_added_once(said, expected):
    """Some versions of Starlette say it themselves, others not always."""

    async def inner(scope, receive, send):
        response = Response()
        response.raw_headers += [(b"vary", line.encode()) for line in said]
        await response(scope, receive, send)

    assert ask(_with_vary(inner), "GET").headers.get_list("vary") == expected


@pytest.mark.parametrize("origin", [None, ALLOWED, STRANGERS["another"]])
@pytest.mark.parametrize("method", METHODS)
def test_no_headers_are_added_without_allowed_origins(origin, method):
    app = Starlette(routes=[Route("/", answer, methods=METHODS)])
    assert cors(app, ()) is app
    response = ask(app, method, **({} if origin is None else {"Origin": origin}))
    assert of_cors(response) == {}
    assert "vary" not in response.headers


def test_cors_works_as_a_middleware():
    layers = [Middleware(cors, allowed_origins=[ALLOWED])]
    app = Starlette(routes=[Route("/", answer)], middleware=layers)
    assert ask(app, "GET", Origin=ALLOWED).headers["access-control-allow-origin"] == ALLOWED


def test_non_http_scopes_are_passed_through():
    seen = []

    async def inner(scope, _receive, _send):
        seen.append(scope)

    asyncio.run(cors(inner, [ALLOWED])({"type": "lifespan"}, None, None))
    assert seen == [{"type": "lifespan"}]


@pytest.mark.parametrize("origin", ORIGINS)
def test_origins_are_accepted_as_browsers_send_them(origin):
    response = ask(app_with([origin]), "GET", Origin=origin)
    assert response.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_origin_that_no_browser_would_send_is_refused(origin):
    with pytest.raises(ConfigurationError) as caught:
        cors(answer, [ALLOWED, origin])
    assert str(caught.value) == (
        f"{origin!r} in allowed_origins is not an origin as browsers send it: scheme://host or "
        "scheme://host:port, in lower-case ASCII, without the default port of the scheme and without a "
        "trailing slash. '*' and 'null' are not supported: list each origin."
    )


def test_single_origin_outside_a_list_is_refused():
    with pytest.raises(ConfigurationError) as caught:
        cors(answer, ALLOWED)
    assert str(caught.value) == (
        'allowed_origins must be a list of origins, not a string; write ["https://app.example.com"].'
    )
