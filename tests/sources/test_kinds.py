"""Names for chunks that are not understood."""

from types import SimpleNamespace

import pytest

from componentstream.sources._kinds import kind_of, kind_of_line


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "text-delta", "object": "x"}, "an event of the type 'text-delta'"),
        (SimpleNamespace(object="thread.message"), "an event of the object 'thread.message'"),
        ({"type": "a sentence"}, "an object with 'type'"),
        ({"a": 1, "not a word": 2, "b": 3, "c": 4, "d": 5}, "an object with 'a' and 'b' and 'c'"),
        ({}, "an empty object"),
        (None, "a value of the type NoneType"),
    ],
)
def test_a_kind_is_a_type_or_keys_or_a_class_and_never_a_sentence(event, kind):
    assert kind_of(event) == kind


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"  <html>", "a line of HTML"),
        (b"Bad\tGateway", "a line of plain text"),
        (b"\x00\x01", "binary data"),
        (b"\xff", "binary data"),
    ],
)
def test_a_line_is_described_and_not_quoted(line, kind):
    assert kind_of_line(line) == kind
