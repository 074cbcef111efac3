"""Times of several sides that take turns, so that whatever the machine does befalls all of them alike.

The clock of a pass is that of its thread: it stands while the machine does something else.
"""

import gc
from collections.abc import Callable, Mapping
from time import perf_counter, thread_time_ns
from typing import Final, TypeAlias

from workloads import Feeder, Text

Pass: TypeAlias = Callable[[], int]
"""Does the work of one side once and returns how many nanoseconds that took."""

_ENOUGH_SECONDS: Final = 0.3
_MOST_ROUNDS: Final = 200


def best_of(sides: Mapping[str, Pass], repeat: int) -> dict[str, int]:
    """Return the shortest time of each side, in nanoseconds.

    The sides run in turn (A B C A B C …), `repeat` rounds and more while all of them together have taken
    less than 0.3 seconds, and garbage is collected between two passes only.

    Args:
        sides: what to time.
        repeat: the least number of rounds that count, one more is run before them. With 1 there is a
            single round, and it counts.
    """
    times: dict[str, list[int]] = {name: [] for name in sides}
    switched_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        if repeat > 1:
            for run in sides.values():
                run()
        most = max(repeat, _MOST_ROUNDS) if repeat > 1 else 1
        rounds = 0
        began = perf_counter()
        while rounds < repeat or (rounds < most and perf_counter() - began < _ENOUGH_SECONDS):
            for name, run in sides.items():
                gc.collect(0)
                times[name].append(run())
            rounds += 1
    finally:
        if switched_on:
            gc.enable()
    return {name: min(all_times) for name, all_times in times.items()}


def feeding(make: Callable[[], Feeder[Text]], chunks: list[Text]) -> Pass:
    """Return the pass that feeds the chunks to a fresh parser, made outside the clock, and closes it."""

    def run() -> int:
        feeder = make()
        feed = feeder.feed
        began = thread_time_ns()
        for chunk in chunks:
            feed(chunk)
        feeder.close()
        return thread_time_ns() - began

    return run


def calling(work: Callable[[], object]) -> Pass:
    """Return the pass that calls `work`."""

    def run() -> int:
        began = thread_time_ns()
        work()
        return thread_time_ns() - began

    return run
