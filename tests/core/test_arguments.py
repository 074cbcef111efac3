"""Wrong arguments are told with their name, the type that they have, and the cure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.core.arguments import (
    are_seconds,
    check_instance,
    check_members,
    check_seconds,
    described,
    shown,
)
from componentstream.core.errors import UsageError
from componentstream.core.limits import Limits


class Child(Limits):
    pass


class Encoder:
    headers = ()

    def encode(self):
        return b""


def refusal(check, *arguments, **options):
    with pytest.raises(UsageError) as caught:
        check(*arguments, **options)
    return str(caught.value)


def test_an_instance_of_the_class_or_of_a_subclass_is_accepted():
    assert check_instance(Limits(), Limits, "limits") is None
    assert check_instance(Child(), Limits, "limits") is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, "limits must be a Limits, not int; pass Limits(...)."),
        (None, "limits must be a Limits, not None; pass Limits(...)."),
        (Limits, "limits must be a Limits, not the class Limits; call it: Limits()."),
        (Child, "limits must be a Limits, not the class Child; call it: Child()."),
        (int, "limits must be a Limits, not the class int; pass Limits(...)."),
    ],
)
def test_anything_else_is_refused(value, words):
    assert refusal(check_instance, value, Limits, "limits") == words


def test_the_caller_may_name_another_cure_and_the_article_fits():
    assert refusal(check_instance, 3, Encoder, "e", "use x") == "e must be an Encoder, not int; use x."


def test_an_object_with_the_members_is_accepted():
    assert check_members(Encoder(), ("encode()", "headers"), "encoder", "SSEEncoder") is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x", "encoder must have encode() and headers, as SSEEncoder() has; str lacks headers."),
        (3, "encoder must have encode() and headers, as SSEEncoder() has; int lacks encode() and headers."),
        (Encoder, "encoder must be an object, not the class Encoder; call it: Encoder()."),
        (int, "encoder must be an object, not the class int; pass SSEEncoder()."),
    ],
)
def test_an_object_without_them_or_a_class_is_refused(value, words):
    assert refusal(check_members, value, ("encode()", "headers"), "encoder", "SSEEncoder") == words


@given(st.one_of(st.integers(min_value=1, max_value=10**300), st.floats(min_value=5e-324, max_value=1.7e308)))
def test_every_finite_number_above_zero_is_a_number_of_seconds(value):
    assert are_seconds(value)
    assert check_seconds(value, "heartbeat") is None
    assert math.isfinite(1.0 + value)  # a clock can add it


@given(
    st.one_of(
        st.none(), st.booleans(), st.text(), st.integers(max_value=0), st.floats(max_value=0),
        st.sampled_from([math.nan, math.inf, 10**400, 1j, [1]]),
    )
)  # fmt: skip
def test_anything_else_is_not(value):
    assert not are_seconds(value)
    words = refusal(check_seconds, value, "heartbeat")
    assert words.startswith("heartbeat must be a finite number of seconds above 0, not ")


def test_none_is_allowed_where_it_is_optional():
    assert check_seconds(None, "heartbeat", optional=True) is None
    words = "heartbeat must be a finite number of seconds above 0 or None, not 'x'."
    assert refusal(check_seconds, "x", "heartbeat", optional=True) == words


def test_a_value_is_described_by_its_class():
    assert [described(value) for value in (None, 1, int)] == ["None", "int", "the class int"]


def test_a_value_is_shown_short_whatever_it_is():
    assert shown("x") == "'x'"
    assert len(shown("x" * 1000)) == 80
    assert shown(10**5000) == "int of thousands of digits"
