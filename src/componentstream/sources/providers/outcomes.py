"""Stop reasons and errors of providers."""

import re
from typing import Final

from componentstream.core import codes
from componentstream.sources.pieces import SourceError
from componentstream.sources.providers.reading import Reading, field, string

_TRUNCATED: Final = frozenset(
    {
        "budget_exceeded",
        "incomplete",
        "length",
        "max_output_tokens",
        "max_tokens",
        "model_context_window_exceeded",
        "model_length",
        "pause_turn",
    }
)
"""Stop reasons of an incomplete answer that is not a failure. In lower case."""

_FAILED: Final = frozenset(
    {
        "abort",
        "blocked",
        "blocklist",
        "cancelled",
        "content_filter",
        "error",
        "failed",
        "language",
        "malformed_response",
        "model_armor",
        "other",
        "prohibited_content",
        "recitation",
        "refusal",
        "safety",
        "spii",
    }
)
"""Stop reasons of a failure that a retry is not known to cure. In lower case."""

_RETRYABLE: Final = frozenset(
    {
        "aborted",
        "api_error",
        "deadline_exceeded",
        "gateway_timeout",
        "internal",
        "internal_error",
        "internal_server_error",
        "internalservererror",
        "overloaded",
        "overloaded_error",
        "rate_limit_error",
        "rate_limit_exceeded",
        "resource_exhausted",
        "server_error",
        "server_is_overloaded",
        "service_unavailable",
        "slow_down",
        "timeout",
        "timeout_error",
        "too_many_requests",
        "unavailable",
        "vector_store_timeout",
    }
)
"""Names of retryable errors: overload, rate limits, timeouts, server errors. In lower case."""

_RETRYABLE_STATUS: Final = frozenset({408, 429})
_FIRST_SERVER_STATUS: Final = 500
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def _name(*values: object) -> str | None:
    """Return the first value that is safe to show: a single word, since a sentence may contain anything."""
    return next((name for name in map(string, values) if name and _NAME.fullmatch(name)), None)


def failure(*names: object) -> SourceError:
    """Return the error that a provider sent; ``names`` are its possible names and codes, best first."""
    retryable_names = [name for name in map(string, names) if name and name.lower() in _RETRYABLE]
    numbers = [number for number in names if type(number) is int]
    retryable = bool(retryable_names) or any(
        number in _RETRYABLE_STATUS or number >= _FIRST_SERVER_STATUS for number in numbers
    )
    shown = _name(*retryable_names, *names)
    message = "The provider sent an error." if shown is None else f"The provider sent an error: {shown}."
    return SourceError(codes.SOURCE_FAILED, message, fatal=True, retryable=retryable)


def stopped(reason: object) -> SourceError | None:
    """Return the error for a stop reason, or None if the answer is complete."""
    word = string(reason)
    name = "" if word is None else word.lower()
    if name in _TRUNCATED:
        return SourceError(codes.SOURCE_TRUNCATED, f"The model stopped before the end of its answer: {name}.")
    if name in _FAILED:
        return SourceError(codes.SOURCE_FAILED, f"The provider stopped the answer: {name}.", fatal=True)
    if name in _RETRYABLE:
        return failure(name)
    return None


def error(event: object) -> Reading:
    """Read an error whose name is in the field ``error``, an object, or in the event itself."""
    error = field(event, "error")
    inner = event if error is None else error
    named = (field(inner, name) for name in ("type", "code", "status"))
    return Reading(error=failure(*(name for name in named if name != "error")))
