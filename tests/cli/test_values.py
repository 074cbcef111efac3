import argparse

import pytest

from componentstream.cli import values

count = values.integer(1)
port = values.integer(0, 65_535)


@pytest.mark.parametrize(
    ("convert", "text", "value"),
    [
        (count, "1", 1),
        (count, "9" * 18, 10**18 - 1),
        (port, "0", 0),
        (port, "65535", 65_535),
        (values.rate, "0", 0.0),
        (values.rate, "2.5", 2.5),
        (values.seconds, "0.1", 0.1),
        (values.seconds, "1e3", 1000.0),
        (values.optional(values.seconds), "3", 3.0),
        (values.optional(values.seconds), "none", None),
        (values.optional(str), "none", None),
        (values.one_of("a", "b"), "b", "b"),
        (values.suffix, ".tsx", ".tsx"),
        (values.suffix, ".test.jsx", ".test.jsx"),
    ],
)
def test_a_text_is_converted(convert, text, value):
    assert convert(text) == value
    assert type(convert(text)) is type(value)


@pytest.mark.parametrize("text", ["yes", "true", "1", "on", "YES", "True", "On"])
def test_these_words_switch_a_flag_on(text):
    assert values.flag(text) is True


@pytest.mark.parametrize("text", ["no", "false", "0", "off", "NO", "False", "Off"])
def test_these_words_switch_a_flag_off(text):
    assert values.flag(text) is False


@pytest.mark.parametrize(
    ("convert", "text", "sentence"),
    [
        (count, "0", "'0' is not an integer >= 1"),
        (count, "9" * 19, f"'{'9' * 19}' is not an integer >= 1"),
        (count, "9" * 5000, f"'{'9' * 99} is not an integer >= 1"),
        (port, "65536", "'65536' is not an integer from 0 to 65535"),
        (port, "-1", "'-1' is not an integer from 0 to 65535"),
        (port, "\uff11", "'\uff11' is not an integer from 0 to 65535"),
        (values.rate, "-1", "'-1' is not a number >= 0"),
        (values.rate, "nan", "'nan' is not a number >= 0"),
        (values.rate, "inf", "'inf' is not a number >= 0"),
        (values.rate, "fast", "'fast' is not a number >= 0"),
        (values.seconds, "0", "'0' is not a number of seconds > 0"),
        (values.seconds, "inf", "'inf' is not a number of seconds > 0"),
        (values.seconds, "nan", "'nan' is not a number of seconds > 0"),
        (values.seconds, "none", "'none' is not a number of seconds > 0"),
        (values.optional(values.seconds), "-1", "'-1' is not a number of seconds > 0, or none"),
        (values.flag, "yeah", "'yeah' is not one of 1, yes, true, on, 0, no, false, off"),
        (values.one_of("a", "b"), "c", "'c' is not one of a, b"),
        (values.suffix, "tsx", "'tsx' is not a suffix such as .tsx"),
        (values.suffix, "./../x", "'./../x' is not a suffix such as .tsx"),
    ],
)
def test_a_wrong_text_is_refused_with_the_allowed_values(convert, text, sentence):
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        convert(text)
    assert str(caught.value) == sentence
