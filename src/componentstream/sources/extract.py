"""One event of a provider to its text."""

from typing import Final

from componentstream.sources.providers.reading import Inner, Reading, field
from componentstream.sources.providers.registry import TYPE_FIELDS, interpreters

_MAX_WRAPPERS: Final = 4
"""A message of LangGraph may be inside a dict, a tuple with its mode and a tuple with its metadata."""


def extract_text(event: object) -> str | None:
    """Return the text that an event of a provider adds to the answer, or None.

    Known are the events of Anthropic messages, OpenAI chat completions, completions and responses, Google's
    ``generate_content`` and interactions, Amazon Bedrock, Mistral, Ollama, Cohere, Hugging Face and xAI; of
    the libraries LiteLLM, LangChain, LangGraph, LlamaIndex, Pydantic AI, OpenAI agents, Claude Agent SDK,
    Google ADK, Strands and Agno; and of the AI SDK and AG-UI; as objects of their libraries and as dicts. The
    result is None for unknown events, thoughts, tool arguments, refusals, and for events that repeat the text
    of others. So the joined texts of all events of a stream are the answer.

    Use a :class:`~componentstream.sources.SourceDecoder` to detect errors and incomplete answers.
    """
    reading = read(event)
    return None if reading is None or reading.echo else reading.text or None


def read(event: object) -> Reading | None:
    """Return the reading of an event, or None if it is unknown or inside too many wrappers."""
    for _ in range(_MAX_WRAPPERS + 1):
        found = _first_reading(event)
        if not isinstance(found, Inner):
            return found
        event = found.event
    return None


def is_event(value: object) -> bool:
    """Return whether a value looks like the event of some provider, known or unknown."""
    return isinstance(value, tuple) or any(isinstance(field(value, name), str) for name in TYPE_FIELDS)


def _first_reading(event: object) -> Reading | Inner | None:
    for interpret in interpreters(event):
        found = interpret(event)
        if found is not None:
            return found
    return None
