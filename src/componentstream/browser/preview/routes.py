"""Routes that serve the frames, for applications of Starlette and FastAPI."""

import gzip
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

from componentstream.browser.preview.bundle import Frame, find_frames
from componentstream.browser.preview.policy import frame_policy
from componentstream.core.errors import ConfigurationError, MissingExtraError

try:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute, Route
except ImportError as _error:
    raise MissingExtraError(
        "The routes of the preview need Starlette: pip install 'componentstream[preview]'."
    ) from _error

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_REVALIDATE: Final = "no-cache"


def preview_routes(
    prefix: str = "/preview", *, frame_ancestors: str | Sequence[str] = "'self'", folder: Path | None = None
) -> list[BaseRoute]:
    """Return the routes that serve the frames: ``/preview/frame.html`` and the packs.

    With ``?v=`` and the version of a frame, its digest, the browser keeps it and asks no more; without, it
    asks with each visit whether the frame has changed. ``request.url_for("preview-frame.html")`` is the URL
    of a frame, for :func:`preview_csp` and for ``src`` of ``mountPreview``.

    Args:
        prefix: The path above the frames.
        frame_ancestors: Pages that may embed the frames: ``'self'``, or their origins.
        folder: The source folder; by default that of the installed package.

    Raises:
        ConfigurationError: The frames are not built, or an argument is invalid.
    """
    if not prefix.startswith("/") or prefix.endswith("/"):
        raise ConfigurationError(f"prefix must begin with a slash and not end with one, unlike {prefix!r}.")
    routes: list[BaseRoute] = []
    for frame in find_frames(folder).values():
        served = _ServedFrame(frame, frame_policy(frame.policy, frame_ancestors))
        routes.append(Route(f"{prefix}/{frame.name}", served.respond, name=f"preview-{frame.name}"))
    return routes


class _ServedFrame:
    """A frame in memory, compressed when the first client asks for that."""

    def __init__(self, frame: Frame, policy: str) -> None:
        self._body = frame.path.read_bytes()
        self._compressed: bytes | None = None
        self._version = frame.version
        self._tag = f'"{self._version}"'
        self._headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "X-DNS-Prefetch-Control": "off",
            "Connection-Allowlist": "()",
            "Vary": "Accept-Encoding",
        }

    # A plain function: Starlette calls it in a thread, where compression holds nothing up.
    def respond(self, request: Request) -> Response:
        """Return the frame, or 304 if the client has it."""
        is_named = request.query_params.get("v") == self._version
        headers = self._headers | {
            "ETag": self._tag,
            "Cache-Control": _IMMUTABLE if is_named else _REVALIDATE,
        }
        if self._tag in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self._body, headers=headers)
        if self._compressed is None:
            self._compressed = gzip.compress(self._body, mtime=0)
        return Response(self._compressed, headers=headers | {"Content-Encoding": "gzip"})
