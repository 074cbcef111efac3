import attrs
import pytest

from componentstream.core.errors import UsageError
from componentstream.core.limits import BufferLimits, Limits

HUGE = 10**5000
"""More digits than Python writes out by default."""

FIELDS = [(kind, field.name) for kind in (Limits, BufferLimits) for field in attrs.fields(kind)]


def test_the_defaults_of_the_parser_are_those_of_the_protocol():
    assert attrs.asdict(Limits()) == {
        "max_marker_chars": 512,
        "max_component_chars": 1_048_576,
        "max_components": 100,
        "max_depth": 8,
        "max_total_chars": 16_777_216,
        "max_errors": 100,
    }


def test_the_buffer_keeps_as_much_as_a_parser_lets_through():
    assert attrs.asdict(BufferLimits()) == {
        "max_components": Limits().max_components,
        "max_chars": Limits().max_total_chars,
        "max_uses": 256,
    }


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_one_is_the_least_that_a_limit_may_be(kind, name):
    assert getattr(kind(**{name: 1}), name) == 1


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_limit_has_no_greatest_value(kind, name):
    assert getattr(kind(**{name: HUGE}), name) == HUGE


@pytest.mark.parametrize("value", [0, -1, True, False, None, 1.0, float("inf"), "1"])
@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_anything_but_an_integer_of_at_least_1_is_rejected(kind, name, value):
    with pytest.raises(UsageError) as caught:
        kind(**{name: value})
    assert str(caught.value) == f"{kind.__name__}: {name} must be an integer >= 1."


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_a_number_too_long_to_be_formatted_is_rejected_like_any_other(kind, name):
    with pytest.raises(UsageError, match=f"^{kind.__name__}: {name} must be an integer >= 1"):
        kind(**{name: -HUGE})


@pytest.mark.parametrize("kind", [Limits, BufferLimits])
def test_limits_are_given_by_name(kind):
    with pytest.raises(TypeError):
        kind(512)


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_limits_do_not_change(kind, name):
    limits = kind()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(limits, name, 1)


def test_limits_are_values():
    assert Limits(max_depth=2) == Limits(max_depth=2) != Limits()
    assert len({Limits(), Limits(max_depth=8), Limits(max_depth=2)}) == 2
