"""Stop reasons and errors of providers."""

from types import SimpleNamespace

import pytest

from componentstream.sources import SourceError
from componentstream.sources.extract import read
from componentstream.sources.providers import outcomes
from componentstream.sources.providers.outcomes import failure, normalized, stop_reason, stopped


def error_of(event):
    return read(event).error


@pytest.mark.parametrize(
    ("event", "name", "retryable"),
    [
        ({"type": "error", "error": {"type": "overloaded_error"}}, "overloaded_error", True),
        ({"type": "error", "error": {"type": "rate_limit_error"}}, "rate_limit_error", True),
        ({"type": "error", "error": {"type": "api_error"}}, "api_error", True),
        ({"type": "error", "error": {"type": "timeout_error"}}, "timeout_error", True),
        ({"type": "error", "error": {"type": "invalid_request_error"}}, "invalid_request_error", False),
        ({"type": "error", "error": {"type": "authentication_error"}}, "authentication_error", False),
        ({"type": "error", "error": {"type": "new_error"}}, "new_error", False),
        ({"type": "error"}, None, False),
        ({"type": "error", "error": "a sentence"}, None, False),
        ({"type": "error", "error": {"type": "a sentence with /a/path"}}, None, False),
        ({"type": "error", "error": {"type": "x" * 65}}, None, False),
        ({"type": "error", "error": {"type": 7, "code": ["x"]}}, None, False),
        ({"type": "error", "code": "server_error"}, "server_error", True),
        ({"error": {"type": "invalid_request_error", "code": "invalid_api_key"}}, "invalid_api_key", False),
        ({"error": {"type": "server_error", "code": "model_broken"}}, "server_error", True),
        ({"type": "error", "error": {"type": "a_type", "code": "a_code"}, "code": "x"}, "a_code", False),
        ({"object": "error", "type": "a_type", "code": "a_code"}, "a_code", False),
        ({"error": {"type": "requests", "code": "rate_limit_exceeded"}}, "rate_limit_exceeded", True),
        (
            {"error": {"type": "insufficient_quota", "code": "insufficient_quota"}},
            "insufficient_quota",
            False,
        ),
        ({"error": {"code": 503, "status": "UNAVAILABLE"}}, "UNAVAILABLE", True),
        ({"error": {"code": 404, "status": "NOT_FOUND"}}, "NOT_FOUND", False),
        ({"error": {"code": 429}}, None, True),
        ({"error": {"code": 408}}, None, True),
        ({"error": {"code": 529}}, None, True),
        ({"error": {"code": 499}}, None, False),
        ({"error": {"code": True}}, None, False),
        ({"error": "model requires more memory"}, None, False),
        ({"object": "error", "type": "BadRequestError", "code": 400}, "BadRequestError", False),
        ({"object": "error", "type": "InternalServerError", "code": 500}, "InternalServerError", True),
        ({"object": "chat.completion.chunk", "error": {"code": 502}, "choices": []}, None, True),
        ({"event_type": "error", "error": {"code": "https://errors/one"}}, None, False),
        ({"type": "response.failed", "response": {"error": None}}, None, False),
        ({"type": "message-end", "delta": {"finish_reason": "TIMEOUT"}}, "timeout", True),
    ],
)
def test_errors_of_providers_say_their_name_and_no_more(event, name, retryable):
    message = "The provider sent an error." if name is None else f"The provider sent an error: {name}."
    assert error_of(event) == SourceError("source_failed", message, fatal=True, retryable=retryable)


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}, "max_tokens"),
        ({"type": "message-end", "delta": {"finish_reason": "MAX_TOKENS"}}, "max_tokens"),
        ({"object": "chat.completion.chunk", "choices": [{"finish_reason": "model_length"}]}, "model_length"),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}]}, "max_tokens"),
        ({"event_type": "interaction.completed", "interaction": {"status": "incomplete"}}, "incomplete"),
        ({"message": {"content": ""}, "done": True, "done_reason": "length"}, "length"),
    ],
)
def test_limits_of_length_are_no_failure(event, name):
    assert error_of(event) == SourceError(
        "source_truncated", f"The model stopped before the end of its answer: {name}."
    )


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"type": "message_delta", "delta": {"stop_reason": "refusal"}}, "refusal"),
        ({"type": "response.refusal.delta", "delta": "I cannot"}, "refusal"),
        ({"object": "chat.completion.chunk", "choices": [{"delta": {"refusal": "I cannot"}}]}, "refusal"),
        ({"object": "chat.completion.chunk", "choices": [{"finish_reason": "error"}]}, "error"),
        ({"candidates": [{"finishReason": "PROHIBITED_CONTENT"}]}, "prohibited_content"),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "blocked"),
        ({"prompt_feedback": {"block_reason": "SAFETY"}}, "blocked"),
        ({"event_type": "interaction.completed", "interaction": {"status": "failed"}}, "failed"),
        ({"type": "message-end", "delta": {"finish_reason": "ERROR"}}, "error"),
    ],
)
def test_an_answer_that_is_withheld_is_a_failure(event, name):
    assert error_of(event) == SourceError(
        "source_failed", f"The provider stopped the answer: {name}.", fatal=True
    )


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_delta", "delta": {"stop_reason": None}},
        {"type": "message_delta", "delta": {"stop_reason": ["refusal"]}},
        {"object": "chat.completion.chunk", "choices": [{"finish_reason": "tool_calls"}]},
        {"candidates": [{"finishReason": "STOP"}]},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
    ],
)
def test_other_ends_are_good_ones(event):
    assert error_of(event) is None


