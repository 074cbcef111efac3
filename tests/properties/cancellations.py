"""Cancel drivers and responses at each of their suspension points, and see that nothing is left behind.

    python tests/properties/cancellations.py

A scenario is a source with its ways, and a consumer. Every suspension of every task in it is counted. Run
number N of a scenario injects at suspension N, in one of these modes:

once        the consumer is cancelled
twice       and once more at the next suspension of any task
cleanup     and once more while the source cleans up
shutdown    all tasks are cancelled, as at the end of ``asyncio.run``
producer    the task that reads the source is cancelled, by a task that does not own it
close       the generator is closed at event N, by the task that reads it
drop        the generator is dropped at event N
throw       an exception is thrown into the generator at event N

(A response is not a generator, and has its own equivalent of the last three.)

After each run no task and no thread is left, the source was closed exactly once and in time, the hooks have
seen exactly one end, the output is a well-formed stream or the beginning of one, and neither the loop nor the
garbage collector has reported a problem. Time is virtual, except for sources that are read by a thread.
"""

import argparse
import asyncio
import gc
import logging
import sys
import threading
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import attrs

from componentstream.core.errors import UsageError
from componentstream.core.events import MessageStop
from componentstream.session.hooks import StreamFinished
from componentstream.testing import EventVerifier
from componentstream.wire import SSEDecoder
from tests.drive.kinds import SourceError
from tests.drive.scenarios import SCENARIOS, ThrownError, Watch, World
from tests.drive.virtual import VirtualLoop, count_suspensions

MODES = ("once", "twice", "cleanup", "shutdown", "producer", "close", "drop", "throw")
CANCELLING = ("once", "twice", "cleanup", "shutdown")
LOGGERS = ("asyncio", "componentstream")
AT_EVENTS = ("close", "drop", "throw")


@attrs.define
class Injector:
    """Counts suspensions, and acts at one of them."""

    at: int
    mode: str
    world: World
    count: int = 0
    acts: int = 0
    again: bool = False
    consumer: asyncio.Task | None = None

    def suspended(self):
        self.count += 1
        consumer = self.consumer
        if consumer is None or consumer.done() or self.mode in AT_EVENTS:
            return
        if self.count == self.at:
            self.world.injected_at = self.world.loop.time()
            self.acts += self.act()
        elif (
            self.acts
            and not self.again
            and (self.mode == "twice" or (self.mode == "cleanup" and self.world.watch.cleaning))
        ):
            self.again = True
            self.acts += consumer.cancel()

    def act(self):
        if self.mode not in {"shutdown", "producer"}:
            return self.consumer.cancel()
        tasks = [task for task in asyncio.all_tasks() if task.get_name() != "main"]
        if self.mode == "producer":
            tasks = [task for task in tasks if task.get_name() == "componentstream source"]
        return bool([task for task in tasks if task.cancel()])


@attrs.frozen
class Outcome:
    """The outcome of a run.

    Attributes:
        reached: whether the run had that many suspensions, or events.
        injected: number of faults injected.
        wrong: the problems found afterwards.
    """

    reached: bool
    injected: int
    wrong: list


async def play(scenario, at, mode, complaints):
    """Run a scenario with its injection; return all there is to know of it."""
    loop = asyncio.get_running_loop()
    asyncio.current_task().set_name("main")
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
    world = World(loop, at_event=at if mode in AT_EVENTS else 0, mode=mode)
    world.watch = Watch(world)
    injector = Injector(at, mode, world)
    count_suspensions(loop, injector.suspended)
    # No name here may keep the stream alive when the consumer drops it.
    consumer = loop.create_task(consumption(world, scenario))
    injector.consumer = consumer
    await asyncio.wait([consumer])
    loop.set_task_factory(None)
    return world, injector, consumer, await left_behind(loop, scenario)


def consumption(world, scenario):
    stream = scenario.stream(world, scenario.source(world.watch))
    if scenario.served:
        return world.serve(stream, pace=scenario.pace, leaves=scenario.leaves)
    if world.mode == "drop":
        return world.drop(stream)
    return world.consume(stream, pace=scenario.pace, most=scenario.most)


async def left_behind(loop, scenario):
    """Wait for pending closes; return the tasks and threads that are left even then."""
    for _ in range(200):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("componentstream")]
        if not (tasks or threads):
            return []
        await asyncio.sleep(0.01 if scenario.real else 0.05)
    return [f"left behind at {loop.time()}: {tasks} {threads}"]


def run_once(scenario, at, mode, *, debug=True):
    """Inject at suspension, or event, number `at` of a scenario."""
    complaints = []
    factory = asyncio.SelectorEventLoop if scenario.real else VirtualLoop
    with asyncio.Runner(debug=debug, loop_factory=factory) as runner:
        world, injector, consumer, wrong = runner.run(play(scenario, at, mode, complaints))
    reached, acts = injector.count >= at, injector.acts
    if mode in AT_EVENTS:
        reached, acts = world.injected, int(world.injected)
    wrong += [f"the loop complains: {complaint}" for complaint in complaints]
    wrong += wrong_end(consumer, cancelled=bool(acts) and mode in CANCELLING)
    wrong += wrong_source(world, scenario, injector)
    ends = [record.reason for record in world.records if isinstance(record, StreamFinished)]
    if len(ends) != 1:
        wrong.append(f"hooks heard of these ends: {ends}")
    wrong += wrong_events(world, whole=scenario.whole and (not acts or mode == "producer"))
    return Outcome(reached, acts, wrong)


