"""Routes that serve the browser client to pages, for Starlette, FastAPI and every other ASGI application.

They need the extra ``componentstream[starlette]``.
"""

import hashlib
import re
from http import HTTPStatus
from pathlib import Path
from typing import Final

from componentstream.browser import path
from componentstream.core.errors import ConfigurationError, MissingExtraError

try:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
except ImportError as _error:
    raise MissingExtraError(
        "The routes of the browser client need Starlette: pip install 'componentstream[starlette]'."
    ) from _error

__all__ = ["browser_routes"]

_PATTERNS: Final = ("*.js", "*/*.js")
"""The modules that a page may import, and those that they import; the sources of the frame lie deeper."""


def browser_routes(prefix: str = "/componentstream") -> list[Route]:
    """Return routes for the modules of the browser client.

    Pass them to the application as ``Starlette(routes=[*browser_routes(), ...])``, or for FastAPI as
    ``app.router.routes.extend(browser_routes())``; a page then imports
    ``/componentstream/componentstream.js``. The modules are read once, here. Browsers keep them and ask with
    each load of a page whether they have changed, so a new release needs no new URL.

    Args:
        prefix: The path below which the modules lie, such as ``/static/componentstream``; may be empty.

    Raises:
        ConfigurationError: ``prefix`` does not begin with a slash, or ends with one.
    """
    if re.fullmatch(r"(/[^/]+)*", str(prefix)) is None:
        raise ConfigurationError(
            f"browser_routes: prefix must begin with a slash and not end with one, not {prefix!r:.80}. "
            'Write browser_routes("/static/componentstream").'
        )
    folder = path()
    modules = sorted(module for pattern in _PATTERNS for module in folder.glob(pattern))
    return [_route(f"{prefix}/{module.relative_to(folder).as_posix()}", module) for module in modules]


def _route(at: str, module: Path) -> Route:
    content = module.read_bytes()
    headers = {
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
    }

    async def serve(request: Request) -> Response:
        if _is_current(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(content, headers=headers, media_type="text/javascript")

    return Route(at, serve, methods=["GET"])


def _is_current(condition: str, tag: str) -> bool:
    """Return True if the client has the content with this tag already."""
    # Proxies that compress a response mark its tag as weak; RFC 9110, section 13.1.2, ignores that here.
    known = {part.strip().removeprefix("W/") for part in condition.split(",")}
    return tag in known or condition.strip() == "*"
