import pytest

from tests import parts

parts.module("starlette")

from componentstream.core.events import ErrorEvent, event_from_dict  # noqa: E402 - they need what is asked for above
from componentstream.server.errors import RefusedRequestError  # noqa: E402


def test_a_refusal_is_an_exception_with_its_message():
    refusal = RefusedRequestError(409, "conflict", "There is one already.")
    with pytest.raises(RefusedRequestError, match=r"^There is one already\.$"):
        raise refusal
    assert (refusal.status, refusal.code, refusal.headers) == (409, "conflict", {})


@pytest.mark.parametrize("retryable", [False, True])
def test_its_body_is_an_error_event_that_ends_all(retryable):
    refusal = RefusedRequestError(503, "busy", "Wait.", {"Retry-After": "3"}, retryable=retryable)
    assert refusal.body == {
        "type": "error",
        "error": {
            "type": "busy",
            "message": "Wait.",
            "fatal": True,
            "retryable": retryable,
            "line": None,
            "index": None,
        },
    }
    assert event_from_dict(refusal.body) == ErrorEvent("busy", "Wait.", fatal=True, retryable=retryable)


def test_it_says_by_itself_that_another_try_is_of_no_use():
    assert RefusedRequestError(400, "bad", "No.").body["error"]["retryable"] is False


def test_its_headers_are_its_own():
    headers = {"Retry-After": "3"}
    refusal = RefusedRequestError(503, "busy", "Wait.", headers)
    headers["Retry-After"] = "4"
    assert refusal.headers == {"Retry-After": "3"}
