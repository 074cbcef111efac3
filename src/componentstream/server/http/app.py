"""The application: routes, and how everything that is no stream is answered."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from componentstream.core import codes
from componentstream.core.escaping import escape_control_chars
from componentstream.log.protocol import StoreError
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import Generate
from componentstream.server.http.cors import cors
from componentstream.server.http.endpoints import Endpoints
from componentstream.server.http.openapi import document
from componentstream.server.settings import ServerSettings
from componentstream.server.streams.manager import StreamManager

_PLAINLY: Final[Mapping[int, tuple[str, str]]] = {
    HTTPStatus.NOT_FOUND: (codes.NOT_FOUND, "There is nothing here; openapi.json says what there is."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        codes.METHOD_NOT_ALLOWED,
        "The header Allow says which methods there are.",
    ),
}

_logger: Final = logging.getLogger("componentstream.server")


def create_app(generate: Generate, settings: ServerSettings = ServerSettings()) -> Starlette:
    """Return the server as an application; serve it, or mount it, as in ``Mount("/api", app)``.

    ====================================  ==========================================================
    ``POST /generate``                    starts a generation and streams it
    ``GET /streams/{id}``                 goes on after ``Last-Event-ID``
    ``DELETE /streams/{id}``              stops it
    ``POST /streams/{id}/tickets``        lets an ``EventSource`` read it once, without a token
    ``GET /metrics``, ``GET /health``     for operators
    ``GET /openapi.json``                 all of this, to the field
    ====================================  ==========================================================

    A generation is no part of a request: it goes into ``settings.log``, and each reader reads from there.
    So a reader who was cut off goes on after the last event that it has, at any worker that shares the log,
    and a stream that was finished is sent again without a call of the model for as long as the log keeps it.

    Servers run the lifespan of an application, which ends the open generations in good order; a framework
    seldom runs that of what is mounted in it. Run it in that of your own then::

        async with app.router.lifespan_context(app):
            yield

    A server that is stopped waits for the end of all responses before it ends the lifespan: tell it how long
    (uvicorn: ``--timeout-graceful-shutdown``), or have it await :func:`componentstream.server.drain` first,
    as ``componentstream serve`` does. A process that holds thousands of streams and does nothing else should
    call ``componentstream.server.tune_gc()`` before it serves, as that does too.

    Args:
        generate: asks the model.
        settings: how requests are treated.

    Raises:
        UsageError: a setting is not understood.
    """
    worker = StreamManager(generate, settings)
    endpoints = Endpoints(worker, settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await worker.aclose()
            await endpoints.aclose()

    app = _Application(
        settings.allowed_origins,
        routes=_routes(endpoints, settings),
        middleware=_middleware(settings),
        exception_handlers={
            RefusedRequestError: _refuse,
            StoreError: _lack_the_log,
            HTTPException: _refuse_plainly,
            ClientDisconnect: _say_nothing,
            Exception: _fail,
        },
        lifespan=lifespan,
    )
    app.state.streams = worker
    return app


class _Application(Starlette):
    """Lets pages of other origins read all answers, also those to failures of the application.

    A slash at the end of a path makes no difference: Litestar puts one there for what is mounted in it, and a
    redirection would lead out of the mount.
    """

    def __init__(self, allowed_origins: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self._allowed_origins = allowed_origins
        cors(self.router, allowed_origins)  # says what is no origin; the stack is built later

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await super().__call__(scope, receive, send)

    @override
    def build_middleware_stack(self) -> ASGIApp:
        return cors(super().build_middleware_stack(), self._allowed_origins)


class _Endpoint:
    """Gives the answer of a function. Starlette's own way to do so wraps each answer in four calls more.

    They last as long as the answer, and every part of it passes through one of them.
    """

    def __init__(self, answer: Callable[[Request], Awaitable[ASGIApp]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(Request(scope, receive, send))
        await answer(scope, receive, send)


def _route(path: str, answer: Callable[[Request], Awaitable[ASGIApp]], *methods: str) -> Route:
    return Route(path, _Endpoint(answer), methods=methods)


def _middleware(settings: ServerSettings) -> list[Middleware]:
    if not settings.compress:
        return []
    from starlette_compress import CompressMiddleware  # noqa: PLC0415 - it loads three libraries

    return [Middleware(CompressMiddleware)]


def _routes(endpoints: Endpoints, settings: ServerSettings) -> list[Route]:
    openapi = document(
        authenticated=settings.authenticate is not None,
        metrics=settings.metrics,
        max_body_bytes=settings.max_body_bytes,
    )

    async def describe(request: Request) -> Response:
        return JSONResponse({**openapi, "servers": [{"url": request.scope.get("root_path", "") or "/"}]})

    return [
        _route("/generate", endpoints.generate, "POST"),
        _route("/streams/{stream}", endpoints.stream, "GET", "DELETE"),
        _route("/streams/{stream}/tickets", endpoints.ticket, "POST"),
        _route("/health", endpoints.health, "GET"),
        *([_route("/metrics", endpoints.metrics, "GET")] if settings.metrics else []),
        _route("/openapi.json", describe, "GET"),
    ]


def _refuse(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, RefusedRequestError)  # noqa: S101 - what it is registered for
    request.app.state.streams.metrics.refused(refusal.code)
    headers = {"Cache-Control": "no-store", **refusal.headers}
    return JSONResponse(refusal.body, refusal.status, headers)


def _lack_the_log(request: Request, error: Exception) -> Response:
    """Answer when the log fails; what it said is for the operator, and of no use to a stranger."""
    _logger.warning("The log failed, and a request was refused: %s", escape_control_chars(repr(error)))
    message = "The log of the streams does not answer; try again in a while."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return _refuse(
        request,
        RefusedRequestError(status, codes.LOG_UNAVAILABLE, message, {"Retry-After": "1"}, retryable=True),
    )


def _refuse_plainly(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    status = error.status_code
    plain = _PLAINLY.get(status)
    if plain is None or error.detail != HTTPStatus(status).phrase:  # it is in words of the function's own
        plain = codes.REFUSED, str(error.detail)
    return _refuse(request, RefusedRequestError(status, *plain, error.headers))


def _say_nothing(_request: Request, _error: Exception) -> Response:
    """Answer a client that is gone."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _fail(request: Request, _error: Exception) -> Response:
    """Answer when the application itself is at fault; Starlette raises the error once more, to be logged."""
    message = "The server failed; its log says why."
    return _refuse(
        request, RefusedRequestError(HTTPStatus.INTERNAL_SERVER_ERROR, codes.INTERNAL_ERROR, message)
    )
