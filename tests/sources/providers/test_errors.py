"""Errors in the form that most providers share."""

import pytest

from componentstream.sources.extract import read


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "error": {"type": "timeout_error"}},
        {"object": "error", "type": "timeout_error"},
        {"event_type": "error", "error": {"code": "timeout_error"}},
        {"error": {"code": "timeout_error"}},
    ],
)
def test_an_error_is_known_in_every_form(event):
    assert read(event).error.message == "The provider sent an error: timeout_error."


@pytest.mark.parametrize("empty", [False, "", {}])
def test_an_empty_error_alone_is_one(empty):
    assert read({"error": empty}).error.fatal


@pytest.mark.parametrize("empty", [None, False, "", {}])
def test_an_empty_error_beside_other_keys_is_not_one(empty):
    assert read({"error": empty, "message": {"content": "a"}, "done": False})[:2] == ("a", None)
    assert read({"type": "error", "error": empty}).error.fatal
