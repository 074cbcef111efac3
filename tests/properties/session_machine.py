"""Hold sessions against a model of them: random calls on a clock that the machine owns.

    python tests/properties/session_machine.py --runs 20000 --steps 50

The model writes the rules down a second time, in the plainest way: it keeps the whole text and the time of
every error, and knows each event that the next call must return. A run is one sequence of calls, over several
sessions when the first ones end early. The events also go through a DeltaBatcher with a schedule of its
own, which must not change the text.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import attrs
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from componentstream.core.buffer import ComponentBuffer
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.errors import UsageError
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Finding,
    FindingEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    UsageEvent,
)
from componentstream.core.limits import Limits
from componentstream.core.parser import ComponentParser
from componentstream.session.batching import DeltaBatcher
from componentstream.session.hooks import ComponentFinished, ErrorReported, StreamFinished, StreamStarted
from componentstream.session.session import ErrorWindow, GenerationSession, Timeouts
from componentstream.testing import EventVerifier, merge_deltas

CRITICAL = "A"

PIECES = (
    "/// START A\n", "/// START B\n", "/// START B position=hero\n", "/// END A\n", "/// END B\n",
    "/// START A\nx\n/// END A\n", "/// START B\nyy\n/// END B\n", "/// START\n", "/// END\n",
    "/// START\n/// END", "/// START\n/// START\n/// START\n/// START\ntail", "/// END 9\n", "/// ", "///",
    "/// START A position=moon\n", " ", "x", "text\n", "\n", "```\n", "```", "long text with no end to it",
    "", "", "START A\n", "END\n",
)  # fmt: skip
WELL_WRITTEN = ("/// START A\n", "/// START B\n", "text\n", "x", "/// END A\n", "/// END B\n", PIECES[5])
STEPS = (0.0, 0.0, 0.0, 0.25, 0.5, 1.0, 2.5, 5.0, 5.25, 15.0)
CODES = ("invalid_chunk", "invalid_chunk", "source_failed", "source_truncated")
REPORTS = (
    ReasoningEvent("so"),
    ReasoningEvent("so"),
    ReasoningEvent(""),
    UsageEvent(8),
    UsageEvent(8, 1),
    UsageEvent(),
    UsageEvent(output_tokens=2, cached_tokens=0),
    FindingEvent(Finding("near-miss", "info", "Look.")),
)
LIMITS = (
    Limits(),
    Limits(),
    Limits(max_component_chars=6),
    Limits(max_components=2),
    Limits(max_errors=2),
    Limits(max_total_chars=60),
)
TIMEOUTS = (Timeouts(), Timeouts(4, 1.5), Timeouts(None, 5), Timeouts(5.0, None), Timeouts(None, None))
WINDOWS = (ErrorWindow(), ErrorWindow(), ErrorWindow(0), ErrorWindow(1, 0.5), ErrorWindow(2, 30))


ANY_PIECE = st.sampled_from(PIECES) | st.sampled_from(WELL_WRITTEN)
TEXTS = st.lists(ANY_PIECE, min_size=2, max_size=12) | st.lists(st.sampled_from(WELL_WRITTEN), min_size=2)


class MisuseError(Exception):
    """The model expects a UsageError."""


@attrs.define(eq=False)
class Figures:
    """Statistics of a run of the machine, over all sessions."""

    runs: int = 0
    calls: int = 0
    events: int = 0
    endings: Counter = attrs.field(factory=Counter)
    errors: Counter = attrs.field(factory=Counter)


FIGURES = Figures()


class Model:
    """The specified behaviour of a session, written as a list of cases."""

    def __init__(self, limits, timeouts, window):
        self.limits, self.timeouts, self.window = limits, timeouts, window
        self.parser = ComponentParser(limits=limits)
        self.state = "idle"
        self.text = ""
        self.now = self.started = self.heard = None
        self.counted = []
        self.open = {}
        self.times = []
        self.reasons, self.errors = Counter(), Counter()
        self.chunks = self.begun = 0
        self.first_chunk = self.first_component = self.gap = None
        self.lost = False
        self.counts = []
        self.thought_at = None
        self.skipped = 0

    def call(self, name, now, **arguments):
        """Return the events that the call must return; raise MisuseError if it must be refused."""
        if self.state == "idle" and name not in {"start", "cancel"}:
            raise MisuseError
        if self.state != "idle" and name == "start":
            raise MisuseError
        if self.state == "done" and name in {"feed", "report", "report_error", "finish"}:
            raise MisuseError
        if self.state not in {"idle", "streaming"}:
            return []
        if self.now is not None and now < self.now:
            raise MisuseError
        self.now = now
        return getattr(self, name)(**arguments)

    def deadline(self):
        if self.state != "streaming":
            return None
        return min((due for due, _, _ in self.deadlines()), default=None)

    def deadlines(self):
        both = []
        if self.timeouts.generation is not None:
            message = (
                f"The generation took longer than {self.timeouts.generation:g} seconds; if it may, raise "
                "Timeouts.generation."
            )
            both.append((self.started + self.timeouts.generation, "generation_timeout", message))
        if self.timeouts.chunk is not None:
            seconds = f"{self.timeouts.chunk:g} seconds"
            message = f"The source sent nothing for {seconds}; if it may, raise Timeouts.chunk."
            both.append((self.heard + self.timeouts.chunk, "chunk_timeout", message))
        return both

    def start(self):
        self.state = "streaming"
        self.started = self.heard = self.now
        return [self.status("started")]

    def feed(self, text):
        self.hear()
        if text:
            if not self.chunks:
                self.first_chunk = self.now - self.started
            self.chunks += 1
        self.text += text
        return self.outcome(self.parser.feed(text))

    def finish(self):
        out = [self.status("finishing"), *self.outcome(self.parser.close())]
        if self.state == "streaming":
            out.append(self.end("failed" if self.lost else "done"))
        return out

    def cancel(self):
        out = self.told(self.parser.abort()) if self.state == "streaming" else []
        return [*out, self.end("cancelled")]

    def tick(self):
        passed = [due for due in self.deadlines() if due[0] <= self.now]
        if not passed:
            return []
        _, code, message = min(passed, key=lambda due: due[0])
        error = ErrorEvent(code, message, fatal=True, retryable=True)
        return [*self.told(self.broken_off(error)), self.end("timed_out")]

    def report_error(self, code, fatal, retryable):
        if code == "invalid_chunk":
            self.hear()
        error = ErrorEvent(code, "Something failed.", fatal=fatal, retryable=retryable)
        if not fatal and code == "invalid_chunk" and self.is_one_too_many():
            error = self.threshold(error)
        if not error.fatal:
            return self.told([error])
        return [*self.told(self.broken_off(error)), self.end("failed")]

    def report(self, event):
        if isinstance(event, FindingEvent):
            return [event]
        self.hear()
        if isinstance(event, ReasoningEvent):
            begins = self.thought_at != len(self.text)
            self.thought_at = len(self.text)
            return [self.status("thinking")] * begins + [event] * bool(event.text)
        before = self.usage()
        self.counts.append(event.counts())
        return [] if self.usage() == before else [UsageEvent(**self.usage())]

    def usage(self):
        """Return the latest of each count, None if there are none."""
        latest = dict.fromkeys(UsageEvent().counts())
        for counts in self.counts:
            latest.update({name: count for name, count in counts.items() if count is not None})
        return latest if any(count is not None for count in latest.values()) else None

    def hear(self):
        if self.chunks:
            self.gap = max(self.gap or 0.0, self.now - self.heard)
        self.heard = self.now

    def is_one_too_many(self):
        self.counted.append(self.now)
        recent = [at for at in self.counted if self.now - at <= self.window.seconds]
        return len(recent) > self.window.max_errors

    def threshold(self, error):
        window = self.window
        counted = f"{window.max_errors} errors within {window.seconds:g} seconds"
        message = f"There were more than {counted} (ErrorWindow)."
        return attrs.evolve(error, code="error_threshold", message=message, fatal=True)

    def broken_off(self, error):
        rest = [event for event in self.parser.abort() if not (isinstance(event, ErrorEvent) and event.fatal)]
        stops = [event for event in rest if isinstance(event, ContentBlockStop)]
        return [*rest[: len(rest) - len(stops)], error, *stops]

    def outcome(self, events):
        for at, event in enumerate(events):
            malformed = isinstance(event, ErrorEvent) and event.code == "malformed_marker"
            if malformed and self.is_one_too_many():
                # As if the text had ended before the line that was one too many.
                parser = ComponentParser(limits=self.limits)
                parser.feed(self.text[: event.span[0]])
                stops = [stop for stop in parser.abort() if isinstance(stop, ContentBlockStop)]
                events = [*events[:at], self.threshold(event), *stops]
                break
        out = self.told(events)
        if any(isinstance(event, ErrorEvent) and event.fatal for event in out):
            out.append(self.end("failed"))
        return out

    def told(self, events):
        """Return the events with progress, and with the errors of critical components retryable."""
        out = []
        for event in events:
            out.append(event)
            if isinstance(event, ErrorEvent):
                self.errors[event.code] += 1
            elif isinstance(event, ContentBlockStart) and isinstance(event.block, ComponentBlock):
                self.begun += 1
                self.open[event.index] = event.block.name, self.now
                if self.first_component is None:
                    self.first_component = self.now - self.started
            elif isinstance(event, ContentBlockStop) and event.index in self.open:
                out += self.completed(event, out)
        return out

    def completed(self, stop, out):
        name, since = self.open.pop(stop.index)
        self.times.append({"index": stop.index, "name": name, "seconds": self.now - since})
        self.reasons[stop.reason] += 1
        if name == CRITICAL and stop.reason != "end":
            self.lost = True
            for at, event in enumerate(out):
                if isinstance(event, ErrorEvent) and (event.fatal or event is out[-2]):
                    out[at] = attrs.evolve(event, retryable=True)
        return [] if stop.reason == "aborted" else [self.status("progress")]

    def elapsed(self):
        return 0.0 if self.started is None else self.now - self.started

    def status(self, phase):
        return StatusEvent(phase, self.elapsed(), self.begun, len(self.times), len(self.text))

    def end(self, state):
        self.state = state
        reasons = {"done": "complete", "timed_out": "timeout"}
        return MessageStop(reasons.get(state, state), self.stats())

    def stats(self):
        return {
            "chunks": self.chunks,
            "chars": len(self.text),
            "components_started": self.begun,
            "components_completed": len(self.times),
            "components_by_reason": dict(self.reasons),
            "errors_by_code": dict(self.errors),
            "seconds_to_first_chunk": self.first_chunk,
            "seconds_to_first_component": self.first_component,
            "component_times": self.times,
            "longest_gap": self.gap,
            "elapsed": self.elapsed(),
            "usage": self.usage(),
            "ignored": self.skipped,
        }


class SessionMachine(RuleBasedStateMachine):
    """Random calls on a session, each compared with the model."""

    @initialize(
        limits=st.sampled_from(LIMITS), timeouts=st.sampled_from(TIMEOUTS), window=st.sampled_from(WINDOWS)
    )
    def begin(self, limits, timeouts, window):
        FIGURES.runs += 1
        self.settings = limits, timeouts, window
        self.now = 100.0
        self.renew()

    @precondition(lambda self: self.model.state not in {"idle", "streaming"})
    @rule(at_once=st.sampled_from([True, True, True, False]))
    def go_on_with_another(self, at_once):
        self.renew()
        if at_once:
            self.check("start", 0.0)

    def renew(self):
        limits, timeouts, window = self.settings
        self.records = []
        self.model = Model(limits, timeouts, window)
        self.session = GenerationSession(
            parser=ComponentParser(limits=limits),
            buffer=ComponentBuffer(catalog=Catalog([ComponentSpec(CRITICAL, critical=True)])),
            timeouts=timeouts,
            error_window=window,
            hooks=[self.records.append],
            id="s",
        )
        self.verifier = EventVerifier()
        self.batcher = DeltaBatcher(max_chars=20, max_delay=0.5)
        self.events, self.batched = [], []

    @rule(step=st.sampled_from(STEPS))
    def start(self, step):
        self.check("start", step)

    @rule(text=ANY_PIECE, step=st.sampled_from(STEPS[:8]))
    def feed(self, text, step):
        self.check("feed", step, text=text)

    @precondition(lambda self: self.model.state == "streaming")
    @rule(texts=TEXTS, step=st.sampled_from(STEPS[:5]))
    def feed_several(self, texts, step):
        for text in texts:
            self.check("feed", step, text=text)
            if self.session.ended:
                break

    @precondition(lambda self: self.model.state == "streaming")
    @rule(texts=TEXTS)
    def feed_at_once(self, texts):
        self.check("feed", 0.0, text="".join(texts))

    @rule(
        code=st.sampled_from(CODES),
        step=st.sampled_from(STEPS),
        fatal=st.sampled_from([False] * 7 + [True]),
        retryable=st.booleans(),
    )
    def report_error(self, code, step, fatal, retryable):
        self.check("report_error", step, code=code, fatal=fatal, retryable=retryable)

    @rule(event=st.sampled_from(REPORTS), step=st.sampled_from(STEPS[:6]))
    def report(self, event, step):
        self.check("report", step, event=event)

    @rule(count=st.integers(0, 9))
    def ignored(self, count):
        self.session.ignored(count)
        self.model.skipped = count

    @rule(step=st.sampled_from(STEPS[:6]))
    def tick(self, step):
        self.check("tick", step)

    @precondition(lambda self: self.model.deadline() is not None)
    @rule(late=st.sampled_from([-0.25, -0.25, 0.0, 0.25]))
    def tick_about_the_deadline(self, late):
        self.check("tick", max(0.0, self.model.deadline() + late - self.now))

    @rule(step=st.sampled_from(STEPS), serious=st.sampled_from([True, False]))
    def finish(self, step, serious):
        if serious or self.model.state != "streaming":
            self.check("finish", step)

    @rule(step=st.sampled_from(STEPS), serious=st.sampled_from([True, False, False]))
    def cancel(self, step, serious):
        if serious or self.session.ended:
            self.check("cancel", step)

    @rule(name=st.sampled_from(["start", "tick", "finish", "cancel"]))
    def go_back_in_time(self, name):
        self.check(name, -0.25)

    @rule(step=st.sampled_from(STEPS[:6]))
    def tick_the_batcher(self, step):
        self.now += step
        self.batched += self.batcher.tick(self.now)

    def check(self, name, step, **arguments):
        now = self.now + step
        if step >= 0:
            self.now = now
        FIGURES.calls += 1
        before = self.session.debug_state()
        found = self.answer(name, now, **arguments)
        try:
            expected = self.model.call(name, now, **arguments)
        except MisuseError:
            assert found is None
            assert self.session.debug_state() == before
        else:
            assert found is not None
            self.compare(found, expected)
        assert self.session.state == self.model.state
        assert self.session.next_deadline() == self.model.deadline()
        assert self.session.stats.to_dict() == self.model.stats()
        assert self.session.ended == (self.model.state not in {"idle", "streaming"})

    def answer(self, name, now, **arguments):
        """Return the events of the session, None if it rejects the call."""
        try:
            if name == "feed":
                return self.session.feed(arguments["text"], now)
            if name == "report_error":
                return self.session.report_error(arguments.pop("code"), "Something failed.", now, **arguments)
            if name == "report":
                return self.session.report(arguments["event"], now)
            return getattr(self.session, name)(now)
        except UsageError:
            return None

    def compare(self, found, expected):
        assert [same_trimmed(one, other) for one, other in zip(found, expected, strict=True)] == expected
        FIGURES.events += len(found)
        self.verifier.check_all(found)
        self.events += found
        if found:
            self.batched += self.batcher.feed(found, self.now)
        if self.session.ended and found:
            self.check_the_end()

    def check_the_end(self):
        self.verifier.finish()
        assert [type(event) for event in self.events].index(MessageStop) == len(self.events) - 1
        assert len(self.session._error_rate._times) <= self.settings[2].max_errors + 1
        self.batched += self.batcher.close()
        assert merge_deltas(self.batched) == merge_deltas(self.events)
        came_so = set(texts_of(self.events))
        assert all(len(text) <= 20 or text in came_so for text in texts_of(self.batched))
        self.check_the_records()
        FIGURES.endings[str(self.session.state)] += 1
        FIGURES.errors.update(self.model.errors)

    def check_the_records(self):
        errors = [event for event in self.events if isinstance(event, ErrorEvent)]
        told = [record for record in self.records if isinstance(record, ErrorReported)]
        assert [(e.code, e.fatal, e.retryable) for e in errors] == [
            (r.code, r.fatal, r.retryable) for r in told
        ]
        finished = [record for record in self.records if isinstance(record, ComponentFinished)]
        assert [
            {"index": r.index, "name": r.name, "seconds": r.seconds} for r in finished
        ] == self.model.times
        assert sum(isinstance(record, StreamStarted) for record in self.records) == (
            self.model.started is not None
        )
        assert [type(record) for record in self.records].index(StreamFinished) == len(self.records) - 1


def same_trimmed(found, expected):
    """Return the event found, with the `trimmed` that is expected if it may have more.

    Text that the parser dropped from the chunk in which the errors became too many stays counted.
    """
    both = isinstance(found, ContentBlockStop) and isinstance(expected, ContentBlockStop)
    if both and found.reason == "aborted" and found.trimmed > expected.trimmed > 0:
        return attrs.evolve(found, trimmed=expected.trimmed)
    return found


def texts_of(events):
    return [event.text for event in events if isinstance(event, ContentBlockDelta)]


def run(runs, steps, seed_, *, shrink=True):
    """Run the machine; return its statistics. Raise the first difference, shrunk on request."""
    FIGURES.__init__()
    machine = seed(seed_)(type("SessionMachine", (SessionMachine,), {}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    return FIGURES


def main(arguments=None):
    """Run the machine from the command line; return the exit status."""
    options = argparse.ArgumentParser(description="Hold sessions against a model of them.")
    options.add_argument("--runs", type=int, default=20_000)
    options.add_argument("--steps", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args(arguments)
    begun = time.monotonic()
    figures = run(given.runs, given.steps, given.seed)
    sessions = sum(figures.endings.values())
    inputs = f"{figures.runs:,} runs of up to {given.steps} steps, {figures.calls:,} calls"
    outputs = f"{figures.events:,} events, {sessions:,} sessions ended"
    report = (
        f"seed {given.seed}: {inputs}, {outputs} in {time.monotonic() - begun:.0f} s",
        "endings: " + ", ".join(f"{state} {count:,}" for state, count in sorted(figures.endings.items())),
        "errors: " + ", ".join(f"{code} {count:,}" for code, count in sorted(figures.errors.items())),
        "no difference from the model",
    )
    sys.stdout.write("\n".join(report) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
