"""Ollama: chat and generate."""

from typing import Final

from componentstream.sources.providers.outcomes import stopped
from componentstream.sources.providers.reading import Provider, Reading, field, path, string


def _line(event: object) -> Reading:
    text = string(path(event, "message", "content")) or string(field(event, "response"))
    if field(event, "done"):
        return Reading(text, stopped(field(event, "done_reason")), ends=True)
    return Reading(text, opens=True)


PROVIDER: Final = Provider(
    classes={"ollama:ChatResponse": _line, "ollama:GenerateResponse": _line}, keys={"done": _line}
)
