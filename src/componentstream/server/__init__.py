"""The HTTP server: a request for a generation in, its events out.

:func:`create_app` makes a Starlette application of one function that knows the model. Mount it in any ASGI
application, or serve it by itself. ``componentstream demo`` does so with a recorded answer and a page.
"""

from componentstream.errors import MissingExtraError

try:
    import starlette as _starlette  # noqa: F401 - asked for here once, so that each module need not
except ImportError as error:
    raise MissingExtraError(
        "componentstream.server needs Starlette: pip install 'componentstream[server]'."
    ) from error

from componentstream.server.app import Generate, create_app
from componentstream.server.request import GenerationRequest
from componentstream.server.settings import ServerSettings

__all__ = ["Generate", "GenerationRequest", "ServerSettings", "create_app"]
