"""How a request is refused: a status, and the JSON value of an error event as the body."""

from collections.abc import Mapping

from componentstream.core.events import ErrorEvent


class RefusedRequestError(Exception):
    """A request that is answered with an error instead of a stream.

    Raise it in ``generate`` or in ``authenticate`` to refuse with a code of your own.

    Args:
        status: of the answer.
        code: stable, for programs.
        message: for people; put nothing in it that a stranger may not read.
        headers: of the answer, beside the usual ones.
        retryable: the same request may well be answered later.

    Attributes:
        status: of the answer.
        code: of the error event.
        body: of the answer, the JSON value of an error event.
        headers: of the answer, beside the usual ones.
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
