"""A source of pieces gives the same events for every cut of its text, and the statistics add up."""

import math
from collections import Counter
from functools import partial

import attrs
from hypothesis import given
from hypothesis import strategies as st

from componentstream.core.events import (
    ContentBlockDelta,
    ErrorEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    UsageEvent,
)
from componentstream.drive.decoding import decoder_of
from componentstream.drive.generation import Generation
from componentstream.drive.plain import parse
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession, Timeouts
from componentstream.sources import Reasoning, SourceError, TextDecoder, Usage
from componentstream.testing import EventVerifier, merge_deltas, strategies

COUNTS = st.none() | st.integers(0, 9)
SIGNALS = st.one_of(
    st.builds(Reasoning, st.sampled_from(["", "so", "/// START Hidden\n"])),
    st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS),
    st.just(SourceError("source_truncated", "Cut.")),
    st.just(SourceError("source_failed", "Gone.", fatal=True)),
)
# Texts with pieces between them, and the same source with each text cut in some way.
SOURCES = st.lists(strategies.documents() | SIGNALS, max_size=5).flatmap(
    lambda whole: st.tuples(
        st.just(whole),
        st.tuples(
            *[strategies.chunkings(item) if isinstance(item, str) else st.just([item]) for item in whole]
        ),
    )
)


def verified(events):
    verifier = EventVerifier()
    verifier.check_all(events)
    verifier.finish()
    return merge_deltas(events)


def ran(chunks, *, batcher=None, decoder=None):
    """Return the events of a session over the chunks, all at one moment."""
    session = GenerationSession(timeouts=Timeouts(None, None))
    generation = Generation(session, decoder_of(decoder, session.grammar), batcher, lambda: 1.0, list)
    generation.start()
    for chunk in chunks:
        generation.chunk(chunk)
        if generation.ended:
            break
    else:
        generation.source_ended()
    assert generation.deadline() == math.inf
    return verified(generation.take())


def without_counts(events):
    """Leave out what depends on the cuts by its meaning: the counts of chunks, and of characters so far."""
    stop = events[-1]
    assert isinstance(stop, MessageStop)
    rest = [attrs.evolve(event, chars=0) if type(event) is StatusEvent else event for event in events[:-1]]
    return [*rest, MessageStop(stop.reason, {**stop.stats, "chunks": None, "longest_gap": None})]


@given(SOURCES)
def test_the_parser_gives_the_same_events_for_every_cut_between_the_same_pieces(source):
    whole, cut = source
    chunks = [chunk for item in cut for chunk in item]
    assert verified(list(parse(chunks))) == verified(list(parse(whole)))


@given(SOURCES)
def test_a_session_gives_the_same_events_for_every_cut_between_the_same_pieces(source):
    whole, cut = source
    chunks = [chunk for item in cut for chunk in item]
    assert without_counts(ran(chunks)) == without_counts(ran(whole))


@given(SOURCES)
def test_a_batcher_changes_only_how_the_text_is_divided(source):
    _, cut = source
    chunks = [chunk for item in cut for chunk in item]
    # A status tells the count of characters at its moment, and held text is counted later.
    timeless = partial(filter, lambda event: not isinstance(event, StatusEvent))
    assert [*timeless(ran(chunks, batcher=DeltaBatcher()))] == [*timeless(ran(chunks))]


@given(SOURCES)
def test_pieces_pass_beside_the_chunks_of_any_decoder(source):
    whole, _ = source
    data = [item.encode("utf-8", "replace") if isinstance(item, str) else item for item in whole]
    decoded = [item.decode() if isinstance(item, bytes) else item for item in data]
    assert verified(list(parse(data, decoder=TextDecoder))) == verified(list(parse(decoded, decoder=Plain)))


class Plain:
    """A decoder that returns the chunks themselves."""

    def feed(self, chunk):
        return [chunk] if chunk else []

    def close(self):
        return []


@given(SOURCES)
def test_the_statistics_add_up(source):
    whole, cut = source
    chunks = [chunk for item in cut for chunk in item]
    events = ran(chunks)
    stats = events[-1].stats
    usage = [event.counts() for event in events if isinstance(event, UsageEvent)]
    assert stats["usage"] == (usage[-1] if usage else None)
    assert stats["errors_by_code"] == Counter(event.code for event in events if isinstance(event, ErrorEvent))
    thoughts = "".join(event.text for event in events if isinstance(event, ReasoningEvent))
    given_thoughts = "".join(item.text for item in whole if isinstance(item, Reasoning))
    assert given_thoughts.startswith(thoughts)
    shown = sum(len(event.text) for event in events if isinstance(event, ContentBlockDelta))
    assert shown <= stats["chars"] <= sum(len(item) for item in whole if isinstance(item, str))
