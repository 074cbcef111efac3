"""A response for Starlette, and so for FastAPI."""

from collections.abc import AsyncIterable, Iterable

from typing_extensions import Unpack, override

from componentstream.adapters.asgi import ASGIStream
from componentstream.adapters.generic import SEND_TIMEOUT, StreamOptions
from componentstream.adapters.response_start import Headers, ResponseStart, StreamEncoder
from componentstream.core.errors import MissingExtraError

try:
    from starlette.background import BackgroundTask
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send
except ImportError as error:
    raise MissingExtraError(
        "This adapter needs Starlette: pip install 'componentstream[starlette]'."
    ) from error


class ComponentStreamResponse(Response):
    """A stream as the response of an endpoint.

    For example::

        @app.get("/page")
        async def page() -> ComponentStreamResponse:
            return ComponentStreamResponse(source)

    Headers and cookies may be set on it as on any response. The status stands when the response begins; a
    middleware reads it there.

    ``BaseHTTPMiddleware`` passes the stream on chunk by chunk and tells of a reader who leaves. It also
    stands between the response and a reader who takes nothing: the source is closed in time, but the request
    stays until the connection breaks, and if the reader comes back after all, the response ends like a whole
    one, without ``message_stop``. A middleware that is plain ASGI has no such cost.

    Args:
        source: chunks of a model's answer, as ``astream_bytes`` takes them.
        background: runs when the stream is over, also because the reader has left. It does not run when the
            server cancels the request: what must be done has its place in the source.
        send_timeout: seconds that the server may take for a chunk.
        encoder: see :class:`~componentstream.adapters.generic.Options`.
        headers: see :class:`~componentstream.adapters.generic.Options`.
        options: see :class:`~componentstream.adapters.generic.StreamOptions`.
    """

    def __init__(
        self,
        source: AsyncIterable[object] | Iterable[object],
        *,
        background: BackgroundTask | None = None,
        send_timeout: float = SEND_TIMEOUT,
        encoder: StreamEncoder | None = None,
        headers: Headers = (),
        **options: Unpack[StreamOptions],
    ) -> None:
        self._source = source
        self._send_timeout = send_timeout
        self._encoder = encoder
        self._options = options
        self.status_code = 200
        self.background = background
        self.init_headers(dict(ResponseStart(encoder, headers).headers()))

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.raw_headers]
        stream = ASGIStream(
            self._source,
            send_timeout=self._send_timeout,
            **self._options,
            encoder=self._encoder,
            headers=headers,
        )
        await stream(scope, receive, send)
        if self.background is not None:
            await self.background()
