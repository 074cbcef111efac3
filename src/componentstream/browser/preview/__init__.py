"""The live preview: a sandboxed frame that renders React components while a model writes them.

``host.js`` runs in the page, the frame is built from npm packages: the wheel of a release contains it, and
elsewhere ``python -m componentstream.browser.preview`` builds it, once. :func:`preview_routes` serves it with
the headers that its safety rests on, and :func:`preview_csp` names it in the policy of the page::

    app = Starlette(routes=[*preview_routes(), ...])
    policy = f"default-src 'self'; {preview_csp('https://app.example/preview/frame.html')}"
"""

from typing import TYPE_CHECKING

from componentstream.browser.preview.building import build
from componentstream.browser.preview.bundle import preview_src
from componentstream.browser.preview.policy import preview_csp

if TYPE_CHECKING:
    from componentstream.browser.preview.routes import preview_routes

__all__ = ["build", "preview_csp", "preview_routes", "preview_src"]


def __getattr__(name: str) -> object:
    # Only the routes need Starlette; the frame is built without it.
    if name == "preview_routes":
        from componentstream.browser.preview.routes import preview_routes  # noqa: PLC0415 - see above

        return preview_routes
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
