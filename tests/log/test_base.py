import asyncio
import itertools

import pytest

from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.log import (
    Entry,
    GapError,
    ProducerLostError,
    SequenceError,
    StreamStatus,
    StreamUnknownError,
    base,
)
from componentstream.log.base import LogPage, Notifier, follow
from tests.timing import WAIT


def entries(first, last):
    return [Entry(seq=seq, payload=b"%d" % seq) for seq in range(first, last + 1)]


def page(last, *, state="open", first=1, shown=None, incarnation=1, lease_left=60.0):
    status = StreamStatus(stream="s", owner="ada", state=state, first=first, last=last, lease_left=lease_left)
    return LogPage(incarnation, status, entries(1, last) if shown is None else shown)


def read(*pages, stream="s", after=0):
    """Return the lists of entries that a client gets from a store with these pages, and its error."""

    async def main():
        got, asked, notifier = [], [], Notifier()
        coming = iter(pages)

        async def load(name, number):
            asked.append((name, number))
            notifier.notify(name)
            return next(coming)

        try:
            async for part in follow(notifier, load, stream, after):
                got.append([entry.seq for entry in part])  # noqa: PERF401 - keeps those before an error
        except Exception as error:  # noqa: BLE001 - returned
            return got, error, asked
        return got, None, asked

    return asyncio.run(main())


def test_entries_are_replayed_and_followed_until_the_stream_is_finished():
    pages = (page(2), page(2), page(4, shown=entries(3, 4)), page(4, state="finished"))
    got, error, asked = read(*pages)
    assert (got, error) == ([[1, 2], [3, 4]], None)
    assert asked == [("s", 0), ("s", 2), ("s", 2), ("s", 4)]


def test_a_client_that_waits_loads_again_when_the_lease_expires():
    async def main():
        states = iter([page(0, lease_left=0.01), page(0, state="lost", lease_left=0.0)])

        async def load(_stream, _after):
            return next(states)

        with pytest.raises(ProducerLostError):
            await anext(follow(Notifier(), load, "s", 0))

    asyncio.run(main())


def test_a_client_that_waits_loads_again_even_without_a_notification(monkeypatch):
    monkeypatch.setattr(base, "RECHECK", 0.01)

    async def main():
        states = itertools.chain([page(0)] * 3, [None])

        async def load(_stream, _after):
            return next(states)

        with pytest.raises(StreamUnknownError):
            await anext(follow(Notifier(), load, "s", 0))

    asyncio.run(main())


def test_a_change_between_loading_and_waiting_is_not_missed():
    async def main():
        notifier = Notifier()
        states = iter([page(0), page(1)])

        async def load(stream, _after):
            loaded = next(states)
            notifier.notify(stream)  # the second page is written before the first one has arrived
            return loaded

        async with asyncio.timeout(WAIT):
            assert await anext(follow(notifier, load, "s", 0)) == entries(1, 1)

    asyncio.run(main())


def test_a_stream_that_is_gone_or_has_another_incarnation_is_unknown():
    assert isinstance(read(None)[1], StreamUnknownError)
    got, error, _ = read(page(1), None)
    assert (got, type(error)) == ([[1]], StreamUnknownError)
    got, error, _ = read(page(1), page(2, incarnation=2))
    assert (got, type(error)) == ([[1]], StreamUnknownError)


def test_an_id_that_cannot_exist_does_not_reach_the_store():
    _, error, asked = read(stream="a b")
    assert (type(error), asked) == (StreamUnknownError, [])


def test_a_lost_producer_is_reported_after_the_entries():
    got, error, _ = read(page(2, state="lost"), page(2, state="lost"))
    assert (got, type(error)) == ([[1, 2]], ProducerLostError)


def test_a_number_after_the_last_entry_is_an_error():
    _, error, _ = read(page(2), after=3)
    assert isinstance(error, SequenceError)
    assert error.last == 2
    assert str(error) == "The last entry is 2; nothing can be read after a higher number."


