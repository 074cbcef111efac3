"""Helpers of the tests with the real libraries of providers."""

import inspect

from componentstream.sources import SourceDecoder, extract_text
from tests.sources import recorded

ASK = [{"role": "user", "content": "A page, please."}]


def pieces_of(events):
    decoder = SourceDecoder()
    return [piece for event in events for piece in decoder.feed(event)] + decoder.close()


def assert_is_the_answer(events, pieces=recorded.PIECES):
    """Assert that events give the text once: as a stream and one by one, as objects and as dicts."""
    assert all(not isinstance(event, str | bytes | dict) for event in events)
    assert pieces_of(events) == pieces
    assert "".join(text for text in map(extract_text, events) if text) == "".join(pieces)
    if all(hasattr(event, "model_dump") for event in events):
        assert pieces_of([event.model_dump() for event in events]) == pieces


async def all_of(stream):
    """Return all items of an asynchronous iterable, or of the one that a coroutine returns."""
    if inspect.isawaitable(stream):
        stream = await stream
    return [item async for item in stream]
