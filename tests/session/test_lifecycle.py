import math

import attrs
import pytest

from componentstream.core.errors import UsageError
from componentstream.session.lifecycle import (
    LIFECYCLE,
    REASONS,
    ErrorWindow,
    SessionState,
    Timeouts,
    next_state,
)

CALLS = {"start", "feed", "report", "report_error", "tick", "finish", "cancel"}
ENDED = {SessionState.DONE, SessionState.FAILED, SessionState.TIMED_OUT, SessionState.CANCELLED}


def inputs(state):
    return {given for (before, given) in LIFECYCLE if before is state}


def test_the_lifecycle_is_that_of_its_picture():
    moves = {(before.value, given, after.value) for (before, given), after in LIFECYCLE.items()}
    assert {move for move in moves if move[0] != move[2]} == {
        ("idle", "start", "streaming"),
        ("idle", "cancel", "cancelled"),
        ("streaming", "finish", "done"),
        ("streaming", "fail", "failed"),
        ("streaming", "expire", "timed_out"),
        ("streaming", "cancel", "cancelled"),
    }


def test_a_final_state_is_never_left():
    assert all(after is before for (before, _), after in LIFECYCLE.items() if before in ENDED)


def test_each_state_allows_exactly_its_calls():
    assert inputs(SessionState.IDLE) == {"start", "cancel"}
    assert inputs(SessionState.STREAMING) == CALLS - {"start"} | {"fail", "expire"}
    assert inputs(SessionState.DONE) == {"tick", "cancel"}
    for state in ENDED - {SessionState.DONE}:
        assert inputs(state) == CALLS - {"start"}


def test_every_end_has_its_reason():
    assert REASONS == {
        "done": "complete",
        "failed": "failed",
        "timed_out": "timeout",
        "cancelled": "cancelled",
    }
    assert set(REASONS) == ENDED


def test_the_lifecycle_cannot_be_changed():
    with pytest.raises(TypeError):
        LIFECYCLE[SessionState.DONE, "start"] = SessionState.STREAMING


def test_the_defaults_are_those_of_the_documentation():
    assert attrs.asdict(Timeouts()) == {"generation": 30.0, "chunk": 15.0}
    assert attrs.asdict(ErrorWindow()) == {"max_errors": 3, "seconds": 5.0}


def test_timeouts_may_be_off_and_whole():
    assert Timeouts(None, None) == Timeouts(generation=None, chunk=None)
    assert Timeouts(1, 2) == Timeouts(1.0, 2.0)


@pytest.mark.parametrize("value", [0, -1.0, True, "30", math.inf, math.nan])
@pytest.mark.parametrize("name", ["generation", "chunk"])
def test_a_timeout_is_a_finite_number_of_seconds_above_0(name, value):
    with pytest.raises(UsageError) as caught:
        Timeouts(**{name: value})
    assert str(caught.value) == (
        f"Timeouts.{name} must be a finite number of seconds above 0, or None for no timeout."
    )


@pytest.mark.parametrize("value", [-1, 1.0, True, None])
def test_max_errors_is_a_nonnegative_integer(value):
    with pytest.raises(UsageError) as caught:
        ErrorWindow(max_errors=value)
    assert str(caught.value) == "ErrorWindow.max_errors must be an integer >= 0."


@pytest.mark.parametrize("value", [0, -1, None, math.inf, math.nan])
def test_the_window_is_a_finite_number_of_seconds_above_0(value):
    with pytest.raises(UsageError) as caught:
        ErrorWindow(seconds=value)
    assert str(caught.value) == "ErrorWindow.seconds must be a finite number of seconds above 0."


@pytest.mark.parametrize(("state", "call"), LIFECYCLE)
def test_an_allowed_call_leads_to_the_state_of_the_table(state, call):
    assert next_state(state, call) is LIFECYCLE[state, call]


@pytest.mark.parametrize("call", ["feed", "report_error", "tick", "finish"])
def test_every_other_call_before_the_start_is_rejected(call):
    with pytest.raises(UsageError) as caught:
        next_state(SessionState.IDLE, call)
    assert str(caught.value) == f"{call}() was called before start(); call start(now) first."


@pytest.mark.parametrize("state", [state for state in SessionState if state is not SessionState.IDLE])
def test_a_session_cannot_be_started_again(state):
    with pytest.raises(UsageError) as caught:
        next_state(state, "start")
    assert str(caught.value) == (
        f"start() cannot be called when the session is {state.value}; create a new GenerationSession for "
        "each generation."
    )
