"""The OpenAPI 3.1 document of the server.

``openapi.json``, beside this module, describes a server with authentication and the default settings. Edit it
by hand; tests compare its codes, events and reasons with the code.
"""

import json
from importlib.resources import files
from typing import Any, Final

from componentstream.core import codes
from componentstream.core.events import Json

_MIN_OVERHEAD: Final = len('{"prompt":""}')
"""Bytes of the shortest request body around its prompt."""


def document(*, authenticated: bool, metrics: bool = True, max_body_bytes: int = 65_536) -> Json:
    """Return the OpenAPI document of a server, without ``servers``.

    The codes with which the application's own ``generate`` and ``authenticate`` reject requests are not
    included.

    Args:
        authenticated: Whether clients authenticate with bearer tokens.
        metrics: Whether the server has ``/metrics``.
        max_body_bytes: Largest request body in bytes.
    """
    described: Any = json.loads((files(__package__) / "openapi.json").read_text(encoding="utf-8"))
    if not authenticated:
        _remove_authentication(described)
    if not metrics:
        del described["paths"]["/metrics"]
    request = described["components"]["schemas"]["GenerationRequest"]
    request["description"] = f"At most {max_body_bytes} bytes of JSON in UTF-8."
    for text in request["properties"].values():
        # Each character takes at least one byte.
        text["maxLength"] = max(1, max_body_bytes - _MIN_OVERHEAD)
    return described  # type: ignore[no-any-return]


def _remove_authentication(described: Any) -> None:
    del described["components"]["securitySchemes"]
    for path in described["paths"].values():
        for operation in path.values():
            if "security" in operation:
                del operation["security"]
                del operation["responses"]["401"]
                _remove_code(operation["responses"], "400", codes.TOKEN_IN_QUERY)


def _remove_code(responses: Any, status: str, code: str) -> None:
    """Remove a code from a response, and the response if no code is left."""
    _, reported = responses[status]["content"]["application/json"]["schema"]["allOf"]
    reported["properties"]["error"]["properties"]["type"]["enum"].remove(code)
    if not reported["properties"]["error"]["properties"]["type"]["enum"]:
        del responses[status]
