"""LangChain and LangGraph ``stream_events``: those that are not messages themselves."""

from typing import Final

from componentstream.sources.providers.outcomes import error, stop_reason, stopped, word
from componentstream.sources.providers.reading import (
    ENDED,
    NOTHING,
    Inner,
    Provider,
    Reading,
    field,
    items,
    path,
    string,
    text_block,
)
from componentstream.sources.providers.usage import usage


def _completion_chunk(event: object) -> Reading:
    return Reading(string(path(event, "data", "chunk", "text")))


def _model_end(event: object) -> Reading | Inner:
    output = path(event, "data", "output")
    # The sum of the chunks is a chunk too; a whole message comes from a model that does not stream.
    return Inner(output) if field(output, "type") == "ai" else NOTHING


def _graph_event(event: object) -> Reading | Inner | None:
    data = path(event, "params", "data")
    match field(event, "method"):
        case "messages":
            # The metadata of the graph are beside the message.
            return Inner(next(iter(items(data)), data))
        case "lifecycle":
            return _lifecycle(data, items(path(event, "params", "namespace")))
        case str():
            return NOTHING
    return None


def _lifecycle(data: object, namespace: list[object]) -> Reading:
    match field(data, "event"):
        case "failed":
            return error(data)
        case "completed" if not namespace:  # a graph in a graph has one
            return ENDED
    return NOTHING


def _message_start(_event: object) -> Reading:
    # Without its id: messages of nodes that run at the same time come mixed.
    return Reading(opens=True, starts=True)


def _block_start(event: object) -> Reading:
    return _block(field(event, "content"))


def _block(block: object) -> Reading:
    return Reading(
        text_block(block) or None,
        reasoning=string(field(block, "reasoning")),
        tool=field(block, "type") in ("tool_call", "tool_call_chunk"),
    )


def _block_delta(event: object) -> Reading:
    delta = field(event, "delta")
    match field(delta, "type"):
        case "text-delta":
            return Reading(string(field(delta, "text")))
        case "reasoning-delta":
            return Reading(reasoning=string(field(delta, "reasoning")))
        case "tool-call-delta" | "block-delta":
            return Reading(tool=True)
    return NOTHING


def _block_finish(event: object) -> Reading:
    return _block(field(event, "content"))._replace(echo=2, reasoning=None)


def _message_finish(event: object) -> Reading:
    metadata = field(event, "metadata")
    reason = stop_reason(metadata) or word(field(metadata, "status"))
    return Reading(error=stopped(reason), ends=True, usage=usage(field(event, "usage")))


def _error(event: object) -> Reading | None:
    return None if field(event, "message") is None else error(event)


PROVIDER: Final = Provider(
    fields={
        "type": {"event": _graph_event},
        "event": {
            "on_llm_stream": _completion_chunk,
            "on_chat_model_end": _model_end,
            "message-start": _message_start,
            "content-block-start": _block_start,
            "content-block-delta": _block_delta,
            "content-block-finish": _block_finish,
            "message-finish": _message_finish,
            "error": _error,
        },
    }
)
