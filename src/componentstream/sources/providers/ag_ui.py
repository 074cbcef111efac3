"""AG-UI: the events between agents and user interfaces."""

from functools import reduce
from typing import Final

from componentstream.sources.pieces import Usage
from componentstream.sources.providers.outcomes import failure, stopped
from componentstream.sources.providers.reading import (
    Provider,
    Reading,
    field,
    identifier,
    items,
    nothing,
    path,
    string,
)
from componentstream.sources.providers.tools import fragment
from componentstream.sources.providers.usage import NO_USAGE, added, usage

_SILENT: Final = (
    "TEXT_MESSAGE_START",
    "TEXT_MESSAGE_END",
    "TOOL_CALL_END",
    "TOOL_CALL_RESULT",
    "REASONING_START",
    "REASONING_MESSAGE_START",
    "REASONING_MESSAGE_END",
    "REASONING_END",
    "REASONING_ENCRYPTED_VALUE",
    "THINKING_START",
    "THINKING_TEXT_MESSAGE_START",
    "THINKING_TEXT_MESSAGE_END",
    "THINKING_END",
    "STEP_STARTED",
    "STEP_FINISHED",
    "STATE_SNAPSHOT",
    "STATE_DELTA",
    "MESSAGES_SNAPSHOT",
    "ACTIVITY_SNAPSHOT",
    "ACTIVITY_DELTA",
)
"""Events without a part of the answer. A snapshot of messages contains the user's too."""


def _run_started(_event: object) -> Reading:
    return Reading(opens=True, starts=True)


def _text(event: object) -> Reading:
    return Reading(string(field(event, "delta")))


def _reasoning(event: object) -> Reading:
    return Reading(reasoning=string(field(event, "delta")))


def _tool(event: object) -> Reading:
    # Snake case in the library, camel case on the wire.
    key = identifier(event, "toolCallId") or identifier(event, "tool_call_id")
    name = identifier(event, "toolCallName") or identifier(event, "tool_call_name")
    return Reading(tool=True, calls=(fragment(key, name, field(event, "delta"), call_id=key),))


def _run_finished(event: object) -> Reading:
    outcome = path(event, "outcome", "type")
    # A run that waits for an answer of the user has ended as it should.
    outcome = None if outcome == "interrupt" else outcome
    return Reading(error=stopped(outcome), ends=True, usage=_usage(event))


def _run_error(event: object) -> Reading:
    return Reading(error=failure(field(event, "code")), ends=True)


def _usage(event: object) -> Usage:
    # One for each model.
    return reduce(added, filter(None, map(usage, items(field(event, "usage")))), NO_USAGE)


PROVIDER: Final = Provider(
    fields={
        "type": {
            "RUN_STARTED": _run_started,
            "TEXT_MESSAGE_CONTENT": _text,
            "TEXT_MESSAGE_CHUNK": _text,
            "REASONING_MESSAGE_CONTENT": _reasoning,
            "REASONING_MESSAGE_CHUNK": _reasoning,
            "THINKING_TEXT_MESSAGE_CONTENT": _reasoning,
            "TOOL_CALL_START": _tool,
            "TOOL_CALL_ARGS": _tool,
            "TOOL_CALL_CHUNK": _tool,
            "RUN_FINISHED": _run_finished,
            "RUN_ERROR": _run_error,
            **dict.fromkeys(_SILENT, nothing),
        }
    }
)
