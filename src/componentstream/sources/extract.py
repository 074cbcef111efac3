"""One event of a provider to its text.

This module finds the interpreter of an event; the interpreters and the tables that list them are in
``providers``. A new provider goes there: one function for each kind of event that matters, and its entry in
``BY_FIELD`` (or in ``BY_CLASS`` or ``BY_KEY`` if its events have no type field, or in ``WRAPPERS`` if they
contain events of another provider). Nothing in this module changes, unless the type field has a new name.
"""

from typing import Final

from componentstream.sources.providers import BY_CLASS, BY_FIELD, BY_KEY, WRAPPERS, Reading, field

_FIELDS: Final = ("type", "object", "event_type", "event_kind", "event")
_TABLES: Final = tuple((name, BY_FIELD.get(name, {}), WRAPPERS.get(name, {})) for name in _FIELDS)
_MAX_WRAPPERS: Final = 4
"""A message of LangGraph may be inside a dict, a tuple with its mode and a tuple with its metadata."""


def extract_text(event: object) -> str | None:
    """Return the text that an event of a provider adds to the answer, or None.

    Known are the events of Anthropic messages, OpenAI chat completions and responses, the OpenAI agents
    library, LiteLLM, LangChain and LangGraph, Google's ``generate_content`` and interactions, Pydantic AI,
    Mistral, Ollama and Cohere, as objects of their libraries and as dicts. The result is None for unknown
    events, thoughts, tool arguments, refusals, and for events that repeat the text of others. So the joined
    texts of all events of a stream are the answer.

    Use a :class:`~componentstream.sources.SourceDecoder` to detect errors and incomplete answers.
    """
    reading = read(event)
    return None if reading is None or reading.echo else reading.text or None


def read(event: object, wrappers: int = _MAX_WRAPPERS) -> Reading | None:
    """Return the reading of an event, or None if it is unknown or inside more than ``wrappers`` wrappers."""
    if isinstance(event, tuple):
        return _read_inner(_of_tuple(event), wrappers)
    named = False
    for name, interpreters, paths in _TABLES:
        value = field(event, name)
        if isinstance(value, str):
            named = True
            if interpret := interpreters.get(value):
                return interpret(event)
            if path := paths.get(value):
                for step in path:
                    event = field(event, step)
                return _read_inner(event, wrappers)
    # A named event that is unknown is not guessed at: it may contain the keys of another provider.
    return None if named else _read_unnamed(event, wrappers)


def is_event(value: object) -> bool:
    """Return whether a value looks like the event of some provider, known or unknown."""
    return isinstance(value, tuple) or any(isinstance(field(value, name), str) for name in _FIELDS)


def _read_inner(event: object, wrappers: int) -> Reading | None:
    if wrappers == 0:
        return None
    return read(tuple(event) if isinstance(event, list) else event, wrappers - 1)


def _read_unnamed(event: object, wrappers: int) -> Reading | None:
    """Read an event without a type field: by its class, or by a key of a dict."""
    if isinstance(event, dict):
        interpret = next((BY_KEY[key] for key in BY_KEY if event.get(key) is not None), None)
    else:
        interpret = BY_CLASS.get(type(event).__name__)
    if interpret is not None:
        return interpret(event)
    # Mistral's library wraps each chunk in an event with a single field.
    wrapped = type(event).__name__ == "CompletionEvent" or (
        isinstance(event, dict) and event.keys() == {"data"}
    )
    return _read_inner(field(event, "data"), wrappers) if wrapped else None


def _of_tuple(event: tuple[object, ...]) -> object:
    """Return the content of a LangGraph tuple, or None if it does not contain a message.

    The tuple is ``(message, metadata)``. It is preceded by the mode if several modes are streamed, and that
    by the namespace, itself a tuple, if subgraphs are streamed.
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
