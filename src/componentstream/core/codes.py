"""Every error code of the library: one record for each, and one constant to name it by.

A code never changes its meaning. The parser, the sources, the session and the server report codes in
``error`` events; the server also answers requests with them. Applications may report codes of their own,
which are not registered here::

    from componentstream.core.codes import CODES

    if (known := CODES.get(event.code)) is not None and known.layer == "source": ...

Within the library a code is written as its constant, so that a misspelled one cannot come into being.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import attrs

Layer: TypeAlias = Literal["parser", "source", "session", "server", "demo"]
"""The part of the library that reports a code."""

ParserErrorCode: TypeAlias = Literal[
    "malformed_marker",
    "invalid_name",
    "invalid_attribute",
    "invalid_position",
    "marker_too_long",
    "nesting_too_deep",
    "unexpected_end",
    "unclosed_component",
    "component_too_large",
    "too_many_components",
    "too_many_errors",
    "stream_too_large",
]
"""The codes of mistakes in the text of the model."""

SourceErrorCode: TypeAlias = Literal[
    "invalid_chunk",
    "source_failed",
    "source_truncated",
    "source_incomplete",
    "source_not_understood",
    "source_without_text",
]
"""The codes of failures of the source."""

SessionErrorCode: TypeAlias = Literal["generation_timeout", "chunk_timeout", "error_threshold"]
"""The codes with which a session ends itself; all of them are fatal."""

MALFORMED_MARKER: Final = "malformed_marker"
INVALID_NAME: Final = "invalid_name"
INVALID_ATTRIBUTE: Final = "invalid_attribute"
INVALID_POSITION: Final = "invalid_position"
MARKER_TOO_LONG: Final = "marker_too_long"
NESTING_TOO_DEEP: Final = "nesting_too_deep"
UNEXPECTED_END: Final = "unexpected_end"
UNCLOSED_COMPONENT: Final = "unclosed_component"
COMPONENT_TOO_LARGE: Final = "component_too_large"
TOO_MANY_COMPONENTS: Final = "too_many_components"
TOO_MANY_ERRORS: Final = "too_many_errors"
STREAM_TOO_LARGE: Final = "stream_too_large"

INVALID_CHUNK: Final = "invalid_chunk"
SOURCE_FAILED: Final = "source_failed"
SOURCE_TRUNCATED: Final = "source_truncated"
SOURCE_INCOMPLETE: Final = "source_incomplete"
SOURCE_NOT_UNDERSTOOD: Final = "source_not_understood"
SOURCE_WITHOUT_TEXT: Final = "source_without_text"

GENERATION_TIMEOUT: Final = "generation_timeout"
CHUNK_TIMEOUT: Final = "chunk_timeout"
ERROR_THRESHOLD: Final = "error_threshold"

PRODUCER_LOST: Final = "producer_lost"
LOG_UNAVAILABLE: Final = "log_unavailable"
NOT_RESUMABLE: Final = "not_resumable"
EVENTS_TRIMMED: Final = "events_trimmed"
STREAM_UNKNOWN: Final = "stream_unknown"
SERVER_STOPPING: Final = "server_stopping"
SERVER_BUSY: Final = "server_busy"
TOO_MANY_GENERATIONS: Final = "too_many_generations"
TOO_MANY_READERS: Final = "too_many_readers"
RATE_LIMITED: Final = "rate_limited"
UNAUTHORIZED: Final = "unauthorized"
TOKEN_IN_QUERY: Final = "token_in_query"  # noqa: S105 - a code, not a secret
INVALID_REQUEST: Final = "invalid_request"
INVALID_IDEMPOTENCY_KEY: Final = "invalid_idempotency_key"
IDEMPOTENCY_KEY_REUSED: Final = "idempotency_key_reused"
INVALID_LAST_EVENT_ID: Final = "invalid_last_event_id"
REQUEST_TIMEOUT: Final = "request_timeout"
REQUEST_TOO_LARGE: Final = "request_too_large"
UNSUPPORTED_MEDIA_TYPE: Final = "unsupported_media_type"
NOT_FOUND: Final = "not_found"
METHOD_NOT_ALLOWED: Final = "method_not_allowed"
REFUSED: Final = "refused"
INTERNAL_ERROR: Final = "internal_error"

MISDIRECTED_REQUEST: Final = "misdirected_request"


@attrs.frozen
class ErrorCode:
    """One registered code.

    Args:
        code: the code, as it appears in ``error.type`` on the wire.
        layer: the part of the library that reports it.
        meaning: one sentence for the documentation.
        status: HTTP status of a response that consists of this error alone; None for an error that only
            occurs inside a stream, or whose status the application chooses.
        fatal: whether the error ends the stream or rejects the request.
        retryable: whether the same request may succeed later; None where only the event can tell.
    """

    code: str
    layer: Layer
    meaning: str
    status: int | None = None
    fatal: bool = False
    retryable: bool | None = False


# An error that costs a critical component is retryable, so for these codes only the event can tell.
_PARSER: Final = (
    ErrorCode(
        MALFORMED_MARKER,
        "parser",
        "A line looks like a marker but cannot be read as one; it is kept as text unless `recovered`.",
    ),
    ErrorCode(
        INVALID_NAME,
        "parser",
        "The component name of a marker is not valid; the line is kept as text unless `recovered`.",
    ),
    ErrorCode(
        INVALID_ATTRIBUTE,
        "parser",
        "The attributes of a marker are not valid; the line is kept as text unless `recovered`.",
    ),
    ErrorCode(
        INVALID_POSITION,
        "parser",
        "The position in a START marker is unknown; the component starts in the default position.",
    ),
    ErrorCode(
        MARKER_TOO_LONG, "parser", "A marker line exceeds `Limits.max_marker_chars`; it is kept as text."
    ),
    ErrorCode(
        NESTING_TOO_DEEP,
        "parser",
        "A START marker would exceed `Limits.max_depth`; the line is kept as text.",
    ),
    ErrorCode(
        UNEXPECTED_END,
        "parser",
        "An END marker names a component that is not open; the line is kept as text.",
    ),
    ErrorCode(
        UNCLOSED_COMPONENT,
        "parser",
        "A component was closed by another marker or by the end of the input, not by its own END marker.",
        retryable=None,
    ),
    ErrorCode(
        COMPONENT_TOO_LARGE,
        "parser",
        "The content of a component exceeds `Limits.max_component_chars`; the rest of it is dropped.",
        retryable=None,
    ),
    ErrorCode(
        TOO_MANY_COMPONENTS,
        "parser",
        "The stream has more components than `Limits.max_components`.",
        status=500,
        fatal=True,
        retryable=None,
    ),
    ErrorCode(
        TOO_MANY_ERRORS,
        "parser",
        "The text caused more errors than `Limits.max_errors`.",
        status=500,
        fatal=True,
        retryable=None,
    ),
    ErrorCode(
        STREAM_TOO_LARGE,
        "parser",
        "The input is longer than `Limits.max_total_chars`.",
        status=500,
        fatal=True,
        retryable=None,
    ),
)

_SOURCE: Final = (
    ErrorCode(
        INVALID_CHUNK,
        "source",
        "A chunk of the source is not a JSON object, or is too long; the chunk is dropped.",
    ),
    ErrorCode(
        SOURCE_FAILED,
        "source",
        "The source raised an exception, or the provider sent an error or withheld the rest of its answer.",
        status=502,
        fatal=True,
        retryable=None,
    ),
    ErrorCode(
        SOURCE_TRUNCATED,
        "source",
        "The model stopped before the end of its answer, mostly at a length limit; its text is delivered.",
        status=502,
    ),
    ErrorCode(
        SOURCE_INCOMPLETE,
        "source",
        "The source ended, or another answer began in it, before the provider had ended its answer.",
        status=502,
        fatal=True,
        retryable=True,
    ),
    ErrorCode(
        SOURCE_NOT_UNDERSTOOD,
        "source",
        "Chunks of the source arrived, and the decoder understood none of them.",
        status=502,
        fatal=True,
    ),
    ErrorCode(
        SOURCE_WITHOUT_TEXT,
        "source",
        "The answer consists of tool calls alone; to read an argument of one, the decoder needs `tool=`.",
    ),
)

_SESSION: Final = (
    ErrorCode(
        GENERATION_TIMEOUT,
        "session",
        "The generation took longer than `Timeouts.generation`.",
        status=504,
        fatal=True,
        retryable=True,
    ),
    ErrorCode(
        CHUNK_TIMEOUT,
        "session",
        "The source sent nothing for `Timeouts.chunk` seconds.",
        status=504,
        fatal=True,
        retryable=True,
    ),
    ErrorCode(
        ERROR_THRESHOLD,
        "session",
        "More than `ErrorWindow.max_errors` errors occurred within `ErrorWindow.seconds`.",
        status=500,
        fatal=True,
        retryable=None,
    ),
)


def _rejection(code: str, status: int, meaning: str, *, retryable: bool = False) -> ErrorCode:
    return ErrorCode(code, "server", meaning, status, fatal=True, retryable=retryable)


_SERVER: Final = (
    _rejection(
        PRODUCER_LOST,
        503,
        "The server process that produced the stream died; repeat the request with a new Idempotency-Key.",
        retryable=True,
    ),
    _rejection(
        LOG_UNAVAILABLE,
        503,
        "The event log cannot be reached; resume after the last event id, or repeat the request, later.",
        retryable=True,
    ),
    ErrorCode(
        NOT_RESUMABLE,
        "server",
        "The event log failed; the stream continues, but it cannot be resumed after this event.",
    ),
    _rejection(EVENTS_TRIMMED, 410, "The events after the given id are no longer in the event log."),
    _rejection(STREAM_UNKNOWN, 404, "The stream was never started, has expired, or belongs to another user."),
    _rejection(SERVER_STOPPING, 503, "The server is shutting down; repeat the request.", retryable=True),
    _rejection(SERVER_BUSY, 503, "The server is at its limit for all users together.", retryable=True),
    _rejection(
        TOO_MANY_GENERATIONS, 429, "The user is at the limit of concurrent generations.", retryable=True
    ),
    _rejection(
        TOO_MANY_READERS, 429, "The user is at the limit of concurrently open streams.", retryable=True
    ),
    _rejection(
        RATE_LIMITED,
        429,
        "The user sent too many requests; wait as long as Retry-After says.",
        retryable=True,
    ),
    _rejection(
        UNAUTHORIZED, 401, "The token or ticket is missing, not valid, expired, or for another stream."
    ),
    _rejection(TOKEN_IN_QUERY, 400, "The URL contains a token; send it in the Authorization header instead."),
    _rejection(INVALID_REQUEST, 400, "The body or the query of the request is not valid."),
    _rejection(INVALID_IDEMPOTENCY_KEY, 400, "The Idempotency-Key is not 1 to 255 visible ASCII characters."),
    _rejection(IDEMPOTENCY_KEY_REUSED, 422, "The Idempotency-Key was sent before, with a different request."),
    _rejection(INVALID_LAST_EVENT_ID, 400, "The stream does not have an event with the given id."),
    _rejection(
        REQUEST_TIMEOUT, 408, "The body did not arrive within `body_timeout` seconds.", retryable=True
    ),
    _rejection(REQUEST_TOO_LARGE, 413, "The body is longer than `max_body_bytes`."),
    _rejection(UNSUPPORTED_MEDIA_TYPE, 415, "The Content-Type of the body is not application/json."),
    _rejection(NOT_FOUND, 404, "The path does not exist."),
    _rejection(METHOD_NOT_ALLOWED, 405, "The path exists, but does not support the method."),
    ErrorCode(
        REFUSED,
        "server",
        "The application rejected the request with an HTTPException, which chose the status.",
        fatal=True,
    ),
    _rejection(INTERNAL_ERROR, 500, "The server failed; its own log has the reason."),
    ErrorCode(
        MISDIRECTED_REQUEST,
        "demo",
        "The page was requested under a host name that the demo does not serve.",
        status=421,
        fatal=True,
    ),
)

CODES: Final[Mapping[str, ErrorCode]] = MappingProxyType(
    {record.code: record for record in (*_PARSER, *_SOURCE, *_SESSION, *_SERVER)}
)
"""All codes, by the code itself."""


def codes_of(*layers: Layer) -> frozenset[str]:
    """Return the codes that the given layers report."""
    return frozenset(code for code, record in CODES.items() if record.layer in layers)
