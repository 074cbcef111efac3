import pytest

from componentstream.core.snapshots import require

VALUES = [None, True, 1, 1.0, "1", [], {}]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_must_be_of_exactly_its_type(value):
    assert require({"key": value}, "key", type(value)) is value
    for other in {bool, int, float, str, list, dict} - {type(value)}:
        with pytest.raises(TypeError, match=f"^key must be {other.__name__}$"):
            require({"key": value}, "key", other)


def test_a_value_must_be_present():
    with pytest.raises(KeyError, match=r"^'key'$"):
        require({}, "key", int)
