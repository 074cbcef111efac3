"""Which pages of other origins may call the server: those on a list, and by default none."""

import re
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from componentstream.core.errors import UsageError

METHODS: Final = ("GET", "POST", "DELETE")
"""What pages may do."""

REQUEST_HEADERS: Final = ("Authorization", "Content-Type", "Last-Event-ID", "Idempotency-Key", "Prefer")
"""What pages may send. Each is named, because browsers do not take ``*`` for ``Authorization``."""

RESPONSE_HEADERS: Final = ("Stream-Id", "Retry-After", "Location")
"""What pages may read beside the body."""

_ORIGIN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.ASCII,
)
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def cors(app: ASGIApp, allowed_origins: Sequence[str]) -> ASGIApp:
    """Return the application with the headers that let pages of other origins call it.

    An origin is allowed if it stands on the list as it is, to the letter. No credentials are allowed: a
    bearer token is sent by the page itself, and cookies would be sent by any page. Every response says
    ``Vary: Origin``, also to a request without an origin, so that no cache gives the answer for one
    origin to another.

    Args:
        app: any ASGI application.
        allowed_origins: origins as browsers send them, such as ``https://app.example.com`` or
            ``http://localhost:5173``. With none the application is returned as it is, and browsers let the
            pages of its own origin call it and no others.

    Raises:
        UsageError: something on the list is no origin that a browser would send.
    """
    if isinstance(allowed_origins, str):
        raise UsageError("allowed_origins is a list of origins; put the one that you have into a list.")
    for origin in allowed_origins:
        _check(origin)
    if not allowed_origins:
        return app
    return _varied(
        CORSMiddleware(
            app,
            allow_origins=tuple(allowed_origins),
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            expose_headers=RESPONSE_HEADERS,
            allow_credentials=False,
        )
    )


def _check(origin: object) -> None:
    match = _ORIGIN.fullmatch(origin) if isinstance(origin, str) else None
    if match is None or match["port"] == _DEFAULT_PORTS.get(match["scheme"], "0"):
        raise UsageError(
            f"{origin!r:.80} in allowed_origins is no origin as browsers send it: scheme://host or "
            "scheme://host:port, in small ASCII letters, without the default port of the scheme and without "
            "a slash at the end. There is no '*' and no 'null': name each origin."
        )


def _varied(app: ASGIApp) -> ASGIApp:
    """Return the application with ``Vary: Origin`` on every response, which not all of Starlette's have."""

    async def varied(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                names = {name.strip().lower() for line in headers.getlist("vary") for name in line.split(",")}
                if "origin" not in names:
                    headers.append("vary", "Origin")
            await send(message)

        await app(scope, receive, send_varied)

    return varied
