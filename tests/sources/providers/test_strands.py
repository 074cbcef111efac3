"""Strands Agents, as its events, which are dicts."""

from types import SimpleNamespace

import pytest

from componentstream.sources import Usage
from componentstream.sources.extract import read
from tests.sources import recorded
from tests.sources.libraries import all_pieces_of, outcome, pieces_of
from tests.sources.providers.test_bedrock import converse


def text(piece):
    return {"data": piece, "delta": {"text": piece}, "agent": object()}


def result(reason="end_turn"):
    message = {"role": "assistant", "content": [{"toolUse": {}}, {"text": recorded.TEXT}]}
    metrics = SimpleNamespace(accumulated_usage={"inputTokens": 9, "outputTokens": 3})
    return {"result": SimpleNamespace(stop_reason=reason, message=message, metrics=metrics)}


def test_the_events_of_an_agent():
    events = [{"init_event_loop": True}, {"start": True}, {"start_event_loop": True}]
    for event in converse():
        piece = event.get("contentBlockDelta", {}).get("delta", {}).get("text")
        events += [{"event": event}, *([] if piece is None else [text(piece)])]
    events += [{"message": {"role": "assistant", "content": [{"text": "no text"}]}}, result()]
    assert all_pieces_of(events)[1:] == [*recorded.PIECES, Usage(9, 3)]


def test_events_that_are_filtered():
    assert pieces_of(map(text, recorded.PIECES)) == recorded.PIECES
    assert all_pieces_of([result()]) == [recorded.TEXT, Usage(9, 3)]


def test_an_agent_among_others():
    event = {"event": {"event": converse()[3]}, "multi_agent_node_stream": True, "node_id": "n"}
    assert pieces_of([event])[0] == recorded.PIECES[0]


@pytest.mark.parametrize(
    ("end", "errors"),
    [
        (result("max_tokens"), ("source_truncated(max_tokens)",)),
        (
            {"force_stop": True, "force_stop_reason": "server_error"},
            ("source_failed!~(server_error)",),
        ),
        ({"force_stop": True, "force_stop_reason": "It broke."}, ("source_failed!",)),
    ],
)
def test_ends(end, errors):
    assert outcome(pieces_of([text("Hi"), end])) == ("Hi", errors)


@pytest.mark.parametrize("event", [{"data": "text"}, {"data": {}, "delta": {}}, {"event": 1}, {"result": {}}])
def test_what_is_not_of_strands_is_not_known(event):
    assert read(event) is None
