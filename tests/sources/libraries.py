"""Helpers of the tests with the real libraries of providers."""

import inspect

from componentstream.sources import SourceDecoder, SourceError, extract_text
from tests.sources import recorded

ASK = [{"role": "user", "content": "A page, please."}]


def pieces_of(events):
    """Return text and errors; usage and reasoning have tests of their own."""
    return said(all_pieces_of(events))


def all_pieces_of(events, **options):
    """Return all pieces of a source."""
    decoder = SourceDecoder(**options)
    return [piece for event in events for piece in decoder.feed(event)] + decoder.close()


def said(pieces):
    """Return the text and the errors among pieces."""
    return [piece for piece in pieces if isinstance(piece, str | SourceError)]


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


def outcome(pieces):
    """Return the text of pieces and their errors, in the words of ``tests.sources.shapes``."""
    errors = [piece for piece in pieces if isinstance(piece, SourceError)]
    return "".join(piece for piece in pieces if isinstance(piece, str)), tuple(map(_in_short, errors))


def _in_short(error):
    signs = "!" * error.fatal + "~" * error.retryable
    word = error.message.rstrip(".").split()[-1]
    named = error.code in {"source_failed", "source_truncated"} and word != "error"
    return f"{error.code}{signs}({word})" if named else f"{error.code}{signs}"