def test_a_number_that_no_store_holds_is_not_given_to_one():
    _, error, asked = read(page(2), after=2**70)
    assert (type(error), asked) == (SequenceError, [("s", base.MAX_SEQ)])


def test_missing_entries_are_an_error_and_those_before_them_are_delivered():
    got, error, _ = read(page(5, shown=[*entries(1, 2), *entries(4, 5)]), page(5, shown=entries(4, 5)))
    assert got == [[1, 2]]
    assert (type(error), error.after, error.first) == (GapError, 2, 4)
    _, error, _ = read(page(5, shown=[]))
    assert (type(error), error.after, error.first) == (GapError, 0, None)


@pytest.mark.parametrize("after", [-1, 1.0, "1", None, True])
def test_the_number_to_read_after_is_an_integer(after):
    _, error, asked = read(after=after)
    assert (type(error), asked) == (UsageError, [])
    assert str(error) == f"after must be an integer >= 0, not {after!r}."


def test_the_errors_of_an_append_have_the_last_number():
    gap, conflict = base.sequence_gap(5, 3), base.sequence_conflict(2, 3)
    assert (str(gap), gap.last) == ("The last entry is 3; appending 5 would leave a gap.", 3)
    assert (str(conflict), conflict.last) == ("Entry 2 is already in the log with another payload.", 3)


def test_valid_arguments_pass():
    base.check_bounds(0.5, 1, 10**9)
    base.check_call_timeout(1)
    base.check_acquire("s", "", 10, "open")
    base.check_append(1, [b""])
    base.check_after(0)
    assert base.is_stream_id("A-Z_0.9")


@pytest.mark.parametrize("stream", ["", "a" * 129, "a b", "a\n", "é", "٤", None, b"a"])
def test_a_stream_id_has_128_plain_characters_at_most(stream):
    assert not base.is_stream_id(stream)
    with pytest.raises(UsageError, match=r"^A stream id must be 1 to 128 of 0-9 A-Z a-z \. _ -$"):
        base.check_acquire(stream, "ada", 10.0, "never")


@pytest.mark.parametrize("owner", [None, "a" * 1025, "\ud800"])
def test_an_owner_is_a_short_text(owner):
    with pytest.raises(UsageError, match=r"must be a string of at most 1024 characters\.$"):
        base.check_acquire("s", owner, 10.0, "never")


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf"), 1e300, "1", None, True])
def test_durations_are_seconds(seconds):
    limits = f"must be a number of seconds > 0 and at most 31622400, not {seconds!r}."
    for name, error, check in (
        ("ttl", UsageError, lambda: base.check_acquire("s", "ada", seconds, "never")),
        ("keep", ConfigurationError, lambda: base.check_bounds(seconds)),
        ("call_timeout", ConfigurationError, lambda: base.check_call_timeout(seconds)),
    ):
        with pytest.raises(error) as caught:
            check()
        assert str(caught.value) == f"{name} {limits}"


@pytest.mark.parametrize("take_over", [True, None, "", "OPEN", ["open"]])
def test_take_over_is_one_of_three(take_over):
    with pytest.raises(UsageError, match=r'^take_over must be "never", "lost" or "open"\.$'):
        base.check_acquire("s", "ada", 10.0, take_over)


@pytest.mark.parametrize("count", [0, 1.5, True, None])
def test_a_bound_is_a_positive_integer(count):
    with pytest.raises(ConfigurationError) as caught:
        base.check_bounds(1.0, 5, count)
    assert str(caught.value) == f"Each max_... bound of a log must be an integer >= 1, not {count!r}."


def test_an_append_has_a_number_and_bytes():
    for first in (0, 1.0, True):
        with pytest.raises(UsageError, match=r"^first_seq must be an integer >= 1, not "):
            base.check_append(first, [b"1"])
    for payloads in ([], b"1", ["1"], [b"1", bytearray(b"1")]):
        with pytest.raises(UsageError, match=r"^payloads must be a sequence of at least one bytes object"):
            base.check_append(1, payloads)


def test_every_public_name_of_the_module_is_there():
    assert all(getattr(base, name) is not None for name in base.__all__)
