import pytest

from componentstream.core.events import ErrorEvent
from componentstream.session._error_rate import ErrorRate
from componentstream.session.lifecycle import ErrorWindow


def rate(max_errors=2, seconds=5.0):
    return ErrorRate(ErrorWindow(max_errors=max_errors, seconds=seconds))


@pytest.mark.parametrize("code", ["invalid_chunk", "malformed_marker"])
def test_the_error_beyond_the_maximum_exceeds_the_window(code):
    errors = rate()
    assert [errors.exceeded_by(code, now) for now in (1.0, 2.0, 3.0)] == [False, False, True]


@pytest.mark.parametrize("code", ["invalid_name", "source_failed", "mine"])
def test_other_codes_are_not_counted(code):
    errors = rate(max_errors=0)
    assert not errors.exceeded_by(code, 1.0)
    assert errors.errors_at(1.0) == 0


def test_the_codes_are_counted_together():
    errors = rate(max_errors=1)
    assert not errors.exceeded_by("invalid_chunk", 1.0)
    assert errors.exceeded_by("malformed_marker", 1.0)


@pytest.mark.parametrize(("last", "exceeded"), [(6.0, True), (6.1, False)])
def test_both_ends_of_the_window_are_included(last, exceeded):
    errors = rate(max_errors=1)
    errors.exceeded_by("invalid_chunk", 1.0)
    assert errors.exceeded_by("invalid_chunk", last) is exceeded


def test_a_window_without_errors_is_exceeded_by_the_first():
    assert rate(max_errors=0).exceeded_by("invalid_chunk", 1.0)


def test_the_errors_within_the_window_can_be_asked_for():
    errors = rate()
    errors.exceeded_by("invalid_chunk", 1.0)
    errors.exceeded_by("invalid_chunk", 4.0)
    assert [errors.errors_at(now) for now in (4.0, 6.0, 7.0, 9.5)] == [2, 2, 1, 0]


def test_memory_does_not_grow_with_the_errors():
    errors = rate()
    for number in range(100):
        errors.exceeded_by("invalid_chunk", float(10 * number))
    assert len(errors._times) == 3


def test_the_threshold_error_replaces_the_error_at_its_place():
    error = ErrorEvent("malformed_marker", "Odd.", retryable=True, line=3, index=5, span=(7, 9))
    assert rate().threshold_error(error) == ErrorEvent(
        "error_threshold",
        "There were more than 2 errors within 5 seconds (ErrorWindow).",
        fatal=True,
        retryable=True,
        line=3,
        index=5,
        span=(7, 9),
    )
