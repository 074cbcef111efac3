"""The description of the server for programs: OpenAPI 3.1."""

from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version
from itertools import chain
from typing import Final, get_args

import attrs

from componentstream.core import codes
from componentstream.core.events import Json, MessageStopReason, StopReason
from componentstream.wire import SSEEncoder

_STREAM_MEDIA_TYPE: Final = SSEEncoder().media_type
_EMPTY_REQUEST: Final = '{"prompt":""}'

_ALWAYS: Final = (codes.INTERNAL_ERROR,)
_USER: Final = (codes.TOKEN_IN_QUERY, codes.UNAUTHORIZED)
_OF_A_STREAM: Final = (codes.STREAM_UNKNOWN, codes.LOG_UNAVAILABLE)
_OF_A_READER: Final = (codes.TOO_MANY_READERS, codes.SERVER_BUSY)

_GENERATE: Final = (
    codes.INVALID_REQUEST,
    codes.INVALID_IDEMPOTENCY_KEY,
    codes.REQUEST_TIMEOUT,
    codes.REQUEST_TOO_LARGE,
    codes.UNSUPPORTED_MEDIA_TYPE,
    codes.IDEMPOTENCY_KEY_REUSED,
    codes.RATE_LIMITED,
    codes.TOO_MANY_GENERATIONS,
    codes.ERROR_THRESHOLD,
    codes.STREAM_TOO_LARGE,
    codes.TOO_MANY_COMPONENTS,
    codes.TOO_MANY_ERRORS,
    codes.SOURCE_FAILED,
    codes.SOURCE_INCOMPLETE,
    codes.SOURCE_TRUNCATED,
    codes.LOG_UNAVAILABLE,
    codes.PRODUCER_LOST,
    codes.SERVER_STOPPING,
    codes.CHUNK_TIMEOUT,
    codes.GENERATION_TIMEOUT,
)
_RESUME: Final = (codes.INVALID_REQUEST, codes.INVALID_LAST_EVENT_ID, codes.EVENTS_TRIMMED)
_TICKET: Final = (codes.RATE_LIMITED,)

REFUSALS: Final = frozenset(code for code, record in codes.CODES.items() if record.status is not None)
"""The codes that a response can consist of."""

_WHY: Final[Mapping[int, str]] = {
    400: "The request is not as it must be; the message says what to send.",
    401: "There is no token, or one that is not accepted.",
    404: "There is no such stream of this user.",
    408: "The body came too slowly.",
    410: "The events that come next are no longer kept; read from the start or ask once more.",
    413: "The body is too long.",
    415: "The body is not JSON.",
    422: "The key was sent with another request before.",
    429: "This user asks for too much.",
    500: "The server failed, or the generation did before its first event.",
    502: "The model failed before the first event.",
    503: "The server, or the store behind it, cannot do this now.",
    504: "The model took too long before the first event.",
}

_RETRY_AFTER: Final[Json] = {
    "description": "Seconds after which another try makes sense.",
    "schema": {"type": "integer", "minimum": 1},
}
_STREAM_ID: Final[Json] = {"description": "The id of the stream.", "schema": {"type": "string"}}
_NEXT: Final[Json] = {
    operation: {"operationId": operation, "parameters": {"stream": "$response.header.Stream-Id"}}
    for operation in ("resume", "stop", "ticket")
}
"""What can be done with a stream that was started."""

_STREAM_PARAMETER: Final[Json] = {
    "name": "stream",
    "in": "path",
    "required": True,
    "description": "The id of a stream. It is no credential.",
    "schema": {"type": "string"},
}
_SCHEMES: Final[Json] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "From POST /streams/{stream}/tickets; one stream, one use.",
    },
}


def document(*, authenticated: bool, metrics: bool = True, max_body_bytes: int = 65_536) -> Json:
    """Return the description of all routes, as a JSON value without ``servers``.

    What ``generate`` and ``authenticate`` refuse in words of their own is not in it.

    Args:
        authenticated: users are told apart, by bearer tokens.
        metrics: there is ``/metrics``.
        max_body_bytes: longest body of a request.
    """
    operations = _Operations(authenticated)
    stream = [_STREAM_PARAMETER]
    paths: Json = {
        "/generate": {"post": operations.generate(max_body_bytes)},
        "/streams/{stream}": {
            "parameters": stream,
            "get": operations.resume(),
            "delete": operations.stop(),
        },
        "/streams/{stream}/tickets": {"parameters": stream, "post": operations.ticket()},
        "/health": {"get": _health()},
        "/openapi.json": {"get": _openapi()},
    }
    if metrics:
        paths["/metrics"] = {"get": _metrics()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "componentstream",
            "version": version("componentstream"),
            "description": "Streams of the components of a generated page, which can be resumed.",
        },
        "paths": paths,
        "components": {"schemas": _schemas(), **({"securitySchemes": _SCHEMES} if authenticated else {})},
    }


