"""The tokens of all messages of a source together."""

from componentstream.sources import Usage
from componentstream.sources._message_usage import MessageUsage
from componentstream.sources.providers.reading import Reading


def counted(*readings, ended=False):
    usage = MessageUsage()
    for reading in readings:
        usage.add(reading, ended=ended)
    return usage.changes()


def test_reports_of_a_message_replace_each_other_and_never_shrink():
    assert counted(Reading(usage=Usage(9, 1)), Reading(usage=Usage(None, 3)), Reading(usage=Usage(0, 5))) == [
        Usage(9, 5)
    ]


def test_increments_are_added_up_and_their_echo_is_not():
    part = Reading(usage=Usage(1, 2), adds_usage=True)
    assert counted(part, part, part._replace(echo=1)) == [Usage(2, 4)]
    assert counted(part._replace(echo=1)) == [Usage(1, 2)]


def test_messages_are_added_up_by_their_ids_and_by_their_beginnings():
    first, second = (Reading(usage=Usage(1, 2), id=name) for name in "ab")
    assert counted(first, second, ended=True) == [Usage(2, 4)]
    assert counted(first, second) == [Usage(1, 2)]
    started = Reading(usage=Usage(1, 2), starts=True)
    assert counted(started, started, ended=True) == [Usage(2, 4)]


def test_only_changes_are_returned():
    usage = MessageUsage()
    assert usage.changes() == []
    usage.add(Reading(usage=Usage(1)), ended=False)
    assert usage.changes() == [Usage(1)]
    assert usage.changes() == []


def test_an_event_without_usage_counts_nothing():
    assert counted(Reading("a")) == []
