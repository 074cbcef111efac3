"""A small profile of the session machine, the faults that it finds, and the laws of sessions."""

import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.core.buffer import ComponentBuffer
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.events import ContentBlockDelta, ErrorEvent, MessageStop, StatusEvent
from componentstream.core.parser import ComponentParser
from componentstream.session.batching import DeltaBatcher
from componentstream.session.lifecycle import ErrorWindow
from componentstream.session.session import GenerationSession
from componentstream.testing import EventVerifier, merge_deltas
from tests.properties import session_machine
from tests.properties.cases import cases

CRITICAL = Catalog([ComponentSpec(name, critical=True) for name in ("A", "HeroSection", "Nav")])
ENDINGS = ("finish", "cancel", "tick", "fail")


def test_a_small_run_finds_no_difference():
    wanted = {"done", "failed", "timed_out", "cancelled", "error_threshold"}
    seen = set()
    # Which runs a seed makes is up to the version of Hypothesis; a few seeds see everything in any.
    for seed in range(10):
        figures = session_machine.run(100, 30, seed)
        assert figures.runs >= 100
        seen |= {*figures.endings, *figures.errors} & wanted
        if seen == wanted:
            break
    assert seen == wanted


class ForgetsTheEdge(GenerationSession):
    """Lets a deadline pass that is just now."""

    def tick(self, now):
        return [] if now == self.next_deadline() else super().tick(now)


class StopsTwice(GenerationSession):
    """Says twice that it has been cancelled."""

    def cancel(self, now):
        events = super().cancel(now)
        return events + events[-1:]


class LosesTheCritical(GenerationSession):
    """Never makes an error retryable."""

    def finish(self, now):
        return [
            attrs.evolve(event, retryable=False) if isinstance(event, ErrorEvent) else event
            for event in super().finish(now)
        ]


class CountsTooFar(GenerationSession):
    """Bears one error more."""

    def __init__(self, *, error_window, **others):
        super().__init__(
            error_window=attrs.evolve(error_window, max_errors=error_window.max_errors + 1), **others
        )


@pytest.mark.parametrize("faulty", [ForgetsTheEdge, StopsTwice, LosesTheCritical, CountsTooFar])
def test_the_machine_notices_a_fault(faulty, monkeypatch):
    monkeypatch.setattr(session_machine, "GenerationSession", faulty)
    with pytest.raises((AssertionError, ValueError, ExceptionGroup)):
        run_seeds(20)


def run_seeds(count):
    for seed in range(count):
        session_machine.run(150, 30, seed, shrink=False)


def test_the_command_says_what_it_has_done():
    command = [
        sys.executable,
        str(Path(session_machine.__file__)),
        "--runs",
        "5",
        "--steps",
        "5",
        "--seed",
        "2",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("seed 2: ")
    assert lines[-1] == "no difference from the model"


@st.composite
def sessions(draw):
    """Draw a case, the pauses before its chunks, and how the session ends if nothing else ends it."""
    case = draw(cases())
    pauses = draw(st.lists(st.sampled_from([0.0, 0.0, 0.5, 2.0]), min_size=1, max_size=5))
    return case, pauses, draw(st.sampled_from(ENDINGS))


def session_of(case, **settings):
    buffer = ComponentBuffer(catalog=CRITICAL)
    return GenerationSession(parser=ComponentParser(case.grammar, case.limits), buffer=buffer, **settings)


def play(case, pauses, ending):
    """Yield the time and the events of each call of a session."""
    session = session_of(case)
    now = 0.0
    yield now, session.start(now)
    for at, chunk in enumerate(case.chunks):
        now += pauses[at % len(pauses)]
        yield now, session.feed(chunk, now)
    if ending == "fail":
        yield now, session.report_error("source_failed", "Gone.", now, fatal=True)
    else:
        now += 60.0
        yield now, getattr(session, ending)(now)


@given(sessions())
def test_the_events_are_well_formed_after_every_call_and_end_with_the_only_message_stop(session):
    verifier, events = EventVerifier(), []
    for _, answer in play(*session):
        verifier.check_all(answer)
        events += answer
    verifier.finish()
    assert [isinstance(event, MessageStop) for event in events].index(True) == len(events) - 1
    agree(events, events[-1].stats)


def agree(events, stats):
    """Check the final figures against the events that were seen."""
    errors = [event.code for event in events if isinstance(event, ErrorEvent)]
    assert stats["errors_by_code"] == {code: errors.count(code) for code in errors}
    counts = [event.components_completed for event in events if isinstance(event, StatusEvent)]
    assert counts == sorted(counts)
    assert stats["components_started"] == stats["components_completed"] == len(stats["component_times"])
    assert sum(stats["components_by_reason"].values()) == stats["components_completed"]


@given(sessions(), st.integers(1, 40), st.lists(st.booleans(), min_size=1))
def test_batching_keeps_the_text_for_any_schedule_of_ticks(session, max_chars, ticks):
    batcher = DeltaBatcher(max_chars=max_chars)
    came, left = [], []
    for at, (now, events) in enumerate(play(*session)):
        came += events
        if ticks[at % len(ticks)]:
            left += batcher.tick(now)
        left += batcher.feed(events, now)
    left += batcher.close()
    assert merge_deltas(left) == merge_deltas(came)
    EventVerifier().check_all(left)
    texts = {event.text for event in came if isinstance(event, ContentBlockDelta)}
    longer = [
        event.text for event in left if isinstance(event, ContentBlockDelta) and len(event.text) > max_chars
    ]
    assert set(longer) <= texts


@given(cases(), st.integers(0, 3))
def test_cuts_make_no_difference_to_a_session(case, max_errors):
    def content(chunks):
        session = session_of(case, error_window=ErrorWindow(max_errors))
        events = session.start(0.0)
        for chunk in chunks:
            events += session.feed(chunk, 0.0)
        events += [] if session.ended else session.finish(0.0)
        return [comparable(event) for event in merge_deltas(events) if not isinstance(event, StatusEvent)]

    def comparable(event):
        if isinstance(event, MessageStop):
            return event.reason
        trimmed = getattr(event, "reason", "") == "aborted" and event.trimmed > 0
        return attrs.evolve(event, trimmed=1) if trimmed else event

    assert content(case.chunks) == content([case.text]) == content(list(case.text))
