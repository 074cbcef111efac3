"""Errors in the form that most providers share."""

from typing import Final

from componentstream.sources.providers.outcomes import error
from componentstream.sources.providers.reading import Provider, Reading, field, is_reported


def _by_key(event: object) -> Reading | None:
    return error(event) if is_reported(field(event, "error")) else None


PROVIDER: Final = Provider(
    fields={"type": {"error": error}, "object": {"error": error}, "event_type": {"error": error}},
    keys={"error": _by_key},
)
