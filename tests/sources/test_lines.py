"""Bytes to lines: every line end, cut anywhere, and lines that are too long."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.sources._lines import LineSplitter


def split(*chunks, max_bytes=10, any_end=True):
    splitter = LineSplitter(max_bytes, any_end=any_end)
    return [line for chunk in chunks for line in splitter.feed(chunk)], splitter.close()


@pytest.mark.parametrize(
    ("data", "lines", "last"),
    [
        (b"", [], b""),
        (b"a", [], b"a"),
        (b"a\nb\r\nc\rd", [b"a", b"b", b"c"], b"d"),
        (b"\n\r\n\r\n\r", [b"", b"", b"", b""], b""),
        (b"\r\n\n", [b"", b""], b""),
        (b"\r\r\n", [b"", b""], b""),
    ],
)
def test_cr_lf_and_crlf_end_a_line_wherever_the_bytes_are_cut(data, lines, last):
    assert split(data) == (lines, last)
    assert split(*(bytes([byte]) for byte in data)) == (lines, last)
    assert split(b"", data, b"") == (lines, last)


def test_only_lf_ends_a_line_unless_any_end_does():
    assert split(b"a\r\nb\rc\n\nd\r", any_end=False) == ([b"a\r", b"b\rc", b""], b"d\r")


def test_a_line_of_the_maximum_length_is_complete():
    assert split(b"x" * 10 + b"\n" + b"y" * 10) == ([b"x" * 10], b"y" * 10)


def test_a_longer_line_is_none_at_once_and_the_next_one_counts():
    splitter = LineSplitter(10, any_end=True)
    assert splitter.feed(b"x" * 6) == []
    assert splitter.feed(b"x" * 5) == [None]
    assert splitter.feed(b"x" * 100) == []
    assert splitter.feed(b"x\nnext\n") == [b"next"]
    assert splitter.feed(b"y" * 11) == [None]
    assert splitter.close() == b""


@given(st.text("ab\r\n", max_size=30), st.lists(st.integers(0, 30), max_size=5), st.booleans())
def test_the_lines_do_not_depend_on_the_cuts(text, cuts, any_end):
    data = text.encode()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in pairwise(edges)]
    assert split(*chunks, max_bytes=3, any_end=any_end) == split(data, max_bytes=3, any_end=any_end)
