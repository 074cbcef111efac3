import argparse
import math

import pytest

from componentstream.cli import values


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.count, "1", 1),
        (values.count, "9" * 18, 10**18 - 1),
        (values.port, "0", 0),
        (values.port, "65535", 65_535),
        (values.rate, "0", 0.0),
        (values.rate, "2.5", 2.5),
        (values.seconds, "0.1", 0.1),
        (values.seconds, "1e3", 1000.0),
        (values.seconds_or_none, "3", 3.0),
        (values.seconds_or_none, "none", math.inf),
        (values.natural, "0", 0),
        (values.natural, "9999", 9999),
        (values.flag, "1", True),
        (values.flag, "0", False),
        (values.one_of("a", "b"), "b", "b"),
        (values.suffix, ".tsx", ".tsx"),
        (values.suffix, ".test.jsx", ".test.jsx"),
    ],
)
def test_a_value_is_read(read, text, value):
    assert read(text) == value
    assert type(read(text)) is type(value)


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (values.count, "0", "'0' is no whole number from 1 up"),
        (values.count, "9" * 19, f"'{'9' * 19}' is no whole number from 1 up"),
        (values.port, "65536", "'65536' is no whole number from 0 to 65535"),
        (values.port, "\uff11", "'\uff11' is no whole number from 0 to 65535"),
        (values.rate, "-1", "'-1' is no number from 0 up"),
        (values.rate, "nan", "'nan' is no number from 0 up"),
        (values.rate, "fast", "'fast' is no number from 0 up"),
        (values.seconds, "0", "'0' is no number of seconds above 0"),
        (values.seconds, "inf", "'inf' is no number of seconds above 0"),
        (values.seconds, "nan", "'nan' is no number of seconds above 0"),
        (values.seconds, "none", "'none' is no number of seconds above 0"),
        (values.seconds_or_none, "-1", "'-1' is no number of seconds above 0, nor none"),
        (values.natural, "-1", "'-1' is no whole number from 0 to 9999"),
        (values.natural, "10000", "'10000' is no whole number from 0 to 9999"),
        (values.flag, "yes", "'yes' is neither 1 nor 0"),
        (values.one_of("a", "b"), "c", "'c' is neither a nor b"),
        (values.suffix, "tsx", "'tsx' is no suffix such as .tsx"),
        (values.suffix, "./../x", "'./../x' is no suffix such as .tsx"),
    ],
)
def test_what_is_none_is_said(read, text, sentence):
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        read(text)
    assert str(caught.value) == sentence
