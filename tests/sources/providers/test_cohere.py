"""Cohere, as single events."""

from componentstream.sources.pieces import INCOMPLETE
from tests.sources import recorded
from tests.sources.libraries import pieces_of


def test_the_events_of_a_chat_give_the_answer():
    assert pieces_of(recorded.cohere()) == recorded.PIECES
    assert pieces_of(recorded.cohere()[:-1]) == [*recorded.PIECES, INCOMPLETE]


def test_a_limit_is_reported():
    assert pieces_of(recorded.cohere("MAX_TOKENS"))[-1].code == "source_truncated"
