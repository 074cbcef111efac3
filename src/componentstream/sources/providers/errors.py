"""Errors in the form that most providers share."""

from typing import Final

from componentstream.sources.providers.outcomes import error
from componentstream.sources.providers.reading import Provider

PROVIDER: Final = Provider(
    fields={"type": {"error": error}, "object": {"error": error}, "event_type": {"error": error}},
    keys={"error": error},
)
