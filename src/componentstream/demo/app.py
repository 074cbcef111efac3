"""The demo: the server with a page that shows its blocks as they appear, for recordings or a model."""

import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import attrs
import jwt
from starlette.applications import Starlette
from starlette.routing import Mount

from componentstream.core.events import Json
from componentstream.demo.playing import RecordedGeneration, Recording
from componentstream.demo.preview import LivePreview
from componentstream.demo.routes import page_routes
from componentstream.log.protocol import EventLog
from componentstream.observe import logging_hook
from componentstream.server.access.auth import JWTBearer
from componentstream.server.generation_request import Generate
from componentstream.server.http.app import create_app
from componentstream.server.settings import ServerSettings
from componentstream.server.shutdown import streams_of
from componentstream.session.lifecycle import Timeouts

_AUDIENCE: Final = "componentstream demo"
_GRACE: Final = 1.0
"""Shutdown grace period in seconds; short, because a person waits at the keyboard."""

TOKEN_SECONDS: Final = 24 * 3600
"""Lifetime of a token of the demo in seconds."""

MODEL_TIMEOUTS: Final = Timeouts(generation=600.0, chunk=90.0)
"""Timeouts for a model in the demo: longer than the defaults, because a person watches and can stop it."""


def create_recorded_demo(
    recordings: Sequence[Recording],
    rate: float = 1.0,
    log: EventLog | None = None,
    host: str = "localhost",
    preview: LivePreview | None = None,
) -> Starlette:
    """Return the demo of recordings, with authentication as in production.

    Args:
        recordings: The recordings; the page plays the first when it is loaded.
        rate: Speed as a multiple of the recorded one; 0 plays without pauses.
        log: Where streams are kept, by default in memory.
        host: See :func:`create_page`.
        preview: See :func:`create_page`.
    """
    generation = RecordedGeneration(recordings, rate)
    settings = ServerSettings(timeouts=generation.timeouts(), log=log)

    def offer() -> Json:
        offered = [{"name": one.name, "title": one.title, "chars": one.chars} for one in recordings]
        return {"recordings": offered, "rate": rate}

    return _create_demo(generation, settings, host, preview, offer)


def create_model_demo(
    generate: Generate,
    log: EventLog | None = None,
    host: str = "localhost",
    preview: LivePreview | None = None,
) -> Starlette:
    """Return the demo of a model, with authentication as in production.

    Args:
        generate: Calls the model.
        log: Where streams are kept, by default in memory.
        host: See :func:`create_page`.
        preview: See :func:`create_page`.
    """
    # The person at the keyboard wrote the model, and sees its exceptions in the log.
    settings = ServerSettings(timeouts=MODEL_TIMEOUTS, log=log, hooks=(logging_hook(),))
    return _create_demo(generate, settings, host, preview)


def _create_demo(
    generate: Generate,
    settings: ServerSettings,
    host: str,
    preview: LivePreview | None,
    offer: Callable[[], Json] = dict,
) -> Starlette:
    """Return a page with the settings of every demo: tokens for everybody who opens it, and a quick end."""
    secret = secrets.token_bytes(32)

    def new_token() -> str:
        expires = int(time.time()) + TOKEN_SECONDS
        return jwt.encode({"sub": "demo", "aud": _AUDIENCE, "exp": expires}, secret, "HS256")

    authenticate = JWTBearer.from_secret(secret, audience=_AUDIENCE)
    settings = attrs.evolve(settings, authenticate=authenticate, near_misses=True, shutdown_grace=_GRACE)
    return create_page(
        generate, settings, api="/api", new_token=new_token, host=host, preview=preview, offer=offer
    )


def create_page(
    generate: Generate,
    settings: ServerSettings = ServerSettings(),
    *,
    api: str = "",
    new_token: Callable[[], str] | None = None,
    host: str = "localhost",
    preview: LivePreview | None = None,
    offer: Callable[[], Json] = dict,
) -> Starlette:
    """Return the server with the page at ``/demo/``, to which ``/`` leads.

    Args:
        generate: Calls the model.
        settings: The settings of the server.
        api: Path of the server's own routes, such as ``/api``; empty if they have no common one.
        new_token: Returns a token that ``settings.authenticate`` accepts, for everybody who opens the page;
            None if users bring their own, or without authentication.
        host: Name or address of the server; see :func:`~componentstream.demo.routes.page_routes`.
        preview: The live preview; None for a page without.
        offer: Returns more facts for the page, such as its recordings.

    Returns:
        The application. ``state.streams`` is that of :func:`create_app`, ``state.new_token`` is `new_token`,
        ``state.preview`` is `preview`.
    """
    inner = create_app(generate, settings)
    live_preview = LivePreview() if preview is None else preview

    def facts() -> Json:
        known: Json = {
            "api": f"..{api}/",
            "authenticated": settings.authenticate is not None,
            "recordings": [],
            "rate": 1.0,
        }
        return known | offer()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None, None]:
        # Starlette does not run the lifespan of mounted applications, which ends open streams.
        async with inner.router.lifespan_context(inner):
            yield

    app = Starlette(
        routes=[*page_routes(facts, live_preview, new_token, host), Mount(api or "/", inner)],
        lifespan=lifespan,
    )
    app.state.streams = streams_of(inner)
    app.state.new_token = new_token
    app.state.preview = live_preview
    return app
