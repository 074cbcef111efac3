"""The events of a stream that a client received, and whether they are right."""

import hashlib
import json

import attrs

from componentstream.core.event_json import event_from_dict
from componentstream.core.events import ErrorEvent, MessageStop
from componentstream.testing import EventGrammarError, EventVerifier
from tests.kills.upstream import spell, spelt_whole


@attrs.define
class Received:
    """The events of one stream, from all connections of a client.

    Attributes:
        entries: Their data, in order; the first has the ID 1.
        lost: Number of skipped IDs.
        duplicate: Number of repeated events.
        reordered: Number of IDs that came again with other data.
        ended: Time of the last event, None before.
    """

    entries: list = attrs.field(factory=list)
    lost: int = 0
    duplicate: int = 0
    reordered: int = 0
    ended: float | None = None

    @property
    def last(self):
        return len(self.entries)

    def add(self, id_, data, now):
        """Add the next event; return True if it is the last."""
        if id_ == self.last + 1:
            self.entries.append(data)
        elif id_ > self.last + 1:
            self.lost += id_ - self.last - 1
            self.entries += [b"null"] * (id_ - self.last - 1) + [data]
        elif self.entries[id_ - 1] == data:
            self.duplicate += 1
        else:
            self.reordered += 1
        if json.loads(data)["type"] == MessageStop.type:
            self.ended = now
        return self.ended is not None

    def wrong(self):
        """Return the faults of the IDs."""
        counts = {"lost": self.lost, "duplicate": self.duplicate, "reordered": self.reordered}
        return [f"{count} events {fault}" for fault, count in counts.items() if count]


@attrs.frozen
class Verdict:
    """The verdict on a stream.

    Attributes:
        wrong: Faults.
        producer_lost: True if it ended because its producer died.
    """

    wrong: list
    producer_lost: bool


def judge(plan, received, *, producer_killed):
    """Compare the received events with the answer of the model.

    Args:
        plan: Plan of the answer.
        received: Events of the complete stream.
        producer_killed: True if the process that called the model was killed before the stream ended.
    """
    if wrong := received.wrong():
        return Verdict(wrong, producer_lost=False)
    events = [event_from_dict(json.loads(data)) for data in received.entries]
    verifier = EventVerifier()
    try:
        verifier.check_all(events)
        verifier.finish()
    except EventGrammarError as error:
        return Verdict([str(error)], producer_lost=False)
    errors = [place for place, event in enumerate(events) if _is_lost(event)]
    if not errors:
        return Verdict(_wrong_whole(plan, events), producer_lost=False)
    wrong = [] if producer_killed else ["producer_lost, and its process lives"]
    return Verdict(wrong + _wrong_part(plan, events, errors[0]), producer_lost=True)


def _is_lost(event):
    return isinstance(event, ErrorEvent) and event.code == "producer_lost"


def _wrong_whole(plan, events):
    if events[-1].reason != "complete":
        return [f"it ended as {events[-1].reason}: {[e for e in events if isinstance(e, ErrorEvent)]}"]
    same = _digest(spell(events)) == _digest(spelt_whole(plan))
    return [] if same else ["its text is not that of the model"]


def _wrong_part(plan, events, place):
    wrong = []
    if events[-1].reason != "failed":
        wrong.append(f"it ended as {events[-1].reason} after producer_lost")
    if not (events[place].fatal and events[place].retryable):
        wrong.append("producer_lost must be fatal and retryable")
    part = spell(events[:place])
    if _digest(part) != _digest(spelt_whole(plan)[: len(part)]):
        wrong.append("its text is not a prefix of that of the model")
    return wrong


def _digest(spelt):
    return hashlib.sha256(spelt).digest()
