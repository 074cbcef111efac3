"""Google Gemini: ``generate_content`` and interactions."""

from typing import Final

import attrs

from componentstream.sources._tool_calls import ToolFragment
from componentstream.sources.pieces import Usage
from componentstream.sources.providers.outcomes import stop_reason, stopped, word
from componentstream.sources.providers.reading import (
    NOTHING,
    Provider,
    Reading,
    field,
    first,
    identifier,
    items,
    joined,
    nothing,
    path,
    string,
    text_block,
)
from componentstream.sources.providers.tools import fragment, whole_calls
from componentstream.sources.providers.usage import total, usage


def content_chunk(event: object) -> Reading:
    """Read a response, which has candidates."""
    # Snake case in the library, camel case on the wire.
    feedback = field(event, "prompt_feedback") or field(event, "promptFeedback")
    if field(feedback, "block_reason") or field(feedback, "blockReason"):
        return Reading(error=stopped("blocked"))
    candidate = first(field(event, "candidates"))
    parts = items(path(candidate, "content", "parts"))
    text = joined(string(field(part, "text")) for part in parts if not field(part, "thought"))
    reasoning = joined(string(field(part, "text")) for part in parts if field(part, "thought"))
    calls = tuple(call for part in parts if (call := _call(part)) is not None)
    reason = stop_reason(candidate)
    return Reading(
        text,
        stopped(reason),
        opens=bool(text or reasoning or calls),
        ends=reason is not None,
        reasoning=reasoning,
        tool=bool(calls),
        calls=calls,
        usage=_usage(field(event, "usage_metadata") or field(event, "usageMetadata")),
        id=identifier(event, "response_id") or identifier(event, "responseId"),
    )


def _call(part: object) -> ToolFragment | None:
    """Return a call, or a part of one: then its strings come as they grow, each with its path."""
    call = field(part, "function_call")
    call = field(part, "functionCall") if call is None else call
    if call is None:
        return None
    added: dict[str, str] = {}
    for partial in items(field(call, "partial_args") or field(call, "partialArgs")):
        json_path = string(field(partial, "json_path") or field(partial, "jsonPath")) or ""
        value = string(field(partial, "string_value") or field(partial, "stringValue")) or ""
        if json_path:
            name = json_path.removeprefix("$").removeprefix(".").strip("[]'\"")
            added[name] = added.get(name, "") + value
    whole = fragment(None, field(call, "name"), field(call, "args"), call_id=field(call, "id"), whole=True)
    return whole._replace(added=added or None)


def _candidates(event: object) -> Reading | None:
    names = ("content", "finish_reason", "finishReason")
    candidates = items(field(event, "candidates"))
    known = any(field(candidate, name) is not None for candidate in candidates for name in names)
    return content_chunk(event) if known else None


def _usage(value: object) -> Usage | None:
    counts = usage(value)
    if counts is None or counts.output_tokens is None:
        return counts
    # The tokens of the candidates leave out those of the thoughts.
    return attrs.evolve(counts, output_tokens=total(counts.output_tokens, counts.reasoning_tokens))


def _interaction_created(event: object) -> Reading:
    return Reading(opens=True, starts=True, id=identifier(field(event, "interaction")))


def _step_start(event: object) -> Reading:
    step = field(event, "step")
    if field(step, "type") != "function_call":
        return NOTHING
    part = fragment(
        field(event, "index"), field(step, "name"), field(step, "arguments"), call_id=field(step, "id")
    )
    return Reading(tool=True, calls=(part,))


def _interaction_delta(event: object) -> Reading:
    delta = field(event, "delta")
    match field(delta, "type"):
        case "thought_summary":
            return Reading(reasoning=text_block(field(delta, "content")))
        case "function_call":
            return Reading(tool=True, calls=whole_calls([delta]))
        case "arguments_delta":
            part = fragment(field(event, "index"), None, field(delta, "arguments"))
            return Reading(tool=True, calls=(part,))
    return Reading(text_block(delta))


def _interaction_completed(event: object) -> Reading:
    interaction = field(event, "interaction")
    status = word(field(interaction, "status"))
    return Reading(error=stopped(status), ends=True, usage=_usage(field(interaction, "usage")))


PROVIDER: Final = Provider(
    fields={
        "event_type": {
            "interaction.created": _interaction_created,
            "interaction.start": _interaction_created,
            "step.start": _step_start,
            "step.delta": _interaction_delta,
            "step.stop": nothing,
            "content.delta": _interaction_delta,
            "interaction.completed": _interaction_completed,
            "interaction.complete": _interaction_completed,
        }
    },
    classes={
        "google.genai:GenerateContentResponse": content_chunk,
        "google.generativeai:GenerateContentResponse": content_chunk,
    },
    shapes={"candidates": _candidates},
    keys={
        "promptFeedback": content_chunk,
        "prompt_feedback": content_chunk,
        "usageMetadata": content_chunk,
        "usage_metadata": content_chunk,
    },
)
