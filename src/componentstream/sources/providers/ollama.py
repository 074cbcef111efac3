"""Ollama: chat and generate."""

from typing import Final

from componentstream.sources.providers.outcomes import stop_reason, stopped
from componentstream.sources.providers.reading import Provider, Reading, field, string
from componentstream.sources.providers.tools import whole_calls
from componentstream.sources.providers.usage import usage


def _line(event: object) -> Reading:
    message = field(event, "message")
    text = string(field(message, "content")) or string(field(event, "response"))
    reason = stop_reason(event)
    # Some versions set only one of the two.
    ends = bool(field(event, "done")) or reason is not None
    return Reading(
        text,
        stopped(reason),
        opens=True,
        ends=ends,
        reasoning=string(field(message, "thinking")) or string(field(event, "thinking")),
        tool=bool(field(message, "tool_calls")),
        calls=whole_calls(field(message, "tool_calls")),
        # The last line counts its answer, and nothing tells one answer from the next.
        usage=usage(event) if ends else None,
        adds_usage=True,
    )


def _line_without_end(event: object) -> Reading | None:
    known = field(event, "message") is not None or string(field(event, "response")) is not None
    return _line(event) if known else None


PROVIDER: Final = Provider(
    classes={"ollama:ChatResponse": _line, "ollama:GenerateResponse": _line},
    keys={"done": _line, "created_at": _line_without_end},
)
