"""Error responses: an HTTP status, with the JSON of an error event as the body."""

from collections.abc import Mapping

from componentstream.core.errors import ComponentStreamError
from componentstream.core.events import ErrorEvent, Json


class RefusedRequestError(ComponentStreamError):
    """A request that gets an error response instead of a stream.

    Raise it in ``generate`` or ``authenticate`` to reject a request with a code of your own.

    Args:
        status: HTTP status of the response.
        code: stable error code, for programs.
        message: description for people; the client sees it, so keep internals and secrets out of it.
        headers: additional headers of the response.
        retryable: whether the same request may succeed later.

    Attributes:
        status: HTTP status of the response.
        code: error code of the response.
        message: description for people.
        body: body of the response, the JSON value of an error event.
        headers: additional headers of the response.
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
        self.message = message
        self.body: Json = ErrorEvent(code, message, fatal=True, retryable=retryable).to_dict()
        self.headers: dict[str, str] = dict(headers or {})
