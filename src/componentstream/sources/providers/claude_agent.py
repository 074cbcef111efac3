"""Claude Agent SDK: the messages of a session, as objects of the library and as lines of Claude Code."""

from typing import Final

from componentstream.sources.providers.outcomes import failure, stopped
from componentstream.sources.providers.reading import (
    NOTHING,
    Inner,
    Provider,
    Reading,
    field,
    is_reported,
    items,
    joined,
    nothing,
    string,
)
from componentstream.sources.providers.usage import usage

_TURNS: Final = "error_max_turns"


def _stream_event(event: object) -> Reading | Inner:
    # The answers of other agents, which this one has called, are not its own.
    return NOTHING if _is_nested(event) else Inner(field(event, "event"))


def _line(event: object) -> Reading:
    if _is_nested(event):
        return NOTHING
    return _message(field(event, "message"), field(event, "error"))


def _object(event: object) -> Reading:
    return NOTHING if _is_nested(event) else _message(event, field(event, "error"))


def _message(message: object, error: object) -> Reading:
    # The text beside an error is the error's.
    if is_reported(error):
        return Reading(error=failure(error))
    blocks = items(field(message, "content"))
    return Reading(
        joined(string(field(block, "text")) for block in blocks),
        stopped(field(message, "stop_reason")),
        echo=4,
    )


def _result(event: object) -> Reading:
    subtype = string(field(event, "subtype"))
    if subtype == _TURNS:
        return Reading(error=stopped("max_turns"), ends=True)
    if field(event, "is_error") is True:
        # A failed call of the model ends a session that is called a success.
        name = None if subtype == "success" else subtype
        return Reading(error=failure(name, field(event, "api_error_status")), ends=True)
    return Reading(
        string(field(event, "result")),
        stopped(field(event, "stop_reason")),
        ends=True,
        echo=5,
        # The sum of all messages, which have reported theirs if they were streamed.
        usage=usage(field(event, "usage")),
        adds_usage=True,
    )


def _is_nested(event: object) -> bool:
    return field(event, "parent_tool_use_id") is not None


PROVIDER: Final = Provider(
    fields={
        "type": {
            "stream_event": _stream_event,
            "assistant": _line,
            "result": _result,
            "user": nothing,
            "system": nothing,
            "rate_limit_event": nothing,
        }
    },
    classes={
        "claude_agent_sdk:StreamEvent": _stream_event,
        "claude_agent_sdk:AssistantMessage": _object,
        "claude_agent_sdk:ResultMessage": _result,
        "claude_agent_sdk:UserMessage": nothing,
        "claude_agent_sdk:SystemMessage": nothing,
        "claude_agent_sdk:RateLimitEvent": nothing,
    },
)
