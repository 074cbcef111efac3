import pytest

import componentstream
from componentstream.core.errors import ComponentStreamError, MissingExtraError, UsageError, WireError


@pytest.mark.parametrize("error", [UsageError, WireError, MissingExtraError])
def test_one_except_clause_catches_whatever_the_library_raises_on_purpose(error):
    with pytest.raises(ComponentStreamError, match=r"^why$"):
        raise error("why")


def test_the_base_is_an_ordinary_exception():
    assert ComponentStreamError.__bases__ == (Exception,)


def test_data_that_is_no_event_is_a_value_error_too():
    assert WireError.__bases__ == (ComponentStreamError, ValueError)


def test_a_missing_extra_is_an_import_error_too():
    assert MissingExtraError.__bases__ == (ComponentStreamError, ImportError)


def test_a_wrong_call_is_neither_of_these():
    assert UsageError.__bases__ == (ComponentStreamError,)


@pytest.mark.parametrize("error", [ComponentStreamError, UsageError, WireError, MissingExtraError])
def test_every_exception_is_exported(error):
    assert getattr(componentstream, error.__name__) is error
