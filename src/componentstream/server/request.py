"""What a client asks for: read from the body of a POST or the query of a GET, and checked."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import attrs
from starlette.requests import Request

from componentstream.events import ErrorEvent

_FIELDS: Final = ("prompt", "project", "version")
_MEDIA_TYPE: Final = "application/json"


@attrs.frozen
class GenerationRequest:
    """What one client wants generated; a client chose all of it, so trust none of it.

    Attributes:
        prompt: what the model is to write, never empty.
        project: what it is written for, empty if the client did not say.
        version: which version of that, empty if the client did not say.
    """

    prompt: str
    project: str = ""
    version: str = ""


class RefusedRequestError(Exception):
    """A request that is answered with an error instead of a stream.

    Attributes:
        status: of the answer.
        body: of the answer, the JSON value of an error event.
        headers: of the answer, beside the usual ones.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = ErrorEvent(code, message, fatal=True).to_dict()
        self.headers = dict(headers or {})


async def read_request(request: Request, max_body_bytes: int) -> GenerationRequest:
    """Return what is asked for.

    Raises:
        RefusedRequestError: it is not understood, or its body is too long; the message says what to send.
        starlette.requests.ClientDisconnect: the client left before all of the body was there.
    """
    if request.method != "POST":
        return _checked(request.query_params)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _MEDIA_TYPE:
        # A page of another site can post a form or plain text without being asked, but no JSON.
        raise RefusedRequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            f"Send the request as JSON, with the header Content-Type: {_MEDIA_TYPE}.",
            {"Accept": _MEDIA_TYPE},
        )
    return _checked(_object(await _body(request, max_body_bytes)))


async def _body(request: Request, max_body_bytes: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_body_bytes:
        raise _too_long(max_body_bytes)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_body_bytes:
            raise _too_long(max_body_bytes)
    return bytes(body)


def _too_long(max_body_bytes: int) -> RefusedRequestError:
    message = f"The body is longer than {max_body_bytes} bytes; send a shorter prompt."
    return RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", message)


def _object(body: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise _invalid("The body is no JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise _invalid("The body must be a JSON object.")
    return value


def _checked(given: Mapping[str, object]) -> GenerationRequest:
    values: dict[str, str] = {}
    for name in _FIELDS:
        value = given.get(name, "")
        if not isinstance(value, str):
            raise _invalid(f"{name} must be a string.")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise _invalid(f"{name} has half of a surrogate pair in it, which is no character.")
        values[name] = value
    if not values["prompt"].strip():
        raise _invalid("prompt is missing or empty.")
    return GenerationRequest(**values)


def _invalid(problem: str) -> RefusedRequestError:
    return RefusedRequestError(
        HTTPStatus.BAD_REQUEST,
        "invalid_request",
        f'{problem} Send {{"prompt": "...", "project": "...", "version": "..."}}; project and version may be '
        "left out.",
    )
