"""The tokens that providers count, under all the names that they have."""

from typing import Final

from componentstream.sources.pieces import Usage
from componentstream.sources.providers.reading import field, path

_INPUT: Final = (
    "input_tokens",
    "prompt_tokens",
    "inputTokens",
    "promptTokens",
    "prompt_token_count",
    "promptTokenCount",
    "total_input_tokens",
    "prompt_eval_count",
)
_OUTPUT: Final = (
    "output_tokens",
    "completion_tokens",
    "outputTokens",
    "completionTokens",
    "candidates_token_count",
    "candidatesTokenCount",
    "total_output_tokens",
    "eval_count",
)
_REASONING: Final = (
    "reasoning_tokens",
    "reasoningTokens",
    "output_tokens_details.reasoning_tokens",
    "output_tokens_details.thinking_tokens",
    "completion_tokens_details.reasoning_tokens",
    "output_token_details.reasoning",
    "outputTokenDetails.reasoningTokens",
    "details.reasoning_tokens",
    "thoughts_token_count",
    "thoughtsTokenCount",
    "total_thought_tokens",
    "total_reasoning_tokens",
)
_CACHED: Final = (
    "cache_read_input_tokens",
    "cacheReadInputTokens",
    "cache_read_tokens",
    "cached_input_tokens",
    "cached_tokens",
    "cachedInputTokens",
    "input_tokens_details.cached_tokens",
    "prompt_tokens_details.cached_tokens",
    "input_token_details.cache_read",
    "inputTokenDetails.cacheReadTokens",
    "prompt_cache_hit_tokens",
    "cached_content_token_count",
    "cachedContentTokenCount",
    "total_cached_tokens",
)
NO_USAGE: Final = Usage()
_MAX_COUNT: Final = 2**53
"""Larger numbers are not counts, and not every receiver can read them."""


def usage(value: object) -> Usage | None:
    """Return the counts of a usage object, or None if it has none that is known."""
    if value is None:
        return None
    counts = Usage(
        first_count(value, *_INPUT),
        first_count(value, *_OUTPUT),
        first_count(value, *_REASONING),
        first_count(value, *_CACHED),
    )
    return None if counts == NO_USAGE else counts


def first_count(value: object, *names: str) -> int | None:
    """Return the first of several fields, by their paths, that is a count: an integer from 0 to 2**53."""
    for name in names:
        number = path(value, *name.split(".")) if "." in name else field(value, name)
        if isinstance(number, bool) or not isinstance(number, int | float):
            continue
        if 0 <= number <= _MAX_COUNT and number == int(number):
            return int(number)
    return None


def total(*counts: int | None) -> int | None:
    """Return the sum of the counts that are known, or None."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def added(one: Usage, other: Usage) -> Usage:
    """Return the tokens of both."""
    return Usage(
        total(one.input_tokens, other.input_tokens),
        total(one.output_tokens, other.output_tokens),
        total(one.reasoning_tokens, other.reasoning_tokens),
        total(one.cached_tokens, other.cached_tokens),
    )


def merged(one: Usage, other: Usage) -> Usage:
    """Return the larger of each count. Counts grow, and an event may leave some of them out."""
    return Usage(
        _larger(one.input_tokens, other.input_tokens),
        _larger(one.output_tokens, other.output_tokens),
        _larger(one.reasoning_tokens, other.reasoning_tokens),
        _larger(one.cached_tokens, other.cached_tokens),
    )


def _larger(one: int | None, other: int | None) -> int | None:
    return max((count for count in (one, other) if count is not None), default=None)
