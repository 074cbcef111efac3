"""AI SDK: the parts of its UI message streams, and of the streams of its models."""

from typing import Final

from componentstream.sources.pieces import SourceError
from componentstream.sources.providers.outcomes import stop_reason, stopped
from componentstream.sources.providers.reading import (
    ENDED,
    Provider,
    Reading,
    field,
    identifier,
    nothing,
    string,
)
from componentstream.sources.providers.tools import fragment
from componentstream.sources.providers.usage import usage

_SILENT: Final = (
    "start",
    "stream-start",
    "response-metadata",
    "message-metadata",
    "text-start",
    "text-end",
    "reasoning-start",
    "reasoning-end",
    "tool-input-end",
    "tool-input-available",
    "tool-input-error",
    "tool-output-available",
    "tool-output-denied",
    "tool-output-error",
    "tool-approval-request",
    "tool-call",
    "tool-result",
    "tool-error",
    "source",
    "source-url",
    "source-document",
    "file",
)
"""Parts without a part of the answer. The beginning of a stream is one: its end need not be sent."""


def _step_start(_event: object) -> Reading:
    return Reading(opens=True, starts=True)


def _text(event: object) -> Reading:
    return Reading(_delta(event, "delta", "text", "textDelta"))


def _reasoning(event: object) -> Reading:
    return Reading(reasoning=_delta(event, "delta", "text"))


def _tool(event: object) -> Reading:
    # Snake case in libraries for Python, camel case on the wire.
    key = identifier(event, "toolCallId") or identifier(event, "tool_call_id") or identifier(event)
    name = identifier(event, "toolName") or identifier(event, "tool_name")
    text = _delta(event, "inputTextDelta", "input_text_delta", "delta")
    return Reading(tool=True, calls=(fragment(key, name, text, call_id=key),))


def _step_finish(event: object) -> Reading:
    return Reading(error=_stopped(event), ends=True, usage=usage(field(event, "usage")))


def _finish(event: object) -> Reading:
    counts = usage(field(event, "totalUsage")) or usage(field(event, "usage"))
    if counts is None and stop_reason(event) is None:
        # This is all that steps leave to say. A stream of another kind may have such an event too.
        return ENDED
    # The steps have counted these tokens, unless the stream has none.
    return Reading(error=_stopped(event), ends=True, echo=1, usage=counts, adds_usage=True)


def _abort(_event: object) -> Reading:
    return Reading(error=stopped("abort"), ends=True)


def _stopped(event: object) -> SourceError | None:
    reason = stop_reason(event)
    # A reason of the provider that this library has no word for.
    return stopped("unknown" if reason == "other" else reason)


def _delta(event: object, *names: str) -> str | None:
    return next(filter(None, (string(field(event, name)) for name in names)), None)


PROVIDER: Final = Provider(
    fields={
        "type": {
            "start-step": _step_start,
            "step-start": _step_start,
            "text-delta": _text,
            "reasoning-delta": _reasoning,
            "tool-input-start": _tool,
            "tool-input-delta": _tool,
            "finish-step": _step_finish,
            "step-finish": _step_finish,
            "finish": _finish,
            "abort": _abort,
            **dict.fromkeys(_SILENT, nothing),
        }
    }
)
