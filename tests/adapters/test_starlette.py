"""The response for Starlette and FastAPI, in their own test clients and in an event loop of ours."""

import asyncio
from pathlib import Path

import pytest

from componentstream.core.errors import UsageError
from componentstream.session.session import GenerationSession, SessionState
from componentstream.wire import JSONLinesEncoder
from tests import parts
from tests.adapters.given_sources import (
    PAGE,
    SECRET,
    TYPES,
    Source,
    SourceFailedError,
    endless,
    error_of,
    types,
)
from tests.adapters.missing import words_without
from tests.timing import WAIT

parts.module("starlette")
testclient = parts.module("starlette.testclient")

from starlette.applications import Starlette  # noqa: E402 - only if it is there
from starlette.background import BackgroundTask  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.middleware.base import BaseHTTPMiddleware  # noqa: E402
from starlette.routing import Route  # noqa: E402

from componentstream.adapters.starlette import ComponentStreamResponse  # noqa: E402


def consumed():
    """A generator that has ended."""
    generator = (chunk for chunk in ())
    assert list(generator) == []
    return generator


def get(response, *, middleware=(), method="GET", headers=()):
    """Ask an application that answers with the response."""

    async def page(_request):
        return response

    app = Starlette(routes=[Route("/", page)], middleware=list(middleware))
    with testclient.TestClient(app) as client:
        return client.request(method, "/", headers=dict(headers))


def test_a_stream_is_sent_whole_with_its_headers():
    source = Source(*PAGE)
    response = get(ComponentStreamResponse(source.chunks()))
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert "content-length" not in response.headers
    assert types(response.content) == TYPES
    assert source.closed == 1


def test_headers_and_cookies_can_be_set_on_the_response():
    response = ComponentStreamResponse(
        Source(*PAGE).chunks(), headers={"X-One": "1"}, encoder=JSONLinesEncoder()
    )
    assert response.headers["content-type"] == "application/x-ndjson"
    response.headers["X-Two"] = "2"
    response.set_cookie("three", "3")
    response.set_cookie("four", "4")
    got = get(response)
    assert (got.headers["x-one"], got.headers["x-two"]) == ("1", "2")
    assert dict(got.cookies) == {"three": "3", "four": "4"}
    assert got.headers["content-type"] == "application/x-ndjson"


def test_an_error_before_the_first_event_has_a_status_and_keeps_the_cookies():
    response = ComponentStreamResponse(Source(SourceFailedError(SECRET)).chunks())
    response.set_cookie("three", "3")
    got = get(response)
    assert got.status_code == 502
    assert got.headers["content-type"] == "application/json"
    assert got.headers["content-length"] == str(len(got.content))
    assert error_of(got.content)["type"] == "source_failed"
    assert dict(got.cookies) == {"three": "3"}


def test_head_gets_no_body():
    source = Source(*PAGE)
    got = get(ComponentStreamResponse(source.plain()), method="HEAD")
    assert (got.status_code, got.content) == (200, b"")
    assert (source.read, source.closed) == (0, 1)


def test_a_background_task_runs_after_the_stream():
    source = Source(*PAGE)
    ran = []
    get(
        ComponentStreamResponse(source.chunks(), background=BackgroundTask(lambda: ran.append(source.closed)))
    )
    assert ran == [1]


def test_the_response_works_behind_a_middleware():
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["X-Stamp"] = str(response.status_code)
        return response

    middleware = [Middleware(BaseHTTPMiddleware, dispatch=stamp)]
    good = get(ComponentStreamResponse(Source(*PAGE).chunks()), middleware=middleware)
    assert types(good.content) == TYPES
    assert good.headers["x-stamp"] == "200"
    bad = get(ComponentStreamResponse(Source(SourceFailedError(SECRET)).chunks()), middleware=middleware)
    assert bad.status_code == 502
    assert bad.headers["x-stamp"] == "502"


@pytest.mark.parametrize("spec", ["2.0", "2.3", "2.4"])
def test_a_disconnect_closes_the_source_under_every_version_of_the_specification(spec):
    source = endless()
    ran = []
    after = BackgroundTask(lambda: ran.append(source.closed))
    scope = {"type": "http", "method": "GET", "headers": [], "asgi": {"spec_version": spec}}

    async def run():
        sending = asyncio.Event()

        async def receive():
            await sending.wait()
            return {"type": "http.disconnect"}

        async def send(_message):
            sending.set()
            await asyncio.sleep(0)

        await asyncio.wait_for(
            ComponentStreamResponse(source.chunks(), background=after)(scope, receive, send), WAIT
        )

    asyncio.run(run())
    assert ran == [1]