@attrs.frozen
class _Operations:
    """The operations that are done for users, who are told apart or not."""

    authenticated: bool

    def generate(self, max_body_bytes: int) -> Json:
        accepted = {
            "description": "With Prefer: respond-async. The generation goes on by itself; read its stream.",
            "headers": {
                "Stream-Id": _STREAM_ID,
                "Location": {"description": "Where to read it.", "schema": {"type": "string"}},
            },
            "content": _json({"$ref": "#/components/schemas/Accepted"}),
            "links": _NEXT,
        }
        return {
            "operationId": "generate",
            "summary": "Start a generation and stream it",
            "description": "It goes on if its reader leaves, who may go on reading after its last id.",
            "parameters": [
                _header(
                    "Idempotency-Key",
                    "Makes a repeated request the same one: it gets the same stream from its start.",
                    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"},
                ),
                _header("Prefer", "respond-async answers with the stream's id at once.", {"type": "string"}),
            ],
            "requestBody": {"required": True, "content": _json(_request(max_body_bytes))},
            "responses": {
                "200": {**_stream("The stream, from its start."), "links": _NEXT},
                "202": accepted,
                **self._refusals(_GENERATE, _OF_A_READER),
            },
            **self._security("bearer"),
        }

    def resume(self) -> Json:
        number: Json = {"type": "integer", "minimum": 0, "maximum": 10**10 - 1}
        last: Json = {"type": "string", "pattern": "^[0-9]{0,15}$"}
        return {
            "operationId": "resume",
            "summary": "Stream what comes after an event",
            "description": "What is there is sent at once, and what comes as it comes, to the end.",
            "parameters": [
                _header("Last-Event-ID", "The id of the last event that the reader has.", last),
                _query("after", "The same, for those who can send no header, which goes before it.", last),
                _query(
                    "blocks",
                    "Which blocks are sent; ids stay as they are.",
                    {"type": "string", "enum": ["all", "components"]},
                ),
                _query("from", "The index of the first block that is sent.", number),
            ],
            "responses": {
                "200": _stream("The events after that one."),
                "204": {
                    "description": "The reader has all of a stream that has ended.",
                    "headers": {"Stream-Id": _STREAM_ID},
                },
                **self._refusals(_RESUME, _OF_A_STREAM, _OF_A_READER),
            },
            **self._security("bearer", "ticket"),
        }

    def stop(self) -> Json:
        return {
            "operationId": "stop",
            "summary": "Stop a generation",
            "description": "Its stream ends with the reason cancelled; one that has ended stays as it is.",
            "responses": {
                "204": {"description": "It has ended, or will within a moment."},
                **self._refusals(_OF_A_STREAM),
            },
            **self._security("bearer"),
        }

    def ticket(self) -> Json:
        return {
            "operationId": "ticket",
            "summary": "Get a ticket to read a stream with",
            "description": "For an EventSource, which can send no token: put it into the query of its URL.",
            "responses": {
                "201": {
                    "description": "The ticket.",
                    "content": _json({"$ref": "#/components/schemas/Ticket"}),
                },
                **self._refusals(_TICKET, _OF_A_STREAM),
            },
            **self._security("bearer"),
        }

    def _security(self, *schemes: str) -> Json:
        return {"security": [{scheme: []} for scheme in schemes]} if self.authenticated else {}

    def _refusals(self, *groups: tuple[str, ...]) -> Json:
        """Return the responses of all that is refused, by status."""
        by_status: dict[int, list[str]] = {}
        for code in chain(_ALWAYS, _USER if self.authenticated else (), *groups):
            status = codes.CODES[code].status
            assert status is not None  # noqa: S101 - a test compares the groups with the registry
            by_status.setdefault(status, []).append(code)
        return {str(status): _refusal(status, by_status[status]) for status in sorted(by_status)}


def _health() -> Json:
    def says(*states: str) -> Json:
        return _json(_record(status={"enum": list(states)}))

    return {
        "operationId": "health",
        "summary": "Ask whether the server can do its work",
        "responses": {
            "200": {"description": "It can.", "content": says("ok")},
            "503": {
                "description": "It cannot.",
                "content": says(codes.LOG_UNAVAILABLE, codes.SERVER_STOPPING),
            },
        },
    }


def _metrics() -> Json:
    text: Json = {"schema": {"type": "string"}}
    content = {"text/plain": text, "application/openmetrics-text": text}
    return {
        "operationId": "metrics",
        "summary": "Get the metrics for Prometheus",
        "responses": {"200": {"description": "The metrics.", "content": content}},
    }


