"""Read and validate the body and the headers of requests."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from componentstream.core import codes
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import GenerationRequest
from componentstream.server.strict_json import read_json

_FIELDS: Final = ("prompt", "project", "version")
_MEDIA_TYPE: Final = "application/json"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_MAX_DIGITS: Final = 15
"""Maximum digits of a number: no valid one has more, and ``int`` raises for thousands of digits."""

_EVENT_ID: Final = re.compile(rf"[0-9]{{1,{_MAX_DIGITS}}}", re.ASCII)


async def read_request(request: Request, max_body_bytes: int, body_timeout: float) -> GenerationRequest:
    """Return the generation request in a body.

    Args:
        request: the request.
        max_body_bytes: maximum length of the body in bytes.
        body_timeout: seconds in which the body must be complete.

    Raises:
        RefusedRequestError: the request is not valid, or its body is too long or too slow; the message says
            how to correct it.
        starlette.requests.ClientDisconnect: the client disconnected before the body was complete.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _MEDIA_TYPE:
        # Pages of other origins can post forms and plain text without a CORS preflight, but not JSON.
        raise RefusedRequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            codes.UNSUPPORTED_MEDIA_TYPE,
            f"Send the request as JSON, with the header Content-Type: {_MEDIA_TYPE}.",
            {"Accept": _MEDIA_TYPE},
        )
    try:
        async with asyncio.timeout(body_timeout):
            body = await _read_body(request, max_body_bytes)
    except TimeoutError:
        raise RefusedRequestError(
            HTTPStatus.REQUEST_TIMEOUT,
            codes.REQUEST_TIMEOUT,
            f"The body was not complete within {body_timeout:g} seconds.",
            {"Connection": "close"},
            retryable=True,
        ) from None
    return _generation_request(_json_object(body))


def read_idempotency_key(request: Request) -> str | None:
    """Return the idempotency key of a request, None if it has none.

    Raises:
        RefusedRequestError: the key is not valid, or there are several.
    """
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return None
    if len(keys) > 1 or _KEY.fullmatch(keys[0]) is None:
        raise RefusedRequestError(
            HTTPStatus.BAD_REQUEST,
            codes.INVALID_IDEMPOTENCY_KEY,
            "Send one Idempotency-Key of 1 to 255 visible ASCII characters, or none.",
        )
    return keys[0]


def read_last_event_id(request: Request) -> int:
    """Return the id of the last event that a client has, from the header or the query; 0 for none.

    Raises:
        RefusedRequestError: the id is not valid, or there are several.
    """
    # The header wins: an EventSource sends it when it reconnects, to the URL with the older `after`. Both
    # must be valid, so that a mistake in the URL is told by each request not only by one without a header.
    header = _event_id(request.headers.getlist("last-event-id"))
    query = _event_id(request.query_params.getlist("after"))
    return int(header or query or "0")


def _event_id(ids: Sequence[str]) -> str:
    if not any(ids):
        return ""
    if len(ids) > 1 or _EVENT_ID.fullmatch(ids[0]) is None:
        raise unknown_event_id()
    return ids[0]


def unknown_event_id() -> RefusedRequestError:
    """Return the error for an event id that the stream does not have."""
    return RefusedRequestError(
        HTTPStatus.BAD_REQUEST,
        codes.INVALID_LAST_EVENT_ID,
        "The stream has no event with this id; send the last id received, or none to read from the start.",
    )


async def _read_body(request: Request, max_body_bytes: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > _MAX_DIGITS or int(length) > max_body_bytes):
        raise _body_too_long(max_body_bytes)
    body = bytearray()
    # Count the bytes as well: Content-Length is absent with chunked encoding.
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_body_bytes:
            raise _body_too_long(max_body_bytes)
    return bytes(body)


def _body_too_long(max_body_bytes: int) -> RefusedRequestError:
    message = f"The body exceeds {max_body_bytes} bytes; shorten the prompt."
    # Close the connection: to keep it, the server would have to read the rest, however long it is.
    return RefusedRequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, codes.REQUEST_TOO_LARGE, message, {"Connection": "close"}
    )


def _json_object(body: bytes) -> Mapping[str, object]:
    try:
        value = read_json(body)
    except ValueError:
        raise _invalid("The body is not valid JSON in UTF-8, or repeats a name.") from None
    if not isinstance(value, dict):
        raise _invalid("The body must be a JSON object.")
    return value


def _generation_request(fields: Mapping[str, object]) -> GenerationRequest:
    values: dict[str, str] = {}
    for name in _FIELDS:
        value = fields.get(name, "")
        if not isinstance(value, str):
            raise _invalid(f"{name} must be a string.")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise _invalid(f"{name} contains an unpaired surrogate.")
        values[name] = value
    if not values["prompt"].strip():
        raise _invalid("prompt is missing or blank.")
    return GenerationRequest(**values)


def _invalid(problem: str) -> RefusedRequestError:
    return RefusedRequestError(
        HTTPStatus.BAD_REQUEST,
        codes.INVALID_REQUEST,
        f'{problem} Send {{"prompt": "...", "project": "...", "version": "..."}}; project and version are '
        "optional.",
    )
