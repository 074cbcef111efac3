"""The pieces of a source."""

import attrs
import pytest

from componentstream.core.errors import UsageError
from componentstream.sources import SourceError
from componentstream.sources.pieces import INCOMPLETE, check_thinking


def test_an_error_is_neither_fatal_nor_retryable_unless_it_says_so():
    error = SourceError("invalid_chunk", "No.")
    assert (error.code, error.message, error.fatal, error.retryable) == ("invalid_chunk", "No.", False, False)
    assert error == SourceError("invalid_chunk", "No.")
    assert error != SourceError("invalid_chunk", "No.", fatal=True)


def test_an_error_is_a_value():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        SourceError("invalid_chunk", "No.").fatal = True


def test_an_answer_that_was_not_ended_may_be_asked_for_again():
    assert (INCOMPLETE.code, INCOMPLETE.fatal, INCOMPLETE.retryable) == ("source_incomplete", True, True)


@pytest.mark.parametrize("thinking", ["show", None, [], True, pytest.param(10**5000, id="huge")])
def test_a_treatment_of_reasoning_is_one_of_three(thinking):
    for known in ("drop", "keep", "emit"):
        check_thinking(known)
    with pytest.raises(UsageError, match=r"^thinking must be one of drop, keep, emit, not "):
        check_thinking(thinking)


@pytest.mark.parametrize("thinking", ["show", [], False, pytest.param(10**5000, id="huge")])
def test_a_treatment_that_is_optional_may_be_none(thinking):
    for known in ("drop", "keep", "emit", None):
        check_thinking(known, optional=True)
    with pytest.raises(UsageError, match=r"^thinking must be one of drop, keep, emit, or None, not "):
        check_thinking(thinking, optional=True)
