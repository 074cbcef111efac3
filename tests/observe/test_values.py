import threading
from itertools import pairwise

import pytest

from componentstream.core.codes import CODES
from componentstream.observe._values import SECONDS, OpenStreams, label, shown
from componentstream.session.hooks import StreamFinished, StreamStarted
from componentstream.session.statistics import SessionStats


def started(stream="s", at=1.0):
    return StreamStarted(stream=stream, at=at)


def finished(stream="s", started=1.0):
    return StreamFinished(stream=stream, at=9.0, started=started, reason="complete", stats=SessionStats())


def test_buckets_double_from_ten_milliseconds():
    assert SECONDS[0] == 0.01
    for lower, upper in pairwise(SECONDS):
        assert upper == pytest.approx(2 * lower)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("Hero", "Hero"), ("a\nb", r"a\nb"), ("\x1b[2J\u202e", r"\x1b[2J\u202e"), ("λ 😀", "λ 😀")],
)
def test_a_shown_string_is_one_line_of_visible_characters(text, expected):
    assert shown(text) == expected


@pytest.mark.parametrize(("length", "expected"), [(500, "x" * 500), (501, "x" * 500 + "...")])
def test_a_shown_string_is_shortened_to_500_characters(length, expected):
    assert shown("x" * length) == expected


def test_a_string_is_shortened_before_it_is_escaped():
    assert shown("\n" * 501) == r"\n" * 500 + "..."


@pytest.mark.parametrize("code", CODES)
def test_every_registered_code_is_its_own_label(code):
    assert label(code, "other") == code


@pytest.mark.parametrize("code", ["", "mine", "Log_unavailable"])
def test_all_other_codes_share_one_label(code):
    assert label(code, "other") == "other"


def test_an_open_stream_is_found_by_its_id_until_it_is_taken():
    streams = OpenStreams()
    streams.add(started("a"), 1)
    streams.add(started("b"), 2)
    assert (streams.only("a"), streams.only("b"), streams.only("c")) == (1, 2, None)
    assert streams.take(finished("a")) == 1
    assert (streams.only("a"), streams.only("b")) == (None, 2)
    assert streams.take(finished("a")) is None


def test_streams_of_one_id_are_told_apart_by_their_start():
    streams = OpenStreams()
    streams.add(started(at=1.0), "first")
    streams.add(started(at=2.0), "second")
    assert streams.only("s") is None
    assert streams.take(finished(started=2.0)) == "second"
    assert streams.only("s") == "first"
    assert streams.take(finished(started=2.0)) is None
    assert streams.take(finished(started=1.0)) == "first"


def test_a_stream_that_never_started_has_no_value():
    streams = OpenStreams()
    streams.add(started(), 1)
    assert streams.take(finished(started=None)) is None


def test_nothing_is_kept_of_streams_that_have_ended():
    streams = OpenStreams()
    for number in range(3):
        streams.add(started(f"s{number}"), number)
        streams.take(finished(f"s{number}"))
    assert streams._open == {}


def test_threads_may_share_the_open_streams():
    streams = OpenStreams()
    taken = []

    def work(number):
        for turn in range(200):
            at = float(turn * 4 + number)
            streams.add(started(at=at), at)
            taken.append(streams.take(finished(started=at)) == at)

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == [True] * 800
    assert streams._open == {}
