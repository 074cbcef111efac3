import pytest

from tests import parts

parts.module("starlette")

from componentstream.server.access.quota import Quota  # noqa: E402 - checked above
from componentstream.server.errors import RefusedRequestError  # noqa: E402


def refusal_of(quota, user):
    """Return how a user is refused another slot: status, code, retryable and message."""
    with pytest.raises(RefusedRequestError) as caught:
        quota.take(user)
    error = caught.value.body["error"]
    assert error["fatal"] is True
    return caught.value.status, error["type"], error["retryable"], error["message"], caught.value.headers


def test_user_at_its_limit_is_refused_until_a_slot_is_released():
    quota = Quota(10, 2)
    first, _ = quota.take("a"), quota.take("a")
    message = "Limit of 2 concurrent generations reached; retry when one has ended."
    assert refusal_of(quota, "a") == (429, "too_many_generations", True, message, {"Retry-After": "5"})
    quota.take("b")
    first.release()
    quota.take("a")
    assert quota.taken == 3


def test_full_process_refuses_everyone_until_a_slot_is_released():
    quota = Quota(2, 2, "readers", retry_after=3)
    quota.take("a")
    slot = quota.take("b")
    message = "The server is busy; retry later."
    assert refusal_of(quota, "c") == (503, "server_busy", True, message, {"Retry-After": "3"})
    slot.release()
    quota.take("c")


def test_streams_have_a_code_of_their_own():
    quota = Quota(9, 1, "readers")
    quota.take("a")
    message = "Limit of 1 concurrent streams reached; close one and retry."
    assert refusal_of(quota, "a") == (429, "too_many_readers", True, message, {"Retry-After": "5"})


def test_user_at_its_limit_in_a_full_process_is_told_of_its_own_limit():
    quota = Quota(1, 1)
    quota.take("a")
    assert refusal_of(quota, "a")[0] == 429


def test_releasing_twice_releases_one_slot():
    quota = Quota(2, 2)
    slot = quota.take("a")
    quota.take("a")
    slot.release()
    slot.release()
    assert quota.taken == 1


def test_users_without_slots_take_no_memory():
    quota = Quota(10, 10)
    for number in range(1000):
        quota.take(f"user-{number}").release()
    assert quota._by_user == {}
    assert quota.taken == 0
