"""The order of messages, judged by the ids of events."""

import pytest

from componentstream.sources._message_order import MessageOrder


def spliced(*events, starts=False):
    order = MessageOrder()
    return [order.is_spliced(name, starts=starts, has_content=content) for name, content in events]


@pytest.mark.parametrize(
    ("events", "at"),
    [
        ([("a", True), ("a", True)], None),
        ([("a", True), ("a", True), ("b", True)], 2),
        ([("a", False), ("a", True), ("b", False)], 2),
        ([("a", True), ("b", True), ("b", True)], 2),
        ([("a", True), ("b", True), ("c", True), ("d", True), ("d", True)], None),
        ([("a", False), ("b", True), ("b", True)], None),
        ([("a", False), ("a", False), ("b", True), ("b", True)], None),
        ([(None, True), ("a", True), ("a", True)], None),
        ([("a", True), (None, True), ("a", True)], None),
    ],
)
def test_another_id_is_another_message_if_one_of_the_two_comes_more_than_once(events, at):
    assert spliced(*events) == [number == at for number in range(len(events))]


def test_an_announced_message_with_another_id_is_another_one_at_once():
    assert spliced(("a", False), ("b", False), starts=True) == [False, True]
    assert spliced(("a", True), ("a", True), starts=True) == [False, False]
