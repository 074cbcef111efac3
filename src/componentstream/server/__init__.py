"""The HTTP server: a request for a generation in, its events out.

:func:`create_app` returns a Starlette application around one function that calls the model. Mount it in any
ASGI application, or serve it by itself, as ``componentstream serve`` and ``componentstream demo`` do. Before
its server stops, await :func:`drain`, which ends the open streams in good order.
"""

from componentstream.core.errors import MissingExtraError

try:
    # Checked here once, so that the modules below can import them without a check of their own.
    import cryptography as _cryptography  # noqa: F401
    import jwt as _jwt  # noqa: F401
    import limits as _limits  # noqa: F401
    import prometheus_client as _prometheus_client  # noqa: F401
    import starlette as _starlette  # noqa: F401
except ImportError as _error:
    raise MissingExtraError(
        f"componentstream.server needs {_error.name}: pip install 'componentstream[server]'."
    ) from _error

from componentstream.server.access.auth import Authenticate, JWTBearer, Principal
from componentstream.server.access.keys import Keys, RequiredClaims
from componentstream.server.errors import RefusedRequestError
from componentstream.server.generation_request import Generate, GenerationRequest, Source
from componentstream.server.http.app import create_app
from componentstream.server.settings import (
    DecoderName,
    OnDisconnect,
    OnStoreFailure,
    ServerSettings,
    Setting,
    SettingKind,
)
from componentstream.server.shutdown import drain
from componentstream.server.tuning import tune_gc

__all__ = [
    "Authenticate",
    "DecoderName",
    "Generate",
    "GenerationRequest",
    "JWTBearer",
    "Keys",
    "OnDisconnect",
    "OnStoreFailure",
    "Principal",
    "RefusedRequestError",
    "RequiredClaims",
    "ServerSettings",
    "Setting",
    "SettingKind",
    "Source",
    "create_app",
    "drain",
    "tune_gc",
]