@pytest.mark.parametrize(
    "reason",
    [
        None, "", 7, "stop", "STOP", "FinishReason.STOP", "tool-calls", "toolUse", "eos_token", "EOS",
        "end turn", "stopstop", "COMPLETE", "FINISH_REASON_UNSPECIFIED", SimpleNamespace(name="STOP"),
    ],
)  # fmt: skip
def test_good_reasons_are_good_in_every_spelling(reason):
    assert stopped(reason) is None


@pytest.mark.parametrize(
    ("reason", "code", "fatal", "retryable"),
    [
        ("maxTokens", "source_truncated", False, False),
        ("MAX-TOKENS", "source_truncated", False, False),
        ("lengthlength", "source_truncated", False, False),
        ("guardrailIntervened", "source_failed", True, False),
        ("content-filter", "source_failed", True, False),
        ("MALFORMED_FUNCTION_CALL", "source_failed", True, True),
        ("overloaded", "source_failed", True, True),
        ("new_word", "source_truncated", False, False),
        ("a sentence of /a/path", "source_truncated", False, False),
    ],
)
def test_every_other_reason_is_told(reason, code, fatal, retryable):
    error = stopped(reason)
    assert (error.code, error.fatal, error.retryable) == (code, fatal, retryable)
    assert "/" not in error.message


def test_an_unknown_reason_is_named():
    assert stopped("moonPhase").message.endswith(" for an unknown reason: moon_phase.")


def test_the_lists_of_words_do_not_overlap():
    lists = [outcomes._GOOD, outcomes._TRUNCATED, outcomes._FAILED, outcomes._BAD_LUCK]
    assert len(frozenset().union(*lists)) == sum(map(len, lists))
    for word in frozenset().union(*lists, outcomes._RETRYABLE):
        assert normalized(word) == word


@pytest.mark.parametrize(
    "value",
    [
        {"finish_reason": "length"}, {"finishReason": "length"}, {"stop_reason": "length"},
        {"stopReason": "length"},
        {"done_reason": "length"}, {"incomplete_details": {"reason": "length"}},
        {"finish_reason": "", "stopReason": "length"},
        SimpleNamespace(finish_reason=SimpleNamespace(name="length")),
    ],
)  # fmt: skip
def test_a_reason_is_found_under_each_of_its_names(value):
    assert stop_reason(value) == "length"
    assert stop_reason({}) is None


@pytest.mark.parametrize(
    ("names", "retryable"),
    [
        ((503,), True), ((503.0,), True), (("503",), True), (("503.0",), True), (("429",), True),
        ((600,), False),
        ((True,), False), (("5030",), False), (("ThrottlingException",), True),
        (("modelStreamErrorException",), True),
        (("InternalServerError",), True), (("APIError",), True), (("validationException",), False),
    ],
)  # fmt: skip
def test_numbers_and_names_of_errors_count_in_every_spelling(names, retryable):
    assert failure(*names).retryable is retryable
