"""What a client asks for: read from the body and the headers of a request, and checked."""

import asyncio
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from componentstream.core import codes
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import GenerationRequest

_FIELDS: Final = ("prompt", "project", "version")
_MEDIA_TYPE: Final = "application/json"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_DIGITS: Final = 15
"""Most digits of a number: nothing here is as long as one of more, and Python refuses to read many."""

_EVENT_ID: Final = re.compile(rf"[0-9]{{1,{_DIGITS}}}", re.ASCII)


async def read_request(request: Request, max_body_bytes: int, body_timeout: float) -> GenerationRequest:
    """Return what is asked for.

    Raises:
        RefusedRequestError: it is not understood, or its body is too long or too slow; the message says what
            to send.
        starlette.requests.ClientDisconnect: the client left before all of the body was there.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _MEDIA_TYPE:
        # A page of another site can post a form or plain text without being asked, but no JSON.
        raise RefusedRequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            codes.UNSUPPORTED_MEDIA_TYPE,
            f"Send the request as JSON, with the header Content-Type: {_MEDIA_TYPE}.",
            {"Accept": _MEDIA_TYPE},
        )
    try:
        async with asyncio.timeout(body_timeout):
            body = await _body(request, max_body_bytes)
    except TimeoutError:
        raise RefusedRequestError(
            HTTPStatus.REQUEST_TIMEOUT,
            codes.REQUEST_TIMEOUT,
            f"The body was not there within {body_timeout:g} seconds.",
            {"Connection": "close"},
            retryable=True,
        ) from None
    return _checked(_object(body))


def read_idempotency_key(request: Request) -> str | None:
    """Return the key that makes a repeated request the same one, None if there is none.

    Raises:
        RefusedRequestError: it is no such key.
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
    """Return the number of the last event that a reader has, from the header or the query; 0 for none.

    Raises:
        RefusedRequestError: it is no such number.
    """
    ids = request.headers.getlist("last-event-id")
    if not any(ids):
        ids = request.query_params.getlist("after")
    if not any(ids):
        return 0
    if len(ids) > 1 or _EVENT_ID.fullmatch(ids[0]) is None:
        raise no_such_event()
    return int(ids[0])


def no_such_event() -> RefusedRequestError:
    """Return the refusal of an event id that the stream does not have."""
    return RefusedRequestError(
        HTTPStatus.BAD_REQUEST,
        codes.INVALID_LAST_EVENT_ID,
        "The stream has no event with this id; send the last that you got, or none to read from the start.",
    )


async def _body(request: Request, max_body_bytes: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > _DIGITS or int(length) > max_body_bytes):
        raise _too_long(max_body_bytes)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_body_bytes:
            raise _too_long(max_body_bytes)
    return bytes(body)


def _too_long(max_body_bytes: int) -> RefusedRequestError:
    message = f"The body is longer than {max_body_bytes} bytes; send a shorter prompt."
    # What has not come yet would have to be read, however long it is, before the next request.
    return RefusedRequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, codes.REQUEST_TOO_LARGE, message, {"Connection": "close"}
    )


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
        codes.INVALID_REQUEST,
        f'{problem} Send {{"prompt": "...", "project": "...", "version": "..."}}; project and version may be '
        "left out.",
    )
