import pytest

from tests import parts

parts.module("starlette")

from componentstream.core.errors import ComponentStreamError  # noqa: E402
from componentstream.core.event_json import event_from_dict  # noqa: E402 - checked above
from componentstream.core.events import ErrorEvent  # noqa: E402 - checked above
from componentstream.server.errors import RefusedRequestError  # noqa: E402


def test_refused_request_is_an_exception_of_the_library_with_its_message():
    refusal = RefusedRequestError(409, "conflict", "There is one already.")
    with pytest.raises(RefusedRequestError, match=r"^There is one already\.$"):
        raise refusal
    assert isinstance(refusal, ComponentStreamError)
    assert (refusal.status, refusal.code, refusal.headers) == (409, "conflict", {})
    assert refusal.message == str(refusal) == "There is one already."


@pytest.mark.parametrize("retryable", [False, True])
def test_body_is_a_fatal_error_event(retryable):
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
            "recovered": False,
        },
    }
    assert event_from_dict(refusal.body) == ErrorEvent("busy", "Wait.", fatal=True, retryable=retryable)


def test_refused_request_is_not_retryable_by_default():
    assert RefusedRequestError(400, "bad", "No.").body["error"]["retryable"] is False


def test_headers_are_copied():
    headers = {"Retry-After": "3"}
    refusal = RefusedRequestError(503, "busy", "Wait.", headers)
    headers["Retry-After"] = "4"
    assert refusal.headers == {"Retry-After": "3"}