def test_the_status_code_is_that_of_a_stream_that_starts():
    assert get(ComponentStreamResponse(Source(*PAGE).chunks(), 201)).status_code == 201
    response = ComponentStreamResponse(Source(*PAGE).chunks())
    response.status_code = 203
    got = get(response)
    assert (got.status_code, types(got.content)) == (203, TYPES)
    failing = ComponentStreamResponse(Source(SourceFailedError(SECRET)).chunks(), status_code=201)
    assert get(failing).status_code == 502


@pytest.mark.parametrize("source", ["text", None, Path("answer.txt"), consumed()])
def test_a_wrong_source_is_refused_by_the_constructor(source):
    with pytest.raises(UsageError, match=r"ComponentStreamResponse\(\)"):
        ComponentStreamResponse(source)


def test_an_unknown_option_is_refused_by_the_constructor():
    words = r"ComponentStreamResponse\(\) does not have an option 'sesion'; did you mean 'session'\?"
    with pytest.raises(UsageError, match=words):
        ComponentStreamResponse(Source(*PAGE).chunks(), sesion=None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoder": JSONLinesEncoder}, "call it: JSONLinesEncoder"),
        ({"headers": {"X-Kept": "1\r\nX-Other: 2"}}, "is not a header"),
        ({"heartbeat": "x"}, "heartbeat must be a finite number"),
    ],
)
def test_a_wrong_option_is_refused_by_the_constructor(options, words):
    with pytest.raises(UsageError, match=words):
        ComponentStreamResponse(Source(*PAGE).chunks(), **options)


@pytest.mark.parametrize("status", [100, 103, 204, 205, 304, 0, 600, True, "200", None])
def test_a_status_without_a_body_is_refused_by_the_constructor(status):
    source = Source(*PAGE)
    with pytest.raises(
        UsageError, match="status_code must be a status from 200 to 599 whose response has a body"
    ):
        ComponentStreamResponse(source.chunks(), status_code=status)


def test_a_status_without_a_body_that_is_set_later_is_refused_and_closes_the_source():
    source = Source(*PAGE)
    response = ComponentStreamResponse(source.chunks(), session=(session := GenerationSession()))
    response.status_code = 204
    with pytest.raises(UsageError, match="status_code must be"):
        get(response)
    assert source.read == 0
    assert session.state is SessionState.CANCELLED


def fastapi_client():
    """A client of an application of FastAPI with each way to answer with a stream."""
    app = parts.module("fastapi").FastAPI()

    @app.get("/returned")
    async def returned() -> ComponentStreamResponse:
        return ComponentStreamResponse(Source(*PAGE).chunks())

    @app.get("/declared", response_class=ComponentStreamResponse)
    async def declared():
        return ComponentStreamResponse(Source(*PAGE).chunks())

    @app.get("/yielded", response_class=ComponentStreamResponse)
    async def yielded():
        for text in PAGE:
            yield text

    @app.get("/created", response_class=ComponentStreamResponse, status_code=201)
    def created():
        yield from PAGE

    return testclient.TestClient(app)


@pytest.mark.parametrize("path", ["/returned", "/declared", "/yielded", "/created"])
def test_fastapi_streams_a_response_that_is_returned_declared_or_yielded(path):
    with fastapi_client() as client:
        response = client.get(path)
    assert response.status_code == (201 if path == "/created" else 200)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert types(response.content) == TYPES


def test_fastapi_documents_the_media_type_of_the_stream():
    with fastapi_client() as client:
        response = client.get("/openapi.json")
    assert response.status_code == 200
    paths = response.json()["paths"]
    for path, status in [("/declared", "200"), ("/yielded", "200"), ("/created", "201")]:
        assert "text/event-stream" in paths[path]["get"]["responses"][status]["content"]
    assert "200" in paths["/returned"]["get"]["responses"]


def test_without_starlette_the_error_names_the_extra_to_install(monkeypatch):
    words = words_without("starlette", monkeypatch)
    assert words == "This adapter needs Starlette: pip install 'componentstream[starlette]'."


def test_an_awaitable_source_is_awaited():
    source = Source(*PAGE)
    assert types(get(ComponentStreamResponse(source.awaited())).content) == TYPES
    assert source.closed == 1
