"""The application: from a request for a generation to the stream of its events."""

from collections.abc import AsyncIterable, Callable, Iterable
from http import HTTPStatus
from typing import Final, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from componentstream.adapters.starlette import ComponentStreamResponse
from componentstream.buffer import ComponentBuffer
from componentstream.server.request import GenerationRequest, RefusedRequestError, read_request
from componentstream.server.settings import ServerSettings
from componentstream.session import GenerationSession

Generate: TypeAlias = Callable[[GenerationRequest], AsyncIterable[object] | Iterable[object]]
"""Asks the model: takes a request, returns the chunks of its answer as ``astream_bytes`` takes them.

An asynchronous generator function is one. Each call is one answer; what it returns is closed at its end, also
when the client leaves.
"""

_PATH: Final = "/generate"
_METHODS: Final = ("GET", "POST")
_PLAINLY: Final[dict[int, tuple[str, str]]] = {
    HTTPStatus.NOT_FOUND: ("not_found", f"There is nothing here; the generation is at {_PATH}."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", f"Use {' or '.join(_METHODS)}."),
}


def create_app(generate: Generate, settings: ServerSettings = ServerSettings()) -> Starlette:
    """Return an application that streams generations; mount it where you like, as in ``Mount("/api", app)``.

    ``POST /generate`` takes ``{"prompt": "...", "project": "...", "version": "..."}`` as JSON, and
    ``GET /generate`` the same three in its query, for readers that can do no better; only the prompt must be
    there. The answer is a stream of server-sent events that ends with ``message_stop``. A reader that
    connects again by itself, as an ``EventSource`` does, must close on that, or it asks for another
    generation.

    What goes wrong before the first event is answered with a status and an error event as JSON: 400, 404,
    405, 413 or 415 for the request, 502 or 504 for the model, 500 for the rest. A client that leaves ends its
    generation: the source is closed within a second.

    Args:
        generate: asks the model. It may refuse a request by raising Starlette's ``HTTPException``.
        settings: how requests are treated.
    """

    async def answer(request: Request) -> Response:
        asked = await read_request(request, settings.max_body_bytes)
        return ComponentStreamResponse(
            generate(asked),
            send_timeout=settings.send_timeout,
            session=GenerationSession(timeouts=settings.timeouts, buffer=ComponentBuffer(keep_text=False)),
            batcher=settings.new_batcher(),
            heartbeat=settings.heartbeat,
        )

    return Starlette(
        routes=[Route(_PATH, answer, methods=_METHODS)],
        exception_handlers={
            RefusedRequestError: _refuse,
            HTTPException: _refuse_plainly,
            ClientDisconnect: _say_nothing,
            Exception: _fail,
        },
    )


def _refuse(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, RefusedRequestError)  # noqa: S101 - what it is registered for
    headers = {"Cache-Control": "no-store", **refusal.headers}
    return JSONResponse(refusal.body, refusal.status, headers)


def _refuse_plainly(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    status = error.status_code
    code, message = _PLAINLY.get(status, ("refused", error.detail))
    return _refuse(request, RefusedRequestError(status, code, message, error.headers))


def _say_nothing(_request: Request, _error: Exception) -> Response:
    """Answer a client that is gone."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _fail(request: Request, _error: Exception) -> Response:
    """Answer when the application itself is at fault; Starlette raises the error once more, to be logged."""
    message = "The server failed; its log says why."
    return _refuse(request, RefusedRequestError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", message))
