"""Cross-origin access: pages of the listed origins may call the server, by default none."""

import re
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from componentstream.core.errors import ConfigurationError

METHODS: Final = ("GET", "POST", "DELETE")
"""Methods that pages may use."""

REQUEST_HEADERS: Final = ("Authorization", "Content-Type", "Last-Event-ID", "Idempotency-Key", "Prefer")
"""Headers that pages may send, each by name: browsers do not apply ``*`` to ``Authorization``."""

RESPONSE_HEADERS: Final = ("Stream-Id", "Retry-After", "Location")
"""Headers that pages may read."""

_ORIGIN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.ASCII,
)
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def cors(app: ASGIApp, allowed_origins: Sequence[str]) -> ASGIApp:
    """Return the application with CORS headers for the allowed origins.

    An origin must match an entry exactly. Credentials are not allowed: a page sends its bearer token itself,
    while browsers would attach cookies to the requests of any page. Every response has ``Vary: Origin``, also
    to a request without an origin, so that caches do not serve the response for one origin to another.

    Args:
        app: the ASGI application.
        allowed_origins: origins as browsers send them, such as ``https://app.example.com`` or
            ``http://localhost:5173``. With none, the application is returned unchanged, and browsers allow
            only pages of its own origin.

    Raises:
        ConfigurationError: an entry is not an origin that a browser would send.
    """
    if isinstance(allowed_origins, str):
        raise ConfigurationError(
            'allowed_origins must be a list of origins, not a string; write ["https://app.example.com"].'
        )
    for origin in allowed_origins:
        _check_origin(origin)
    if not allowed_origins:
        return app
    return _with_vary(
        CORSMiddleware(
            app,
            allow_origins=tuple(allowed_origins),
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            expose_headers=RESPONSE_HEADERS,
            allow_credentials=False,
        )
    )


def _check_origin(origin: object) -> None:
    match = _ORIGIN.fullmatch(origin) if isinstance(origin, str) else None
    if match is None or match["port"] == _DEFAULT_PORTS.get(match["scheme"], "0"):
        raise ConfigurationError(
            f"{origin!r:.80} in allowed_origins is not an origin as browsers send it: scheme://host or "
            "scheme://host:port, in lower-case ASCII, without the default port of the scheme and without a "
            "trailing slash. '*' and 'null' are not supported: list each origin."
        )


def _with_vary(app: ASGIApp) -> ASGIApp:
    """Return the application with ``Vary: Origin`` on every response; Starlette omits it from some."""

    async def with_vary(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_vary(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                names = {name.strip().lower() for line in headers.getlist("vary") for name in line.split(",")}
                if "origin" not in names:
                    headers.append("vary", "Origin")
            await send(message)

        await app(scope, receive, send_with_vary)

    return with_vary
