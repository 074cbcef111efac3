"""The HTTP server: a request for a generation in, its events out.

:func:`create_app` makes a Starlette application of one function that knows the model. Mount it in any ASGI
application, or serve it by itself. ``componentstream demo`` does so with a recorded answer and a page.
"""

from componentstream.core.errors import MissingExtraError

try:
    # Asked for here once, so that each module need not.
    import cryptography as _cryptography  # noqa: F401
    import jwt as _jwt  # noqa: F401
    import limits as _limits  # noqa: F401
    import prometheus_client as _prometheus_client  # noqa: F401
    import starlette as _starlette  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        f"componentstream.server needs {error.name}: pip install 'componentstream[server]'."
    ) from error

from componentstream.server.access.auth import Authenticate, JWTBearer, Principal
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import Generate, GenerationRequest
from componentstream.server.http.app import create_app
from componentstream.server.settings import OnDisconnect, OnStoreFailure, ServerSettings, Setting, SettingKind

__all__ = [
    "Authenticate",
    "Generate",
    "GenerationRequest",
    "JWTBearer",
    "OnDisconnect",
    "OnStoreFailure",
    "Principal",
    "RefusedRequestError",
    "ServerSettings",
    "Setting",
    "SettingKind",
    "create_app",
]
