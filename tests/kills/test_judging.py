import json

import pytest

from componentstream import ComponentParser, ErrorEvent, MessageStop
from componentstream.core.events import ContentBlockStop
from tests.kills.judging import Received, judge
from tests.kills.upstream import Plan

PLAN = Plan(5, 600, 30, 1.0, "word")
LOST = ErrorEvent("producer_lost", "The producer is gone.", fatal=True, retryable=True)


def said(pieces):
    """Return the events of the first pieces of the plan, and those that abort them."""
    parser = ComponentParser()
    events = [event for piece in PLAN.cut()[:pieces] for event in parser.feed(piece)]
    return events, [event for event in parser.abort() if isinstance(event, ContentBlockStop)]


def whole():
    parser = ComponentParser()
    return [*parser.feed(PLAN.text()), *parser.close(), MessageStop("complete")]


def cut_off():
    events, stops = said(20)
    return [*events, LOST, *stops, MessageStop("failed")]


def received(events):
    got = Received()
    for id_, event in enumerate(events, 1):
        got.add(id_, json.dumps(event.to_dict()).encode(), now=float(id_))
    return got


def test_the_pieces_are_the_text():
    assert len(PLAN.cut()) == len(PLAN.pauses()) == 30
    assert "".join(PLAN.cut()) == PLAN.text()
    assert Plan.of(PLAN.prompt) == PLAN


def test_a_whole_stream_is_right():
    verdict = judge(PLAN, received(whole()), producer_killed=False)
    assert (verdict.wrong, verdict.producer_lost) == ([], False)


def test_a_stream_is_right_up_to_the_death_of_its_producer():
    verdict = judge(PLAN, received(cut_off()), producer_killed=True)
    assert (verdict.wrong, verdict.producer_lost) == ([], True)


def test_the_loss_of_a_producer_that_lives_is_found():
    verdict = judge(PLAN, received(cut_off()), producer_killed=False)
    assert verdict.wrong == ["producer_lost, and its process lives"]


def test_the_last_event_is_the_end():
    got = received(whole())
    assert got.ended == float(got.last)
    assert received(whole()[:-1]).ended is None


@pytest.mark.parametrize(
    ("entries", "wrong"),
    [
        ([(1, b"1"), (3, b"3")], ["1 events lost"]),
        ([(1, b"1"), (2, b"2"), (1, b"1")], ["1 events duplicate"]),
        ([(1, b"1"), (2, b"2"), (1, b"2")], ["1 events reordered"]),
        ([(2, b"2"), (1, b"1"), (2, b"2")], ["1 events lost", "1 events duplicate", "1 events reordered"]),
        ([(1, b"1"), (2, b"2"), (3, b"3")], []),
    ],
)
def test_ids_that_are_not_1_2_3_are_found(entries, wrong):
    got = Received()
    for id_, entry in entries:
        got.add(id_, b'{"type": "status", "of": "%s"}' % entry, now=0.0)
    assert got.wrong() == wrong
    assert wrong == [] or judge(PLAN, got, producer_killed=True).wrong == wrong


def without_a_delta(events):
    """Leave out the third delta, with ids that hide it, and make the lengths fit."""
    deltas = [event for event in events if event.type == "content_block_delta"]
    dropped = deltas[2]
    kept = []
    for event in events:
        if event is dropped:
            continue
        if event.type == "content_block_stop" and event.index == dropped.index:
            event = ContentBlockStop(event.index, event.reason, event.chars - len(dropped.text))
        kept.append(event)
    return kept


def test_a_missing_piece_of_text_is_found_behind_right_ids():
    wrong = judge(PLAN, received(without_a_delta(whole())), producer_killed=False).wrong
    assert wrong == ["its text is not that of the model"]
    wrong = judge(PLAN, received(without_a_delta(cut_off())), producer_killed=True).wrong
    assert wrong == ["its text is not a prefix of that of the model"]


def test_a_stream_of_another_prompt_is_found():
    other = Plan(6, 600, 30, 1.0, "word")
    wrong = judge(other, received(whole()), producer_killed=False).wrong
    assert wrong == ["its text is not that of the model"]


@pytest.mark.parametrize("reason", ["failed", "timeout", "cancelled"])
def test_an_end_for_no_reason_is_found(reason):
    (wrong,) = judge(PLAN, received([*whole()[:-1], MessageStop(reason)]), producer_killed=True).wrong
    assert wrong.startswith(f"it ended as {reason}: ")


def test_a_wrong_end_after_the_death_of_the_producer_is_found():
    events = cut_off()
    place = events.index(LOST)
    softly = ErrorEvent("producer_lost", "The producer is gone.")
    verdict = judge(
        PLAN,
        received([*events[:place], softly, *events[place + 1 : -1], MessageStop("complete")]),
        producer_killed=True,
    )
    assert verdict.wrong == [
        "it ended as complete after producer_lost",
        "producer_lost must be fatal and retryable",
    ]


def test_a_block_that_is_left_open_is_found():
    events, stops = said(20)
    assert stops
    (wrong,) = judge(PLAN, received([*events, LOST, MessageStop("failed")]), producer_killed=True).wrong
    assert "every block must be stopped" in wrong
