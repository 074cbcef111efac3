"""Errors in the form that most providers share."""

from collections.abc import Mapping
from typing import Final

from componentstream.sources.providers.outcomes import error
from componentstream.sources.providers.reading import Provider, Reading, field, is_reported


def _by_key(event: object) -> Reading | None:
    # An empty one counts only alone: beside other keys it says that there is none.
    alone = isinstance(event, Mapping) and len(event) == 1
    return error(event) if alone or is_reported(field(event, "error")) else None


PROVIDER: Final = Provider(
    fields={"type": {"error": error}, "object": {"error": error}, "event_type": {"error": error}},
    keys={"error": _by_key},
)
