"""Google Gemini: ``generate_content`` and interactions."""

from typing import Final

from componentstream.sources.providers.outcomes import stopped
from componentstream.sources.providers.reading import (
    Provider,
    Reading,
    field,
    first,
    items,
    opened,
    path,
    string,
    text_block,
)


def _content_chunk(event: object) -> Reading:
    # Snake case in the library, camel case on the wire.
    feedback = field(event, "prompt_feedback") or field(event, "promptFeedback")
    if field(feedback, "block_reason") or field(feedback, "blockReason"):
        return Reading(error=stopped("blocked"))
    candidate = first(field(event, "candidates"))
    parts = items(path(candidate, "content", "parts"))
    texts = [string(field(part, "text")) for part in parts if not field(part, "thought")]
    reason = field(candidate, "finish_reason") or field(candidate, "finishReason")
    return Reading("".join(text for text in texts if text) or None, stopped(reason))


def _interaction_delta(event: object) -> Reading:
    return Reading(text_block(field(event, "delta")))


def _interaction_completed(event: object) -> Reading:
    return Reading(error=stopped(path(event, "interaction", "status")), ends=True)


PROVIDER: Final = Provider(
    fields={
        "event_type": {
            "interaction.created": opened,
            "step.delta": _interaction_delta,
            "interaction.completed": _interaction_completed,
        }
    },
    classes={"google.genai:GenerateContentResponse": _content_chunk},
    keys={
        "candidates": _content_chunk,
        "promptFeedback": _content_chunk,
        "prompt_feedback": _content_chunk,
    },
)
