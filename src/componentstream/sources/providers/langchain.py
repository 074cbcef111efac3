"""LangChain messages and callbacks, and the LangGraph streams that contain them."""

from typing import Final

from componentstream.sources.providers.outcomes import stopped
from componentstream.sources.providers.reading import Inner, Provider, Reading, content, field, path


def _chunk(event: object) -> Reading:
    # `content`, because `text` is a method in older releases.
    metadata = field(event, "response_metadata")
    reasons = (field(metadata, name) for name in ("finish_reason", "stop_reason", "done_reason"))
    errors = (stopped(reason) for reason in reasons)
    return Reading(content(field(event, "content")), next((error for error in errors if error), None))


def _message(event: object) -> Reading:
    return _chunk(event)._replace(echo=True)


def _callback(event: object) -> Inner:
    return Inner(path(event, "data", "chunk"))


def _messages(event: object) -> Inner:
    data = field(event, "data")
    return Inner(tuple(data) if isinstance(data, list) else data)


def _tuple(event: object) -> Inner | None:
    """Read a LangGraph tuple, if it contains a message.

    The tuple is ``(message, metadata)``. It is preceded by the mode if several modes are streamed, and that
    by the namespace, itself a tuple, if subgraphs are streamed.
    """
    match event:
        case (tuple(), "messages", inner) | ("messages", inner):
            return Inner(inner)
        case (str(), _):
            return None
        case (tuple(), inner):
            return Inner(inner)
        case (message, dict()):
            return Inner(message)
    return None


PROVIDER: Final = Provider(
    fields={
        "type": {"AIMessageChunk": _chunk, "ai": _message, "messages": _messages},
        "event": {"on_chat_model_stream": _callback},
    },
    tuples=_tuple,
)
