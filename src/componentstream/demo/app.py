"""The demo: a recorded response instead of a model, and a page that shows its blocks as they appear."""

import asyncio
import math
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import attrs
import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from componentstream.browser.routes import browser_routes
from componentstream.core import codes
from componentstream.core.events import ContentBlockStop
from componentstream.demo.recording import Chunk, read_recording
from componentstream.drive import parse
from componentstream.log.protocol import EventLog
from componentstream.server.access.auth import JWTBearer
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import Generate, GenerationRequest
from componentstream.server.http.app import create_app
from componentstream.server.settings import ServerSettings
from componentstream.server.shutdown import streams_of
from componentstream.session.lifecycle import Timeouts

RECORDING: Final = Path(str(files("componentstream.demo") / "recording.jsonl"))
"""The default recording; it was made by ``examples/record.py``."""

_PAGE: Final = files("componentstream.demo") / "page"
_PAGES: Final = {
    "/demo/": (_PAGE / "index.html", "text/html"),
    "/demo/demo.js": (_PAGE / "demo.js", "text/javascript"),
    "/demo/demo.css": (_PAGE / "demo.css", "text/css"),
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_MISDIRECTED: Final = RefusedRequestError(
    HTTPStatus.MISDIRECTED_REQUEST,
    codes.MISDIRECTED_REQUEST,
    "Open this page by the address that the server printed.",
)
_AUDIENCE: Final = "componentstream demo"
_GRACE: Final = 1.0
"""Shutdown grace period in seconds; short, because a person waits at the keyboard."""

TOKEN_SECONDS: Final = 24 * 3600
"""Lifetime of a token of the demo in seconds."""

_GENERATION_SLACK: Final = 30.0
_CHUNK_SLACK: Final = 15.0
"""Seconds added to the recorded times: the default timeouts of a real model."""


@attrs.frozen
class RecordedGeneration:
    """A model that plays one recorded response to every request, at the pace of the recording.

    Args:
        chunks: The chunks of the response.
        rate: Speed as a multiple of the recorded one; 0 plays without pauses.
    """

    chunks: Sequence[Chunk]
    rate: float = 1.0

    async def __call__(self, _request: GenerationRequest) -> AsyncGenerator[str, None]:
        """Yield the texts of the chunks, each at its recorded time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for chunk in self.chunks:
            await asyncio.sleep(began + self._seconds(chunk.at) - loop.time())
            yield chunk.text

    def chars(self) -> int:
        """Return the number of characters of the output, which a real model cannot know in advance."""
        events = parse([chunk.text for chunk in self.chunks])
        return sum(event.chars for event in events if isinstance(event, ContentBlockStop))

    def timeouts(self) -> Timeouts:
        """Return timeouts just long enough for the recording to play to its end."""
        times = [self._seconds(chunk.at) for chunk in self.chunks]
        gaps = [later - earlier for earlier, later in zip([0.0, *times], times, strict=False)]
        return Timeouts(
            generation=_later(max(times, default=0.0), _GENERATION_SLACK),
            chunk=_later(max(gaps, default=0.0), _CHUNK_SLACK),
        )

    def _seconds(self, at: float) -> float:
        return at / self.rate if self.rate else 0.0


def create_recorded_demo(
    recording: Path = RECORDING,
    rate: float = 1.0,
    log: EventLog | None = None,
    host: str = "localhost",
) -> Starlette:
    """Return the demo of a recording, with authentication as in production.

    Args:
        recording: Path of the recording.
        rate: Speed as a multiple of the recorded one; 0 plays without pauses.
        log: Where streams are kept, by default in memory.
        host: See :func:`create_demo`.

    Raises:
        ConfigurationError: The file is not a recording.
        OSError: The file cannot be read.
    """
    generation = RecordedGeneration(read_recording(recording), rate)
    secret = secrets.token_bytes(32)
    settings = ServerSettings(
        timeouts=generation.timeouts(),
        log=log,
        authenticate=JWTBearer.from_secret(secret, audience=_AUDIENCE),
        shutdown_grace=_GRACE,
    )

    def new_token() -> str:
        expires = int(time.time()) + TOKEN_SECONDS
        return jwt.encode({"sub": "demo", "aud": _AUDIENCE, "exp": expires}, secret, "HS256")

    return create_demo(
        generation,
        settings,
        recording=recording.name,
        chars=generation.chars(),
        new_token=new_token,
        host=host,
    )


def create_demo(
    generate: Generate,
    settings: ServerSettings = ServerSettings(),
    *,
    recording: str | None = None,
    chars: int | None = None,
    new_token: Callable[[], str] | None = None,
    host: str = "localhost",
) -> Starlette:
    """Return an application with the page at ``/`` and the server below ``/api``.

    The page gets its token from ``/demo/demo.json``. That route rejects requests whose host is not an IP
    address, ``localhost`` or `host`, because a page of an attacker could reach it by a name of its own that
    resolves to this machine (DNS rebinding).

    Args:
        generate: Calls the model.
        settings: The settings of the server.
        recording: Name of the recording, shown by the page.
        chars: Number of characters of the output, for the progress bar of the page; None if unknown.
        new_token: Returns a token that ``settings.authenticate`` accepts; None without authentication.
        host: Name or address of the server.

    Returns:
        The application. ``state.streams`` is that of :func:`create_app`, ``state.new_token`` is `new_token`.
    """
    api = create_app(generate, settings)

    async def about(request: Request) -> Response:
        # A browser sends the name of the page's own URL as the host, so a rebound name shows itself here.
        if not _is_address(asked := request.url.hostname or "") and asked not in ("localhost", host.lower()):
            return JSONResponse(_MISDIRECTED.body, _MISDIRECTED.status, _HEADERS)
        token = None if new_token is None else new_token()
        about = {"recording": recording, "chars": chars, "token": token}
        return JSONResponse(about, headers=_HEADERS | {"Cache-Control": "no-store"})

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None, None]:
        # Starlette does not run the lifespan of mounted applications, which ends open streams.
        async with api.router.lifespan_context(api):
            yield

    app = Starlette(
        routes=[
            Route("/", RedirectResponse("/demo/"), methods=["GET"]),
            *(Route(path, _page(name, kind), methods=["GET"]) for path, (name, kind) in _PAGES.items()),
            *browser_routes(""),
            Route("/demo/demo.json", about),
            Mount("/api", api),
        ],
        lifespan=lifespan,
    )
    app.state.streams = streams_of(api)
    app.state.new_token = new_token
    return app


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _page(file: Traversable, media_type: str) -> Response:
    return Response(file.read_bytes(), headers=_HEADERS, media_type=media_type)


def _later(seconds: float, slack: float) -> float | None:
    return seconds + slack if math.isfinite(seconds) else None
