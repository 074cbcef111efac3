"""One event of a provider to its text."""

from typing import Final

from componentstream.sources.providers import BY_CLASS, BY_FIELD, BY_KEY, WRAPPERS, Reading, field

_FIELDS: Final = ("type", "object", "event_type", "event_kind", "event")
_TABLES: Final = tuple((name, BY_FIELD.get(name, {}), WRAPPERS.get(name, {})) for name in _FIELDS)
_MOST_WRAPPERS: Final = 4
"""A message of LangGraph may stand in a dict, in a tuple with its mode and in a tuple with its metadata."""


def extract_text(event: object) -> str | None:
    """Return the text that an event of a provider adds to the answer, None if it adds none.

    It knows the events of Anthropic messages, OpenAI chat completions and responses, the OpenAI agents
    library, LiteLLM, LangChain and LangGraph, Google's ``generate_content`` and interactions, Pydantic AI,
    Mistral, Ollama and Cohere, as objects of their libraries and as dicts. Unknown events give None, and so
    do thoughts, the arguments of tools, refusals, and every event that repeats the text of others. So the
    texts of all events of a stream, joined, are the answer.

    Use a :class:`~componentstream.sources.SourceDecoder` to hear of errors and of answers that were cut off.
    """
    reading = read(event)
    return None if reading is None or reading.echo else reading.text or None


def read(event: object, wrappers: int = _MOST_WRAPPERS) -> Reading | None:
    """Return what an event says, None for one that is not known here or stands in more than ``wrappers``."""
    if isinstance(event, tuple):
        return _read_inner(_of_tuple(event), wrappers)
    named = False
    for name, readers, paths in _TABLES:
        value = field(event, name)
        if isinstance(value, str):
            named = True
            if reader := readers.get(value):
                return reader(event)
            if path := paths.get(value):
                for step in path:
                    event = field(event, step)
                return _read_inner(event, wrappers)
    return None if named else _read_unnamed(event, wrappers)


def is_event(value: object) -> bool:
    """Say whether a value looks like the event of some provider, known here or not."""
    return isinstance(value, tuple) or any(isinstance(field(value, name), str) for name in _FIELDS)


def _read_inner(event: object, wrappers: int) -> Reading | None:
    if wrappers == 0:
        return None
    return read(tuple(event) if isinstance(event, list) else event, wrappers - 1)


def _read_unnamed(event: object, wrappers: int) -> Reading | None:
    """Read an event without any of the fields: by its class, or by a key that a dict has."""
    if isinstance(event, dict):
        reader = next((BY_KEY[key] for key in BY_KEY if event.get(key) is not None), None)
    else:
        reader = BY_CLASS.get(type(event).__name__)
    if reader is not None:
        return reader(event)
    # Mistral's library puts each chunk in an event that has nothing else.
    wrapped = type(event).__name__ == "CompletionEvent" or (
        isinstance(event, dict) and event.keys() == {"data"}
    )
    return _read_inner(field(event, "data"), wrappers) if wrapped else None


def _of_tuple(event: tuple[object, ...]) -> object:
    """Return what stands in a tuple of LangGraph, None for what is no message.

    It is ``(message, metadata)``. Before that come the mode where several modes are streamed, and before all
    the namespace of the graph, a tuple itself, where graphs in graphs are.
    """
    match event:
        case (tuple(), "messages", inner) | ("messages", inner):
            return inner
        case (str(), _):
            return None
        case (tuple(), inner):
            return inner
        case (message, dict()):
            return message
    return None
