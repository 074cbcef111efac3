"""Mistral: conversations and agents. Its chats have the form of OpenAI's."""

from typing import Final

from componentstream.sources.providers.outcomes import error
from componentstream.sources.providers.reading import (
    Inner,
    Provider,
    Reading,
    content,
    field,
    identifier,
    nothing,
    thoughts,
)
from componentstream.sources.providers.tools import fragment
from componentstream.sources.providers.usage import usage

_SILENT: Final = (
    "agent.handoff.started",
    "agent.handoff.done",
    "tool.execution.started",
    "tool.execution.delta",
    "tool.execution.done",
)


def _event(event: object) -> Inner:
    return Inner(field(event, "data"))


def _started(_event: object) -> Reading:
    return Reading(opens=True, starts=True)


def _message(event: object) -> Reading:
    value = field(event, "content")
    # A single block, if it is not text as it is.
    value = value if isinstance(value, str) else [value]
    return Reading(content(value), reasoning=thoughts(value))


def _function_call(event: object) -> Reading:
    key = identifier(event, "tool_call_id")
    part = fragment(key, field(event, "name"), field(event, "arguments"), call_id=key)
    return Reading(tool=True, calls=(part,))


def _done(event: object) -> Reading:
    return Reading(ends=True, usage=usage(field(event, "usage")))


PROVIDER: Final = Provider(
    fields={
        "type": {
            "conversation.response.started": _started,
            "message.output.delta": _message,
            "function.call.delta": _function_call,
            "conversation.response.done": _done,
            "conversation.response.error": error,
            **dict.fromkeys(_SILENT, nothing),
        }
    },
    classes={"mistralai:ConversationEvents": _event},
)
