"""Amazon Bedrock: the events of ``converse_stream`` and of ``invoke_model_with_response_stream``."""

from typing import Final

from componentstream.sources.pieces import Usage
from componentstream.sources.providers.outcomes import failure, stop_reason, stopped
from componentstream.sources.providers.reading import (
    Inner,
    Interpreter,
    Provider,
    Reading,
    field,
    first,
    json_value,
    nothing,
    path,
    string,
)
from componentstream.sources.providers.tools import fragment
from componentstream.sources.providers.usage import NO_USAGE, first_count, usage

_ERRORS: Final = (
    "internalServerException",
    "modelErrorException",
    "modelNotReadyException",
    "modelStreamErrorException",
    "modelTimeoutException",
    "serviceQuotaExceededException",
    "serviceUnavailableException",
    "throttlingException",
    "validationException",
)
"""Keys that report an error of the stream. The library of Amazon raises them as exceptions instead."""

_METRICS: Final = "amazon-bedrock-invocationMetrics"
"""The key that the last event of any model has beside its own."""


def _start(_event: object) -> Reading:
    return Reading(opens=True, starts=True)


def _block_start(event: object) -> Reading:
    block = field(event, "contentBlockStart")
    return _tool(block, path(block, "start", "toolUse"))


def _block_delta(event: object) -> Reading:
    block = field(event, "contentBlockDelta")
    delta = field(block, "delta")
    return _tool(block, field(delta, "toolUse"))._replace(
        text=string(field(delta, "text")), reasoning=string(path(delta, "reasoningContent", "text"))
    )


def _tool(block: object, tool: object) -> Reading:
    if tool is None:
        return Reading(opens=True)
    key, name = field(block, "contentBlockIndex"), field(tool, "name")
    part = fragment(key, name, field(tool, "input"), call_id=field(tool, "toolUseId"))
    return Reading(opens=True, tool=True, calls=(part,))


def _stop(event: object) -> Reading:
    return Reading(error=stopped(stop_reason(field(event, "messageStop"))), ends=True)


def _metadata(event: object) -> Reading | None:
    counts = usage(path(event, "metadata", "usage"))
    return None if counts is None else Reading(usage=counts)


def _chunk(event: object) -> Inner | None:
    body = path(event, "chunk", "bytes")
    if not isinstance(body, bytes):
        return None
    try:
        return Inner(json_value(body))
    except (ValueError, RecursionError):
        return None


def _titan(event: object) -> Reading:
    return _invoked(event, string(field(event, "outputText")), field(event, "completionReason"))


def _llama(event: object) -> Reading | None:
    text = string(field(event, "generation"))
    return None if text is None else _invoked(event, text, field(event, "stop_reason"))


def _mistral(event: object) -> Reading | None:
    output = first(field(event, "outputs"))
    text = string(field(output, "text"))
    return None if text is None else _invoked(event, text, field(output, "stop_reason"))


def _cohere(event: object) -> Reading:
    finished = field(event, "is_finished")
    reading = _invoked(event, string(field(event, "text")), field(event, "finish_reason"))
    return reading._replace(ends=finished is True)


def _invoked(event: object, text: str | None, reason: object) -> Reading:
    """Read an event of a model without an API of its own: each has text, and the last has a reason."""
    ends = reason is not None
    return Reading(text, stopped(reason), opens=bool(text), ends=ends, usage=_usage(event), adds_usage=True)


def _usage(event: object) -> Usage | None:
    metrics = field(event, _METRICS)
    counts = Usage(first_count(metrics, "inputTokenCount"), first_count(metrics, "outputTokenCount"))
    return None if counts == NO_USAGE else counts


def _error(name: str) -> Interpreter:
    return lambda _event: Reading(error=failure(name))


PROVIDER: Final = Provider(
    keys={
        "messageStart": _start,
        "contentBlockStart": _block_start,
        "contentBlockDelta": _block_delta,
        "contentBlockStop": nothing,
        "messageStop": _stop,
        "metadata": _metadata,
        "chunk": _chunk,
        "outputText": _titan,
        "generation": _llama,
        "outputs": _mistral,
        "is_finished": _cohere,
        **{name: _error(name) for name in _ERRORS},
    }
)
