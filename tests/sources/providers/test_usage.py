"""The tokens that providers count, under all the names that they have."""

import math

import pytest

from componentstream.sources import Usage
from componentstream.sources.providers.usage import NO_USAGE, added, first_count, merged, total, usage


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        ({"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3}, Usage(1, 2, None, 3)),
        (
            {
                "prompt_tokens": 1,
                "completion_tokens": 2,
                "completion_tokens_details": {"reasoning_tokens": 3},
                "prompt_tokens_details": {"cached_tokens": 4},
            },
            Usage(1, 2, 3, 4),
        ),
        ({"input_tokens": 1, "output_token_details": {"reasoning": 3}}, Usage(1, None, 3)),
        ({"promptTokenCount": 1, "candidatesTokenCount": 2, "thoughtsTokenCount": 3}, Usage(1, 2, 3)),
        ({"prompt_eval_count": 1, "eval_count": 2}, Usage(1, 2)),
        ({"input_tokens": 1.0, "output_tokens": 2.5}, Usage(1)),
        ({"input_tokens": True, "output_tokens": -1}, None),
        ({"input_tokens": "1"}, None),
        ({"input_tokens": 2**53, "output_tokens": 2.0**53}, Usage(2**53, 2**53)),
        ({"input_tokens": 2**53 + 1, "output_tokens": 1e300}, None),
        ({"input_tokens": 10**5000, "prompt_tokens": int("9" * 4300), "output_tokens": 1}, Usage(None, 1)),
        ({"input_tokens": math.inf, "output_tokens": -math.inf, "cached_tokens": math.nan}, None),
        ({}, None),
        (None, None),
    ],
)
def test_counts_have_many_names(value, counts):
    assert usage(value) == counts


def test_the_first_count_that_is_one_counts():
    assert first_count({"a": None, "b": {"c": 0}}, "a", "b.c", "d") == 0


def test_counts_are_added_and_merged_where_they_are_known():
    assert total(None, None) is None
    assert total(1, None, 2) == 3
    assert added(Usage(1, None, 3), Usage(1, 2)) == Usage(2, 2, 3)
    assert merged(Usage(1, None, 3, 4), Usage(0, 2, 5)) == Usage(1, 2, 5, 4)
    assert merged(NO_USAGE, NO_USAGE) == NO_USAGE
