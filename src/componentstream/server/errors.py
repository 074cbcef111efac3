"""Reject a request: a status, and an error event as the JSON body."""

from collections.abc import Mapping

from componentstream.core.events import ErrorEvent


class RefusedRequestError(Exception):
    """A request that is answered with an error instead of a stream.

    Raise it in ``generate`` or in ``authenticate`` to reject a request with a code of your own.

    Args:
        status: HTTP status.
        code: Stable code for programs.
        message: Message for people. Clients see it, so it must not contain secrets.
        headers: Additional headers.
        retryable: True if the same request may succeed later.

    Attributes:
        status: HTTP status.
        code: Code of the error event.
        body: Body of the response, the JSON value of an error event.
        headers: Additional headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = ErrorEvent(code, message, fatal=True, retryable=retryable).to_dict()
        self.headers = dict(headers or {})
