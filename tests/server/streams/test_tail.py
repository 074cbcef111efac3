"""The newest entries of a stream: which are kept, and for how long."""

import asyncio

from hypothesis import example, given, settings
from hypothesis import strategies as st

from componentstream.server.streams.tail import Tail, TailEntry
from tests.drive.virtual import run

MAX_ENTRIES = 256
MAX_BYTES = 65_536
SECONDS = 2.0


def on_a_loop(test):
    """Turn a coroutine function into a test on virtual time."""

    def on_loop():
        run(test())

    on_loop.__name__ = test.__name__
    return on_loop


def numbers(entries):
    return None if entries is None else [entry.seq for entry in entries]


@on_a_loop
async def test_entries_are_numbered_from_one_in_order():
    tail = Tail()
    assert (tail.last, tail.after(0)) == (0, [])
    tail.put([b"a", b"b"])
    tail.put([b"c"], logged=False)
    assert tail.last == 3
    assert tail.after(0) == [TailEntry(1, b"a"), TailEntry(2, b"b"), TailEntry(3, b"c", logged=False)]


@on_a_loop
async def test_the_entries_after_each_number_are_returned():
    tail = Tail()
    tail.put([b"x"] * 5)
    assert [numbers(tail.after(seq)) for seq in range(8)] == [
        [1, 2, 3, 4, 5], [2, 3, 4, 5], [3, 4, 5], [4, 5], [5], [], [], [],
    ]  # fmt: skip


@on_a_loop
async def test_the_number_of_entries_is_bounded():
    tail = Tail()
    for _ in range(MAX_ENTRIES):
        tail.put([b"x"])
    assert numbers(tail.after(0)) == list(range(1, MAX_ENTRIES + 1))
    tail.put([b"x"])
    assert tail.after(0) is None
    assert numbers(tail.after(1)) == list(range(2, MAX_ENTRIES + 2))


@on_a_loop
async def test_the_number_of_bytes_is_bounded():
    tail = Tail()
    tail.put([b"x" * 1024] * 64)
    assert len(tail.after(0)) == 64
    tail.put([b"x"])
    assert tail.after(0) is None
    assert numbers(tail.after(1)) == list(range(2, 66))


@on_a_loop
async def test_the_newest_entry_is_kept_however_large_it_is():
    tail = Tail()
    tail.put([b"a", b"x" * (MAX_BYTES + 1)])
    assert (tail.after(0), numbers(tail.after(1))) == (None, [2])
    tail.put([b"c"])
    assert (tail.after(1), numbers(tail.after(2))) == (None, [3])
    tail.put([b"d"])
    assert numbers(tail.after(2)) == [3, 4]


@on_a_loop
async def test_old_entries_are_dropped_when_the_next_one_arrives():
    tail = Tail()
    tail.put([b"a"])
    await asyncio.sleep(0.5)
    tail.put([b"b"])
    await asyncio.sleep(SECONDS - 0.5)
    tail.put([b"c"])
    assert numbers(tail.after(0)) == [1, 2, 3]
    await asyncio.sleep(0.25)
    tail.put([b"d"])
    assert (tail.after(0), numbers(tail.after(1))) == (None, [2, 3, 4])
    await asyncio.sleep(100)
    assert numbers(tail.after(1)) == [2, 3, 4]
    tail.put([b"e"])
    assert (tail.after(3), numbers(tail.after(4))) == (None, [5])


class Model:
    """A model of the tail: all entries since a number that its bounds advance."""

    def __init__(self):
        self.all = []
        self.first = 0
        self.size = 0

    def put(self, now, payloads):
        for payload in payloads:
            self.all.append((now, TailEntry(len(self.all) + 1, payload)))
            self.size += len(payload)
        while self.first < len(self.all) - 1 and (
            len(self.all) - self.first > MAX_ENTRIES
            or self.size > MAX_BYTES
            or now - self.all[self.first][0] > SECONDS
        ):
            self.size -= len(self.all[self.first][1].payload)
            self.first += 1

    def after(self, seq):
        return None if seq < self.first else [entry for _, entry in self.all[seq:]]


batches = st.tuples(
    st.sampled_from([0.0, 0.25, 1.0, 1.75, 2.0, 2.25]),
    st.lists(st.sampled_from([0, 1, 100, 30_000, MAX_BYTES]), min_size=1, max_size=6),
    st.sampled_from([1, 1, 1, 20, 128, 256, 257]),
)
"""Seconds before a batch, the sizes of its payloads, and how often they repeat."""


@settings(deadline=None, max_examples=60)
@given(st.lists(batches, max_size=8))
@example([(0.0, [1], 256), (2.0, [1], 1), (0.25, [1], 1)])
@example([(0.0, [MAX_BYTES], 2), (0.0, [0], 257)])
def test_the_tail_matches_its_model_for_all_batches(steps):
    async def test():
        tail, model = Tail(), Model()
        for pause, sizes, times in steps:
            await asyncio.sleep(pause)
            payloads = [b"x" * size for size in sizes]
            batch = (payloads * times)[:300]
            tail.put(batch)
            model.put(asyncio.get_running_loop().time(), batch)
            assert tail.last == len(model.all)
            for seq in {0, model.first - 1, model.first, model.first + 1, tail.last - 1, tail.last}:
                if seq >= 0:
                    assert (
                        tail.after(seq) == model.after(seq)
                    ) is True  # the difference would be too long to show

    run(test(), debug=False)


@on_a_loop
async def test_subscribers_are_notified_until_they_unsubscribe():
    tail = Tail()
    woken = []

    def first():
        woken.append("first")
        tail.unsubscribe(first)

    def second():
        woken.append("second")

    tail.subscribe(first)
    tail.subscribe(second)
    tail.put([b"a", b"b"])
    assert sorted(woken) == ["first", "second"]
    tail.notify()
    tail.end()
    assert woken[2:] == ["second", "second"]
    tail.unsubscribe(second)
    tail.unsubscribe(second)
    tail.put([b"c"])
    assert len(woken) == 4


@on_a_loop
async def test_entries_can_be_read_after_the_end():
    tail = Tail()
    tail.put([b"a"])
    assert (tail.ended, tail.fenced) == (False, False)
    tail.end()
    assert (tail.ended, tail.fenced, numbers(tail.after(0))) == (True, False, [1])


@on_a_loop
async def test_the_end_tells_whether_the_producer_was_fenced():
    tail = Tail()
    tail.end(fenced=True)
    assert (tail.ended, tail.fenced) == (True, True)
