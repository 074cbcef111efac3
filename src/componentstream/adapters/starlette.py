"""A response for Starlette, and so for FastAPI."""

from http import HTTPStatus

from typing_extensions import Unpack, override

from componentstream.adapters.asgi import ASGIStream
from componentstream.adapters.options import SEND_TIMEOUT, Options, check_async_arguments
from componentstream.adapters.replies import begin
from componentstream.adapters.response_start import acheck_status, check_status
from componentstream.core.errors import MissingExtraError
from componentstream.drive.opening import AsyncSource

try:
    from starlette.background import BackgroundTask
    from starlette.responses import Response
    from starlette.types import Message, Receive, Scope, Send
except ImportError as _error:
    raise MissingExtraError(
        "This adapter needs Starlette: pip install 'componentstream[starlette]'."
    ) from _error


class ComponentStreamResponse(Response):
    """A stream as the response of an endpoint.

    For example::

        @app.get("/page")
        async def page() -> ComponentStreamResponse:
            return ComponentStreamResponse(source)

    Headers and cookies may be set on it as on any response. The status is sent with the first event; a
    middleware reads it there.

    With FastAPI, ``response_class=ComponentStreamResponse`` documents the media type of the stream in
    ``/openapi.json``; the endpoint then may yield the chunks itself.

    ``BaseHTTPMiddleware`` forwards the stream chunk by chunk, and disconnects too. But it hides a client that
    does not read: the source is closed in time, yet the request lasts until the connection breaks, and if the
    client does read again, the response ends normally, without ``message_stop``. Pure ASGI middleware has no
    such effect.

    Args:
        content: Source of the stream: chunks of a model's answer, as ``astream_bytes`` takes them.
        status_code: Status of a response whose stream starts without a fatal error, from 200 to 599; 204, 205
            and 304 have no body.
        background: Task to run after the stream, also after a disconnect. It does not run when the server
            cancels the request: put necessary cleanup into the source.
        send_timeout: Timeout for sending one chunk, in seconds.
        options: See :class:`~componentstream.adapters.options.Options`.

    Raises:
        UsageError: The source, the status, an option or ``send_timeout`` is not valid.
    """

    status_code: int = HTTPStatus.OK
    media_type = "text/event-stream"

    def __init__(
        self,
        content: AsyncSource,
        status_code: int = 200,  # FastAPI reads this default for its OpenAPI document
        *,
        background: BackgroundTask | None = None,
        send_timeout: float = SEND_TIMEOUT,
        **options: Unpack[Options],
    ) -> None:
        check_status(status_code, content)
        check_async_arguments("ComponentStreamResponse", content, send_timeout, options)
        self._source = content
        self._send_timeout = send_timeout
        self._options = options
        self.status_code = status_code
        self.background = background
        self.init_headers(dict(begin(options)[0].headers()))

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # It may have been set since.
        await acheck_status(self.status_code, self._source, self._options.get("session"))

        async def send_with_status(message: Message) -> None:
            if message.get("status") == HTTPStatus.OK:
                message["status"] = self.status_code
            await send(message)

        options = self._options.copy()
        options["headers"] = [
            (key.decode("latin-1"), text.decode("latin-1")) for key, text in self.raw_headers
        ]
        stream = ASGIStream(self._source, send_timeout=self._send_timeout, **options)
        await stream(scope, receive, send if self.status_code == HTTPStatus.OK else send_with_status)
        if self.background is not None:
            await self.background()
