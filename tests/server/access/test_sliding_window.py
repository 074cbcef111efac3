import random
import tracemalloc
from math import floor

import pytest

from tests import parts

parts.module("starlette")

from componentstream.server.access import sliding_window  # noqa: E402 - checked above
from componentstream.server.access.sliding_window import SlidingWindowCounter  # noqa: E402

MINUTE = 60.0


class Clock:
    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


def test_burst_at_the_end_of_a_window_leaves_little_for_the_start_of_the_next():
    clock = Clock(119.0)
    counter = SlidingWindowCounter(10, MINUTE, clock)
    assert [counter.hit("a") for _ in range(11)] == [None] * 10 + [pytest.approx(1.0)]
    clock.now = 120.0
    assert counter.hit("a") == 0.0  # allowed right after this moment
    clock.now = 120.5
    assert counter.hit("a") is None
    assert counter.hit("a") == pytest.approx(5.5)
    clock.now = 126.1
    assert counter.hit("a") is None


def test_hits_older_than_two_windows_do_not_count():
    clock = Clock()
    counter = SlidingWindowCounter(3, MINUTE, clock)
    assert [counter.hit("a") for _ in range(3)] == [None] * 3
    clock.now = 120.0
    assert [counter.hit("a") for _ in range(4)] == [None] * 3 + [60.0]


@pytest.mark.parametrize("seed", range(5))
def test_returned_wait_is_the_shortest_possible(seed):
    choose = random.Random(seed)
    clock = Clock()
    limit = choose.choice([1, 2, 7, 100])
    counter = SlidingWindowCounter(limit, MINUTE, clock)
    refused = 0
    for _ in range(2000):
        wait = counter.hit("a")
        if wait is None:
            clock.now += choose.choice([0.0, 0.01, MINUTE / limit / 3, MINUTE / limit])
            continue
        refused += 1
        assert 0.0 <= wait <= MINUTE
        if wait > 0.002:
            clock.now += wait - 0.001
            assert counter.hit("a") is not None
            clock.now += 0.001
        clock.now += 0.001
        assert counter.hit("a") is None
    assert refused > 20


@pytest.mark.parametrize("seed", range(5))
def test_no_window_allows_more_than_the_limit(seed):
    choose = random.Random(seed)
    clock = Clock()
    counter = SlidingWindowCounter(20, MINUTE, clock)
    allowed = {}
    for _ in range(5000):
        clock.now += choose.choice([0.0, 0.0, 0.0, 0.5, 9.0])
        if counter.hit("a") is None:
            window = floor(clock.now / MINUTE)
            allowed[window] = allowed.get(window, 0) + 1
    assert max(allowed.values()) == 20


def test_hundred_thousand_keys_are_counted_exactly_in_little_memory():
    counter = SlidingWindowCounter(2, MINUTE, Clock())
    tracemalloc.start()
    try:
        assert all(counter.hit(f"user-{number}") is None for number in range(100_000))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 20_000_000  # hardly more for ten times as many keys: most of it is the buckets
    assert all(counter.hit(f"user-{number}") is None for number in range(0, 100_000, 100))
    assert all(counter.hit(f"user-{number}") is not None for number in range(0, 100_000, 100))


def test_full_buckets_do_not_reset_the_count_of_any_key(monkeypatch):
    monkeypatch.setattr(sliding_window, "_BUCKETS", 4)
    clock = Clock()
    counter = SlidingWindowCounter(50, MINUTE, clock)
    allowed = 0
    for turn in range(100):
        allowed += counter.hit("a") is None
        for number in range(400):
            counter.hit(f"user-{turn}-{number}")
    assert 1 <= allowed <= 50
    assert counter.hit("a") is not None
    assert sum(len(keys) for keys, _ in counter._current._buckets.values()) == 4 * 46
    clock.now = MINUTE + 0.1
    assert counter.hit("a") is None
    assert counter.hit("a") is not None
