"""The application: routes, and every response except streams."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from inspect import signature
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
from componentstream.core.errors import UsageError
from componentstream.core.escaping import escape_control_chars
from componentstream.log.protocol import StoreError
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import Generate
from componentstream.server.http.cors import cors
from componentstream.server.http.endpoints import Endpoints
from componentstream.server.http.openapi import document
from componentstream.server.settings import ServerSettings
from componentstream.server.streams.manager import StreamManager

_HTTP_ERRORS: Final[Mapping[int, tuple[str, str]]] = {
    HTTPStatus.NOT_FOUND: (codes.NOT_FOUND, "Not found. See openapi.json for the available paths."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        codes.METHOD_NOT_ALLOWED,
        "Method not allowed. See the Allow header for the methods of this path.",
    ),
}
"""Code and message for the errors that Starlette itself raises."""

_logger: Final = logging.getLogger("componentstream.server")


def create_app(generate: Generate, settings: ServerSettings = ServerSettings()) -> Starlette:
    """Return the server as an ASGI application; serve it, or mount it, as in ``Mount("/api", app)``.

    ====================================  ==================================================================
    ``POST /generate``                    starts a generation and streams it
    ``GET /streams/{id}``                 resumes a stream after ``Last-Event-ID``
    ``DELETE /streams/{id}``              stops a generation
    ``POST /streams/{id}/tickets``        issues a ticket for an ``EventSource``, which cannot send a token
    ``GET /metrics``, ``GET /health``     for operators
    ``GET /openapi.json``                 describes all of this
    ====================================  ==================================================================

    A generation does not depend on the request that starts it: its events go into ``settings.log``, and each
    client reads from there. A client that loses its connection therefore resumes after the last event that it
    has, at any worker that shares the log, and a finished stream is sent again without calling the model for
    as long as the log keeps it.

    The lifespan of the application ends the running generations. Servers run it, but most frameworks do not
    run the lifespan of a mounted application; run it inside your own then::

        async with app.router.lifespan_context(app):
            yield

    A server that shuts down waits until all responses have ended before it ends the lifespan. Limit that time
    (uvicorn: ``--timeout-graceful-shutdown``), or await :func:`componentstream.server.drain` first, as
    ``componentstream serve`` does. A process that holds thousands of streams and does nothing else should
    call :func:`componentstream.server.tune_gc` before it serves.

    Args:
        generate: function that calls the model; see :data:`~componentstream.server.Generate`.
        settings: settings of the server.

    Raises:
        ConfigurationError: a setting is not valid.
        UsageError: ``generate`` is not a callable of one argument.
    """
    _check_generate(generate)
    if not isinstance(settings, ServerSettings):
        raise UsageError(
            f"create_app: settings must be ServerSettings, not {_described(settings)}. "
            "Write create_app(generate, ServerSettings(...))."
        )
    streams = StreamManager(generate, settings)
    endpoints = Endpoints(streams, settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            # Streams first: until they have ended, their clients may still use the endpoints.
            await streams.aclose()
            await endpoints.aclose()

    app = _Application(
        settings.allowed_origins,
        routes=_routes(endpoints, settings),
        middleware=_middleware(settings),
        exception_handlers={
            RefusedRequestError: _refused_request,
            StoreError: _store_error,
            HTTPException: _http_error,
            ClientDisconnect: _client_disconnected,
            Exception: _internal_error,
        },
        lifespan=lifespan,
    )
    app.state.streams = streams
    return app


def _check_generate(generate: object) -> None:
    # At startup, because the first request would otherwise fail with a 500 that only the log explains.
    if not callable(generate):
        raise UsageError(
            f"create_app: generate must be a function of one argument, not {_described(generate)}. "
            "Pass the function itself: create_app(generate)."
        )
    try:
        parameters = signature(generate)
    except ValueError:  # some callables written in C have no signature; their first call shows
        return
    try:
        parameters.bind(None)
    except TypeError as error:
        name = getattr(generate, "__name__", type(generate).__name__)
        raise UsageError(
            f"create_app: generate must accept one positional argument, the GenerationRequest, but "
            f"{name}{parameters} does not: {error}."
        ) from None


def _described(value: object) -> str:
    return f"{type(value).__name__} {value!r:.80}"


class _Application(Starlette):
    """Starlette with CORS headers on every response, including those to internal errors.

    Trailing slashes are ignored: Litestar appends one to the path of a mounted application, and a redirect
    would lead out of the mount.
    """

    def __init__(self, allowed_origins: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self._allowed_origins = allowed_origins
        # For its checks: Starlette builds the middleware stack only when the first request comes.
        cors(self.router, allowed_origins)

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await super().__call__(scope, receive, send)

    @override
    def build_middleware_stack(self) -> ASGIApp:
        # Outermost, around Starlette's own error handling, so that a 500 has the headers as well.
        return cors(super().build_middleware_stack(), self._allowed_origins)


class _Endpoint:
    """Sends the response of a handler.

    Starlette's own wrapper adds four calls that last as long as the response, one of which every body chunk
    passes through; that is too much memory and time for thousands of streams.
    """

    def __init__(self, handler: Callable[[Request], Awaitable[ASGIApp]]) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handler(Request(scope, receive, send))
        await response(scope, receive, send)


def _route(path: str, handler: Callable[[Request], Awaitable[ASGIApp]], *methods: str) -> Route:
    return Route(path, _Endpoint(handler), methods=methods)


def _middleware(settings: ServerSettings) -> list[Middleware]:
    if not settings.compress:
        return []
    from starlette_compress import CompressMiddleware  # noqa: PLC0415 - loads three libraries

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


def _refused_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedRequestError)  # noqa: S101 - registered for this type
    request.app.state.streams.metrics.refused(error.code)
    return JSONResponse(error.body, error.status, {"Cache-Control": "no-store", **error.headers})


def _store_error(request: Request, error: Exception) -> Response:
    """Respond to a failure of the log; only the operator sees the reason."""
    _logger.warning("The event log failed; a request was rejected: %s", escape_control_chars(repr(error)))
    message = "The event log is unavailable; retry later."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return _refused_request(
        request,
        RefusedRequestError(status, codes.LOG_UNAVAILABLE, message, {"Retry-After": "1"}, retryable=True),
    )


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    status = error.status_code
    known = _HTTP_ERRORS.get(status)
    # A detail other than the default phrase was written by the application, for example in `generate`.
    if known is None or error.detail != HTTPStatus(status).phrase:
        known = codes.REFUSED, str(error.detail)
    return _refused_request(request, RefusedRequestError(status, *known, error.headers))


def _client_disconnected(_request: Request, _error: Exception) -> Response:
    """Return a response that nothing receives: the client disconnected before its body was complete."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _internal_error(request: Request, _error: Exception) -> Response:
    """Respond to a bug in the application; Starlette raises the error again, for the server to log."""
    message = "Internal server error. The operator can find the cause in the server log."
    return _refused_request(
        request, RefusedRequestError(HTTPStatus.INTERNAL_SERVER_ERROR, codes.INTERNAL_ERROR, message)
    )