def wrong_end(consumer, *, cancelled):
    if cancelled or consumer.cancelled():
        return [] if cancelled and consumer.cancelled() else ["the cancellation did not come back"]
    error = consumer.exception()
    allowed = error is None or isinstance(error, SourceError | ThrownError | UsageError)
    return [] if allowed else [f"raised {error!r}"]


def wrong_source(world, scenario, injector):
    watch = world.watch
    # To close a generator that was not begun does nothing.
    expected = 1 if watch.read or watch.always else 0
    if watch.closed != expected:
        return [f"the source was closed {watch.closed} times, not {expected}"]
    if watch.closed and watch.closed_at is None:
        # Cancelling all tasks, or the task of another owner, cancels the closing too. And a generator that
        # cleans up at its end, by itself, looks as if it were waiting for its next chunk.
        allowed = injector.mode in {"shutdown", "producer"} or watch.closing_at <= world.injected_at
        return [] if allowed else ["closing the source was cut off"]
    if injector.acts and watch.closed:
        late = watch.closed_at - world.injected_at - scenario.slow
        if late > 1:
            return [f"the source was closed after {late} s"]
    return []


def wrong_events(world, *, whole):
    events = [*world.seen, *SSEDecoder().feed(bytes(world.wire))]
    verifier = EventVerifier()
    try:
        verifier.check_all(events)
        if whole:
            verifier.finish()
    except AssertionError as error:
        return [f"events: {error}"]
    if whole and not (events and isinstance(events[-1], MessageStop)):
        return [f"the last event is {events[-1:]}"]
    return []


# Many runs


def sweep(scenario, mode, *, first=1, stride=1, debug=True):
    """Inject at every suspension, or event, in steps of `stride`; return counts and faults."""
    counts = Counter()
    wrong = []
    at = first
    while (outcome := run_once(scenario, at, mode, debug=debug)).reached:
        counts["runs"] += 1
        counts["injections"] += outcome.injected
        wrong += [f"{mode} at {at}: {fault}" for fault in outcome.wrong]
        at += stride
    wrong += [f"{mode} with no injection: {fault}" for fault in outcome.wrong]
    if mode == "drop":
        gc.collect()
    return counts, wrong


class Complaints(logging.Handler):
    """Collects the messages of the loop, its tasks and the garbage collector."""

    def __init__(self):
        super().__init__()
        self.said = []

    def emit(self, record):
        # A busy machine makes callbacks slow, and the messages of the drivers are part of the scenarios.
        if record.name == "asyncio" and not record.getMessage().startswith("Executing"):
            self.said.append(record.getMessage())

    def __enter__(self):
        for logger in map(logging.getLogger, LOGGERS):
            logger.addHandler(self)
            logger.propagate = False
        self.hook, sys.unraisablehook = sys.unraisablehook, self.unraisable
        return self

    def __exit__(self, *_):
        for logger in map(logging.getLogger, LOGGERS):
            logger.removeHandler(self)
            logger.propagate = True
        sys.unraisablehook = self.hook

    def unraisable(self, unraisable):
        self.said.append(f"unraisable: {unraisable.exc_value!r}")


def main(arguments=None):
    """Run all sweeps; return the exit status."""
    options = argparse.ArgumentParser(description="Cancel the drivers at every suspension point.")
    options.add_argument("--stride", type=int, default=1, help="inject at every n-th point only")
    options.add_argument("--only", default="", help="scenarios with this in their names")
    options.add_argument("--fast", action="store_true", help="without the debug mode of asyncio")
    given = options.parse_args(arguments)
    warnings.simplefilter("error")
    begun = time.monotonic()
    total = Counter()
    wrong = []
    with Complaints() as complaints:
        for name, scenario in SCENARIOS.items():
            if given.only not in name:
                continue
            here = Counter()
            for mode in MODES:
                counts, faults = sweep(scenario, mode, stride=given.stride, debug=not given.fast)
                here += counts
                wrong += [f"{name}: {fault}" for fault in faults]
            total += here
            total["scenarios"] += 1
            sys.stdout.write(f"{name}: {here['runs']} runs, {here['injections']} injections\n")
    wrong += complaints.said
    sys.stdout.write(
        f"{total['scenarios']} scenarios, {len(MODES)} modes, {total['runs']:,} runs, "
        f"{total['injections']:,} injections in {time.monotonic() - begun:.0f} s: {len(wrong)} wrong\n"
    )
    sys.stdout.write("".join(f"{fault}\n" for fault in wrong[:50]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
