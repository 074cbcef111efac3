"""All providers, and the interpreters for an event."""

from collections.abc import Iterator, Mapping
from typing import Final

from componentstream.sources.providers import (
    ag_ui,
    agno,
    ai_sdk,
    anthropic,
    bedrock,
    claude_agent,
    cohere,
    errors,
    gemini,
    google_adk,
    hugging_face,
    langchain,
    langchain_events,
    llama_index,
    mistral_conversations,
    ollama,
    openai_chat,
    openai_responses,
    pydantic_ai,
    strands,
    xai,
)
from componentstream.sources.providers.reading import Interpreter, Provider, field, is_mapping

PROVIDERS: Final[tuple[Provider, ...]] = (
    anthropic.PROVIDER,
    # Before OpenAI's, whose wrappers have their data at the same key.
    strands.PROVIDER,
    openai_chat.PROVIDER,
    openai_responses.PROVIDER,
    langchain.PROVIDER,
    # Before Gemini, since its events have the usage of its responses.
    google_adk.PROVIDER,
    gemini.PROVIDER,
    pydantic_ai.PROVIDER,
    ollama.PROVIDER,
    cohere.PROVIDER,
    bedrock.PROVIDER,
    claude_agent.PROVIDER,
    langchain_events.PROVIDER,
    llama_index.PROVIDER,
    ai_sdk.PROVIDER,
    ag_ui.PROVIDER,
    mistral_conversations.PROVIDER,
    hugging_face.PROVIDER,
    xai.PROVIDER,
    agno.PROVIDER,
    errors.PROVIDER,
)
"""Where two providers use the same name, both interpreters are tried in this order."""

TYPE_FIELDS: Final = ("type", "object", "event_type", "event_kind", "event")


def _merged(tables: Iterator[Mapping[str, Interpreter]]) -> dict[str, tuple[Interpreter, ...]]:
    merged: dict[str, tuple[Interpreter, ...]] = {}
    for table in tables:
        for key, interpret in table.items():
            merged[key] = (*merged.get(key, ()), interpret)
    return merged


_FIELDS: Final = tuple(
    (name, _merged(provider.fields.get(name, {}) for provider in PROVIDERS)) for name in TYPE_FIELDS
)
_CLASSES: Final = _merged(provider.classes for provider in PROVIDERS)
_CLASS_NAMES: Final = {name.partition(":")[2] for name in _CLASSES}
_SHAPES: Final = _merged(provider.shapes for provider in PROVIDERS)
_BY_KEY: Final = _merged(provider.keys for provider in PROVIDERS)
# An error counts first, since it may have other keys beside it.
_KEYS: Final = {key: _BY_KEY[key] for key in sorted(_BY_KEY, key=lambda key: key != "error")}
_TUPLES: Final = tuple(provider.tuples for provider in PROVIDERS if provider.tuples is not None)


def interpreters(event: object) -> Iterator[Interpreter]:
    """Yield the interpreters that may know an event, best first."""
    if isinstance(event, tuple):
        yield from _TUPLES
        return
    named = False
    for name, by_value in _FIELDS:
        value = field(event, name)
        if isinstance(value, str):
            named = True
            yield from by_value.get(value, ())
    if not isinstance(event, dict):
        yield from _of_class(type(event))
    for key, by_shape in _SHAPES.items():
        if field(event, key) is not None:
            yield from by_shape
    # An unknown event with a name is not guessed at: it may contain the keys of another provider.
    if not named and is_mapping(event):
        for key, by_key in _KEYS.items():
            if field(event, key) is not None:
                yield from by_key


def names_event_type(name: str) -> bool:
    """Return whether ``name`` is a known value of the field ``type``."""
    return name in _FIELDS[0][1]


def _of_class(kind: type) -> Iterator[Interpreter]:
    # The name alone is not enough: `ChatResponse` is a class of Ollama's library and of LlamaIndex.
    for base in kind.__mro__:
        if base.__name__ in _CLASS_NAMES:
            package = base.__module__
            while package:
                yield from _CLASSES.get(f"{package}:{base.__name__}", ())
                package = package.rpartition(".")[0]
