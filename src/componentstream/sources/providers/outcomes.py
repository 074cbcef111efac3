"""Stop reasons and errors of providers."""

import re
from typing import Final

from componentstream.core import codes
from componentstream.sources.pieces import SourceError
from componentstream.sources.providers.reading import Reading, field, path, string

_GOOD: Final = frozenset(
    {
        "",
        "complete",
        "completed",
        "done",
        "end",
        "end_turn",
        "eod",
        "finish",
        "finish_reason_unspecified",
        "finished",
        "function_call",
        "function_calls",
        "in_progress",
        "load",  # Ollama has loaded the model for an empty prompt.
        "none",
        "normal",
        "not_finished",
        "null",
        "requires_action",
        "stop",
        "stop_sequence",
        "stop_sequences",
        "stop_string",
        "stopped",
        "success",
        "tool_call",
        "tool_calls",
        "tool_use",
        "unload",
        "unspecified",
        "word",  # llama.cpp has met a stop word.
    }
)
"""Stop reasons of a complete answer; every word that begins with ``eos`` is one more. Normalized."""

_TRUNCATED: Final = frozenset(
    {
        "budget_exceeded",
        "context_length",
        "context_length_exceeded",
        "context_window_exceeded",
        "error_limit",
        "incomplete",
        "length",
        "length_limit",
        "limit",
        "max_length",
        "max_new_tokens",
        "max_output_reached",
        "max_output_tokens",
        "max_tokens",
        "max_tokens_reached",
        "model_context_window_exceeded",
        "model_length",
        "pause_turn",
        "time_limit",
        "token_limit",
        "truncated",
    }
)
"""Stop reasons of an incomplete answer that is not a failure. Normalized."""

_FAILED: Final = frozenset(
    {
        "abort",
        "blocked",
        "blocklist",
        "cancelled",
        "content_filter",
        "content_filtered",
        "content_policy_violation",
        "error",
        "error_toxic",
        "failed",
        "guardrail_intervened",
        "image_other",
        "image_prohibited_content",
        "image_recitation",
        "image_safety",
        "language",
        "malformed_response",
        "missing_thought_signature",
        "model_armor",
        "no_image",
        "other",
        "prohibited_content",
        "recitation",
        "refusal",
        "safety",
        "sensitive",
        "spii",
        "too_many_tool_calls",
        "user_cancel",
    }
)
"""Stop reasons of a failure that a retry is not known to cure. Normalized."""

_BAD_LUCK: Final = frozenset(
    {
        "insufficient_system_resource",
        "malformed_function_call",
        "malformed_model_output",
        "malformed_tool_use",
        "network_error",
        "unexpected_tool_call",
    }
)
"""Stop reasons of a failure that another attempt may not meet. Normalized."""

_RETRYABLE: Final = frozenset(
    {
        "aborted",
        "api_connection_error",
        "api_error",
        "api_timeout_error",
        "bad_gateway",
        "capacity_exceeded",
        "deadline_exceeded",
        "engine_overloaded",
        "engine_overloaded_error",
        "gateway_timeout",
        "internal",
        "internal_error",
        "internal_failure",
        "internal_server",
        "internal_server_error",
        "internalservererror",
        "model_not_ready",
        "model_overloaded",
        "model_stream_error",
        "model_timeout",
        "network_error",
        "overloaded",
        "overloaded_error",
        "rate_limit",
        "rate_limit_error",
        "rate_limit_exceeded",
        "rate_limited",
        "rate_limited_error",
        "request_timeout",
        "resource_exhausted",
        "server_error",
        "server_is_overloaded",
        "service_unavailable",
        "service_unavailable_error",
        "slow_down",
        "throttled",
        "throttling",
        "throttling_error",
        "timeout",
        "timeout_error",
        "too_many_requests",
        "unavailable",
        "upstream_error",
        "vector_store_timeout",
    }
)
"""Names of retryable errors: overload, rate limits, timeouts, server errors. Normalized."""

_REASON_FIELDS: Final = ("finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason")
_RETRYABLE_STATUS: Final = frozenset({408, 429})
_SERVER_STATUS: Final = range(500, 600)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_NUMBER: Final = re.compile(r"[0-9]{3}(?:\.0)?")
_WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def stop_reason(value: object) -> str | None:
    """Return the reason why an answer stopped, under each name that providers have for it, or None."""
    for name in _REASON_FIELDS:
        reason = field(value, name)
        if reason is not None and (found := word(reason)):
            return found
    return word(path(value, "incomplete_details", "reason"))


def word(value: object) -> str | None:
    """Return a word that is a string or a member of an enumeration, or None."""
    if value is None:
        return None
    return string(value) if isinstance(value, str) else string(field(value, "name"))


def normalized(name: str) -> str:
    """Return a name in one spelling: ``maxTokens``, ``MAX-TOKENS`` and ``max_tokens`` are the same word."""
    snake = _WORD_START.sub("_", name.strip().rpartition("FinishReason.")[2])
    return snake.replace("-", "_").replace(" ", "_").lower()


def is_retryable(name: str) -> bool:
    """Return whether this is the name of an error that another attempt may not meet."""
    return normalized(name).removesuffix("_exception") in _RETRYABLE


def failure(*names: object) -> SourceError:
    """Return the error that a provider sent; ``names`` are its possible names and codes, best first."""
    words = [name for name in map(string, names) if name]
    retryable_names = [name for name in words if is_retryable(name)]
    retryable = bool(retryable_names) or any(map(_is_retryable_status, names))
    # A name is a single word, since a sentence may contain anything.
    shown = next((name for name in (*retryable_names, *words) if _NAME.fullmatch(name)), None)
    message = "The provider sent an error." if shown is None else f"The provider sent an error: {shown}."
    return SourceError(codes.SOURCE_FAILED, message, fatal=True, retryable=retryable)


def stopped(reason: object) -> SourceError | None:
    """Return the error for a stop reason, or None if the answer is complete.

    Good reasons are listed, not bad ones: a provider adds a bad one without notice.
    """
    if reason is None:
        return None
    name = _known_once(normalized(word(reason) or ""))
    if name in _GOOD or name.startswith("eos"):
        return None
    if name in _TRUNCATED:
        return SourceError(codes.SOURCE_TRUNCATED, f"The model stopped before the end of its answer: {name}.")
    if name in _FAILED or name in _BAD_LUCK:
        message = f"The provider stopped the answer: {name}."
        return SourceError(codes.SOURCE_FAILED, message, fatal=True, retryable=name in _BAD_LUCK)
    if is_retryable(name):
        return failure(name)
    message = "The provider stopped the answer for an unknown reason"
    message += f": {name}." if _NAME.fullmatch(name) else "."
    return SourceError(codes.SOURCE_TRUNCATED, message)


def error(event: object) -> Reading:
    """Read an error whose name is in the field ``error``, an object, or in the event itself."""
    inner = field(event, "error")
    holders = (event,) if inner is None else (inner, event)
    # The type is often a class of errors, such as `invalid_request_error`, and the code one of them.
    fields = ("code", "type", "status", "status_code", "error_type")
    names = [field(holder, name) for holder in holders for name in fields]
    return Reading(error=failure(*(name for name in names if name != "error")))


def _known_once(name: str) -> str:
    """Return half of a name that is a known reason twice: LangChain joins the reasons of two chunks."""
    half = name[: len(name) // 2]
    return half if half and half * 2 == name and half in _GOOD | _TRUNCATED | _FAILED else name


def _is_retryable_status(value: object) -> bool:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value in _RETRYABLE_STATUS or value in _SERVER_STATUS
