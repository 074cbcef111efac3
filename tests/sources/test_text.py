"""Bytes to text: any bytes, cut anywhere, give the text of the joined bytes."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from componentstream.core.errors import UsageError
from componentstream.sources import TextDecoder


def decoded(*chunks):
    decoder = TextDecoder()
    return "".join([text for chunk in chunks for text in decoder.feed(chunk)] + decoder.close())


def one_byte_each(data):
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "ä€😀"),
        ("👩\u200d💻".encode(), "👩\u200d💻"),
        (b"\xef\xbb\xbfa\xef\xbb\xbf", "\ufeffa\ufeff"),
        (b"a\xe2\x82", "a\ufffd"),
        (b"a\xe2\x82b", "a\ufffdb"),
        (b"a\xf0\x9f\x98", "a\ufffd"),
        (b"\xe2\x82\xe2\x82\xac", "\ufffd€"),
        (b"\xc0\xaf", "\ufffd\ufffd"),
        (b"\xe0\x80\xaf", "\ufffd\ufffd\ufffd"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        (b"\xed\xa0", "\ufffd\ufffd"),
        (b"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"),
        (b"\xf5", "\ufffd"),
        (b"\xfe\xff\x80", "\ufffd\ufffd\ufffd"),
        (b"\r\n\x00\x85", "\r\n\x00\ufffd"),
    ],
)
def test_the_text_is_that_of_the_whole(data, text):
    assert data.decode("utf-8", "replace") == text
    assert decoded(data) == text
    assert decoded(*one_byte_each(data)) == text
    for cut in range(len(data) + 1):
        assert decoded(data[:cut], b"", data[cut:]) == text


def test_every_sequence_of_three_bytes_from_every_class_of_bytes_may_be_cut_anywhere():
    # One byte from each range that the definition of UTF-8 tells apart, and both ends of most.
    classes = bytes.fromhex("00 7f 80 8f 90 9f a0 bf c1 c2 df e0 e1 ed ee ef f0 f1 f4 f5 ff")
    for values in product(classes, repeat=3):
        data = bytes(values)
        text = data.decode("utf-8", "replace")
        assert decoded(*one_byte_each(data)) == text
        assert decoded(data[:1], data[1:]) == text
        assert decoded(data[:2], data[2:]) == text


@given(st.lists(st.binary(max_size=4) | st.text(max_size=2).map(str.encode), max_size=12))
def test_chunks_of_any_bytes_mean_what_they_mean_together(chunks):
    assert decoded(*chunks) == b"".join(chunks).decode("utf-8", "replace")


def test_text_comes_out_with_the_last_byte_of_its_character():
    decoder = TextDecoder()
    assert decoder.feed(b"a\xe2\x82") == ["a"]
    assert decoder.feed(b"") == []
    assert decoder.feed(b"\xac\xe2") == ["€"]
    assert decoder.feed(b"\x82") == []
    assert decoder.close() == ["\ufffd"]


def test_a_stream_that_ends_well_leaves_nothing_for_the_end():
    decoder = TextDecoder()
    assert decoder.feed(b"ab") == ["ab"]
    assert decoder.close() == []
    assert decoder.close() == []


def test_a_closed_decoder_takes_nothing_more():
    decoder = TextDecoder()
    decoder.close()
    with pytest.raises(
        UsageError, match=r"^feed\(\) after close\(\): decode each source with a decoder of its own"
    ):
        decoder.feed(b"")


@pytest.mark.parametrize("thing", ["text", None, 7, bytearray(b"x"), memoryview(b"x")])
def test_only_bytes_are_decoded(thing):
    with pytest.raises(UsageError, match=r"^TextDecoder takes bytes, not "):
        TextDecoder().feed(thing)
