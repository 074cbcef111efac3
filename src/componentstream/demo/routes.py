"""The page of the demo: its files, and the facts that it asks for when it is loaded."""

from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from ipaddress import ip_address
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from componentstream.browser.routes import browser_routes
from componentstream.core import codes
from componentstream.core.events import Json
from componentstream.demo.preview import LivePreview
from componentstream.server.errors import RefusedRequestError

_PAGE: Final = files("componentstream.demo") / "page"
_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_MISDIRECTED: Final = RefusedRequestError(
    HTTPStatus.MISDIRECTED_REQUEST,
    codes.MISDIRECTED_REQUEST,
    "Open this page by the address that the server printed.",
)


def page_routes(
    facts: Callable[[], Json],
    preview: LivePreview,
    new_token: Callable[[], str] | None = None,
    host: str = "localhost",
) -> list[BaseRoute]:
    """Return the routes of the page: ``/`` leads to ``/demo/``, and ``/componentstream/`` has the client.

    The page gets a token from ``/demo/demo.json``. With `new_token`, that route rejects requests whose host
    is not an IP address, ``localhost`` or `host`, because a page of an attacker could reach it by a name of
    its own that resolves to this machine (DNS rebinding).

    Args:
        facts: Returns the offer of the server, without the token.
        preview: The preview, whose frame the policy of the page permits.
        new_token: Returns a token for the API; None if the server does not hand out tokens.
        host: Name or address of the server.
    """

    async def about(request: Request) -> Response:
        # A browser sends the name of the page's own URL as the host, so a rebound name shows itself here.
        if new_token is not None and not _is_trusted(request.url.hostname or "", host):
            return JSONResponse(_MISDIRECTED.body, _MISDIRECTED.status, _HEADERS)
        token = None if new_token is None else new_token()
        body = {**facts(), "token": token, "preview": preview.facts}
        return JSONResponse(body, headers=_HEADERS | {"Cache-Control": "no-store"})

    async def index(request: Request) -> Response:
        policy = f"{_POLICY}; {preview.frame_src(request)}"
        return _file(_PAGE / "index.html", {"Content-Security-Policy": policy})

    return [
        Route("/", RedirectResponse("/demo/"), methods=["GET"]),
        Route("/demo/", index, methods=["GET"]),
        Route("/demo/demo.json", about, methods=["GET"]),
        *(
            _route(f"/demo/{file.name}", file)
            for file in _PAGE.iterdir()
            if file.name.endswith((".js", ".css"))
        ),
        *browser_routes("/componentstream"),
    ]


def _route(path: str, file: Traversable) -> BaseRoute:
    return Route(path, _file(file), methods=["GET"])


def _file(file: Traversable, headers: dict[str, str] | None = None) -> Response:
    media_type = _TYPES[file.name[file.name.rindex(".") :]]
    return Response(file.read_bytes(), headers=_HEADERS | (headers or {}), media_type=media_type)


def _is_trusted(asked: str, host: str) -> bool:
    return asked in ("localhost", host.lower()) or _is_address(asked)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
