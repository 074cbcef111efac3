"""Google's Agent Development Kit, as objects of the library and as JSON.

The library needs older versions of others than the tests: see ``stand_in``.
"""

import pytest

from componentstream.sources import Reasoning, Usage
from componentstream.sources.pieces import INCOMPLETE
from tests.sources import recorded, stand_in
from tests.sources.libraries import all_pieces_of, outcome, pieces_of

USAGE = {"prompt_token_count": 9, "candidates_token_count": 3}


def fields(*texts, thought=None, **more):
    parts = [{"text": text, "thought": thought} for text in texts]
    return {"invocation_id": "i", "author": "a", "content": {"role": "model", "parts": parts}, **more}


def event(*texts, **more):
    return stand_in.of("google.adk.events.event", "Event")(**fields(*texts, **more))


@pytest.mark.parametrize("make", [event, fields])
def test_the_whole_after_its_parts_is_not_text_again(make):
    partial = [make(piece, partial=True) for piece in recorded.PIECES]
    whole = make(recorded.TEXT, partial=False, turn_complete=True, usage_metadata=USAGE)
    assert all_pieces_of([*partial, whole]) == [*recorded.PIECES, Usage(9, 3)]
    assert pieces_of([whole]) == [recorded.TEXT]
    assert pieces_of(partial) == [*recorded.PIECES, INCOMPLETE]


def test_thoughts_and_the_words_of_the_user_are_not_text():
    thought = event("no text", thought=True, partial=True)
    events = [event("no text", author="user"), thought, event("Hi", partial=True), event("Hi")]
    assert all_pieces_of(events, thinking="emit") == [Reasoning("no text"), "Hi"]


@pytest.mark.parametrize("make", [event, fields])
@pytest.mark.parametrize(
    ("end", "error"),
    [
        ({"finish_reason": "MAX_TOKENS", "error_code": "MAX_TOKENS"}, "source_truncated(max_tokens)"),
        ({"finish_reason": "SAFETY", "error_code": "SAFETY"}, "source_failed!(safety)"),
        ({"error_code": "RESOURCE_EXHAUSTED"}, "source_failed!~(RESOURCE_EXHAUSTED)"),
        ({"error_code": "503"}, "source_failed!~"),
        ({"error_code": "UNKNOWN_ERROR"}, "source_failed!(UNKNOWN_ERROR)"),
    ],
)
def test_ends(make, end, error):
    assert outcome(pieces_of([make("Hi", partial=True), make(**end)])) == ("Hi", (error,))


def test_events_of_its_server():
    parts = {"parts": [{"text": "Hi"}], "role": "model"}
    line = {"invocationId": "i", "author": "a", "content": parts}
    assert pieces_of([{**line, "partial": True}, {**line, "finishReason": "STOP"}]) == ["Hi"]
    assert outcome(pieces_of([{**line, "errorCode": "500"}])) == ("Hi", ("source_failed!~",))
