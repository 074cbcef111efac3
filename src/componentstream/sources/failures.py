"""Exceptions of providers' libraries to errors of the source."""

import re
from collections.abc import Iterator
from typing import Final

from componentstream.core import codes
from componentstream.sources.pieces import SourceError
from componentstream.sources.providers.outcomes import failure, is_retryable, normalized
from componentstream.sources.providers.reading import field, path

_CONNECTION_ERRORS: Final = frozenset(
    {
        "api_connection_error",
        "api_timeout_error",
        "chunked_encoding_error",
        "client_connection_error",
        "client_payload_error",
        "connect_error",
        "connect_timeout",
        "connection_closed",
        "connection_closed_error",
        "connection_error",
        "endpoint_connection_error",
        "http_client_error",
        "incomplete_read",
        "incomplete_read_error",
        "network_error",
        "protocol_error",
        "read_error",
        "read_timeout",
        "read_timeout_error",
        "remote_protocol_error",
        "response_streaming_error",
        "server_disconnected_error",
        "server_timeout_error",
        "ssl_error",
        "timeout",
        "timeout_error",
        "timeout_exception",
        "transport_error",
        "write_error",
    }
)
"""Classes of exceptions for a connection that broke or stayed silent. Normalized."""

_NAMES: Final = ("code", "type", "status", "status_code")
_SAY_NOTHING: Final = frozenset({"APIError", "Exception", "BaseException", "object"})
"""Bases of all exceptions, of a library or of Python."""

_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ERROR_STATUS: Final = range(400, 600)
_MAX_CAUSES: Final = 8


def source_failure(error: BaseException) -> SourceError:
    """Return the error of the source that an exception reports; it is always fatal.

    No library is imported: an exception is known by the fields that libraries give to it (``type``, ``code``,
    ``status``, ``status_code``, ``body``, and ``response`` as in botocore), or by the names of its classes. A
    broken connection is ``source_incomplete``, as it is where the bytes of a response end too early. If an
    exception says nothing, its cause is asked.
    """
    for one in _causes(error):
        classes = [name for base in type(one).__mro__ if (name := base.__name__) not in _SAY_NOTHING]
        names = list(_names_in(one))
        if any(map(_is_error_name, names)):
            # The class names an error that has nothing but a status.
            return failure(*names, *classes[:1])
        if any(normalized(name) in _CONNECTION_ERRORS for name in classes):
            message = f"The connection to the provider broke: {classes[0]}."
            return SourceError(codes.SOURCE_INCOMPLETE, message, fatal=True, retryable=True)
        if any(map(is_retryable, classes)):
            return failure(*classes)
    return SourceError(codes.SOURCE_FAILED, "The source failed.", fatal=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, those that a group contains, and their explicit causes."""
    waiting = [error]
    for _ in range(_MAX_CAUSES):
        if not waiting:
            return
        one = waiting.pop(0)
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        if one.__cause__ is not None:
            waiting.append(one.__cause__)


def _names_in(error: BaseException) -> Iterator[object]:
    body = field(error, "body")
    response = field(error, "response")
    for holder in (error, field(body, "error"), body, response):
        for name in _NAMES:
            value = field(holder, name)
            yield field(value, "name") or value
    yield _grpc_status(error)
    # In botocore the response is a dict.
    yield path(response, "Error", "Code")
    yield path(response, "ResponseMetadata", "HTTPStatusCode")


def _grpc_status(error: BaseException) -> object:
    code = field(error, "code")
    if not callable(code):
        return None
    try:
        return field(code(), "name")
    except Exception:  # noqa: BLE001 - a method of some library; the same as a field that is missing
        return None


def _is_error_name(value: object) -> bool:
    """Return whether a value names an error: a word, or an HTTP status that is one."""
    if isinstance(value, str):
        return value != "error" and _WORD.fullmatch(value) is not None
    return isinstance(value, int) and value in _ERROR_STATUS
