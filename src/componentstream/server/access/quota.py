"""Quotas: how many generations or streams may be open at once, in this process and for each user."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Literal, TypeAlias

from componentstream.core import codes
from componentstream.server.errors import RefusedRequestError

Resource: TypeAlias = Literal["generations", "readers"]
"""The things that a quota counts: running generations, or clients that receive a stream."""

_REFUSALS: Final[Mapping[Resource, tuple[str, str]]] = {
    "generations": (
        codes.TOO_MANY_GENERATIONS,
        "Limit of {} concurrent generations reached; retry when one has ended.",
    ),
    "readers": (
        codes.TOO_MANY_READERS,
        "Limit of {} concurrent streams reached; close one and retry.",
    ),
}


class Quota:
    """A cap on concurrent resources, in this process and for each user.

    Take a slot in the task that does the work, and release it in the ``finally`` of that same task: a handler
    that takes one for a response that never starts would never release it. Use a quota on one event loop; it
    needs no lock because nothing in it awaits.

    Args:
        total: maximum number of slots of all users together.
        per_user: maximum number of slots of one user.
        resource: the counted resource, which decides the code of a refusal.
        retry_after: seconds in ``Retry-After``, an integer. The server cannot know when a slot is released;
            5 are short for a person and long enough for the server.
    """

    def __init__(
        self, total: int, per_user: int, resource: Resource = "generations", *, retry_after: int = 5
    ) -> None:
        self._total = total
        self._per_user = per_user
        self._resource = resource
        self._headers = {"Retry-After": str(retry_after)}
        self._taken = 0
        self._by_user: dict[str, int] = {}

    @property
    def taken(self) -> int:
        """Number of slots that are taken."""
        return self._taken

    def take(self, user: str) -> "Slot":
        """Take a slot for a user, identified by any string.

        Raises:
            RefusedRequestError: 429 if this user has used up its share, 503 if the process is full; both with
                ``Retry-After``.
        """
        # The user's share first: a client at its own limit can act on a 429, but not on a 503.
        if self._by_user.get(user, 0) >= self._per_user:
            code, message = _REFUSALS[self._resource]
            raise RefusedRequestError(
                HTTPStatus.TOO_MANY_REQUESTS,
                code,
                message.format(self._per_user),
                self._headers,
                retryable=True,
            )
        if self._taken >= self._total:
            raise RefusedRequestError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                codes.SERVER_BUSY,
                "The server is busy; retry later.",
                self._headers,
                retryable=True,
            )
        self._taken += 1
        self._by_user[user] = self._by_user.get(user, 0) + 1
        return Slot(self, user)

    def _release(self, user: str) -> None:
        self._taken -= 1
        self._by_user[user] -= 1
        # Without this, memory would grow with the number of users ever seen.
        if not self._by_user[user]:
            del self._by_user[user]


class Slot:
    """A taken slot; made by :meth:`Quota.take`."""

    __slots__ = ("_quota", "_user")

    def __init__(self, quota: Quota, user: str) -> None:
        self._quota: Quota | None = quota
        self._user = user

    def release(self) -> None:
        """Release the slot; further calls do nothing."""
        quota, self._quota = self._quota, None
        if quota is not None:
            quota._release(self._user)  # noqa: SLF001 - a slot is a part of its quota