def _openapi() -> Json:
    return {
        "operationId": "openapi",
        "summary": "Get this description",
        "responses": {"200": {"description": "It.", "content": _json({"type": "object"})}},
    }


def _header(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _query(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _stream(description: str) -> Json:
    data: Json = {
        **_TEXT,
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": "#/components/schemas/Event"},
    }
    schema: Json = {
        "type": "object",
        "description": "Each server-sent event. Its data is an event as JSON, its id a number, one more than "
        "that of the one before; after what has no id nobody can go on.",
        "required": ["data"],
        "properties": {"data": data, "id": {**_TEXT, "pattern": "^[0-9]+$"}},
    }
    return {
        "description": description,
        "headers": {"Stream-Id": _STREAM_ID},
        "content": {_STREAM_MEDIA_TYPE: {"schema": schema}},
    }


def _refusal(status: int, reported: list[str]) -> Json:
    type_: Json = {"properties": {"type": {"enum": sorted(reported)}}}
    schema: Json = {"allOf": [{"$ref": "#/components/schemas/ErrorEvent"}, {"properties": {"error": type_}}]}
    headers: Json = {}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = _RETRY_AFTER
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"description": "How to get in.", "schema": {"type": "string"}}
    return {"description": _WHY[status], "headers": headers, "content": _json(schema)}


def _request(max_body_bytes: int) -> Json:
    # A character takes a byte at least, beside those that the shortest request has around it.
    longest = max(1, max_body_bytes - len(_EMPTY_REQUEST))
    text: Json = {"type": "string", "maxLength": longest}
    return {
        "type": "object",
        "description": f"At most {max_body_bytes} bytes of JSON in UTF-8.",
        "required": ["prompt"],
        "properties": {
            "prompt": {
                **text,
                "description": "What the model is to write; more than white space.",
                "minLength": 1,
                "pattern": r"[^\s\u001c-\u001f\u0085]",
            },
            "project": {**text, "description": "What it is written for."},
            "version": {**text, "description": "Which version of that."},
        },
    }


_TEXT: Final[Json] = {"type": "string"}
_FLAG: Final[Json] = {"type": "boolean"}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}
_SECONDS: Final[Json] = {"type": "number", "minimum": 0}
_MAYBE_COUNT: Final[Json] = {"type": ["integer", "null"], "minimum": 0}


def _record(**properties: Json) -> Json:
    """Return the schema of an object that has all of these, and may come to have more."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _const(value: str) -> Json:
    return {"const": value}


def _schemas() -> Json:
    component = _record(
        type=_const("component"),
        name=_TEXT,
        position=_TEXT,
        attributes={"type": "object", "additionalProperties": _TEXT},
        parent=_MAYBE_COUNT,
    )
    error = _record(
        type=_TEXT, message=_TEXT, fatal=_FLAG, retryable=_FLAG, line=_MAYBE_COUNT, index=_MAYBE_COUNT
    )
    events: dict[str, Json] = {
        "ContentBlockStart": _record(
            type=_const("content_block_start"),
            index=_COUNT,
            content_block={"oneOf": [component, _record(type=_const("text"), text=_const(""))]},
        ),
        "ContentBlockDelta": _record(
            type=_const("content_block_delta"),
            index=_COUNT,
            delta=_record(type=_const("text_delta"), text={**_TEXT, "minLength": 1}),
        ),
        "ContentBlockStop": _record(
            type=_const("content_block_stop"),
            index=_COUNT,
            reason={"enum": list(get_args(StopReason))},
            chars=_COUNT,
            trimmed=_COUNT,
        ),
        "ErrorEvent": _record(type=_const("error"), error=error),
        "StatusEvent": _record(
            type=_const("status"),
            phase={"enum": ["started", "progress", "finishing"]},
            elapsed=_SECONDS,
            components_started=_COUNT,
            components_completed=_COUNT,
            chars=_COUNT,
        ),
        "MessageStop": _record(
            type=_const("message_stop"),
            reason={"enum": list(get_args(MessageStopReason))},
            stats={"type": "object", "description": "Figures of the generation; empty where it was lost."},
        ),
        "DebugEvent": _record(type=_const("debug"), state={"type": "object"}),
    }
    names = {schema["properties"]["type"]["const"]: name for name, schema in events.items()}  # type: ignore[index]
    return {
        **events,
        "Event": {
            "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in events],
            "discriminator": {
                "propertyName": "type",
                "mapping": {kind: f"#/components/schemas/{name}" for kind, name in names.items()},
            },
        },
        "Accepted": _record(stream=_TEXT),
        "Ticket": _record(ticket=_TEXT, expires_in=_SECONDS),
    }
