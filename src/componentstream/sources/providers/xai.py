"""xAI: the tuples of a response so far and a new chunk that its library yields."""

from typing import Final

from componentstream.sources.providers.outcomes import stopped
from componentstream.sources.providers.reading import Provider, Reading, field, path, string
from componentstream.sources.providers.usage import usage

_REASONS: Final = {
    "REASON_INVALID": None,
    "REASON_STOP": "stop",
    "REASON_TOOL_CALLS": "tool_calls",
    "REASON_MAX_LEN": "max_length",
    "REASON_MAX_CONTEXT": "context_length",
    "REASON_TIME_LIMIT": "time_limit",
}
"""Reasons by their names in the library. The first one is that of a response without an end."""


def _tuple(event: object) -> Reading | None:
    match event:
        case (response, chunk) if _is_chunk(type(chunk)):
            name = string(field(response, "finish_reason")) or "REASON_INVALID"
            reason = _REASONS.get(name, name)
            return Reading(
                string(field(chunk, "content")),
                stopped(reason),
                opens=True,
                ends=reason is not None,
                reasoning=string(field(chunk, "reasoning_content")),
                tool=bool(field(chunk, "tool_calls")),
                usage=usage(path(chunk, "proto", "usage")),
            )
    return None


def _is_chunk(kind: type) -> bool:
    return kind.__name__ == "Chunk" and kind.__module__.partition(".")[0] == "xai_sdk"


PROVIDER: Final = Provider(tuples=_tuple)
