import math

import pytest

from componentstream.core.events import ErrorEvent
from componentstream.session._deadlines import Deadlines
from componentstream.session.lifecycle import Timeouts


def started(at=0.0, **timeouts):
    deadlines = Deadlines(Timeouts(**timeouts))
    deadlines.start(at)
    return deadlines


def code_at(deadlines, now):
    error = deadlines.error_at(now)
    return None if error is None else error.code


@pytest.mark.parametrize(
    ("timeouts", "expected"),
    [
        ({}, 115.0),
        ({"chunk": None}, 130.0),
        ({"generation": None}, 115.0),
        ({"generation": None, "chunk": None}, math.inf),
    ],
)
def test_the_next_deadline_is_the_earlier_one(timeouts, expected):
    assert started(at=100.0, **timeouts).next() == expected


def test_a_chunk_moves_its_deadline_but_not_that_of_the_generation():
    deadlines = started()
    deadlines.last_chunk_at = 10.0
    assert deadlines.next() == 25.0
    deadlines.last_chunk_at = 20.0
    assert deadlines.next() == 30.0


def test_a_deadline_has_passed_exactly_when_it_is_reached():
    deadlines = started(chunk=2.0)
    assert deadlines.error_at(math.nextafter(2.0, 0.0)) is None
    assert code_at(deadlines, 2.0) == "chunk_timeout"


def test_the_error_of_a_silent_source_names_the_setting():
    assert started().error_at(15.0) == ErrorEvent(
        "chunk_timeout",
        "The source sent nothing for 15 seconds; if it may, raise Timeouts.chunk.",
        fatal=True,
        retryable=True,
    )


def test_the_error_of_a_long_generation_names_the_setting():
    assert started(generation=2.5).error_at(2.5) == ErrorEvent(
        "generation_timeout",
        "The generation took longer than 2.5 seconds; if it may, raise Timeouts.generation.",
        fatal=True,
        retryable=True,
    )


@pytest.mark.parametrize(
    ("generation", "code"), [(1.0, "generation_timeout"), (2.0, "generation_timeout"), (3.0, "chunk_timeout")]
)
def test_the_earlier_of_two_passed_deadlines_is_reported(generation, code):
    assert code_at(started(generation=generation, chunk=2.0), 9.0) == code


def test_disabled_timeouts_never_pass():
    assert started(generation=None, chunk=None).error_at(1e300) is None
